"""Variety of sources without new drawings: other colours, blur, pixel art, cluttered backdrops."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from .source import Source

Rng = np.random.Generator


def recoloured(rng: Rng, source: Source) -> Source:
    """The source with another hue, saturation and value in six of ten draws; its mood is then unknown."""
    if rng.random() < 0.4:
        return source
    hue = int(rng.integers(0, 180)) if rng.random() < 0.6 else 0
    saturation, value = rng.uniform(0.5, 1.3), rng.uniform(0.55, 1.25)

    levels = np.arange(256)
    table = np.dstack(
        [(levels + hue) % 180, np.clip(levels * saturation, 0, 255), np.clip(levels * value, 0, 255)]
    ).astype(np.uint8)

    def change(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
        hsv = cv2.cvtColor(np.ascontiguousarray(rgba[..., :3]), cv2.COLOR_RGB2HSV)
        rgb = cv2.cvtColor(cv2.LUT(hsv, table), cv2.COLOR_HSV2RGB)
        return np.dstack([rgb, rgba[..., 3]])

    drawings, layers = (tuple(change(d) for d in sheets) for sheets in (source.drawings, source.layers))
    return replace(source, drawings=drawings, layers=layers, mood="")


def out_of_focus(rng: Rng, source: Source) -> Source:
    """The source blurred, as a background is behind a close-up."""
    sigma = float(rng.uniform(1.0, 6.0))
    # A layer's colour goes on where it is transparent, so nothing foreign is blurred into its edges.
    drawings, layers = (
        tuple(cv2.GaussianBlur(d, (0, 0), sigma) for d in sheets)
        for sheets in (source.drawings, source.layers)
    )
    return replace(source, drawings=drawings, layers=layers)


def in_blocks(
    premultiplied: NDArray[np.float32], size: tuple[int, int], levels: int, *, hard: bool
) -> NDArray[np.uint8]:
    """A layer as the pixels of pixel art.

    Args:
        premultiplied: float32 RGBA [h,w,4] in 0..255, colour multiplied by alpha.
        size: (width, height) of the answer.
        levels: steps between black and full of each colour.
        hard: whether alpha is all or nothing.

    Returns:
        uint8 RGBA, straight alpha.
    """
    small = cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA)
    alpha = small[..., 3]
    colour = small[..., :3] / np.maximum(alpha, 1.0)[..., None] * 255.0
    colour = np.round(colour / 255.0 * levels) * (255.0 / levels)
    alpha = np.where(alpha > 110, 255.0, 0.0) if hard else np.round(alpha / 64.0) * 64.0
    return np.asarray(np.clip(np.dstack([colour, alpha]), 0, 255).astype(np.uint8))


def pixelated(rng: Rng, source: Source, shown: float) -> Source:
    """The source as pixel art: few colours, hard edges, blocks of 2 to 6 frame pixels.

    Args:
        rng: decides the size of the blocks and the number of colours.
        source: what is drawn.
        shown: frame pixels to a drawing's pixel.
    """
    longest = max(source.drawings[0].shape[:2])
    # Below forty blocks nobody could tell what is drawn.
    block = max(min(rng.uniform(2.0, 6.0) / max(shown, 1e-3), longest / 40), 1.0)
    levels = int(rng.integers(3, 9))
    hard = not source.additive and source.effect_type != "smoke"

    def change(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
        h, w = rgba.shape[:2]
        premultiplied = rgba.astype(np.float32)
        premultiplied[..., :3] *= premultiplied[..., 3:] / 255.0
        size = (max(4, round(w / block)), max(4, round(h / block)))
        return cv2.resize(
            in_blocks(premultiplied, size, levels, hard=hard), (w, h), interpolation=cv2.INTER_NEAREST
        )

    return replace(source, drawings=tuple(change(d) for d in source.drawings), style="pixel art")


def cluttered(rng: Rng, backdrop: Source, others: list[Source]) -> Source:
    """A backdrop, now one sheet, with patches of others in it, so that a pasted edge alone tells nothing.

    Args:
        rng: decides shapes, places and softness.
        backdrop: what lies under the patches.
        others: backdrops that the patches are cut from.
    """
    h, w = backdrop.drawings[0].shape[:2]
    covers: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    for _ in range(int(rng.integers(1, 7))):
        points = int(rng.integers(3, 12))
        reach = rng.uniform(0.04, 0.3) * max(h, w)
        spiky = rng.uniform(0.0, 0.8)
        angles = np.sort(rng.uniform(0, 2 * np.pi, points))
        radii = reach * rng.uniform(1.0 - spiky, 1.0, points)
        tall = np.exp(rng.normal(0, 0.5))
        centre = rng.uniform(0, 1, 2) * (w, h)
        outline = np.stack(
            [centre[0] + radii * np.cos(angles) / tall, centre[1] + radii * np.sin(angles) * tall], 1
        )
        mask = np.zeros((h, w), np.float32)
        cv2.fillPoly(mask, [(outline * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
        sigma = 0.7 if rng.random() < 0.7 else float(rng.uniform(3.0, 25.0))
        mask = cv2.GaussianBlur(mask, (0, 0), sigma) * float(
            1.0 if rng.random() < 0.7 else rng.uniform(0.4, 1.0)
        )
        if rng.random() < 0.25:
            picture = np.full((h, w, 3), rng.uniform(0, 255, 3), np.float32)
        else:
            other = recoloured(rng, others[rng.integers(len(others))]).drawings[0][..., :3]
            zoom = float(rng.uniform(1.0, 2.5))
            picture = cv2.resize(other, (round(w * zoom), round(h * zoom)), interpolation=cv2.INTER_LINEAR)
            top, left = rng.integers(0, picture.shape[0] - h + 1), rng.integers(0, picture.shape[1] - w + 1)
            picture = picture[top : top + h, left : left + w].astype(np.float32)
        covers.append((mask[..., None], picture))

    def change(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
        colour = rgba[..., :3].astype(np.float32)
        for mask, picture in covers:
            colour += (picture - colour) * mask
        return np.dstack([np.clip(colour, 0, 255).astype(np.uint8), rgba[..., 3]])

    return replace(backdrop, drawings=tuple(change(d) for d in backdrop.drawings), layers=())
