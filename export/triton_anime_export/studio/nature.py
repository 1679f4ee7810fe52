"""Flat landscapes in line and colour: sky, meadow, battlefield."""

from __future__ import annotations

import numpy as np
import skia
from numpy.random import Generator

from .paint import Colour, Point, blurred, fill, hsv, mix, polygon, smooth, stroke
from .texture import cloud, foliage, gradient, strokes


def sky(canvas: skia.Canvas, rng: Generator, width: int, height: int) -> tuple[str, Colour]:
    """Sky by time of day; returns the time and the light that it throws on the land."""
    time = str(rng.choice(("day", "day", "day", "sunset", "night", "overcast", "fantasy")))
    hue = rng.random()
    tops: dict[str, list[Colour]] = {
        "day": [
            hsv(rng.uniform(0.55, 0.62), rng.uniform(0.5, 0.85), rng.uniform(0.75, 1)),
            hsv(0.54, rng.uniform(0.1, 0.35), 1.0),
        ],
        "sunset": [
            hsv(rng.uniform(0.6, 0.85), 0.5, 0.55),
            hsv(rng.uniform(0.95, 1.03), 0.55, 0.95),
            hsv(0.11, 0.5, 1.0),
        ],
        "night": [hsv(0.65, 0.8, 0.1), hsv(rng.uniform(0.6, 0.72), 0.6, 0.38)],
        "overcast": [hsv(0.6, 0.12, 0.6), hsv(0.6, 0.05, 0.88)],
        "fantasy": [hsv(hue, 0.6, 0.5), hsv(hue + 0.15, 0.5, 0.9)],
    }
    gradient(canvas, (0, 0, width, height), tops[time])
    if time == "night" or rng.random() < 0.1:
        for _ in range(int(rng.integers(40, 200))):
            canvas.drawCircle(
                rng.uniform(0, width),
                rng.uniform(0, height * 0.8),
                rng.uniform(0.4, 1.8),
                fill((1, 1, 0.95), rng.uniform(0.3, 1)),
            )
    if rng.random() < 0.3:
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height * 0.5), rng.uniform(14, 60)
        for ring in range(4):
            canvas.drawCircle(
                x, y, radius * (1 + 0.5 * ring), fill((1, 0.97, 0.85), 0.9 if ring == 0 else 0.1)
            )
    light = mix(tops[time][-1], (1, 1, 1), 0.6)
    dark = mix(tops[time][0], (0.85, 0.85, 0.95), 0.45)
    for _ in range(int(rng.integers(0, 8))):
        cloud(
            canvas,
            rng,
            rng.uniform(0, width),
            rng.uniform(0.1, 0.6) * height,
            rng.uniform(30, 190),
            light,
            dark,
        )
    ambient: dict[str, Colour] = {
        "day": (1, 1, 1),
        "sunset": (1, 0.75, 0.65),
        "night": (0.35, 0.4, 0.65),
        "overcast": (0.8, 0.83, 0.87),
        "fantasy": hsv(hue, 0.25, 0.85),
    }
    return time, ambient[time]


def lit(colour: Colour, ambient: Colour) -> Colour:
    """Colour under the sky's light."""
    return (colour[0] * ambient[0], colour[1] * ambient[1], colour[2] * ambient[2])


def ridge(
    canvas: skia.Canvas,
    rng: Generator,
    width: int,
    height: int,
    y: float,
    rough: float,
    colour: Colour,
    jagged: bool = False,
) -> None:
    """A chain of hills or mountains filled down to the lower edge."""
    count = int(rng.integers(5, 14))
    points: list[Point] = [(-80, height + 80)]
    points += [
        (-60 + (width + 120) * k / count, y + rng.uniform(-rough, rough) * height) for k in range(count + 1)
    ]
    points.append((width + 80, height + 80))
    canvas.drawPath(polygon(points) if jagged else smooth(points), fill(colour))


def tree(
    canvas: skia.Canvas,
    rng: Generator,
    x: float,
    ground: float,
    size: float,
    ambient: Colour,
    hue: float,
    fir_share: float = 0.3,
) -> None:
    """One broad-leaved tree or fir, sometimes outlined."""
    trunk = lit(hsv(rng.uniform(0.04, 0.1), rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.5)), ambient)
    wide = size * rng.uniform(0.05, 0.09)
    body = smooth(
        [
            (x - wide * 1.8, ground),
            (x - wide, ground - size * 0.3),
            (x - wide * 0.8, ground - size * 0.7),
            (x + wide * 0.8, ground - size * 0.7),
            (x + wide, ground - size * 0.3),
            (x + wide * 1.8, ground),
        ]
    )
    canvas.drawPath(body, fill(trunk))
    if rng.random() < 0.4:
        canvas.drawPath(body, stroke(lit((0.1, 0.07, 0.05), ambient), max(1.0, size * 0.008)))
    leaf = lit(hsv(hue + rng.uniform(-0.04, 0.04), rng.uniform(0.4, 0.8), rng.uniform(0.35, 0.75)), ambient)
    if rng.random() < fir_share:
        for level in range(4):
            y, half = ground - size * (0.25 + 0.2 * level), size * (0.3 - 0.06 * level)
            shape = polygon([(x - half, y), (x + half, y), (x, y - size * 0.34)])
            canvas.drawPath(shape, fill(mix(leaf, (0, 0, 0.1), 0.25 - 0.06 * level)))
    else:
        for _ in range(4):
            foliage(
                canvas,
                rng,
                x + rng.uniform(-0.25, 0.25) * size,
                ground - size * rng.uniform(0.65, 0.95),
                size * rng.uniform(0.2, 0.32),
                leaf,
                22,
            )


