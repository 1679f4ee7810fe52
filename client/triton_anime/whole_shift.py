"""Where a character of one drawing stands in another, taken as a whole.

A cel slides by many pixels from one drawing to the next, and a small figure that moves by more than its own
width is what dense flow loses first. Its picture is hardly changed by that, so it is looked for as a
template, masked, from coarse to fine (Lewis, "Fast Template Matching", 1995).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Side of the template, in cells, at which all of the surroundings are searched.
_SIDE = 40
# Side in pixels from which the last pixel does not matter.
_LARGE = 160
# Cells of a template below which it looks like anything.
_FEWEST = 12


def whole_shift(current: U8, mask: Mask, previous: U8, reach: int) -> tuple[int, int] | None:
    """How far away the masked part of a drawing is found in another.

    Args:
        current: [h,w,3] RGB.
        mask: [h,w] the part.
        previous: [h,w,3] the drawing to look in.
        reach: pixels to look around its own place.

    Returns:
        (dx, dy) in pixels such that ``current[y, x]`` is ``previous[y + dy, x + dx]`` for most of the part;
        None where it is too small to be recognised.
    """
    _, _, width, height = cv2.boundingRect(mask.view(np.uint8))
    longest = max(width, height)
    step = max(1, math.ceil(longest / _SIDE))
    found = _match(current, mask, previous, step, (0, 0), max(3, reach // step))
    if found is None or step == 1:
        return found
    fine = 1 if longest < _LARGE else 2
    return _match(current, mask, previous, fine, found, step // fine + 1)


def _match(
    current: U8, mask: Mask, previous: U8, step: int, start: tuple[int, int], reach: int
) -> tuple[int, int] | None:
    """The best shift within ``reach`` cells of ``start``, in cells of ``step`` pixels."""
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    w, h = max(1, width // step), max(1, height // step)
    here = (slice(y, y + height), slice(x, x + width))
    share = cv2.resize(mask[here].view(np.uint8) * np.uint8(255), (w, h), interpolation=cv2.INTER_AREA)
    inside = (share > 200).astype(np.float32)
    if np.count_nonzero(inside) < _FEWEST:
        return None
    template = cv2.resize(current[here], (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)
    size = (max(1, previous.shape[1] // step), max(1, previous.shape[0] // step))
    small = cv2.resize(previous, size, interpolation=cv2.INTER_AREA)
    left, top = round((x + start[0]) / step) - reach, round((y + start[1]) / step) - reach
    right, bottom = left + w + 2 * reach, top + h + 2 * reach
    margin = max(0, -left, -top, right - size[0], bottom - size[1])
    wide = cv2.copyMakeBorder(small, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    window = wide[top + margin : bottom + margin, left + margin : right + margin].astype(np.float32)
    errors = cv2.matchTemplate(window, template, cv2.TM_SQDIFF, mask=inside)
    _, _, (column, row), _ = cv2.minMaxLoc(errors)
    return (left + column) * step - x, (top + row) * step - y
