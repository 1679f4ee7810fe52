"""The cut of least energy between what a network saw and the rest, by colours and lines.

Rother, Kolmogorov & Blake, "GrabCut", 2004: two mixtures of colours are fitted to what is probably inside
and outside, and the cheapest border between them runs along the picture's edges. Drawn colours are flat and
bounded by lines, which is what it looks for.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

ROUNDS = 2

# The mixtures have five colours a side: fewer pixels than this describe nothing.
_FEWEST = 50


Mixtures = tuple[F64, F64]
"""Of the colours outside and inside, [1,65] each, as OpenCV has them."""


def mixtures(picture: U8, inside: Mask, outside: Mask) -> Mixtures | None:
    """The colours of two parts [h,w] of a picture [h,w,3]; None where one has too few pixels for that."""
    one, other = picture[outside], picture[inside]
    if min(len(one), len(other)) < _FEWEST:
        return None
    # A picture of one row of only these pixels: who is beside whom says nothing about colours.
    row = np.ascontiguousarray(np.concatenate([one, other])[None])
    mask = np.repeat(np.array([cv2.GC_BGD, cv2.GC_FGD], np.uint8), [len(one), len(other)])[None].copy()
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    cv2.grabCut(row, mask, None, *models, 1, cv2.GC_INIT_WITH_MASK)
    return models


def graph_cut(
    picture: U8, share: F32, never: Mask, surely: Mask, colours: Mixtures | None = None
) -> Mask | None:
    """What lies inside.

    Args:
        picture: [h,w,3] RGB.
        share: [h,w] chance of lying inside, 0..1: above one half is where the search begins.
        never: [h,w] outside, whatever the colours say.
        surely: [h,w] inside likewise.
        colours: of the two sides; by default those of where the search begins, and then of what it finds.

    Returns:
        [h,w], the same whenever it is asked; None where one side has too few pixels to describe it.
    """
    probably = share > 0.5
    inside = int(np.count_nonzero(probably))
    if min(inside, share.size - inside) < _FEWEST:
        return None
    mask = np.where(probably, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    mask[never] = cv2.GC_BGD
    mask[surely] = cv2.GC_FGD
    if colours is not None:
        cv2.grabCut(picture, mask, None, *colours, 1, cv2.GC_EVAL_FREEZE_MODEL)
    else:
        cv2.setRNGSeed(1)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(picture, mask, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return cast(Mask, (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD))
