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
# Cells of a template below which it looks like anything.
_FEWEST = 12
# Share of the neighbouring errors below which an error is none.
_EXACT = 0.02


Shift = tuple[float, float]


def whole_shift(current: U8, mask: Mask, previous: U8, reach: int) -> Shift | None:
    """How far away the masked part of a drawing is found in another.

    Args:
        current: [h,w,3] RGB.
        mask: [h,w] the part.
        previous: [h,w,3] the drawing to look in.
        reach: pixels to look around its own place.

    Returns:
        (dx, dy) in pixels and parts of them, such that ``current[y, x]`` is ``previous[y + dy, x + dx]`` for
        most of the part; None where it is too small to be recognised.
    """
    _, _, width, height = cv2.boundingRect(mask.view(np.uint8))
    longest = max(width, height)
    step = max(1, math.ceil(longest / _SIDE))
    found = _match(current, mask, previous, step, (0, 0), max(3, reach // step))
    if found is None or step == 1:
        return found
    return _match(current, mask, previous, 1, found, step + 1)


def _match(current: U8, mask: Mask, previous: U8, step: int, start: Shift, reach: int) -> Shift | None:
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
    across, down = _lowest(errors[row], column), _lowest(errors[:, column], row)
    return (left + column + across) * step - x, (top + row + down) * step - y


def _lowest(errors: NDArray[np.float32], place: int) -> float:
    """Where between cells the errors [n] are least: a parabola through the least and its neighbours."""
    if not 0 < place < len(errors) - 1:
        return 0.0
    before, least, after = (float(value) for value in errors[place - 1 : place + 2])
    # copied pixels: the parabola leans to the side that is more alike
    if least <= _EXACT * min(before, after):
        return 0.0
    return float(np.clip((before - after) / (2 * (before - 2 * least + after)), -0.5, 0.5))
