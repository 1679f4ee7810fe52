"""Two thresholds for what a network found: what is sure takes along what it hangs together with.

That is the hysteresis of edges (Canny, "A computational approach to edge detection", 1986), for regions.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def doubtful(found: Mask, sure: Mask, share: float, least: float = 0) -> Mask:
    """The connected parts of a mask that are sure nowhere, or in too little of them.

    Args:
        found: [H,W] what passes the lower threshold.
        sure: [H,W] what passes the upper one.
        share: of its pixels that a part must have sure.
        least: pixels that it must have at all.

    Returns:
        [H,W], true on whole parts of ``found``; parts hang together over corners too.
    """
    count, parts, stats, _ = cv2.connectedComponentsWithStats(found.view(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    gone = (areas < least) | (np.bincount(parts[sure], minlength=count) < share * areas)
    gone[0] = False
    return cast(Mask, gone[parts]) if gone.any() else np.zeros(found.shape, bool)
