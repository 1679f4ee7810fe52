"""Open a video and stream its frames.

``open_video`` chooses the decoder; the :class:`VideoReader` it returns decodes in its own thread into a
bounded queue, so decoding overlaps with everything downstream and memory stays the same for any length.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime.errors import Interrupted, VideoError
from triton_anime.timecode import Span
from triton_anime.videos.source import Source, is_still_name

_DEFAULT_SEQUENCE_RATE = Fraction(24)
_QUEUE_BYTES = 48 << 20


@dataclass(frozen=True)
class Frame:
    """One frame that is processed.

    Attributes:
        index: running number of the processed frames, from 0 (sampling and ranges leave no gaps).
        time: presentation time in seconds from the beginning of the file, exact.
        image: RGB uint8 [H, W, 3].
    """

    index: int
    time: Fraction
    image: NDArray[np.uint8]


@dataclass(frozen=True)
class Selection:
    """Which frames of a video are processed.

    Attributes:
        rate: at most so many frames a second (the first frame at or after each tick); ``None``: all.
        span: in and out; ``None``: everything.
        max_frames: stop after so many processed frames; ``None``: no limit.
    """

    rate: Fraction | None = None
    span: Span | None = None
    max_frames: int | None = None


class VideoReader:
    """Frames of one video, decoded ahead in a thread. Iterate once, then close (or use ``with``).

    Attributes:
        path: what was opened.
        width, height: pixels, rotation applied.
        frame_rate: nominal source rate.
        frame_count: how many frames are expected after the selection; ``None`` when unknown.
        warnings: what was odd about the file; complete when the iteration is over.
        busy_seconds: time spent decoding and converting so far, waiting for the consumer excluded.

    Raises (while iterating):
        VideoError: not a single frame could be decoded.
        Interrupted: the reader was closed by another thread.
    """

    def __init__(self, path: Path, source: Source, selection: Selection) -> None:
        self.path = path
        self.width = source.width
        self.height = source.height
        self.frame_rate = source.frame_rate
        self.warnings = source.warnings
        self._source = source
        self._selection = selection
        self.frame_count = self._expected()
        frame_bytes = self.width * self.height * 3
        self._queue: queue.Queue[Frame | BaseException | None] = queue.Queue(
            maxsize=max(2, min(16, _QUEUE_BYTES // max(1, frame_bytes)))
        )
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.busy_seconds = 0.0

    def _bounds(self) -> tuple[Fraction, Fraction | None]:
        span = self._selection.span
        start = span.start.at(self.frame_rate) if span and span.start else Fraction(0)
        end = span.end.at(self.frame_rate) if span and span.end else None
        return start, end

    def _expected(self) -> int | None:
        count = self._source.frame_count
        start, end = self._bounds()
        if count is not None or end is not None:
            last = Fraction(count) / self.frame_rate if count is not None else end
            assert last is not None
            seconds = max(Fraction(0), (min(last, end) if end is not None else last) - start)
            rate = min(self.frame_rate, self._selection.rate or self.frame_rate)
            count = max(1, round(seconds * rate))
        limit = self._selection.max_frames
        if limit is not None:
            count = limit if count is None else min(count, limit)
        return count

    def _selected(self) -> Iterator[tuple[Fraction, Any]]:
        selection = self._selection
        span = selection.span
        start_mark = span.start if span else None
        end_mark = span.end if span else None
        start, end = self._bounds()
        by_number = any(mark is not None and mark.frame is not None for mark in (start_mark, end_mark))
        sent = 0
        tick = 0
        number = -1
        # Frame numbers are only known when counted from the first frame on: no seeking then.
        for time, picture in self._source.frames(Fraction(0) if by_number else start):
            number += 1
            if start_mark is not None:
                position, wanted = (
                    (number, start_mark.frame) if start_mark.frame is not None else (time, start)
                )
                if position < wanted:
                    continue
            if end_mark is not None and end is not None:
                position, wanted = (number, end_mark.frame) if end_mark.frame is not None else (time, end)
                if position >= wanted:
                    return
            if selection.rate is not None:
                if time * selection.rate < tick:
                    continue
                tick = int(time * selection.rate) + 1
            yield time, picture
            sent += 1
            if selection.max_frames is not None and sent >= selection.max_frames:
                return

    def _work(self) -> None:
        sent = 0
        since = monotonic()
        try:
            for time, picture in self._selected():
                frame = Frame(sent, time, self._source.image(picture))
                self.busy_seconds += monotonic() - since
                if not self._put(frame):
                    return
                since = monotonic()
                sent += 1
            self._put(None)
        except BaseException as error:  # the consumer raises it
            self._put(error)
        finally:
            self._source.close()

    def _put(self, item: Frame | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.1)
                return True
            except queue.Full:  # noqa: PERF203
                continue
        return False

    def _next(self) -> Frame | BaseException | None:
        while True:
            try:
                return self._queue.get(timeout=0.2)
            except queue.Empty:  # noqa: PERF203
                # Closed by another thread: an early end must not look like the end of the video.
                if self._stop.is_set():
                    raise Interrupted(f"{self.path}: reading was stopped") from None

    def start(self) -> None:
        """Begin to decode ahead; iterating does it too."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="decode", daemon=True)
            self._thread.start()

    def __iter__(self) -> Iterator[Frame]:
        self.start()
        seen = 0
        try:
            while (item := self._next()) is not None:
                if isinstance(item, VideoError):
                    raise item
                if isinstance(item, BaseException):
                    if not seen:
                        raise VideoError(
                            f"{self.path}: decoding failed ({item}); re-encode the file"
                        ) from item
                    self.warnings.append(f"decoding stopped early: {item}")
                    break
                seen += 1
                yield item
            if not seen:
                chosen = self._selection.span is not None or self._selection.rate is not None
                hint = "the range lies outside the video" if chosen else "the file is empty or damaged"
                raise VideoError(f"{self.path}: no frame could be read; {hint}")
            promised = self.frame_count
            whole = self._selection == Selection()
            if whole and promised is not None and seen < promised * 0.98 - 2:
                self.warnings.append(
                    f"{seen} of about {promised} frames could be decoded: the file seems to be truncated"
                )
        finally:
            self.close()

    def close(self) -> None:
        """Stop decoding and release the file; safe to call twice."""
        self._stop.set()
        if self._thread is None:
            self._source.close()
        elif self._thread is not threading.current_thread():
            self._thread.join(timeout=10)

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_video(
    path: str | Path, selection: Selection | None = None, *, sequence_rate: Fraction | None = None
) -> VideoReader:
    """Open a video file, an animation (GIF, APNG, WebP), a folder of pictures or a pattern of them.

    Args:
        path: a file, a folder with pictures, ``frame_%04d.png`` or ``frame_*.png``.
        selection: sampling, range and limit; default everything.
        sequence_rate: frames a second of a picture sequence, which carries no timestamps (default 24).

    Raises:
        VideoError: missing, empty, unreadable, or without a picture; the message says what to do.
    """
    path = Path(path)
    return VideoReader(path, _source(path, sequence_rate or _DEFAULT_SEQUENCE_RATE), selection or Selection())


