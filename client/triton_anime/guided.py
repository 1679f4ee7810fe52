"""Edge-aware upsampling of coarse masks.

The fast guided filter (He & Sun, "Fast Guided Filter", 2015; He, Sun & Tang, "Guided Image Filtering",
2010): locally the fine mask is a linear function of the picture, so it has its edges where the picture has.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.boxes import enlarge, grow

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


def guided_upsample(coarse: U8, frame: U8, radius: int = 4, epsilon: float = 4e-4) -> U8:
    """A coarse mask at the frame's resolution, with its edges on the frame's edges.

    Args:
        coarse: [h,w] probability or alpha, 0..255.
        frame: [H,W,3] RGB the mask belongs to, any size.
        radius: half the side of the local window, in pixels of ``coarse``.
        epsilon: variance (of values in 0..1) below which a window counts as flat.

    Returns:
        [H,W] uint8.
    """
    height, width = frame.shape[:2]
    if not coarse.any():
        return np.zeros((height, width), np.uint8)
    h, w = coarse.shape
    small = cv2.resize(frame, (w, h), interpolation=cv2.INTER_AREA) if (h, w) != (height, width) else frame
    guide = small.astype(np.float32) / 255
    mask = coarse.astype(np.float32) / 255
    slopes, offset = _coefficients(guide, mask, radius, epsilon)
    fine = _enlarge(offset * np.float32(255), width, height)
    # one pass per channel: numpy would make three over a float copy of the full picture
    for channel in range(3):
        slope = _enlarge(np.ascontiguousarray(slopes[..., channel]), width, height)
        cv2.accumulateProduct(slope, cv2.extractChannel(frame, channel).astype(np.float32), fine)
    return cast(U8, cv2.add(fine, 0.0, dtype=cv2.CV_8U))


def guided_around(mask: U8, frame: U8, radius: int, epsilon: float, margin: int = 16) -> U8:
    """As :func:`guided_upsample`, worked out only around where the coarse mask [h,w] is not empty.

    ``margin`` is in pixels of the coarse mask; the other arguments are those of :func:`guided_upsample`.
    """
    if not mask.any():
        return np.zeros(frame.shape[:2], np.uint8)
    (h, w), (height, width) = mask.shape, frame.shape[:2]
    # whole cells: the part must cover the same place in both
    cells = grow(cv2.boundingRect(mask), margin, w, h)
    left, top, wide, high = enlarge(cells, (h, w), (height, width))
    right, bottom = left + wide, top + high
    # the coarse mask on the grid that the part's own reduction has
    size = max(1, round((right - left) * w / width)), max(1, round((bottom - top) * h / height))
    step_x, step_y = (right - left) / size[0], (bottom - top) / size[1]
    onto = np.array([[step_x * w / width, 0, 0], [0, step_y * h / height, 0]])
    onto[0, 2] = (left + 0.5 * step_x) * w / width - 0.5
    onto[1, 2] = (top + 0.5 * step_y) * h / height - 0.5
    part = cv2.warpAffine(
        mask, onto, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    out = np.zeros((height, width), np.uint8)
    picture = np.ascontiguousarray(frame[top:bottom, left:right])
    out[top:bottom, left:right] = guided_upsample(part, picture, radius, epsilon)
    return out


def _enlarge(values: F32, width: int, height: int) -> F32:
    if values.shape == (height, width):
        return values.copy()
    return cast(F32, cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR))


def _box(values: F32, radius: int) -> F32:
    side = 2 * radius + 1
    return cast(F32, cv2.boxFilter(values, -1, (side, side), borderType=cv2.BORDER_REFLECT))


def _coefficients(guide: F32, mask: F32, radius: int, epsilon: float) -> tuple[F32, F32]:
    """Slopes [h,w,3] and offset [h,w] of the colour guided filter, already averaged over windows."""
    mean_guide, mean_mask = _box(guide, radius), _box(mask, radius)
    covariance = _box(guide * mask[..., None], radius) - mean_guide * mean_mask[..., None]
    # the symmetric 3x3 variance of the guide in every window: xx, xy, xz, yy, yz, zz
    products = np.stack(
        [guide[..., i] * guide[..., j] for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))], axis=-1
    )
    mean_products = np.concatenate(
        [_box(products[..., :3], radius), _box(products[..., 3:], radius)], axis=-1
    )
    x, y, z = mean_guide[..., 0], mean_guide[..., 1], mean_guide[..., 2]
    xx = mean_products[..., 0] - x * x + epsilon
    xy = mean_products[..., 1] - x * y
    xz = mean_products[..., 2] - x * z
    yy = mean_products[..., 3] - y * y + epsilon
    yz = mean_products[..., 4] - y * z
    zz = mean_products[..., 5] - z * z + epsilon
    # inverse by cofactors
    c00, c01, c02 = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    c11, c12, c22 = xx * zz - xz * xz, xz * xy - xx * yz, xx * yy - xy * xy
    determinant = xx * c00 + xy * c01 + xz * c02
    p, q, r = covariance[..., 0], covariance[..., 1], covariance[..., 2]
    slopes = np.stack(
        [c00 * p + c01 * q + c02 * r, c01 * p + c11 * q + c12 * r, c02 * p + c12 * q + c22 * r], axis=-1
    )
    slopes = (slopes / np.maximum(determinant, 1e-12)[..., None]).astype(np.float32)
    offset = (mean_mask - (slopes * mean_guide).sum(axis=-1)).astype(np.float32)
    return _box(slopes, radius), _box(offset, radius)
