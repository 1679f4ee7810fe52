"""The two painted backgrounds of the demonstration clip: a hillside by day and a shore at dusk."""

from __future__ import annotations

import math

import skia
from numpy.random import Generator

from .nature import ridge, tree
from .paint import Colour, blurred, fill, hsv, mix, smooth, stroke
from .texture import cloud, foliage, gradient, strokes


def hillside(canvas: skia.Canvas, rng: Generator, width: int, height: int) -> None:
    """Blue summer sky with heaped clouds, hills, a village road with a fence, trees and flowers."""
    gradient(canvas, (0, 0, width, height), [(0.22, 0.5, 0.92), (0.55, 0.8, 0.98), (0.88, 0.96, 1.0)])
    for index in range(9):
        x = width * (index + rng.uniform(0.1, 0.9)) / 9
        cloud(
            canvas,
            rng,
            x,
            height * rng.uniform(0.2, 0.5),
            rng.uniform(35, 120),
            (1, 1, 1),
            (0.72, 0.82, 0.95),
        )
    horizon = height * 0.6
    day: Colour = (1, 1, 1)
    ridge(canvas, rng, width, height, horizon - 46, 0.06, (0.55, 0.72, 0.85))
    ridge(canvas, rng, width, height, horizon - 16, 0.04, (0.42, 0.68, 0.55))
    for _ in range(26):
        foliage(
            canvas,
            rng,
            rng.uniform(0, width),
            horizon - rng.uniform(0, 16),
            rng.uniform(14, 34),
            (0.25, 0.52, 0.33),
            14,
        )
    ridge(canvas, rng, width, height, horizon + 4, 0.012, (0.46, 0.74, 0.36))
    strokes(canvas, rng, (-40, horizon + 8, width, height), (0.45, 0.72, 0.33), 420, 17, 0.22)
    road = smooth(
        [
            (-60, height * 0.86),
            (width * 0.3, height * 0.8),
            (width * 0.7, height * 0.84),
            (width + 60, height * 0.79),
            (width + 60, height * 0.93),
            (width * 0.6, height * 0.97),
            (width * 0.2, height * 0.93),
            (-60, height * 1.02),
        ]
    )
    canvas.drawPath(road, fill((0.87, 0.78, 0.6)))
    strokes(canvas, rng, (-40, height * 0.82, width, height * 0.95), (0.87, 0.78, 0.6), 60, 22, 0.15)
    for position, size in ((0.1, 0.66), (0.46, 0.5), (0.66, 0.8), (0.97, 0.6)):
        tree(canvas, rng, width * position, horizon + 34, size * height, day, 0.29, fir_share=0.0)
    wood: Colour = (0.72, 0.56, 0.4)
    for index in range(int(width / 44) + 1):
        x, y = index * 44.0, height * 0.735 + 3 * math.sin(index * 0.9)
        canvas.drawRect(skia.Rect.MakeXYWH(x, y, 6, 42), fill(wood))
        canvas.drawRect(skia.Rect.MakeXYWH(x, y, 6, 42), stroke((0.32, 0.22, 0.16), 1))
    for offset in (10, 24):
        canvas.drawRect(
            skia.Rect.MakeXYWH(0, height * 0.735 + offset, width, 5), fill(mix(wood, (1, 1, 1), 0.12))
        )
    for _ in range(150):
        x, y = rng.uniform(0, width), rng.uniform(height * 0.9, height)
        canvas.drawCircle(
            x,
            y,
            rng.uniform(1.2, 3.0),
            fill(hsv(rng.choice((0.0, 0.13, 0.9, 0.75)), rng.uniform(0.1, 0.6), 1.0)),
        )


def dusk_shore(canvas: skia.Canvas, rng: Generator, width: int, height: int) -> None:
    """Violet and orange evening over the sea, rocks and sand in front."""
    gradient(
        canvas,
        (0, 0, width, height * 0.62),
        [(0.16, 0.13, 0.36), (0.5, 0.27, 0.52), (0.95, 0.52, 0.42), (1.0, 0.8, 0.55)],
    )
    for _ in range(90):
        canvas.drawCircle(
            rng.uniform(0, width),
            rng.uniform(0, height * 0.3),
            rng.uniform(0.4, 1.2),
            fill((1, 1, 1), rng.uniform(0.3, 0.9)),
        )
    horizon = height * 0.58
    canvas.drawCircle(width * 0.56, horizon - 6, 66, blurred(fill((1.0, 0.85, 0.6), 0.5), 26.0))
    canvas.drawCircle(width * 0.56, horizon - 6, 30, fill((1.0, 0.95, 0.78)))
    for _ in range(9):
        x, y, wide = rng.uniform(0, width), rng.uniform(0.18, 0.52) * height, rng.uniform(60, 190)
        canvas.drawOval(
            skia.Rect.MakeXYWH(x - wide, y, 2 * wide, wide * 0.13),
            blurred(fill((0.98, 0.62, 0.55), 0.55), 5.0),
        )
    gradient(canvas, (0, horizon, width, height), [(0.75, 0.45, 0.5), (0.22, 0.2, 0.42), (0.14, 0.14, 0.3)])
    strokes(canvas, rng, (-40, horizon + 2, width, height * 0.8), (0.5, 0.36, 0.5), 150, 14, 0.35)
    for index in range(26):
        y = horizon + 3 + index * 3.4
        half = (4 + index * 1.5) * rng.uniform(0.5, 1.2)
        canvas.drawOval(
            skia.Rect.MakeXYWH(width * 0.56 - half + rng.uniform(-6, 6), y, 2 * half, 1.8),
            fill((1.0, 0.85, 0.62), 0.75),
        )
    for left, wide, high in ((-0.02, 0.2, 0.2), (0.84, 0.22, 0.26)):
        x, base = width * left, horizon + 14
        cliff = smooth(
            [
                (x - 20, base),
                (x + wide * width * 0.2, base - high * height),
                (x + wide * width * 0.55, base - high * height * 0.85),
                (x + wide * width * 0.8, base - high * height * 0.3),
                (x + wide * width, base),
            ]
        )
        canvas.drawPath(cliff, fill((0.24, 0.18, 0.33)))
        for _ in range(7):
            foliage(
                canvas,
                rng,
                x + wide * width * rng.uniform(0.15, 0.6),
                base - high * height * 0.9,
                17,
                (0.2, 0.25, 0.3),
                10,
            )
    sand: Colour = (0.47, 0.36, 0.42)
    ridge(canvas, rng, width, height, height * 0.79, 0.012, mix(sand, (1, 0.9, 0.85), 0.5))
    ridge(canvas, rng, width, height, height * 0.805, 0.012, sand)
    strokes(canvas, rng, (-40, height * 0.83, width, height), sand, 170, 18, 0.2)
    for _ in range(9):
        x, y, size = rng.uniform(0, width), rng.uniform(0.84, 1.0) * height, rng.uniform(6, 26)
        stone = smooth(
            [(x - size, y), (x - size * 0.5, y - size * 0.7), (x + size * 0.4, y - size * 0.6), (x + size, y)]
        )
        canvas.drawPath(stone, fill((0.25, 0.2, 0.3)))
