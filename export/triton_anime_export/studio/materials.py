"""Tiles of material, RGB uint8 squares: boards, bricks, slabs, grass, sand, water, metal."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .paint import Colour
from .texture import noise

Picture = NDArray[np.uint8]
Grey = NDArray[np.float32]


def coloured(tone: Grey, colours: list[Colour], hard: bool = False) -> Picture:
    """Colours by a tone 0..1 from the first to the last; ``hard`` gives flat steps as in cel paint."""
    table = np.array(colours, np.float32)
    position = np.clip(tone, 0, 1) * (len(colours) - 1)
    if hard:
        picked = table[np.rint(position).astype(np.int64)]
    else:
        ramp = np.linspace(0, len(colours) - 1, 256)
        index = (position * (255.0 / (len(colours) - 1))).astype(np.int64)
        smooth = np.stack([np.interp(ramp, np.arange(len(colours)), table[:, c]) for c in range(3)], axis=1)
        picked = smooth[index].astype(np.float32)
    return (np.clip(picked, 0, 1) * 255 + 0.5).astype(np.uint8)


def tones(colour: Colour, dark: float = 0.45, light: float = 0.25) -> list[Colour]:
    """Shadow, half tone, flat and light of a colour; shadows lean to blue, lights to warm white."""
    r, g, b = colour
    shade = (r * (1 - dark), g * (1 - dark), min(1.0, b * (1 - dark * 0.75) + 0.02))
    half = ((r + shade[0]) / 2, (g + shade[1]) / 2, (b + shade[2]) / 2)
    lit = (r + (1 - r) * light, g + (0.98 - g) * light, b + (0.85 - b) * light)
    return [shade, half, colour, lit]


def dabs(rng: Generator, width: int, height: int, size: float, count: int, slant: float = np.pi) -> Grey:
    """Many little overlapping leaf-like dabs of random grey [H,W] in 0..1; ``slant`` limits their angle."""
    image = np.full((height, width), 0.4, np.float32)
    xs, ys = rng.integers(0, width, count), rng.integers(0, height, count)
    tone, turn = rng.random(count), np.rad2deg(rng.uniform(-slant / 2, slant / 2, count))
    long = np.maximum(1, (size * rng.uniform(0.5, 1.3, count))).astype(int)
    for k in range(count):
        axes = (int(long[k]), max(1, int(long[k]) // 2))
        cv2.ellipse(image, (int(xs[k]), int(ys[k])), axes, float(turn[k]), 0, 360, float(tone[k]), -1)
    return image


def courses(
    rng: Generator,
    colour: Colour,
    rows: int,
    columns: int,
    *,
    size: int = 256,
    offset: float = 0.5,
    joint: float = 0.04,
    uneven: float = 0.25,
    grain: float = 0.3,
    joint_light: bool = False,
) -> Picture:
    """Bricks, boards, tiles or panels in rows, each of its own tone, with bevelled joints."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    row = np.floor(y * rows).astype(int)
    shift = (row % 2) * offset if offset >= 0 else rng.random(rows)[row]
    across = (x * columns + shift) % columns
    column = np.floor(across).astype(int)
    tone = 0.62 + uneven * (rng.random((rows, columns + 1))[row, column] - 0.5)
    fx, fy = across % 1.0, (y * rows) % 1.0
    ratio = columns / rows
    edge = np.minimum(np.minimum(fx, 1 - fx) / max(ratio, 1e-3), np.minimum(fy, 1 - fy))
    lit = ((fy < joint * 3) & (edge > joint)).astype(np.float32) * 0.16
    stretched = cv2.resize(rng.random((size // 4, 12), dtype=np.float32), (size, size))
    tone = tone + lit + grain * (0.6 * (noise(rng, size, size, 8) - 0.5) + 0.4 * (stretched - 0.5))
    tone = np.where(edge < joint, 0.95 if joint_light else 0.1, tone).astype(np.float32)
    return coloured(tone, tones(colour))


def cells(
    rng: Generator, colour: Colour, count: int, *, size: int = 256, joint: int = 3, grain: float = 0.4
) -> Picture:
    """Irregular stones fitted together: cobbles, slabs, cracked earth."""
    seeds = np.ones((size, size), np.uint8)
    points = rng.integers(0, size, (count, 2))
    seeds[points[:, 0], points[:, 1]] = 0
    warp = ((noise(rng, size, size, 6, 3) - 0.5) * 26).astype(np.float32)
    ys, xs = np.mgrid[0:size, 0:size].astype(np.float32)
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    labels = cv2.remap(
        labels.astype(np.float32), xs + warp, ys + warp.T, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT
    )
    kernel = np.ones((joint, joint), np.uint8)
    edge = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, kernel) > 0
    tone = rng.uniform(0.45, 0.75, int(labels.max()) + 1)[labels.astype(int)]
    inner = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 3)
    up = np.roll(edge, joint, axis=0) & ~edge
    tone = tone + 0.15 * up + 0.1 * np.clip(inner / 12, 0, 1) + grain * (noise(rng, size, size, 12) - 0.5)
    return coloured(np.where(edge, 0.05, tone).astype(np.float32), tones(colour))


def mottled(
    rng: Generator,
    colour: Colour,
    *,
    size: int = 256,
    spots: int = 10,
    contrast: float = 1.0,
    hard: bool = False,
) -> Picture:
    """Earth, plaster, sand, snow, asphalt: patches of tone."""
    tone = 0.6 + contrast * (noise(rng, size, size, spots, 5) - 0.5)
    return coloured(tone.astype(np.float32), tones(colour), hard)


def grass(rng: Generator, colour: Colour, *, size: int = 256, hard: bool = False) -> Picture:
    """A lawn of dabs with brighter and darker patches."""
    tone = (
        0.35 * dabs(rng, size, size, size * 0.02, 900, 0.9) + 0.2 + 0.75 * (noise(rng, size, size, 4) - 0.12)
    )
    return coloured(tone.astype(np.float32), tones(colour, 0.5, 0.35), hard)


def water(rng: Generator, colour: Colour, *, size: int = 256, hard: bool = False) -> Picture:
    """Ripples with bright crests."""
    bend = noise(rng, size, size, 5, 3)
    waves = 1.0 - np.abs(2.0 * ((bend * 5.0 + noise(rng, size, size, 9, 2)) % 1.0) - 1.0)
    tone = 0.25 + 0.4 * bend + 0.55 * np.clip(waves - 0.82, 0, 1) / 0.18 * (noise(rng, size, size, 7) > 0.45)
    return coloured(tone.astype(np.float32), [*tones(colour, 0.35, 0.4), (0.95, 1.0, 1.0)], hard)


def weave(rng: Generator, colour: Colour, *, size: int = 256) -> Picture:
    """Tatami or cloth: fine threads."""
    y, x = np.mgrid[0:size, 0:size]
    tone = 0.55 + 0.12 * np.sin(y * 0.9) + 0.08 * np.sin(x * 0.22) + 0.2 * (noise(rng, size, size, 6) - 0.5)
    return coloured(tone.astype(np.float32), tones(colour, 0.3, 0.2))
