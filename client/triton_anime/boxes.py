"""Boxes of pixels: x, y, width, height."""

from __future__ import annotations

from collections.abc import Sequence

Box = tuple[int, int, int, int]


def grow(box: Sequence[int], by: int, width: int, height: int) -> Box:
    """``box`` with a margin, inside the picture."""
    x, y, w, h = (int(value) for value in box)
    x0, y0, x1, y1 = max(0, x - by), max(0, y - by), min(width, x + w + by), min(height, y + h + by)
    return x0, y0, x1 - x0, y1 - y0


def enlarge(box: Box, small: tuple[int, int], large: tuple[int, int]) -> Box:
    """A box of working pixels in full-resolution pixels; sizes are (height, width)."""
    (h, w), (height, width) = small, large
    x0, y0 = box[0] * width // w, box[1] * height // h
    x1, y1 = -(-(box[0] + box[2]) * width // w), -(-(box[1] + box[3]) * height // h)
    return x0, y0, min(width, x1) - x0, min(height, y1) - y0
