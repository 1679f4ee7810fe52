"""Temporal flicker of a matte: change of alpha along the true motion that the truth does not make.

The motion-compensated temporal coherence of Erofeev et al., "Perceptually Motivated Benchmark for Video
Matting", BMVC 2015 (MESSDdt), with absolute instead of squared errors so that it reads in alpha: a matte that
is wrong in the same way in both drawings does not flicker, and the true one scores zero.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


def flicker(
    found: tuple[U8, U8], true: tuple[U8, U8], flow: F32, valid: NDArray[np.bool_], reach: int = 12
) -> float:
    """Unexplained change between two successive drawings, mean over what may flicker, alpha in 0..1.

    Args:
        found: alphas [H,W] of a drawing and of the next one.
        true: the same of the truth.
        flow: true flow [H,W,2] from the first drawing to the second, pixels.
        valid: [H,W]; what the first drawing shows there is still visible in the second.
        reach: pixels around any alpha, found or true, that count; far away nothing can flicker.

    Returns:
        NaN where no such pixel is.
    """
    height, width = valid.shape
    any_alpha = np.maximum(found[0], true[0]) > 0
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    counted = valid & (cv2.dilate(any_alpha.astype(np.uint8), kernel) > 0)
    if not counted.any():
        return float("nan")
    to_x = flow[..., 0] + np.arange(width, dtype=np.float32)
    to_y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]

    def change(first: U8, second: U8) -> F32:
        moved = cv2.remap(
            second.astype(np.float32), to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(moved - first, np.float32)

    unexplained = np.abs(change(*found) - change(*true))
    return float(unexplained[counted].mean()) / 255.0
