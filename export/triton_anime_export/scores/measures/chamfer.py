"""Chamfer distance of drawn lines: how far the lines of one picture lie from those of another.

The symmetric mean distance of Barrow et al., "Parametric Correspondence and Chamfer Matching", IJCAI 1977,
as the work on line drawings uses it (Siyao et al., "Deep Geometrized Cartoon Line Inbetweening", ICCV 2023),
here in pixels. Lines are what is dark and thin: the black top-hat of luma.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

THICKEST = 7
"""Pixels; darker strokes up to this width are lines."""
DARKER = 24
"""Levels by which a line is darker than what lies on both sides of it."""


def lines_of(picture: U8) -> Mask:
    """Drawn lines bool [H,W] of an RGB picture [H,W,3]."""
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (THICKEST, THICKEST))
    return np.asarray(cv2.morphologyEx(luma, cv2.MORPH_BLACKHAT, kernel) >= DARKER)


def chamfer(found: Mask, true: Mask, farthest: float = 20.0) -> float:
    """Mean of the mean distances there and back, pixels.

    Args:
        found: lines bool [H,W].
        true: lines bool [H,W].
        farthest: no point counts as farther away than this, so that one stray stroke does not decide; also
            the answer where only one side has lines.
    """
    if not found.any() and not true.any():
        return 0.0
    if not found.any() or not true.any():
        return farthest
    there = np.minimum(_away(true)[found], farthest).mean()
    back = np.minimum(_away(found)[true], farthest).mean()
    return float(there + back) / 2


def _away(lines: Mask) -> NDArray[np.float32]:
    """Distance of every pixel to the nearest line."""
    inverse = (~lines).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(inverse, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
