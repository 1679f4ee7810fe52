"""Decode with OpenCV: the fall-back where PyAV cannot open a file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from triton_anime.errors import VideoError
from triton_anime.videos.source import Image, on_backdrop


class OpenCVSource:
    """A file that ``cv2.VideoCapture`` reads.

    Raises:
        VideoError: OpenCV cannot open the file or finds no picture in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.warnings: list[str] = ["decoded by OpenCV: colours of unusual formats may differ slightly"]
        self._capture = cv2.VideoCapture(str(path))
        ok, first = self._capture.read() if self._capture.isOpened() else (False, None)
        if not ok or first is None:
            self._capture.release()
            raise VideoError(f"{path}: not a video that can be read; check that the file is complete")
        self.height, self.width = first.shape[:2]
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.frame_rate = Fraction(rate).limit_denominator(1001) if rate and rate > 0 else Fraction(25)
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.frame_count: int | None = count if count > 0 else None
        self._capture.release()
        self._capture = cv2.VideoCapture(str(path))

    def frames(self, start: Fraction) -> Iterator[tuple[Fraction, Any]]:
        """See :class:`triton_anime.videos.source.Source`; always begins at the first picture."""
        last: Fraction | None = None
        while True:
            milliseconds = self._capture.get(cv2.CAP_PROP_POS_MSEC)
            ok, picture = self._capture.read()
            if not ok:
                return
            time = Fraction(round(milliseconds * 1000), 1_000_000)
            if last is not None and time <= last:
                time = last + 1 / self.frame_rate
            last = time
            yield time, picture

    def image(self, picture: Any) -> Image:
        """See :class:`triton_anime.videos.source.Source`."""
        if picture.ndim == 2:
            return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)

    def close(self) -> None:
        """Release the file."""
        self._capture.release()


class AnimatedPictureSource:
    """An animated WebP (or another animation that ``cv2.imreadanimation`` reads, OpenCV 4.11 and newer).

    Such files are short; they are decoded whole.

    Raises:
        VideoError: the file is no animation that OpenCV reads, or OpenCV is too old for it.
    """

    def __init__(self, path: Path) -> None:
        reader = getattr(cv2, "imreadanimation", None)
        if reader is None:
            raise VideoError(
                f"{path}: animated pictures of this kind need opencv-python-headless 4.11 or newer"
            )
        try:
            ok, animation = reader(str(path))
        except cv2.error as error:
            raise VideoError(
                f"{path}: not an animation that can be read; check that the file is complete"
            ) from error
        if not ok or not len(animation.frames):
            raise VideoError(f"{path}: no picture could be decoded; the file is empty or damaged")
        self._pictures = list(animation.frames)
        self._durations = [Fraction(max(1, int(d)), 1000) for d in animation.durations]
        self.height, self.width = self._pictures[0].shape[:2]
        self.frame_count: int | None = len(self._pictures)
        self.frame_rate = Fraction(len(self._durations)) / sum(self._durations, Fraction(0))
        self.warnings: list[str] = []

    def frames(self, start: Fraction) -> Iterator[tuple[Fraction, Any]]:
        """See :class:`triton_anime.videos.source.Source`; always begins at the first picture."""
        time = Fraction(0)
        for picture, duration in zip(self._pictures, self._durations, strict=True):
            yield time, picture
            time += duration

    def image(self, picture: Any) -> Image:
        """See :class:`triton_anime.videos.source.Source`."""
        if picture.ndim == 2:
            return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
        if picture.shape[2] == 4:
            rgba = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), dtype=np.uint8)
            return on_backdrop(rgba, self.warnings)
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)

    def close(self) -> None:
        """Nothing is held open."""