def meadow(canvas: skia.Canvas, rng: Generator, width: int, height: int) -> None:
    """Hills, grass, a path, trees and fences."""
    _, ambient = sky(canvas, rng, width, height)
    horizon = height * rng.uniform(0.35, 0.7)
    hue = float(
        rng.choice((rng.uniform(0.2, 0.38), rng.uniform(0.05, 0.15), rng.random()), p=(0.7, 0.2, 0.1))
    )
    for layer in range(3):
        far = 1 - layer / 3
        colour = mix(hsv(hue, 0.6, 0.5 + 0.1 * layer), (0.65, 0.75, 0.9), 0.65 * far)
        ridge(
            canvas,
            rng,
            width,
            height,
            horizon - far * height * 0.12,
            0.08 * far + 0.01,
            lit(colour, ambient),
            jagged=far > 0.9 and rng.random() < 0.5,
        )
    ground = lit(hsv(hue, rng.uniform(0.4, 0.7), rng.uniform(0.5, 0.8)), ambient)
    strokes(canvas, rng, (-40, horizon, width, height), ground, 260, rng.uniform(10, 36), 0.25)
    if rng.random() < 0.4:
        x = rng.uniform(0.2, 0.8) * width
        canvas.drawPath(
            smooth(
                [
                    (x, horizon + 5),
                    (x + 60, height * 0.8),
                    (x + 300, height + 50),
                    (x - 200, height + 50),
                    (x - 60, height * 0.8),
                ]
            ),
            fill(lit((0.8, 0.7, 0.5), ambient)),
        )
    for _ in range(int(rng.integers(0, 9))):
        size = rng.uniform(0.2, 0.9) * height
        tree(canvas, rng, rng.uniform(0, width), horizon + size * 0.18, size, ambient, hue)
    if rng.random() < 0.35:
        wood = lit(hsv(0.08, 0.4, rng.uniform(0.3, 0.8)), ambient)
        y = height * rng.uniform(0.7, 0.85)
        for x in np.arange(0, width, 46):
            canvas.drawRect(skia.Rect.MakeXYWH(float(x), y - 50, 10, 80), fill(wood))
            canvas.drawRect(skia.Rect.MakeXYWH(float(x), y - 50, 10, 80), stroke((0.15, 0.1, 0.08), 1.4))
        canvas.drawRect(skia.Rect.MakeXYWH(0, y - 36, width, 9), fill(wood))


def battlefield(canvas: skia.Canvas, rng: Generator, width: int, height: int) -> None:
    """Waste land with rocks, cracks and haze."""
    hue = rng.random()
    gradient(canvas, (0, 0, width, height), [hsv(hue, 0.5, 0.3), hsv(hue + 0.06, 0.5, 0.8)])
    for _ in range(int(rng.integers(6, 22))):
        x, y, wide = rng.uniform(0, width), rng.uniform(0, height * 0.6), rng.uniform(0.1, 0.4) * width
        veil = blurred(fill(hsv(hue + 0.05, 0.3, 0.9), rng.uniform(0.05, 0.25)), 22.0)
        canvas.drawOval(skia.Rect.MakeXYWH(x - wide, y, 2 * wide, wide * rng.uniform(0.1, 0.35)), veil)
    horizon = height * rng.uniform(0.5, 0.75)
    for layer in range(3):
        ridge(
            canvas,
            rng,
            width,
            height,
            horizon + (layer - 2) * height * 0.08,
            0.09 - 0.035 * layer,
            hsv(hue + 0.03, 0.4, 0.6 - 0.17 * layer),
            jagged=True,
        )
    ground = hsv(hue + 0.05, 0.35, rng.uniform(0.3, 0.6))
    strokes(canvas, rng, (-40, horizon, width, height), ground, 200, 26, 0.3)
    for _ in range(int(rng.integers(3, 14))):
        x, y, size = rng.uniform(0, width), rng.uniform(horizon, height), rng.uniform(8, 90)
        rock = polygon(
            [
                (x - size, y),
                (x - size * 0.5, y - size * rng.uniform(0.3, 1)),
                (x + size * 0.3, y - size * rng.uniform(0.4, 1.2)),
                (x + size, y),
            ]
        )
        canvas.drawPath(rock, fill(mix(ground, (0, 0, 0.05), rng.uniform(0.1, 0.5))))
        canvas.drawPath(
            polygon([(x - size * 0.5, y - size * 0.4), (x + size * 0.3, y - size * 0.5), (x, y)]),
            fill(mix(ground, (1, 1, 0.9), 0.2), 0.6),
        )
        if rng.random() < 0.6:
            canvas.drawPath(rock, stroke((0.08, 0.06, 0.08), 2))
