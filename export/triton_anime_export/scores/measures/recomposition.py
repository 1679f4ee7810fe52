"""Recomposition residual: what is lost when the layers are put together again.

Porter & Duff, "Compositing Digital Images", SIGGRAPH 1984: effects over character over background, in
floating point and independent of the product's own arithmetic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from triton_anime_export.scores.measures.psnr import psnr

U8 = NDArray[np.uint8]


def recomposition_psnr(frame: U8, background: U8, character: U8, effects: U8) -> float:
    """PSNR in dB of the composed layers against the frame.

    Args:
        frame: RGB [H,W,3].
        background: RGB [H,W,3].
        character: straight RGBA [H,W,4].
        effects: straight RGBA [H,W,4].
    """
    picture: NDArray[np.float64] = background.astype(np.float64)
    for layer in (character, effects):
        alpha = layer[..., 3:].astype(np.float64) / 255.0
        picture = np.asarray(picture * (1 - alpha) + layer[..., :3] * alpha, np.float64)
    return psnr(np.rint(picture).astype(np.uint8), frame)