def _source(path: Path, sequence_rate: Fraction) -> Source:
    from triton_anime.videos.images import ImageSequenceSource, pictures_of

    if not path.is_file():
        pictures = pictures_of(path)
        if pictures:
            return ImageSequenceSource(pictures, sequence_rate)
        if path.is_dir():
            raise VideoError(f"{path}: this folder holds no PNG or JPEG pictures")
        raise VideoError(f"{path}: no such file; check the path")
    try:
        if path.stat().st_size == 0:
            raise VideoError(f"{path}: the file is empty; copy it again")
        with path.open("rb"):
            pass
    except OSError as error:
        raise VideoError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    return _file_source(path, sequence_rate)


def _file_source(path: Path, sequence_rate: Fraction) -> Source:
    from triton_anime.videos.opencv import AnimatedPictureSource, OpenCVSource
    from triton_anime.videos.pyav import PyAVSource

    if path.suffix.lower() == ".webp":
        return AnimatedPictureSource(path)
    if is_still_name(path) and not _is_animated_png(path):
        from triton_anime.videos.images import ImageSequenceSource

        return ImageSequenceSource([path], sequence_rate)
    try:
        return PyAVSource(path)
    except VideoError as first:
        for fallback in (OpenCVSource, AnimatedPictureSource):
            try:
                return fallback(path)
            except VideoError:  # noqa: PERF203
                continue
        raise first from None


def _is_animated_png(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4096)
    return head.startswith(b"\x89PNG") and b"acTL" in head
