"""Peak signal-to-noise ratio of pictures, whole or inside a region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]

HIGHEST = 99.0
"""dB, given for equal pictures."""


def psnr(found: U8, true: U8, region: NDArray[np.bool_] | None = None) -> float:
    """10 log10(255² / MSE) in dB, at most ``HIGHEST``.

    Args:
        found: RGB [H,W,3].
        true: RGB [H,W,3].
        region: [H,W]; where to look. Default: everywhere. NaN where it is empty.
    """
    one, other = (found, true) if region is None else (found[region], true[region])
    if not one.size:
        return float("nan")
    error = float(((one.astype(np.float64) - other) ** 2).mean())
    return HIGHEST if error == 0 else min(HIGHEST, float(10 * np.log10(255.0**2 / error)))
