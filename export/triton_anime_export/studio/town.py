"""Town backdrops: streets with shops, signs and vehicles, and skylines."""

from __future__ import annotations

import numpy as np
import skia
from numpy.random import Generator

from .nature import lit, sky, tree
from .paint import Colour, box, fill, hsv, mix, oval, polygon, stroke
from .texture import gradient, strokes


def glyphs(
    canvas: skia.Canvas,
    rng: Generator,
    left: float,
    top: float,
    size: float,
    count: int,
    colour: Colour,
    upright: bool = False,
) -> None:
    """Marks that look like writing on signs, boards and posters."""
    for index in range(count):
        x = left + (0 if upright else index * size * 1.15)
        y = top + (index * size * 1.15 if upright else 0)
        for _ in range(int(rng.integers(3, 7))):
            start = (x + rng.uniform(0.05, 0.95) * size, y + rng.uniform(0.05, 0.95) * size)
            across = rng.random() < 0.5
            end = (
                (x + rng.uniform(0, 1) * size, start[1])
                if across
                else (start[0] + rng.uniform(-0.1, 0.1) * size, y + rng.uniform(0, 1) * size)
            )
            canvas.drawLine(*start, *end, stroke(colour, size * 0.1))


def windows(
    canvas: skia.Canvas,
    rng: Generator,
    rect: tuple[float, float, float, float],
    wall: Colour,
    lit_share: float,
    step: float,
) -> None:
    """Rows of windows on a front."""
    left, top, right, bottom = rect
    y = top + step * 0.4
    while y + step * 0.7 < bottom:
        x = left + step * 0.3
        while x + step * 0.6 < right:
            glass = (1.0, 0.9, 0.55) if rng.random() < lit_share else mix(wall, (0.35, 0.5, 0.7), 0.6)
            canvas.drawRect(skia.Rect.MakeXYWH(x, y, step * 0.55, step * 0.65), fill(glass))
            canvas.drawRect(
                skia.Rect.MakeXYWH(x, y, step * 0.55, step * 0.65),
                stroke(mix(wall, (0, 0, 0), 0.5), max(0.8, step * 0.04)),
            )
            x += step
        y += step * 1.2


def car(canvas: skia.Canvas, rng: Generator, x: float, ground: float, size: float, ambient: Colour) -> None:
    """A parked car from the side."""
    colour = lit(hsv(rng.random(), rng.uniform(0, 0.8), rng.uniform(0.3, 1)), ambient)
    ink = lit((0.08, 0.08, 0.1), ambient)
    body = polygon(
        [
            (x, ground - size * 0.14),
            (x, ground - size * 0.34),
            (x + size * 0.2, ground - size * 0.38),
            (x + size * 0.34, ground - size * 0.58),
            (x + size * 0.72, ground - size * 0.58),
            (x + size * 0.86, ground - size * 0.38),
            (x + size, ground - size * 0.32),
            (x + size, ground - size * 0.14),
        ]
    )
    canvas.drawPath(body, fill(colour))
    canvas.drawPath(body, stroke(ink, max(1.2, size * 0.012)))
    canvas.drawPath(
        polygon(
            [
                (x + size * 0.26, ground - size * 0.38),
                (x + size * 0.37, ground - size * 0.54),
                (x + size * 0.7, ground - size * 0.54),
                (x + size * 0.8, ground - size * 0.38),
            ]
        ),
        fill(lit((0.5, 0.65, 0.75), ambient)),
    )
    for share in (0.22, 0.78):
        canvas.drawPath(oval(x + size * share, ground - size * 0.12, size * 0.1, size * 0.1), fill(ink))
        canvas.drawPath(
            oval(x + size * share, ground - size * 0.12, size * 0.05, size * 0.05), fill((0.7, 0.7, 0.75))
        )


