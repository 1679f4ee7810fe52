"""A flat room in line and colour: furniture, posters, windows."""

from __future__ import annotations

import skia
from numpy.random import Generator

from .paint import Colour, box, fill, hsv, mix, oval, polygon, stroke
from .texture import foliage, gradient, strokes
from .town import glyphs


def outlined(canvas: skia.Canvas, path: skia.Path, colour: Colour, width: float) -> None:
    """A flat part with a darker outline; width 0 draws none."""
    canvas.drawPath(path, fill(colour))
    if width > 0:
        canvas.drawPath(path, stroke(mix(colour, (0.05, 0.03, 0.05), 0.75), width))


def window(
    canvas: skia.Canvas, rng: Generator, left: float, top: float, wide: float, high: float, pen: float
) -> None:
    """A window with a view of sky and leaves, at times curtained."""
    hue, value = (0.56, 1.0) if rng.random() < 0.75 else (0.66, 0.25)
    gradient(canvas, (left, top, left + wide, top + high), [hsv(hue, 0.5, value), hsv(hue, 0.15, value)])
    canvas.save()
    canvas.clipRect(skia.Rect.MakeXYWH(left, top, wide, high))
    if rng.random() < 0.6:
        foliage(
            canvas,
            rng,
            left + wide * rng.uniform(0, 1),
            top + high,
            wide * 0.5,
            hsv(0.3, 0.6, 0.6 * value),
            14,
        )
    canvas.restore()
    frame = hsv(rng.uniform(0, 0.12), rng.uniform(0, 0.5), rng.uniform(0.4, 0.95))
    for line in (
        ((left + wide / 2, top), (left + wide / 2, top + high)),
        ((left, top + high / 2), (left + wide, top + high / 2)),
    ):
        canvas.drawLine(*line[0], *line[1], stroke(frame, 5))
    canvas.drawRect(skia.Rect.MakeXYWH(left, top, wide, high), stroke(frame, 8))
    if pen > 0:
        canvas.drawRect(
            skia.Rect.MakeXYWH(left - 4, top - 4, wide + 8, high + 8), stroke((0.15, 0.12, 0.12), pen)
        )
    if rng.random() < 0.5:
        cloth = hsv(rng.random(), rng.uniform(0, 0.5), rng.uniform(0.6, 1))
        for side in (left - 10, left + wide * 0.85):
            outlined(
                canvas,
                polygon(
                    [
                        (side, top - 14),
                        (side + wide * 0.25, top - 14),
                        (side + wide * 0.2, top + high * 1.2),
                        (side - 6, top + high * 1.2),
                    ]
                ),
                cloth,
                pen,
            )


def shell(canvas: skia.Canvas, rng: Generator, width: int, height: int) -> tuple[Colour, float, float]:
    """Wall and floor; returns the wall's colour, the floor line and the pen width of the picture."""
    wall = hsv(rng.random(), rng.uniform(0, 0.35), rng.uniform(0.35, 1))
    floor_y = height * rng.uniform(0.62, 0.85)
    gradient(canvas, (0, 0, width, floor_y), [mix(wall, (0.1, 0.1, 0.2), 0.15), wall])
    floor = hsv(rng.uniform(0.04, 0.13), rng.uniform(0.1, 0.6), rng.uniform(0.3, 0.85))
    gradient(canvas, (0, floor_y, width, height), [mix(floor, (0, 0, 0), 0.2), floor])
    vanishing = width * rng.uniform(0.2, 0.8)
    for index in range(-12, 26):
        x = vanishing + (index - 6) * width * 0.09
        canvas.drawLine(
            x, floor_y, vanishing + (x - vanishing) * 3, height, stroke(mix(floor, (0, 0, 0), 0.3), 1.2)
        )
    strokes(canvas, rng, (-40, floor_y, width, height), floor, 60, 30, 0.12)
    pen = 0.0 if rng.random() < 0.3 else rng.uniform(1.0, 2.6)
    canvas.drawRect(
        skia.Rect.MakeLTRB(0, floor_y - 10, width, floor_y), fill(mix(wall, (0.2, 0.1, 0.05), 0.5))
    )
    return wall, floor_y, pen


def poster(canvas: skia.Canvas, rng: Generator, x: float, y: float, size: float, pen: float) -> None:
    """A poster or notice with shapes and writing."""
    paper = hsv(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.5, 1))
    outlined(canvas, box(x, y, x + size, y + size * 1.35), paper, pen)
    for _ in range(3):
        canvas.drawPath(
            oval(
                x + size * rng.uniform(0.2, 0.8),
                y + size * rng.uniform(0.2, 0.8),
                size * rng.uniform(0.08, 0.3),
                size * rng.uniform(0.08, 0.3),
            ),
            fill(hsv(rng.random(), 0.7, 0.8), 0.8),
        )
    glyphs(canvas, rng, x + size * 0.1, y + size * 1.05, size * 0.18, 4, (0.1, 0.1, 0.15))


