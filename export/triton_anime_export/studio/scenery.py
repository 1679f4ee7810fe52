"""Masses of leaves and stone as pictures with alpha: crowns, hedges, mountain ranges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from .materials import Grey, Picture, coloured, dabs, tones
from .paint import Colour
from .texture import noise


def clump(
    rng: Generator,
    width: int,
    height: int,
    blobs: list[tuple[float, float, float, float]],
    colours: list[Colour],
    detail: Grey,
    *,
    rough: float = 0.5,
    soft: float = 0.04,
    hard: bool = False,
    light: tuple[float, float] = (-0.45, -0.9),
    smear: float = 0.0,
) -> Picture:
    """A mass of leaves or vapour RGBA [height,width,4] out of round blobs (x, y, radius x, radius y; shares).

    Args:
        rng: decides the mottling.
        width: of the picture in pixels.
        height: of the picture in pixels.
        blobs: centres and radii in shares of width and height.
        colours: from shadow to light.
        detail: [height,width] 0..1, the grain of the outline and of the shading.
        rough: how far the grain moves the outline.
        soft: width of the outline's transition in units of a blob's radius.
        hard: flat tones.
        light: towards the light.
        smear: how far the shading of neighbouring blobs runs together, in shares of the width.
    """
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    xs, ys = xs / width, ys / height
    best = np.full((height, width), -9.0, np.float32)
    shade = np.zeros((height, width), np.float32)
    for x, y, rx, ry in blobs:
        dx, dy = (xs - x) / rx, (ys - y) / ry
        lift = 1.0 - dx * dx - dy * dy
        nearer = lift > best
        best = np.where(nearer, lift, best)
        shade = np.where(nearer, dx * light[0] + dy * light[1], shade)
    if smear > 0:
        shade = cv2.GaussianBlur(shade, (0, 0), smear * width)
    field_ = best + rough * (detail - 0.5)
    alpha = np.clip(field_ / max(soft, 1e-3), 0, 1)
    tone = 0.45 + 0.38 * shade + 0.75 * (detail - 0.5) + 0.2 * (noise(rng, width, height, 4, 2) - 0.5)
    return np.dstack([coloured(tone.astype(np.float32), colours, hard), (alpha * 255).astype(np.uint8)])


def leaves(rng: Generator, width: int, height: int, leaf: float) -> Grey:
    """Grain of foliage; ``leaf`` is the length of a leaf in pixels."""
    count = int(min(2600, 2.2 * width * height / max(leaf * leaf, 4.0)))
    return dabs(rng, width, height, leaf, count)


def crown(
    rng: Generator, size: int, colour: Colour, *, hard: bool, tall: float = 1.0, blobs: int = 11
) -> Picture:
    """The crown of a tree or a bush RGBA [size*tall,size,4]."""
    height = max(8, int(size * tall))
    spots = [(0.5, 0.5, 0.3, 0.3)]
    for _ in range(blobs):
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.12, 0.3)
        radius = rng.uniform(0.1, 0.2)
        spots.append(
            (
                0.5 + far * np.cos(angle),
                0.5 + far * np.sin(angle) * 0.95,
                radius,
                radius * rng.uniform(0.75, 1.0),
            )
        )
    grain = leaves(rng, size, height, max(2.0, size * rng.uniform(0.018, 0.035)))
    return clump(
        rng, size, height, spots, tones(colour, 0.6, 0.45), grain, rough=rng.uniform(0.5, 1.0), hard=hard
    )


def hedge(rng: Generator, width: int, height: int, colour: Colour, *, hard: bool, lumps: int = 14) -> Picture:
    """A row of bushes or a far forest edge RGBA, filled to its lower edge."""
    spots = [(0.5, 1.15, 0.8, 0.55)]
    for k in range(lumps):
        radius = rng.uniform(0.35, 0.6)
        spots.append(((k + rng.random()) / lumps, rng.uniform(0.62, 0.95), radius * height / width, radius))
    grain = leaves(rng, width, height, max(2.0, height * 0.05))
    return clump(rng, width, height, spots, tones(colour, 0.55, 0.35), grain, rough=0.6, hard=hard)


def mountains(
    rng: Generator,
    width: int,
    height: int,
    colour: Colour,
    haze: Colour,
    *,
    rough: float = 1.0,
    snow: float = 0.0,
    hard: bool = False,
) -> Picture:
    """A range RGBA with lit and shaded flanks that fades into haze at its foot; snow 0..1 covers its tops."""
    steps = np.linspace(0, 1, width, dtype=np.float32)
    ridge = np.zeros(width, np.float32)
    for octave in range(7):
        count = 3 * 2**octave + 1
        amplitude = 0.5**octave if octave < 2 else rough * 0.5**octave
        ridge += amplitude * np.interp(steps, np.linspace(0, 1, count), rng.random(count)).astype(np.float32)
    ridge = (ridge - ridge.min()) / max(float(np.ptp(ridge)), 1e-3)
    top = 0.02 + 0.6 * (1 - ridge)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    depth = down - top[None]
    slope = np.gradient(cv2.GaussianBlur(ridge[None], (0, 0), max(width / 160, 1))[0]) * width * 0.12
    crease = noise(rng, width, height, max(9, 7 * width // max(height, 1)), 4)
    tone = 0.5 + 0.28 * np.clip(slope, -1.5, 1.5)[None] + 1.1 * (crease - 0.5)
    body = coloured(tone.astype(np.float32), tones(colour, 0.5, 0.3), hard).astype(np.float32)
    if snow > 0:
        white = np.clip((snow * 0.5 - depth + 0.5 * (crease - 0.5)) / 0.03, 0, 1)[..., None]
        frost = coloured(tone.astype(np.float32), [(0.6, 0.68, 0.85), (0.97, 0.98, 1.0)], hard)
        body = (body * (1 - white) + frost * white).astype(np.float32)
    mist = np.clip(down - 0.25, 0, 1)[..., None] * 0.9
    body = np.asarray(body * (1 - mist) + np.array(haze, np.float32) * 255 * mist, np.float32)
    return np.dstack([body.astype(np.uint8), (np.clip(depth * height, 0, 1) * 255).astype(np.uint8)])