def street(canvas: skia.Canvas, rng: Generator, width: int, height: int) -> None:
    """House fronts, pavement, road, poles, signs, cars and vending machines."""
    time, ambient = sky(canvas, rng, width, height)
    ground = height * rng.uniform(0.68, 0.86)
    lit_share = 0.7 if time in ("night", "sunset") else 0.1
    outlined = rng.random() < 0.6
    x = -rng.uniform(0, 100)
    while x < width:
        wide, top = rng.uniform(90, 280), ground - height * rng.uniform(0.3, 0.95)
        wall = lit(hsv(rng.random(), rng.uniform(0, 0.4), rng.uniform(0.45, 0.95)), ambient)
        front = skia.Rect.MakeLTRB(x, top, x + wide, ground)
        gradient(canvas, (x, top, x + wide, ground), [wall, mix(wall, (0.1, 0.1, 0.2), 0.2)])
        windows(canvas, rng, (x, top, x + wide, ground - 70), wall, lit_share, rng.uniform(24, 60))
        if outlined:
            canvas.drawRect(front, stroke(mix(wall, (0, 0, 0), 0.65), 1.8))
        if rng.random() < 0.5:
            roof = lit(hsv(rng.random(), 0.5, 0.5), ambient)
            canvas.drawPath(
                polygon([(x - 12, top), (x + wide / 2, top - 40), (x + wide + 12, top)]), fill(roof)
            )
        shop = lit(hsv(rng.random(), rng.uniform(0.3, 0.9), rng.uniform(0.5, 1)), ambient)
        canvas.drawRect(
            skia.Rect.MakeLTRB(x + 8, ground - 66, x + wide - 8, ground),
            fill(mix(wall, (0.15, 0.2, 0.3), 0.6)),
        )
        canvas.drawRect(
            skia.Rect.MakeLTRB(x + 12, ground - 50, x + wide * 0.4, ground),
            fill(lit((0.5, 0.35, 0.25), ambient)),
        )
        canvas.drawPath(
            polygon(
                [
                    (x + 4, ground - 70),
                    (x + wide - 4, ground - 70),
                    (x + wide + 6, ground - 48),
                    (x - 6, ground - 48),
                ]
            ),
            fill(shop),
        )
        if rng.random() < 0.6:
            board = (x + rng.uniform(5, 40), top + rng.uniform(10, 50))
            sign = lit(hsv(rng.random(), rng.uniform(0.2, 0.9), 0.95), ambient)
            upright = rng.random() < 0.5
            size = rng.uniform(14, 26)
            extent = (size * 1.4, size * 5) if upright else (size * 5, size * 1.4)
            canvas.drawRect(skia.Rect.MakeXYWH(*board, *extent), fill(sign))
            canvas.drawRect(skia.Rect.MakeXYWH(*board, *extent), stroke((0.1, 0.1, 0.12), 1.5))
            glyphs(
                canvas,
                rng,
                board[0] + size * 0.2,
                board[1] + size * 0.2,
                size,
                4,
                (0.1, 0.08, 0.1) if rng.random() < 0.6 else (1, 1, 1),
                upright,
            )
        x += wide + rng.uniform(-2, 30)
    pavement = lit(hsv(rng.random(), rng.uniform(0, 0.12), rng.uniform(0.5, 0.8)), ambient)
    gradient(canvas, (0, ground, width, height), [pavement, mix(pavement, (0.1, 0.1, 0.15), 0.35)])
    strokes(canvas, rng, (-40, ground + 6, width, height), pavement, 70, 22, 0.12)
    for x in np.arange(0, width, 80):
        canvas.drawLine(
            float(x),
            ground,
            float((x - width / 2) * 2 + width / 2),
            height,
            stroke(mix(pavement, (0, 0, 0), 0.3), 1.2),
        )
    for _ in range(int(rng.integers(0, 3))):
        car(canvas, rng, rng.uniform(0, width), ground + rng.uniform(5, 50), rng.uniform(120, 260), ambient)
    for _ in range(int(rng.integers(0, 4))):
        x = rng.uniform(0, width)
        canvas.drawRect(
            skia.Rect.MakeXYWH(x, ground - height * 0.75, rng.uniform(5, 12), height * 0.78),
            fill(lit((0.35, 0.35, 0.38), ambient)),
        )
        canvas.drawLine(
            0,
            rng.uniform(0, height * 0.4),
            width,
            rng.uniform(0, height * 0.4),
            stroke((0.08, 0.08, 0.1), 1.6),
        )
    for _ in range(int(rng.integers(0, 3))):
        size = rng.uniform(0.3, 0.7) * height
        tree(canvas, rng, rng.uniform(0, width), ground + 10, size, ambient, 0.3)
    if rng.random() < 0.3:
        x = rng.uniform(0, width)
        machine = box(x, ground - 120, x + 64, ground + 8, 4)
        canvas.drawPath(machine, fill(lit(hsv(rng.random(), 0.8, 0.9), ambient)))
        canvas.drawPath(machine, stroke((0.08, 0.08, 0.1), 2))
        for row in range(3):
            for column in range(4):
                canvas.drawRect(
                    skia.Rect.MakeXYWH(x + 8 + column * 13, ground - 110 + row * 24, 9, 17),
                    fill(hsv(rng.random(), 0.7, 0.95)),
                )


def skyline(canvas: skia.Canvas, rng: Generator, width: int, height: int) -> None:
    """Towers seen from far, in layers of haze."""
    time, ambient = sky(canvas, rng, width, height)
    hue = rng.random()
    for layer in range(3):
        colour = lit(mix(hsv(hue, 0.35, 0.35), (0.75, 0.82, 0.92), 0.6 - 0.28 * layer), ambient)
        x = -20.0
        while x < width:
            wide, top = rng.uniform(30, 120), height * rng.uniform(0.2 + 0.15 * layer, 0.75)
            canvas.drawRect(skia.Rect.MakeLTRB(x, top, x + wide, height), fill(colour))
            if layer > 0:
                windows(
                    canvas,
                    rng,
                    (x, top, x + wide, height),
                    colour,
                    0.5 if time == "night" else 0.1,
                    rng.uniform(12, 26),
                )
            x += wide + rng.uniform(0, 20)
    if rng.random() < 0.4:
        y = height * 0.8
        canvas.drawRect(skia.Rect.MakeLTRB(0, y, width, height), fill(lit((0.6, 0.6, 0.63), ambient)))
        for x in np.arange(0, width, 34):
            canvas.drawLine(float(x), y - 50, float(x), y, stroke((0.25, 0.25, 0.3), 3))
        canvas.drawLine(0, y - 50, width, y - 50, stroke((0.25, 0.25, 0.3), 5))
