"""Region similarity J: intersection over union of two masks.

Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation" (DAVIS), CVPR
2016, section 4.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mask_iou(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """Jaccard index of two bool masks of one shape, 0..1; 1 where both are empty, as DAVIS counts it."""
    union = int(np.count_nonzero(found | true))
    return 1.0 if union == 0 else float(np.count_nonzero(found & true) / union)
