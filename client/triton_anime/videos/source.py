"""What every decoder offers to :mod:`triton_anime.video`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

# Pictures with an alpha channel are shown on this colour: white keeps dark outlines, which most drawn
# figures have, apart from what surrounds them. Said in docs/outputs.md and in a warning of the run.
BACKDROP = 255

_VIDEO_WORDS = "mp4 m4v mov mkv webm avi ts m2ts mts mpg mpeg wmv flv ogv 3gp gif apng mxf y4m"
VIDEO_SUFFIXES = frozenset(f".{word}" for word in _VIDEO_WORDS.split())
STILL_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"))


class Source(Protocol):
    """One opened video.

    ``width`` and ``height`` are those of the delivered images (rotation applied), ``frame_rate`` is the
    nominal rate, ``frame_count`` what the container promises (``None``: unknown) and ``warnings`` grows
    while frames are read.
    """

    width: int
    height: int
    frame_rate: Fraction
    frame_count: int | None
    warnings: list[str]

    def frames(self, start: Fraction) -> Iterator[tuple[Fraction, Any]]:
        """Yield ``(seconds, undecoded picture)`` in presentation order.

        A decoder that can seek may begin at the last key picture at or before ``start`` seconds; others
        begin at the first picture.
        """
        ...

    def image(self, picture: Any) -> Image:
        """Turn one undecoded picture into RGB uint8 [H, W, 3]."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...


ALPHA_WARNING = "the video has an alpha channel: it is shown over white"


def on_backdrop(rgba: Image, warnings: list[str]) -> Image:
    """Composite straight RGBA uint8 [H, W, 4] over :data:`BACKDROP`; returns RGB uint8 [H, W, 3].

    The first picture that really is transparent somewhere adds :data:`ALPHA_WARNING` to ``warnings``.
    """
    if int(rgba[..., 3].min()) == 255:
        return np.ascontiguousarray(rgba[..., :3])
    if ALPHA_WARNING not in warnings:
        warnings.append(ALPHA_WARNING)
    alpha = rgba[..., 3:].astype(np.uint16)
    colour = rgba[..., :3].astype(np.uint16) * alpha + np.uint16(BACKDROP) * (255 - alpha)
    return ((colour + 127) // 255).astype(np.uint8)


def is_video_name(path: Path) -> bool:
    """Whether the suffix is one that this program looks for when a folder is given."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def is_still_name(path: Path) -> bool:
    """Whether the suffix is that of a single picture."""
    return path.suffix.lower() in STILL_SUFFIXES
