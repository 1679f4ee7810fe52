"""Inventing what no drawing shows: a network's answer, fitted to the colours at the rim of the hole.

The network (LaMa) works on the small working frame. Its answer is enlarged, and the colour difference at
the rim is spread smoothly into the hole, which is what solving the Poisson equation with the rim as its
boundary would do (Pérez, Gangnet & Blake, "Poisson image editing", 2003), at the price of two blurs.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.boxes import grow

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]


def smooth_fill(image: U8, known: Mask) -> U8:
    """``image`` [H,W,3] with unknown pixels interpolated from known ones by a push-pull pyramid.

    Gortler et al., "The Lumigraph" (1996), section 3.4.2. Known pixels come back unchanged; without any,
    the image does.
    """
    if known.all() or not known.any():
        return image.copy()
    levels: list[tuple[F32, F32]] = []
    weight = known.astype(np.float32)
    colour = image.astype(np.float32) * weight[..., None]
    while True:
        levels.append((colour, weight))
        h, w = weight.shape
        if weight.min() > 0 or max(h, w) == 1:
            break
        size = ((w + 1) // 2, (h + 1) // 2)
        colour = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
        weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
        # a level is as sure as it can be once anything of it is known
        grown = np.minimum(1, weight * 2)
        colour *= (grown / np.maximum(weight, 1e-6))[..., None]
        weight = grown
    colour, weight = levels[-1]
    full: F32 = colour / np.maximum(weight, 1e-6)[..., None]
    for colour, weight in reversed(levels[:-1]):
        h, w = weight.shape
        below = cv2.resize(full, (w, h), interpolation=cv2.INTER_LINEAR)
        full = colour + below * (1 - weight)[..., None]
    out = image.copy()
    unknown = ~known
    out[unknown] = np.clip(np.rint(full[unknown]), 0, 255).astype(np.uint8)
    return out


def thickness(mask: Mask) -> float:
    """Greatest distance in pixels from a pixel of the mask to its outside."""
    if not mask.any():
        return 0.0
    padded = np.pad(mask.astype(np.uint8), 1)
    return float(cv2.distanceTransform(padded, cv2.DIST_L2, 3).max())


def blend_in(plate: U8, missing: Mask, answer: U8) -> U8:
    """``plate`` [H,W,3] with its ``missing`` pixels taken from ``answer`` [h,w,3] of any size.

    Colours of the answer are shifted so that they meet the plate at the rim; pixels that are not missing
    are untouched.
    """
    height, width = missing.shape
    out = plate.copy()
    box = cv2.boundingRect(missing.astype(np.uint8))
    if box[2] == 0:
        return out
    x0, y0, w, h = grow(box, 12, width, height)
    here = (slice(y0, y0 + h), slice(x0, x0 + w))
    hole = missing[here]
    matrix = np.array([[answer.shape[1] / width, 0, 0], [0, answer.shape[0] / height, 0]], np.float64)
    # pixel centres meet: output (x, y) looks at ((x + x0 + ½)·s − ½, …)
    matrix[0, 2] = (x0 + 0.5) * matrix[0, 0] - 0.5
    matrix[1, 2] = (y0 + 0.5) * matrix[1, 1] - 0.5
    enlarged = cv2.warpAffine(
        answer,
        matrix,
        (w, h),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)
    outward = smooth_fill(plate[here], ~hole).astype(np.float32)
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    rim = (depth > 0) & (depth <= 3)
    # what the answer lacks at the rim, spread inwards
    lack = _spread((outward - enlarged) * rim[..., None], rim.astype(np.float32))
    fitted = enlarged + lack
    # the first pixels inside continue the known ones, then the answer takes over
    share = np.clip(depth / 4.0, 0, 1)[..., None].astype(np.float32)
    mixed = outward * (1 - share) + fitted * share
    out[here][hole] = np.clip(np.rint(mixed[hole]), 0, 255).astype(np.uint8)
    return out


def _spread(values: F32, weight: F32) -> F32:
    """Values given on a thin band, continued smoothly everywhere (sums of widening blurs)."""
    if not weight.any():
        return np.zeros_like(values)
    total, sure = np.zeros_like(values), np.zeros_like(weight)
    for sigma, trust in ((4.0, 1.0), (16.0, 1e-2), (64.0, 1e-4)):
        # the wide blurs are smooth: a quarter or a sixteenth of the pixels carries them
        step = max(1, int(sigma // 4))
        h, w = weight.shape
        size = (max(1, w // step), max(1, h // step))
        small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
        small_weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), sigma / step)
        small_weight = cv2.GaussianBlur(small_weight, (0, 0), sigma / step)
        total += trust * cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR)
        sure += trust * cv2.resize(small_weight, (w, h), interpolation=cv2.INTER_LINEAR)
    return cast(F32, total / np.maximum(sure, 1e-9)[..., None])
