"""The part of a picture that matters: what lies outside changes no figure, and is not computed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def around(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """Rows and columns of a bool mask [H,W] with ``margin`` pixels around; an empty one where it is empty."""
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    if not w:
        return slice(0, 0), slice(0, 0)
    return slice(max(0, y - margin), y + h + margin), slice(max(0, x - margin), x + w + margin)
