"""Connectivity error of a matte: whether what hangs together in the truth hangs together in the answer.

Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting", CVPR 2009: for each pixel the
largest threshold at which it is 4-connected to the largest part that both alphas share; the error is the sum
of differences of the degrees of connectivity. Thresholds in steps of 0.1 and theta = 0.15, as published.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.scores.measures.extent import around

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]

STEP = 0.1
THETA = 0.15


def alpha_connectivity(found: U8, true: U8) -> float:
    """Connectivity error of two alphas uint8 [H,W], in thousands."""
    here = around((found > 0) | (true > 0), 0)
    found, true = found[here], true[here]
    if not found.size:
        return 0.0
    a, t = found.astype(np.float64) / 255.0, true.astype(np.float64) / 255.0
    level = np.full(a.shape, -1.0)
    steps = np.arange(0.0, 1.0 + STEP / 2, STEP)
    for before, threshold in itertools.pairwise(steps):
        # Both sides are multiples of 1/255: the small margin keeps 0.6 from being below 0.6.
        shared = _largest_part((a >= threshold - 1e-9) & (t >= threshold - 1e-9))
        level[(level < 0) & ~shared] = before
    level[level < 0] = 1.0
    return float(np.abs(_degree(a, level) - _degree(t, level)).sum()) / 1000.0


def _degree(alpha: F64, level: F64) -> F64:
    beyond = alpha - level
    return np.asarray(1.0 - np.where(beyond >= THETA, beyond, 0.0))


def _largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros(mask.shape, bool)
    return np.asarray(parts == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))
