"""Painted surfaces: noise, brush strokes and gradients for backdrops."""

from __future__ import annotations

import cv2
import numpy as np
import skia
from numpy.random import Generator
from numpy.typing import NDArray

from .paint import Colour, fill, mix, packed, stroke


def noise(rng: Generator, width: int, height: int, cells: int, octaves: int = 4) -> NDArray[np.float32]:
    """Fractal value noise [H,W] in 0..1; cells is the number of lattice cells across the width."""
    total = np.zeros((height, width), np.float32)
    weight, scale = 1.0, 0.0
    for octave in range(octaves):
        across = max(2, cells * 2**octave)
        grid = rng.random((max(2, across * height // width), across), dtype=np.float32)
        total += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        scale += weight
        weight *= 0.5
    return np.clip(total / scale, 0, 1)


def gradient(
    canvas: skia.Canvas,
    box: tuple[float, float, float, float],
    colours: list[Colour],
    horizontal: bool = False,
) -> None:
    """Fill a box (left, top, right, bottom) with a linear gradient through the colours."""
    left, top, right, bottom = box
    end = (right, top) if horizontal else (left, bottom)
    shader = skia.GradientShader.MakeLinear(
        points=[skia.Point(left, top), skia.Point(*end)], colors=[packed(colour) for colour in colours]
    )
    canvas.drawRect(skia.Rect.MakeLTRB(left, top, right, bottom), skia.Paint(Shader=shader))


def strokes(
    canvas: skia.Canvas,
    rng: Generator,
    box: tuple[float, float, float, float],
    colour: Colour,
    count: int,
    size: float,
    spread: float = 0.12,
    flat: bool = True,
) -> None:
    """Brush strokes of tones around a colour inside a box."""
    left, top, right, bottom = box
    for _ in range(count):
        x, y = rng.uniform(left, right), rng.uniform(top, bottom)
        length, tilt = (
            size * rng.uniform(0.5, 2.5),
            rng.uniform(-0.15, 0.15) if flat else rng.uniform(-1.5, 1.5),
        )
        tone = mix(colour, (1, 1, 0.95) if rng.random() < 0.5 else (0.05, 0.05, 0.2), rng.uniform(0, spread))
        path = skia.Path()
        path.moveTo(x, y)
        path.quadTo(x + length * 0.5, y + rng.uniform(-0.3, 0.3) * size, x + length, y + length * tilt)
        canvas.drawPath(path, stroke(tone, size * rng.uniform(0.15, 0.5), rng.uniform(0.25, 0.8)))


def foliage(
    canvas: skia.Canvas, rng: Generator, x: float, y: float, radius: float, colour: Colour, count: int = 40
) -> None:
    """A clump of leaves: dark blobs below, light dabs above."""
    for _ in range(6):
        angle, distance, lump = (
            rng.uniform(0, 2 * np.pi),
            radius * rng.uniform(0.1, 0.45),
            radius * rng.uniform(0.4, 0.6),
        )
        centre_x, centre_y = x + distance * np.cos(angle), y + 0.7 * distance * np.sin(angle)
        base = fill(mix(colour, (0.0, 0.05, 0.12), 0.48))
        canvas.drawOval(
            skia.Rect.MakeXYWH(centre_x - lump, centre_y - lump * 0.8, lump * 2, lump * 1.6), base
        )
    for layer in range(3):
        dark = (0.45, 0.2, 0.0)[layer]
        tone = mix(colour, (0.0, 0.05, 0.1), dark) if layer < 2 else mix(colour, (1, 1, 0.6), 0.22)
        for _ in range(count if layer < 2 else count * 2 // 3):
            angle, distance = rng.uniform(0, 2 * np.pi), radius * np.sqrt(rng.random()) * (1.0 - 0.15 * layer)
            dab = radius * rng.uniform(0.05, 0.17) * (1.1 - 0.25 * layer)
            dx, dy = x + distance * np.cos(angle), y + 0.75 * distance * np.sin(angle) - layer * radius * 0.12
            leaf = skia.Path()
            lean = dab * rng.uniform(-0.8, 0.8)
            leaf.moveTo(dx - dab, dy + lean * 0.5)
            leaf.quadTo(dx, dy - dab * 0.9, dx + dab, dy - lean * 0.5)
            leaf.quadTo(dx, dy + dab * 0.9, dx - dab, dy + lean * 0.5)
            canvas.drawPath(leaf, fill(tone, rng.uniform(0.7, 1.0)))


def cloud(
    canvas: skia.Canvas, rng: Generator, x: float, y: float, size: float, light: Colour, dark: Colour
) -> None:
    """A heaped cloud with a flat, shaded base."""
    puffs = [(rng.uniform(-1, 1), rng.uniform(0.25, 0.55)) for _ in range(12)]
    for shade in range(2):
        tone = dark if shade == 0 else light
        for across, radius in puffs:
            r = size * radius * (1 - 0.5 * abs(across)) * (1.0 if shade == 0 else 0.85)
            px, py = x + across * size, y - r * 0.5 - shade * size * 0.1
            canvas.drawOval(skia.Rect.MakeXYWH(px - r, py - r * 0.8, 2 * r, 1.6 * r), fill(tone, 0.92))


def painted(rng: Generator, image: NDArray[np.uint8], grain: float) -> NDArray[np.uint8]:
    """Lay paper-like light and dark over a picture; grain 0..1 sets the strength."""
    height, width = image.shape[:2]
    wash = noise(rng, width, height, 5) - 0.5
    fine = noise(rng, width, height, 60, 2) - 0.5
    factor = 1.0 + grain * (0.35 * wash + 0.2 * fine)
    result = image.copy()
    result[..., :3] = np.clip(image[..., :3].astype(np.float32) * factor[..., None], 0, 255).astype(np.uint8)
    result[..., 3] = 255
    return result
