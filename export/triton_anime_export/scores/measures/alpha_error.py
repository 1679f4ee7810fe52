"""Pixelwise errors of a matte: SAD, MSE and MAE.

Rhemann et al., "A Perceptually Motivated Online Benchmark for Image Matting", CVPR 2009. Their errors are
taken inside a trimap; no trimap is given here, so every pixel counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]


def sad(found: U8, true: U8) -> float:
    """Sum of absolute differences of two alphas uint8 [H,W], in thousands of whole pixels."""
    return float(np.abs(found.astype(np.int64) - true).sum()) / 255.0 / 1000.0


def mse(found: U8, true: U8) -> float:
    """Mean squared difference, alpha in 0..1."""
    return float(((found.astype(np.float64) - true) ** 2).mean()) / 255.0**2


def mae(found: U8, true: U8) -> float:
    """Mean absolute difference, alpha in 0..1."""
    return float(np.abs(found.astype(np.int64) - true).mean()) / 255.0
