"""A network's flow, refined on the pixels themselves.

Networks answer flow at an eighth of the frame and enlarge it: they find how far a fast arm went and lose a
fraction of a pixel everywhere. A dense inverse search (Kroeger et al., "Fast Optical Flow using Dense Inverse
Search", ECCV 2016) that starts from their answer finds the fraction and keeps the arm.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.flow_fields import occluded, sampled

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

# Pixels around which colours are compared before one of two flows is taken.
_SIGMA = 2.0
# Pixels from the estimate beyond which the search has found something else, and the levels by which that must
# explain the colours better: in patterns that repeat, what is alike is not the same.
_FAR, _CLEARLY = 4.0, 3.0
# Pixels between two patches of the search; the preset's 3 costs half as much again and gains little.
_STRIDE = 5
# Sides below which the search finds no patch to place.
_LEAST_SIDE = 32


def refined(first: U8, second: U8, forward: F32, backward: F32) -> tuple[F32, F32]:
    """The flow both ways between two pictures, from an estimate of it.

    Args:
        first: [h,w,3] RGB.
        second: [h,w,3] RGB.
        forward: [h,w,2] estimate, pixels from the first to the second.
        backward: [h,w,2] estimate from the second to the first.

    Returns:
        Both as float32 [h,w,2]; at each pixel whichever of the estimate and the search explains the colours
        around it better. The estimates themselves where a picture shows what the other hides, since a search
        finds something for that too, and everywhere in pictures too small to search.
    """
    if min(first.shape[:2]) < _LEAST_SIDE:
        return forward, backward
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setPatchStride(_STRIDE)
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (first, second)]
    there = search.calc(grey[0], grey[1], np.array(forward, np.float32))
    back = search.calc(grey[1], grey[0], np.array(backward, np.float32))
    there = _better(first, second, forward, cast(F32, there))
    back = _better(second, first, backward, cast(F32, back))
    hidden_later, hidden_before = occluded(there, back)
    there[hidden_later], back[hidden_before] = forward[hidden_later], backward[hidden_before]
    return there, back


def _better(first: U8, second: U8, estimate: F32, found: F32) -> F32:
    """At each pixel the flow that explains the colours better, and the estimate in doubt."""
    apart = np.sqrt(((found - estimate) ** 2).sum(axis=2))
    doubt = np.where(apart < _FAR, np.float32(0), np.float32(_CLEARLY))
    better = _unlike(first, second, found) + doubt < _unlike(first, second, estimate)
    return np.where(better[..., None], found, estimate).astype(np.float32)


def _unlike(first: U8, second: U8, flow: F32) -> F32:
    """Colour difference that a flow leaves around each pixel, float32 [h,w]."""
    apart = cv2.absdiff(first, sampled(second, flow)).astype(np.float32)
    mean = cv2.transform(apart, np.full((1, 3), 1 / 3, np.float32)).reshape(flow.shape[:2])
    return cast(F32, cv2.GaussianBlur(mean, (0, 0), _SIGMA))
