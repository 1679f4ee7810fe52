"""Contour accuracy F: precision and recall of the outline of a mask.

Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation" (DAVIS), CVPR
2016, section 4.1, with the details of the official evaluation: outlines lie between a pixel and its
neighbours to the right and below, and two of them meet within a disc of 0.008 of the diagonal, rounded up.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

BOUND = 0.008
"""Share of the picture's diagonal within which an outline counts as met."""


@dataclass(frozen=True)
class Outline:
    """The outline of one mask, prepared for comparing it with several others.

    Attributes:
        pixels: bool [H,W].
        near: bool [H,W], within the bound of the outline.
        count: pixels on the outline.
    """

    pixels: NDArray[np.bool_]
    near: NDArray[np.bool_]
    count: int

    @classmethod
    def of(cls, mask: NDArray[np.bool_], bound: float = BOUND) -> Outline:
        """The outline of a bool mask [H,W]."""
        reach = int(np.ceil(bound * float(np.hypot(mask.shape[0], mask.shape[1]))))
        line = outline(mask)
        count = int(np.count_nonzero(line))
        near = np.zeros(mask.shape, bool)
        if count:
            away = cv2.distanceTransform((~line).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            near = away <= reach + 1e-3
        return cls(line, near, count)


def outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels [H,W] that differ from their neighbour to the right, below, or both ways."""
    line = np.zeros(mask.shape, bool)
    line[:, :-1] |= mask[:, :-1] != mask[:, 1:]
    line[:-1] |= mask[:-1] != mask[1:]
    line[:-1, :-1] |= mask[:-1, :-1] != mask[1:, 1:]
    return line


def meeting(found: Outline, true: Outline) -> float:
    """F of two prepared outlines; 1 where neither mask has one."""
    if not found.count and not true.count:
        return 1.0
    if not found.count or not true.count:
        return 0.0
    precision = np.count_nonzero(found.pixels & true.near) / found.count
    recall = np.count_nonzero(true.pixels & found.near) / true.count
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def boundary_f(found: NDArray[np.bool_], true: NDArray[np.bool_], bound: float = BOUND) -> float:
    """F-measure of the outlines of two bool masks [H,W], 0..1."""
    return meeting(Outline.of(found, bound), Outline.of(true, bound))
