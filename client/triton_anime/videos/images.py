"""Pictures on disk, in natural order of their names, as a video."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from triton_anime.errors import VideoError
from triton_anime.videos.source import Image, is_still_name, on_backdrop

_NUMBER = re.compile(r"(\d+)")
_PRINTF = re.compile(r"%0?\d*d")


def natural_key(path: Path) -> tuple[tuple[int, str], ...]:
    """Sort key that puts ``frame10`` after ``frame9``."""
    parts = _NUMBER.split(path.name)
    return tuple((int(part), "") if index % 2 else (-1, part) for index, part in enumerate(parts))


def pictures_of(path: Path) -> list[Path]:
    """The pictures that ``path`` means: a folder, ``name_%04d.png``, or a glob such as ``name_*.png``.

    Returns an empty list when it means none.
    """
    if path.is_dir():
        return sorted((p for p in path.iterdir() if p.is_file() and is_still_name(p)), key=natural_key)
    if not path.parent.is_dir():
        return []
    if _PRINTF.search(path.name):
        before, after = _PRINTF.split(path.name, maxsplit=1)
        shape = re.compile(re.escape(before) + r"\d+" + re.escape(after))
        found = [p for p in path.parent.iterdir() if shape.fullmatch(p.name)]
    elif any(mark in path.name for mark in "*?"):
        found = list(path.parent.glob(path.name))
    else:
        found = []
    return sorted((p for p in found if p.is_file() and is_still_name(p)), key=natural_key)


class ImageSequenceSource:
    """PNG, JPEG, WebP, BMP or TIFF files shown one after another at ``frame_rate``.

    Raises:
        VideoError: the first picture cannot be read.
    """

    def __init__(self, files: Sequence[Path], frame_rate: Fraction = Fraction(24)) -> None:
        self._files = list(files)
        self.frame_rate = frame_rate
        self.frame_count: int | None = len(self._files)
        self.warnings: list[str] = []
        if len(self._files) > 1:
            self.warnings.append(
                f"a picture sequence has no timestamps: {frame_rate} frames a second are assumed"
            )
        first = self._read(self._files[0])
        if first is None:
            raise VideoError(f"{self._files[0]}: not a picture that can be read; replace or remove the file")
        self.height, self.width = first.shape[:2]

    @staticmethod
    def _read(path: Path) -> Any | None:
        # Through bytes: cv2.imread cannot open every non-ASCII name.
        try:
            data = np.frombuffer(path.read_bytes(), np.uint8)
        except OSError:
            return None
        try:
            return cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
        except cv2.error:
            return None

    def frames(self, start: Fraction) -> Iterator[tuple[Fraction, Any]]:
        """See :class:`triton_anime.videos.source.Source`; unreadable pictures are skipped with a warning."""
        resized = False
        for number, path in enumerate(self._files):
            time = number / self.frame_rate
            if time + 1 / self.frame_rate <= start:
                continue
            picture = self._read(path)
            if picture is None:
                self.warnings.append(f"{path.name}: not a picture that can be read; skipped")
                continue
            if picture.shape[:2] != (self.height, self.width):
                if not resized:
                    self.warnings.append(f"{path.name}: differs in size from the first picture; scaled to it")
                resized = True
                picture = cv2.resize(picture, (self.width, self.height), interpolation=cv2.INTER_AREA)
            yield time, picture

    def image(self, picture: Any) -> Image:
        """See :class:`triton_anime.videos.source.Source`."""
        if picture.dtype == np.uint16:
            picture = ((picture.astype(np.uint32) + 128) // 257).astype(np.uint8)
        elif picture.dtype != np.uint8:
            picture = np.clip(picture * 255.0 + 0.5, 0, 255).astype(np.uint8)
        if picture.ndim == 2:
            return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
        if picture.shape[2] == 4:
            rgba = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), dtype=np.uint8)
            return on_backdrop(rgba, self.warnings)
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)

    def close(self) -> None:
        """Nothing is held open."""
