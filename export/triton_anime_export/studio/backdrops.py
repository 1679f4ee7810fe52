"""Painted backgrounds without characters: landscapes, towns, interiors and abstract grounds."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import skia
from numpy.random import Generator

from . import interiors, nature, town
from .paint import fill, hsv, pixels, polygon
from .source import Source
from .texture import gradient, painted, strokes

Painter = Callable[[skia.Canvas, Generator, int, int], None]


def abstract(canvas: skia.Canvas, rng: Generator, width: int, height: int) -> None:
    """Plain grounds, gradients, rays, dots and speed-line fields used behind emotions and fights."""
    hue = rng.random()
    first, second = (
        hsv(hue, rng.uniform(0, 0.7), rng.uniform(0.1, 1)),
        hsv(hue + rng.uniform(-0.2, 0.2), rng.uniform(0, 0.7), rng.uniform(0.2, 1)),
    )
    gradient(canvas, (0, 0, width, height), [first, second], horizontal=bool(rng.random() < 0.3))
    kind = int(rng.integers(0, 6))
    x0, y0 = width * rng.uniform(0.3, 0.7), height * rng.uniform(0.3, 0.7)
    tone = hsv(hue + rng.uniform(0, 0.5), rng.uniform(0, 0.6), rng.uniform(0.2, 1))
    if kind == 1:
        for _ in range(int(rng.integers(20, 90))):
            angle, spread = rng.uniform(0, 2 * np.pi), rng.uniform(0.004, 0.05)
            start = rng.uniform(0.15, 0.5) * height
            ends = [
                (x0 + 2 * width * np.cos(angle + side), y0 + 2 * width * np.sin(angle + side))
                for side in (-spread, spread)
            ]
            canvas.drawPath(
                polygon([(x0 + start * np.cos(angle), y0 + start * np.sin(angle)), *ends]),
                fill(tone, rng.uniform(0.3, 0.9)),
            )
    elif kind == 2:
        step = rng.uniform(18, 60)
        for row in range(int(height / step) + 2):
            for column in range(int(width / step) + 2):
                radius = step * 0.35 * row * step / height + 1
                canvas.drawCircle(column * step + (row % 2) * step / 2, row * step, radius, fill(tone, 0.6))
    elif kind == 3:
        for _ in range(int(rng.integers(30, 120))):
            y, thick = rng.uniform(0, height), rng.uniform(0.5, 9)
            canvas.drawRect(
                skia.Rect.MakeXYWH(rng.uniform(-0.5, 0.6) * width, y, width * rng.uniform(0.2, 1.2), thick),
                fill(tone, rng.uniform(0.2, 0.8)),
            )
    elif kind == 4:
        for _ in range(int(rng.integers(8, 30))):
            canvas.drawCircle(
                rng.uniform(0, width),
                rng.uniform(0, height),
                rng.uniform(10, 120),
                fill(tone, rng.uniform(0.1, 0.4)),
            )
    elif kind == 5:
        strokes(canvas, rng, (-60, 0, width, height), tone, 160, rng.uniform(20, 90), 0.4, flat=False)


PAINTERS: tuple[tuple[str, Painter, float], ...] = (
    ("meadow", nature.meadow, 0.13),
    ("forest", nature.forest, 0.12),
    ("beach", nature.beach, 0.07),
    ("sky", nature.sky_only, 0.07),
    ("battlefield", nature.battlefield, 0.07),
    ("street", town.street, 0.15),
    ("skyline", town.skyline, 0.07),
    ("classroom", interiors.classroom, 0.09),
    ("corridor", interiors.corridor, 0.06),
    ("room", interiors.room, 0.11),
    ("abstract", abstract, 0.06),
)


def draw_backdrop(rng: Generator, width: int = 900, height: int = 512) -> Source:
    """One opaque painted background."""
    weights = np.array([weight for _, _, weight in PAINTERS])
    name, painter, _ = PAINTERS[int(rng.choice(len(PAINTERS), p=weights / weights.sum()))]
    surface = skia.Surface(width, height)
    painter(surface.getCanvas(), rng, width, height)
    image = pixels(surface)
    if rng.random() < 0.35:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.6, 3.5)))
    image = painted(rng, image, float(rng.uniform(0.1, 1.0)))
    return Source("backdrop", f"studio:{name}-{int(rng.integers(0, 2**31))}", (image,))
