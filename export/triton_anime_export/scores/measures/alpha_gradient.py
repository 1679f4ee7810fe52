"""Gradient error of a matte: whether its edges are as steep as the true ones.

Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting", CVPR 2009: the sum of squared
differences of gradient magnitudes, from first-order Gaussian derivative filters of sigma 1.4 that are, as in
the benchmark's published evaluation, normalised to unit energy.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.scores.measures.extent import around

U8 = NDArray[np.uint8]

SIGMA = 1.4
_EPSILON = 1e-2


def alpha_gradient(found: U8, true: U8) -> float:
    """Gradient error of two alphas uint8 [H,W], in thousands."""
    here = around((found > 0) | (true > 0), _kernel().shape[0])
    if not found[here].size:
        return 0.0
    difference = _magnitude(found[here]) - _magnitude(true[here])
    return float((difference**2).sum()) / 1000.0


def _magnitude(alpha: U8) -> NDArray[np.float64]:
    values = alpha.astype(np.float64) / 255.0
    kernel = _kernel()
    across = cv2.filter2D(values, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    down = cv2.filter2D(values, -1, kernel.T.copy(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.hypot(across, down))


@cache
def _kernel() -> NDArray[np.float64]:
    """Derivative of a Gaussian along x, wide enough that what is cut off lies below ``_EPSILON``."""
    half = int(np.ceil(SIGMA * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * SIGMA * _EPSILON))))
    x = np.arange(-half, half + 1, dtype=np.float64)
    gauss = np.exp(-(x**2) / (2 * SIGMA**2)) / (SIGMA * np.sqrt(2 * np.pi))
    kernel = gauss[:, None] * (-x * gauss / SIGMA**2)[None, :]
    result: NDArray[np.float64] = kernel / np.sqrt((kernel**2).sum())
    return result
