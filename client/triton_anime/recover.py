"""Copying background pixels from one drawing of a shot to another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime import motion
from triton_anime.boxes import Box, grow

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

# State of a plate's pixel.
UNKNOWN, SEEN, INVENTED = 0, 1, 2

# Levels: background around a hole may differ this much before the other picture is of no use for it, and
# this much before it is worth asking whether this part of the background moves on its own (parallax).
_UNLIKE, _MISPLACED = 14.0, 4.0
_MOST_COLOUR = 40.0
# Share of strange pixels around a hole from which it is looked at in tiles, and their side in working pixels.
_STRANGE, _TILE = 0.12, 40


@dataclass(frozen=True)
class Picture:
    """A picture that background can be copied from, and its place in the shot.

    Attributes:
        image: [H,W,3] RGB.
        hole: [H,W] bool: not background.
        working: [h,w,3] the same, small.
        small_hole: [h,w] uint8 0/1: not background in any part of the pixel.
        still: grey picture for placing.
        matrix: [2,3] full-resolution transform to the picture of the shot.
        group: pictures of different groups could not be placed on one another.
    """

    image: U8
    hole: Mask
    working: U8
    small_hole: U8
    still: motion.Still
    matrix: F64
    group: int


def meet(here: Picture, other: Picture, box: Box) -> tuple[F64, F32] | None:
    """Where ``other`` lies on ``here`` around a hole, and the colour to add to it.

    Args:
        here: the picture with the hole.
        other: the picture to copy from.
        box: x, y, w, h of the hole in working pixels.

    Returns:
        (matrix [2,3] other→here, offset [3]); the matrix is fitted anew to the surroundings of the hole
        where they do not move with the rest of the background. None: the surroundings are unlike.
    """
    height, width = here.hole.shape
    matrix = motion.snap(motion.chain(motion.inverse(here.matrix), other.matrix), height, width)
    offset, unlike, _ = _compare(here, other, matrix, box)
    if unlike > _MISPLACED:
        fitted = motion.register(_near(here, box), other.still, [motion.inverse(matrix)])
        if fitted.found:
            again = motion.snap(motion.inverse(fitted.matrix), height, width)
            other_offset, other_unlike, _ = _compare(here, other, again, box)
            if other_unlike < 0.8 * unlike:
                matrix, offset, unlike = again, other_offset, other_unlike
    if unlike > _UNLIKE or float(np.abs(offset).max()) > _MOST_COLOUR:
        return None
    return matrix, offset


def pieces(here: Picture, other: Picture, box: Box) -> list[Box]:
    """``box``, or tiles of it where parts of the background around it move on their own.

    Args:
        here: the picture with the hole.
        other: the picture to copy from.
        box: x, y, w, h of the hole in working pixels.
    """
    matrix = motion.chain(motion.inverse(here.matrix), other.matrix)
    matrix = motion.snap(matrix, *here.hole.shape)
    if _compare(here, other, matrix, box)[2] <= _STRANGE:
        return [box]
    x, y, w, h = box
    return [
        (x + left, y + top, min(_TILE, w - left), min(_TILE, h - top))
        for top in range(0, h, _TILE)
        for left in range(0, w, _TILE)
    ]


def visible(here: Picture, other: Picture, box: Box) -> Mask:
    """Which working pixels of ``box`` the other picture shows, by its place in the shot."""
    matrix = motion.chain(motion.inverse(here.matrix), other.matrix)
    matrix = motion.snap(matrix, *here.hole.shape)
    small = motion.rescaled(matrix, here.still)
    return warp(np.uint8(1) - other.small_hole, small, box, cv2.INTER_NEAREST) > 0


def paint(
    image: U8, usable: Mask, matrix: F64, box: Box, out: U8, state: U8, mark: int, offset: F32 | None = None
) -> None:
    """Copy what is still unknown inside ``box`` from another picture that ``matrix`` places on this one.

    Args:
        image: [H,W,3] the other picture.
        usable: [H,W] which of its pixels may be copied.
        matrix: [2,3] other→here in full-resolution pixels.
        box: x, y, w, h in full-resolution pixels of this picture.
        out: [H,W,3], written to.
        state: [H,W], written to; only ``UNKNOWN`` pixels are painted.
        mark: their state afterwards.
        offset: [3] levels to add to the colours.
    """
    x, y, w, h = box
    here = (slice(y, y + h), slice(x, x + w))
    seen = warp(usable.view(np.uint8) * np.uint8(255), matrix, box, cv2.INTER_LINEAR) == 255
    take = seen & (state[here] == UNKNOWN)
    if not take.any():
        return
    colours = warp(image, matrix, box, cv2.INTER_CUBIC)[take]
    if offset is not None and np.abs(offset).max() >= 1:
        colours = np.clip(np.rint(colours + offset), 0, 255).astype(np.uint8)
    out[here][take] = colours
    state[here][take] = mark


def warp(values: U8, matrix: F64, box: Box, interpolation: int) -> U8:
    """The part ``box`` (x, y, w, h) of ``values`` moved by ``matrix``; zero where nothing lands.

    Whole shifts copy; nothing is resampled.
    """
    x, y, w, h = box
    shift = matrix[:, 2]
    if np.array_equal(matrix[:, :2], np.eye(2)) and np.array_equal(shift, np.rint(shift)):
        height, width = values.shape[:2]
        left, top = x - int(shift[0]), y - int(shift[1])
        out = np.zeros((h, w, *values.shape[2:]), values.dtype)
        x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + w), min(height, top + h)
        if x1 > x0 and y1 > y0:
            out[y0 - top : y1 - top, x0 - left : x1 - left] = values[y0:y1, x0:x1]
        return out
    local = motion.chain(np.array([[1.0, 0, -x], [0, 1.0, -y]]), matrix)
    moved = cv2.warpAffine(values, local, (w, h), flags=interpolation, borderMode=cv2.BORDER_CONSTANT)
    return cast(U8, moved)


def _compare(here: Picture, other: Picture, matrix: F64, box: Box) -> tuple[F32, float, float]:
    """(offset [3], remaining difference, share that differs much) of the background around a box."""
    h, w = here.small_hole.shape
    x, y, bw, bh = grow(box, 12, w, h)
    rows, columns = slice(y, y + bh), slice(x, x + bw)
    small = motion.rescaled(matrix, here.still)
    shown = warp(np.uint8(1) - other.small_hole, small, (x, y, bw, bh), cv2.INTER_NEAREST) > 0
    both = np.flatnonzero(shown & (here.small_hole[rows, columns] == 0))
    if both.size < 16:
        return np.zeros(3, np.float32), 0.0, 0.0
    both = both[:: max(1, both.size // 2000)]
    theirs = warp(other.working, small, (x, y, bw, bh), cv2.INTER_LINEAR).reshape(-1, 3)[both]
    ours = here.working[rows, columns].reshape(-1, 3)[both]
    apart = ours.astype(np.float32) - theirs
    offset = cast(F32, np.median(apart, axis=0).astype(np.float32))
    remaining = np.abs(apart - offset).mean(axis=1)
    return offset, float(np.median(remaining)), float((remaining > _UNLIKE).mean())


def _near(here: Picture, box: Box) -> motion.Still:
    """The picture for placing, with only the surroundings of a box as background."""
    h, w = here.small_hole.shape
    x, y, bw, bh = grow(box, 24, w, h)
    only = np.zeros_like(here.still.background)
    only[y : y + bh, x : x + bw] = here.still.background[y : y + bh, x : x + bw]
    return replace(here.still, background=only)