def room(canvas: skia.Canvas, rng: Generator, width: int, height: int) -> None:
    """Living room, bedroom or shop: shelf, sofa, lamp, plant, pictures."""
    wall, floor_y, pen = shell(canvas, rng, width, height)
    if rng.random() < 0.35:
        step = rng.uniform(20, 60)
        for index in range(int(width / step)):
            canvas.drawRect(
                skia.Rect.MakeXYWH(index * step, 0, step * 0.4, floor_y - 10),
                fill(mix(wall, (1, 1, 1), 0.3), 0.5),
            )
    if rng.random() < 0.75:
        window(
            canvas,
            rng,
            width * rng.uniform(0.05, 0.7),
            height * 0.12,
            width * rng.uniform(0.15, 0.3),
            floor_y * rng.uniform(0.4, 0.6),
            pen,
        )
    for _ in range(int(rng.integers(1, 6))):
        x, wood = (
            rng.uniform(0, width),
            hsv(rng.uniform(0.02, 0.12), rng.uniform(0.2, 0.7), rng.uniform(0.25, 0.8)),
        )
        kind = int(rng.integers(0, 6))
        if kind == 0:
            wide, top = rng.uniform(90, 200), floor_y - height * rng.uniform(0.3, 0.6)
            outlined(canvas, box(x, top, x + wide, floor_y + 12), wood, pen)
            shelf = top + 10
            while shelf + 44 < floor_y:
                canvas.drawRect(
                    skia.Rect.MakeLTRB(x + 6, shelf, x + wide - 6, shelf + 40),
                    fill(mix(wood, (0, 0, 0), 0.5)),
                )
                book = x + 8
                while book < x + wide - 16:
                    thick = rng.uniform(4, 12)
                    outlined(
                        canvas,
                        box(book, shelf + rng.uniform(2, 12), book + thick, shelf + 40),
                        hsv(rng.random(), 0.5, rng.uniform(0.3, 0.9)),
                        pen * 0.5,
                    )
                    book += thick
                shelf += 46
        elif kind == 1:
            cloth = hsv(rng.random(), rng.uniform(0.1, 0.8), rng.uniform(0.25, 0.9))
            outlined(canvas, box(x, floor_y - 90, x + 260, floor_y + 20, 18), cloth, pen)
            outlined(
                canvas, box(x - 14, floor_y - 40, x + 274, floor_y + 40, 16), mix(cloth, (1, 1, 1), 0.12), pen
            )
        elif kind == 2:
            canvas.drawRect(skia.Rect.MakeXYWH(x - 3, floor_y - 170, 6, 190), fill((0.3, 0.28, 0.26)))
            outlined(
                canvas,
                polygon(
                    [
                        (x - 22, floor_y - 220),
                        (x + 22, floor_y - 220),
                        (x + 42, floor_y - 160),
                        (x - 42, floor_y - 160),
                    ]
                ),
                (0.98, 0.9, 0.65),
                pen,
            )
        elif kind == 3:
            outlined(
                canvas,
                polygon(
                    [
                        (x - 24, floor_y - 30),
                        (x + 24, floor_y - 30),
                        (x + 16, floor_y + 24),
                        (x - 16, floor_y + 24),
                    ]
                ),
                hsv(0.05, 0.6, 0.65),
                pen,
            )
            foliage(canvas, rng, x, floor_y - 80, 52, hsv(0.32, 0.6, 0.55), 22)
        elif kind == 4:
            outlined(canvas, box(x, floor_y - 220, x + 110, floor_y, 2), wood, pen)
            outlined(
                canvas, box(x + 14, floor_y - 200, x + 96, floor_y - 120, 2), mix(wood, (0, 0, 0), 0.2), pen
            )
            canvas.drawCircle(x + 96, floor_y - 96, 6, fill((0.9, 0.8, 0.4)))
        else:
            outlined(canvas, oval(x, floor_y + 30, 110, 26), wood, pen)
            canvas.drawRect(skia.Rect.MakeXYWH(x - 6, floor_y + 40, 12, 90), fill(mix(wood, (0, 0, 0), 0.3)))
    for _ in range(int(rng.integers(0, 5))):
        poster(canvas, rng, rng.uniform(0, width), height * rng.uniform(0.05, 0.35), rng.uniform(30, 90), pen)
