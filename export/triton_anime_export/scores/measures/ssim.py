"""Structural similarity of two pictures, the mean inside a region.

Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE TIP 2004, on
luma: Gaussian window of 11x11 with sigma 1.5, K1 = 0.01, K2 = 0.03.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.scores.measures.extent import around

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]

_SIDE = 11
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim_map(found: U8, true: U8) -> F64:
    """Similarity of every pixel's window, -1..1: two RGB pictures [H,W,3] to [H,W]."""
    x, y = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (found, true))
    mean_x, mean_y = _window(x), _window(y)
    spread_x = _window(x * x) - mean_x**2
    spread_y = _window(y * y) - mean_y**2
    together = _window(x * y) - mean_x * mean_y
    above = (2 * mean_x * mean_y + _C1) * (2 * together + _C2)
    return np.asarray(above / ((mean_x**2 + mean_y**2 + _C1) * (spread_x + spread_y + _C2)))


def ssim(found: U8, true: U8, region: NDArray[np.bool_] | None = None) -> float:
    """Mean of :func:`ssim_map`, inside ``region`` [H,W] if given; NaN where that is empty."""
    if region is None:
        return float(ssim_map(found, true).mean())
    if not region.any():
        return float("nan")
    here = around(region, _SIDE)
    return float(ssim_map(found[here], true[here])[region[here]].mean())


def _window(values: F64) -> F64:
    return np.asarray(cv2.GaussianBlur(values, (_SIDE, _SIDE), 1.5, borderType=cv2.BORDER_REFLECT))
