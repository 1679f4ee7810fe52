"""Decode with PyAV (FFmpeg): true timestamps, colour matrix and range, rotation, alpha."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np

from triton_anime.errors import VideoError
from triton_anime.videos.source import Image, on_backdrop

# FFmpeg's numbers for AVColorSpace and AVColorRange.
_BT709, _BT601, _BT2020 = 1, 5, 9
_UNSPECIFIED = 2
_FULL_RANGE = 2
_WITH_ALPHA = ("a8", "rgba", "bgra", "argb", "abgr", "yuva", "gbrap", "ya", "pal8")


class PyAVSource:
    """The video stream of a file that FFmpeg reads.

    Raises:
        VideoError: FFmpeg cannot open the file or finds no picture in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.warnings: list[str] = []
        self._container = self._open()
        stream = self._container.streams.video[0]
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self.frame_rate = Fraction(rate) if rate > 0 else Fraction(25)
        self.frame_count = self._promised(stream)
        self._reformatter: Any = None
        # Rotation stands on decoded frames only, so the first one is looked at here and its file reopened.
        first = next(self._decode(), None)
        if first is None:
            self._container.close()
            raise VideoError(f"{path}: no picture could be decoded; the file is empty or damaged")
        self._quarter_turns = round((getattr(first, "rotation", 0) or 0) / 90) % 4
        self._alpha = first.format.name.startswith(_WITH_ALPHA)
        self.width, self.height = first.width, first.height
        if self._quarter_turns % 2:
            self.width, self.height = self.height, self.width
        self._size = (first.width, first.height)
        shape = stream.sample_aspect_ratio
        if shape and shape != 1:
            self.warnings.append(
                f"pixels are not square ({shape.numerator}:{shape.denominator}): "
                f"layers keep the stored {first.width}x{first.height}"
            )
        if getattr(first, "interlaced_frame", False):
            self.warnings.append("the video is interlaced: deinterlace it first for clean outlines")
        self._container.close()
        self._container = self._open()

    def _open(self) -> Any:
        try:
            container = av.open(str(self._path), metadata_errors="ignore")
        except (av.error.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise VideoError(
                f"{self._path}: not a video that can be read ({reason}); check that the file is complete"
            ) from error
        if not container.streams.video:
            container.close()
            raise VideoError(f"{self._path}: there is no video stream in this file")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        return container

    def _promised(self, stream: Any) -> int | None:
        if stream.frames:
            return int(stream.frames)
        if stream.duration and stream.time_base:
            return max(1, round(stream.duration * stream.time_base * self.frame_rate))
        if self._container.duration:
            return max(1, round(Fraction(self._container.duration, 1_000_000) * self.frame_rate))
        return None

    def _decode(self) -> Iterator[Any]:
        """Yield decoded frames; broken packets are counted, warned about and skipped."""
        stream = self._container.streams.video[0]
        # The native VP8/VP9 decoders drop alpha; libvpx keeps it.
        decoder = stream.codec_context
        if stream.metadata.get("alpha_mode") == "1" and decoder.name in ("vp8", "vp9"):
            name = {"vp8": "libvpx", "vp9": "libvpx-vp9"}[decoder.name]
            if name in av.codecs_available:
                extra = decoder.extradata
                decoder = av.CodecContext.create(name, "r")
                decoder.extradata = extra
        broken = 0
        packets = self._container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except av.error.FFmpegError as error:
                self.warnings.append(f"reading stopped early: {error.strerror or error}")
                break
            try:
                # PyAV ends a stream with an empty packet, which drains the decoder.
                frames = decoder.decode(packet if packet.size else None)
            except av.error.EOFError:
                break
            except av.error.FFmpegError:
                broken += 1
                continue
            for frame in frames:
                broken += bool(getattr(frame, "is_corrupt", False))
                if frame.pts is not None and packet.time_base is not None and frame.time_base is None:
                    frame.time_base = packet.time_base
                yield frame
        if broken:
            self.warnings.append(f"{broken} damaged picture(s) were concealed or skipped")

    def frames(self, start: Fraction) -> Iterator[tuple[Fraction, Any]]:
        """See :class:`triton_anime.videos.source.Source`."""
        origin = self._origin()
        first = None
        if start > 0:
            stream = self._container.streams.video[0]
            try:
                self._container.seek(int((start + origin) / stream.time_base), stream=stream)
                decoded = self._timed(origin)
                first = next(decoded, None)
            except av.error.FFmpegError:
                first = None
            if first is not None and first[0] <= start:
                yield first
                yield from decoded
                return
            # Some files cannot seek, or land too late: read from the beginning instead.
            self._container.close()
            self._container = self._open()
        yield from self._timed(origin)

    def _origin(self) -> Fraction:
        """Time zero of the file: where its earliest stream begins, as players show it."""
        starts = [
            stream.start_time * stream.time_base
            for stream in self._container.streams
            if stream.type in ("video", "audio") and stream.start_time is not None and stream.time_base
        ]
        return min(starts, default=Fraction(0))

    def _timed(self, origin: Fraction) -> Iterator[tuple[Fraction, Any]]:
        step = 1 / self.frame_rate
        last: Fraction | None = None
        changed = False
        for frame in self._decode():
            time = None
            if frame.pts is not None and frame.time_base is not None:
                time = frame.pts * frame.time_base - origin
            # Times must rise: files without timestamps, or with broken ones, fall back to the nominal rate.
            if time is None or (last is not None and time <= last):
                time = Fraction(0) if last is None else last + step
            if (frame.width, frame.height) != self._size and not changed:
                changed = True
                self.warnings.append(
                    "the picture size changes inside the video: later sizes are scaled to the first"
                )
            last = time
            yield time, frame

    def image(self, picture: Any) -> Image:
        """See :class:`triton_anime.videos.source.Source`."""
        from av.video.reformatter import VideoReformatter

        if self._reformatter is None:
            self._reformatter = VideoReformatter()
        matrix = picture.colorspace
        if matrix in (0, _UNSPECIFIED):
            # What players assume: BT.709 for high definition, BT.601 below. RGB has 0 and reads none.
            matrix = _BT709 if picture.height >= 720 or picture.width >= 1280 else _BT601
        elif matrix == 10:  # BT.2020 constant luminance has no conversion in swscale; its matrix is the same.
            matrix = _BT2020
        elif matrix not in (1, 4, 5, 7, 9):
            matrix = _BT601
        width, height = self._size
        converted = self._reformatter.reformat(
            picture,
            width=width,
            height=height,
            format="rgba" if self._alpha else "rgb24",
            src_colorspace=matrix,
            src_color_range=picture.color_range or None,
            dst_color_range=_FULL_RANGE,
        )
        image: Image = converted.to_ndarray()
        if self._alpha:
            image = on_backdrop(image, self.warnings)
        if self._quarter_turns:
            image = np.rot90(image, self._quarter_turns)
        return np.ascontiguousarray(image)

    def close(self) -> None:
        """Release the file."""
        self._container.close()
