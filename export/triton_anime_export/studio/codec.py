"""Frames through a real video encoder and back, in memory (PyAV)."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]

CODECS: dict[str, tuple[float, float]] = {
    "libx264": (17, 38),
    "libx265": (18, 38),
    "mpeg2video": (2, 14),
    "mpeg4": (2, 14),
}
"""Encoders and their usual quality range: CRF for H.264 and HEVC, quantiser for MPEG-2 and MPEG-4 Visual."""


def available() -> tuple[str, ...]:
    """Encoders of :data:`CODECS` that this build of FFmpeg has; MPEG-2 and MPEG-4 are always among them."""
    return tuple(name for name in CODECS if name in av.codecs_available)


def _options(codec: str, quality: float) -> dict[str, str]:
    if codec == "libx264":
        # With its macroblock tree and B-frames the encoder reads what nobody wrote, and the same clip comes
        # out in several ways.
        return {"crf": f"{quality:g}", "preset": "veryfast", "threads": "1", "x264-params": "mbtree=0"}
    if codec == "libx265":
        # The encoder writes to stderr unless told otherwise; on a busy machine its threads now and then hand
        # over a packet that cannot be muxed, so it gets none.
        threads = "pools=none:frame-threads=1:no-wpp=1"
        return {"crf": f"{quality:g}", "preset": "superfast", "x265-params": f"log-level=none:{threads}"}
    step = str(round(quality))
    return {"qmin": step, "qmax": step, "threads": "1"}


def round_trip(frames: Frames, codec: str, quality: float, rate: int = 24, interval: int = 48) -> Frames:
    """Encode and decode a clip.

    Args:
        frames: uint8 RGB [T,H,W,3].
        codec: one of :func:`available`.
        quality: CRF or quantiser, see :data:`CODECS`; larger is worse.
        rate: frames per second.
        interval: frames from one key frame to the next.

    Returns:
        uint8 RGB [T,H,W,3], the same number of frames.

    Raises:
        ValueError: the codec is unknown or was not built in.
    """
    if codec not in available():
        raise ValueError(f"no encoder {codec!r}; one of {', '.join(available())}")
    count, height, width = frames.shape[:3]
    # 4:2:0 pictures have even sides.
    even = np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), "edge")
    store = io.BytesIO()
    with av.open(store, "w", format="matroska") as container:
        stream = container.add_stream(codec, rate=rate, options=_options(codec, quality))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = even.shape[2], even.shape[1], "yuv420p"
        stream.codec_context.gop_size = interval
        stream.codec_context.thread_count = 1
        for index, image in enumerate(even):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    store.seek(0)
    with av.open(store, "r") as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    # A damaged tail repeats the last picture, as players do.
    decoded += [decoded[-1]] * (count - len(decoded))
    return np.ascontiguousarray(np.stack(decoded[:count])[:, :height, :width], dtype=np.uint8)
