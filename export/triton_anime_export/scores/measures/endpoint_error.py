"""Errors of optical flow: mean endpoint error and the share of outliers.

Endpoint error as in Baker et al., "A Database and Evaluation Methodology for Optical Flow", IJCV 2011; Fl as
in Menze & Geiger, "Object Scene Flow for Autonomous Vehicles" (KITTI), CVPR 2015: an outlier errs by more
than 3 pixels and by more than 5 % of the true length.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def endpoint_error(found: F32, true: F32, valid: NDArray[np.bool_]) -> tuple[float, float]:
    """(EPE in pixels, Fl 0..1) of two flows [H,W,2] where ``valid`` [H,W]; NaN where nothing is."""
    if not valid.any():
        return float("nan"), float("nan")
    wanted = true[valid].astype(np.float64)
    error = np.hypot(*(found[valid] - wanted).T)
    outlier = (error > 3.0) & (error > 0.05 * np.hypot(*wanted.T))
    return float(error.mean()), float(outlier.mean())
