"""The arithmetic of layers: straight RGBA, colours without their surroundings, and putting it all back.

Everything is 8 bit in and out, and the colours are solved *after* alpha was rounded to 8 bit, so that
:func:`compose` gives the frame back to within one level. The equations are those of alpha matting
(Porter & Duff, "Compositing Digital Images", 1984): ``I = a·C + (1 − a)·B`` per channel.

The server's ``decompose_frame`` uses the same functions as the client.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]


def decontaminate(frame: U8, alpha: U8, plate: U8, support: NDArray[np.bool_] | None = None) -> U8:
    """The character layer: the colour that, over ``plate`` with ``alpha``, gives ``frame``.

    Args:
        frame: [H,W,3] RGB.
        alpha: [H,W], 0..255.
        plate: [H,W,3] background behind the character.
        support: [H,W]; where alpha may be raised from zero. Default: nowhere.

    Returns:
        [H,W,4] straight RGBA. Where the colour would leave 0..255 alpha is raised by the least amount
        that brings it back. Fully transparent pixels are black, so that PNG packs them to nothing.
    """
    rgba = np.zeros((*alpha.shape, 4), np.uint8)
    ys, xs = _extent(alpha if support is None else (alpha > 0) | support)
    if ys is None or xs is None:
        return rgba
    a, i, b = alpha[ys, xs], frame[ys, xs], plate[ys, xs]
    out = rgba[ys, xs]
    solid = a == 255
    out[..., :3][solid] = i[solid]
    out[..., 3][solid] = 255
    soft = (a > 0) & ~solid
    if support is not None:
        soft |= support[ys, xs] & ~solid
    out[soft] = _solve(i[soft], b[soft], a[soft])
    return rgba


def effect_layer(frame: U8, under: U8, prior_alpha: U8, tolerance: int = 2) -> U8:
    """The effect layer: the most transparent explanation of what ``frame`` shows over ``under``.

    Args:
        frame: [H,W,3] RGB.
        under: [H,W,3] background with the character over it.
        prior_alpha: [H,W]; zero where there is no effect, otherwise the least alpha the effect may have.
        tolerance: levels; a pixel whose colour equals ``under`` to within this carries no effect.

    Returns:
        [H,W,4] straight RGBA, alpha = the smallest value ≥ ``prior_alpha`` whose colour lies in 0..255.
    """
    rgba = np.zeros((*prior_alpha.shape, 4), np.uint8)
    ys, xs = _extent(prior_alpha)
    if ys is None or xs is None:
        return rgba
    a, i, u = prior_alpha[ys, xs], frame[ys, xs], under[ys, xs]
    chosen = (a > 0) & (difference(i, u) > tolerance)
    rgba[ys, xs][chosen] = _solve(i[chosen], u[chosen], a[chosen])
    return rgba


def compose(background: U8, character: U8, effects: U8) -> U8:
    """Background [H,W,3], character RGBA over it, effects RGBA over that: the frame again, [H,W,3]."""
    return over(over(background, character), effects)


def over(background: U8, layer: U8) -> U8:
    """One straight-alpha layer [H,W,4] over an opaque picture [H,W,3]."""
    out = background.copy()
    alpha = layer[..., 3]
    ys, xs = _extent(alpha)
    if ys is None or xs is None:
        return out
    a = alpha[ys, xs]
    region = out[ys, xs]
    solid = a == 255
    region[solid] = layer[ys, xs][solid][:, :3]
    soft = (a > 0) & ~solid
    top = layer[ys, xs][soft]
    weight = top[:, 3:].astype(np.uint32)
    mixed = top[:, :3] * weight + region[soft] * (255 - weight)
    region[soft] = ((mixed + 127) // 255).astype(np.uint8)
    return out


def recomposition_error(frame: U8, recomposed: U8) -> tuple[float, float]:
    """(PSNR in dB, mean absolute error in levels) between a frame and its recomposed layers.

    PSNR is capped at 99 dB, the value given for identical pictures.
    """
    mae = float(cv2.norm(frame, recomposed, cv2.NORM_L1)) / frame.size
    mse = float(cv2.norm(frame, recomposed, cv2.NORM_L2SQR)) / frame.size
    psnr = 99.0 if mse == 0 else min(99.0, 10 * float(np.log10(255.0**2 / mse)))
    return psnr, mae


def difference(one: U8, other: U8) -> U8:
    """Largest difference of any channel, [H,W,3] and [H,W,3] → [H,W]."""
    red, green, blue = cv2.split(cv2.absdiff(one, other))
    return cast(U8, cv2.max(cv2.max(red, green), blue))


def least_alpha(frame: U8, under: U8) -> U8:
    """The smallest 8-bit alpha with which some colour over ``under`` can give ``frame`` ([...,3] → [...])."""
    i, u = frame.astype(np.float32), under.astype(np.float32)
    brighter = (i - u) / np.maximum(255 - u, 1)
    darker = (u - i) / np.maximum(u, 1)
    need = np.maximum(brighter, darker).max(axis=-1)
    return np.ceil(np.clip(need, 0, 1) * 255 - 1e-4).astype(np.uint8)


def _solve(frame: U8, under: U8, alpha: U8) -> U8:
    """Pixels [N,3], [N,3], [N] → straight RGBA [N,4] that composes to ``frame`` over ``under``."""
    a8 = np.maximum(alpha, least_alpha(frame, under))
    a = a8.astype(np.float32)[:, None] / 255
    u = under.astype(np.float32)
    colour = u + (frame.astype(np.float32) - u) / np.maximum(a, 1 / 255)
    out = np.empty((len(a8), 4), np.uint8)
    out[:, :3] = np.clip(np.rint(colour), 0, 255)
    out[:, 3] = a8
    out[a8 == 0] = 0
    return out


def _extent(mask: NDArray[np.uint8] | NDArray[np.bool_]) -> tuple[slice | None, slice | None]:
    """Slices around the non-zero part of a mask, so that empty borders cost nothing."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None, None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
