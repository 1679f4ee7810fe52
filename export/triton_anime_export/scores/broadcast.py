"""What television does to a drawing: film grain, then H.264 at a low rate."""

from __future__ import annotations

import io
from dataclasses import replace

import av
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.scores.casts import SEED
from triton_anime_export.scores.clip import RATE, Clip

U8 = NDArray[np.uint8]

CRF = 30
GRAIN = 4.0
"""Standard deviation of the grain, levels; new in every frame."""


def broadcast(clip: Clip) -> Clip:
    """The clip as it comes out of a low-rate broadcast; its truth stays."""
    rng = np.random.default_rng([SEED, 6, *clip.name.encode()])
    return replace(clip, data="broadcast", seen=transcoded(grainy(clip.seen, rng)))


def grainy(frames: U8, rng: np.random.Generator) -> U8:
    """Frames uint8 [T,H,W,3] with grain of luma, fresh in each."""
    noisy = np.empty_like(frames)
    for t, frame in enumerate(frames):
        grain = rng.normal(0.0, GRAIN, frame.shape[:2]).astype(np.float32)
        noisy[t] = np.clip(np.rint(frame + grain[..., None]), 0, 255)
    return noisy


def transcoded(frames: U8, crf: int = CRF) -> U8:
    """Frames uint8 [T,H,W,3], even sides, through H.264 (4:2:0, main preset) and back."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        # One thread: how x264 divides its work must not decide what it writes.
        stream.options = {"crf": str(crf), "preset": "fast", "threads": "1"}
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer, "r") as decoded:
        found = [frame.to_ndarray(format="rgb24") for frame in decoded.decode(video=0)]
    return np.stack(found)
