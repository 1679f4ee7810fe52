"""Arithmetic of optical flow: another resolution, and what the flow there and back says of being hidden.

Pure functions of arrays. A flow is float32 [h,w,2], (dx, dy) in pixels of its own grid: what is at (x, y) of
one picture is at (x + dx, y + dy) of the other.
"""

from __future__ import annotations

from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
V = TypeVar("V", np.uint8, np.float32)

# Sundaram, Brox & Keutzer, "Dense point trajectories by GPU-accelerated large displacement optical flow",
# ECCV 2010, equation 5: what two flows may disagree by grows with their lengths, from half a pixel squared.
SHARE = 0.01
SLACK = 0.5


def resized(flow: F32, size: tuple[int, int]) -> F32:
    """The same motion on another grid over the same picture.

    Args:
        flow: [h,w,2], any h and w.
        size: height and width of the new grid.

    Returns:
        float32 [*size,2] in pixels of the new grid; bilinear with pixel centres meeting where the grid gets
        finer, mean over the area where it gets coarser. ``flow`` itself where the size is its own.
    """
    height, width = size
    h, w = flow.shape[:2]
    if (h, w) == (height, width):
        return flow
    coarser = height * width < h * w
    way = cv2.INTER_AREA if coarser else cv2.INTER_LINEAR
    scale = np.array([width / w, height / h], np.float32)
    return cast(F32, cv2.resize(flow, (width, height), interpolation=way) * scale)


def sampled(values: NDArray[V], along: F32) -> NDArray[V]:
    """What lies at the places that ``along`` leads to.

    Args:
        values: [h,w,...] of the picture that is led to: its flow or its colours.
        along: [h,w,2] from each pixel of the other picture.

    Returns:
        As ``values``, bilinear; beyond the border what is at the border.
    """
    h, w = along.shape[:2]
    to_x = along[..., 0] + np.arange(w, dtype=np.float32)
    to_y = along[..., 1] + np.arange(h, dtype=np.float32)[:, None]
    moved = cv2.remap(values, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cast(NDArray[V], moved)


def occluded(forward: F32, backward: F32) -> tuple[Mask, Mask]:
    """What of each of two pictures the other does not show, told by the flow there and back.

    A point that is seen in both comes home: ``forward + backward(there)`` is zero. It counts as hidden where
    ``|f + b|² >= 0.01 (|f|² + |b|²) + 0.5`` (Sundaram et al. 2010), and where the flow leads out of the
    picture.

    Args:
        forward: [h,w,2] from the first picture to the second.
        backward: [h,w,2] from the second to the first.

    Returns:
        bool [h,w] of the first picture, true where the second hides it; and bool [h,w] of the second, true
        where the first did.

    Raises:
        ValueError: the flows differ in size.
    """
    if forward.shape != backward.shape:
        raise ValueError(f"flows of {forward.shape[:2]} and {backward.shape[:2]} pixels; give them one size")
    return _strays(forward, backward), _strays(backward, forward)


def _strays(there: F32, back: F32) -> Mask:
    """Where the way there and back does not end where it began, [h,w]."""
    home = sampled(back, there)
    apart = ((there + home) ** 2).sum(axis=2)
    allowed = SHARE * ((there**2).sum(axis=2) + (home**2).sum(axis=2)) + SLACK
    return cast(Mask, (apart >= allowed) | _leaves(there))


def _leaves(flow: F32) -> Mask:
    """Where the flow leads out of the picture, [h,w]: further than its outermost pixels reach."""
    h, w = flow.shape[:2]
    to_x = flow[..., 0] + np.arange(w, dtype=np.float32)
    to_y = flow[..., 1] + np.arange(h, dtype=np.float32)[:, None]
    return (to_x < -0.5) | (to_x > w - 0.5) | (to_y < -0.5) | (to_y > h - 0.5)
