"""From an alpha to a better one: a trimap around its edges, cut into squares for a matting network.

A trimap network (VitMatte, Yao et al. 2023) gets what is sure and answers what is not. Squares keep the
picture's own resolution, so that a strand of hair at 4K is as wide for the network as one at 1080p.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

SURELY, UNKNOWN, SURELY_NOT = 255, 128, 0
SIDE = 512
"""Of the squares, in pixels of the picture: what the network was trained on."""

_OVERLAP = 64
_OPAQUE, _CLEAR = 250, 5


def trimap_of(alpha: U8, reach: int | None = None) -> U8:
    """What is sure about an alpha [H,W]: 255 the character, 0 the rest, 128 a band around every edge.

    Args:
        alpha: uint8 [H,W].
        reach: half the band's width in pixels; 0.4 % of the longer side when left out.
    """
    if reach is None:
        reach = max(3, round(0.004 * max(alpha.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    # Beyond the picture's edge things go on: the edge itself is no outline.
    edge = {"borderType": cv2.BORDER_REPLICATE}
    solid = cv2.erode((alpha >= _OPAQUE).astype(np.uint8), kernel, **edge)
    anything = cv2.dilate((alpha > _CLEAR).astype(np.uint8), kernel, **edge)
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    trimap[solid > 0] = SURELY
    trimap[anything == 0] = SURELY_NOT
    return trimap


def squares_of(trimap: U8, side: int = SIDE) -> list[tuple[int, int]]:
    """Corners (x, y) of the squares that cover what is unknown, overlapping, in reading order."""
    height, width = trimap.shape
    unknown = trimap == UNKNOWN
    return [
        (x, y)
        for y in _starts(height, side)
        for x in _starts(width, side)
        if unknown[y : y + side, x : x + side].any()
    ]


class Refinement:
    """An alpha whose uncertain band a network is to answer; what is sure stays as it is.

    Args:
        frame: uint8 [H,W,3] RGB.
        alpha: uint8 [H,W].
        side: of the squares that the network takes.
        at_once: squares in one call, at most.

    Attributes:
        calls: squares [N,s,s,3] and their trimaps [N,s,s], one pair a call; none where nothing is uncertain.
    """

    def __init__(self, frame: U8, alpha: U8, *, side: int = SIDE, at_once: int = 8) -> None:
        self._alpha, self._side = alpha, side
        self._trimap = trimap_of(alpha)
        self._corners = squares_of(self._trimap, side)
        self.calls = [
            tuple(
                np.stack([_cut(image, x, y, side) for x, y in self._corners[i : i + at_once]])
                for image in (frame, self._trimap)
            )
            for i in range(0, len(self._corners), at_once)
        ]

    def finish(self, answers: Sequence[U8]) -> U8:
        """The refined alpha [H,W] from the alphas [N,s,s] that answer ``calls``, in their order."""
        total = np.zeros(self._alpha.shape, np.float32)
        weight = np.zeros(self._alpha.shape, np.float32)
        window = _window(self._side)
        squares = [square for answer in answers for square in answer]
        for (x, y), square in zip(self._corners, squares, strict=True):
            here = np.s_[y : y + self._side, x : x + self._side]
            h, w = total[here].shape
            total[here] += square[:h, :w] * window[:h, :w]
            weight[here] += window[:h, :w]
        mean = np.rint(total / np.maximum(weight, 1e-6)).astype(np.uint8)
        return np.where((self._trimap == UNKNOWN) & (weight > 0), mean, self._alpha).astype(np.uint8)


def _starts(length: int, side: int) -> list[int]:
    """Where squares begin along one axis: as few as reach the end with the overlap between them."""
    if length <= side:
        return [0]
    count = -(-(length - _OVERLAP) // (side - _OVERLAP))
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def _cut(image: NDArray[np.uint8], x: int, y: int, side: int) -> U8:
    """A square; beyond a small picture's edge it goes on as in a mirror."""
    part = image[y : y + side, x : x + side]
    missing = side - part.shape[0], side - part.shape[1]
    if not any(missing):
        return part
    widths = [(0, missing[0]), (0, missing[1]), *[(0, 0)] * (part.ndim - 2)]
    return cast(U8, np.pad(part, widths, mode="symmetric"))


def _window(side: int) -> F32:
    """Weights that fall towards the edges of a square, where a network has seen only one side of things."""
    ramp = np.minimum(np.arange(side) + 1.0, np.arange(side)[::-1] + 1.0) / _OVERLAP
    ramp = np.minimum(ramp, 1.0)
    return (ramp[:, None] * ramp[None, :]).astype(np.float32)
