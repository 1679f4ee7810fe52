"""What hangs on walls: windows, curtains, posters, doors, boards, shelves of books, lamps."""

from __future__ import annotations

import skia
from numpy.random import Generator

from . import fixtures as fx
from .paint import Colour, blurred, fill, mix, oval, packed, polygon, stroke
from .place import Place, picture
from .scenery import crown

Rect = tuple[float, float, float, float]


def rectangle(canvas: skia.Canvas, rect: Rect, colour: Colour, alpha: float = 1.0) -> None:
    """Filled rectangle (left, top, right, bottom)."""
    canvas.drawRect(skia.Rect.MakeLTRB(*rect), fill(colour, alpha))


def sheen(
    canvas: skia.Canvas,
    rect: Rect,
    first: Colour,
    last: Colour,
    alpha: tuple[float, float] = (1, 1),
    across: bool = False,
) -> None:
    """Rectangle with a gradient downwards or across."""
    left, top, right, bottom = rect
    end = skia.Point(right, top) if across else skia.Point(left, bottom)
    shader = skia.GradientShader.MakeLinear(
        points=[skia.Point(left, top), end], colors=[packed(first, alpha[0]), packed(last, alpha[1])]
    )
    canvas.drawRect(skia.Rect.MakeLTRB(*rect), skia.Paint(Shader=shader, AntiAlias=True))


def writing(
    canvas: skia.Canvas, rng: Generator, rect: Rect, size: float, colour: Colour, share: float = 0.8
) -> None:
    """Lines of marks that look like letters."""
    left, top, right, bottom = rect
    y = top
    while y + size <= bottom:
        x, end = left, left + (right - left) * rng.uniform(0.4, 1.0)
        while x + size < end:
            if rng.random() < share:
                pen = stroke(colour, size * 0.12)
                for _ in range(3):
                    a, b = rng.uniform(0.1, 0.9, 2) * size
                    if rng.random() < 0.5:
                        canvas.drawLine(x + size * 0.1, y + a, x + size * 0.85, y + a, pen)
                    else:
                        canvas.drawLine(x + b, y + size * 0.1, x + b - size * 0.1, y + size * 0.9, pen)
            x += size * 1.1
        y += size * 1.6


def window(
    place: Place, canvas: skia.Canvas, rect: Rect, frame: Colour, columns: int = 2, rows: int = 2
) -> None:
    """A window through which the sky is seen, with frame, reflections and at times curtains or a blind."""
    rng = place.rng
    left, top, right, bottom = rect
    rectangle(canvas, (left - 0.06, top - 0.06, right + 0.06, bottom + 0.08), frame)
    hole = skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kClear)
    canvas.drawRect(skia.Rect.MakeLTRB(*rect), hole)
    wide, high = right - left, bottom - top
    if rng.random() < 0.5:
        canvas.save()
        canvas.clipRect(skia.Rect.MakeLTRB(*rect))
        for _ in range(2):
            bush = crown(
                rng, 90, place.colour(rng.uniform(0.22, 0.38), 0.6, 0.6), hard=place.texture < 0.35, blobs=7
            )
            size = wide * rng.uniform(0.5, 0.9)
            canvas.drawImageRect(
                picture(bush),
                skia.Rect.MakeXYWH(left + wide * rng.uniform(-0.2, 0.6), bottom - size * 0.6, size, size),
            )
        canvas.restore()
    canvas.save()
    canvas.clipRect(skia.Rect.MakeLTRB(*rect))
    for _ in range(2):
        x, slim = left + wide * rng.random(), wide * rng.uniform(0.04, 0.2)
        canvas.drawPath(
            polygon([(x, top), (x + slim, top), (x + slim - high * 0.5, bottom), (x - high * 0.5, bottom)]),
            fill((0.85, 0.95, 1), 0.22),
        )
    canvas.restore()
    for k in range(1, columns):
        x = left + wide * k / columns
        rectangle(canvas, (x - 0.025, top, x + 0.025, bottom), frame)
    for k in range(1, rows):
        y = top + high * k / rows
        rectangle(canvas, (left, y - 0.02, right, y + 0.02), frame)
    rectangle(canvas, (left - 0.1, bottom + 0.04, right + 0.1, bottom + 0.12), mix(frame, (1, 1, 1), 0.25))
    rectangle(canvas, (left, top, right, top + 0.05), (0.1, 0.1, 0.2), 0.3)
    if rng.random() < 0.4:
        curtain(place, canvas, rect)


def curtain(place: Place, canvas: skia.Canvas, rect: Rect) -> None:
    """Two drawn-back curtains with folds."""
    rng = place.rng
    left, top, right, bottom = rect
    cloth = place.colour(rng.random(), rng.uniform(0, 0.5), rng.uniform(0.6, 1.0))
    wide = (right - left) * rng.uniform(0.12, 0.3)
    for edge in (left - 0.1, right + 0.1 - wide):
        folds = 5
        for k in range(folds):
            x = edge + wide * k / folds
            sheen(
                canvas,
                (x, top - 0.15, x + wide / folds, bottom + 0.25),
                mix(cloth, (1, 1, 1), 0.12),
                mix(cloth, (0.15, 0.1, 0.3), 0.35),
                across=True,
            )


def poster(place: Place, canvas: skia.Canvas, x: float, y: float, size: float) -> None:
    """A poster, notice or picture: paper, shapes, writing."""
    rng = place.rng
    high = size * rng.uniform(0.7, 1.45)
    rectangle(canvas, (x + 0.02, y + 0.03, x + size + 0.02, y + high + 0.03), (0.05, 0.03, 0.1), 0.25)
    paper = place.colour(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.6, 0.95))
    sheen(canvas, (x, y, x + size, y + high), paper, mix(paper, place.colour(rng.random(), 0.5, 0.6), 0.4))
    for _ in range(int(rng.integers(1, 4))):
        colour = place.colour(rng.random(), rng.uniform(0.3, 0.9), rng.uniform(0.3, 0.9))
        canvas.drawPath(
            oval(
                x + size * rng.uniform(0.25, 0.75),
                y + high * rng.uniform(0.25, 0.6),
                size * rng.uniform(0.06, 0.2),
                high * rng.uniform(0.05, 0.2),
            ),
            fill(colour),
        )
    writing(
        canvas,
        rng,
        (x + size * 0.08, y + high * 0.72, x + size * 0.95, y + high * 0.98),
        size * 0.1,
        (0.15, 0.12, 0.2),
    )


def door(
    place: Place,
    canvas: skia.Canvas,
    x: float,
    floor: float,
    colour: Colour,
    wide: float = 1.0,
    high: float = 2.1,
) -> None:
    """A door with panels or a pane."""
    rng = place.rng
    rectangle(
        canvas, (x - 0.08, floor - high - 0.08, x + wide + 0.08, floor), mix(colour, (0.1, 0.08, 0.1), 0.45)
    )
    rectangle(canvas, (x, floor - high, x + wide, floor), colour)
    if rng.random() < 0.5:
        sheen(
            canvas,
            (x + 0.15, floor - high + 0.15, x + wide - 0.15, floor - high * 0.55),
            mix(colour, (0.75, 0.9, 1.0), 0.6),
            mix(colour, (0.4, 0.6, 0.75), 0.6),
        )
    else:
        for top in (0.92, 0.48):
            rectangle(
                canvas,
                (x + 0.15, floor - high * top, x + wide - 0.15, floor - high * (top - 0.38)),
                mix(colour, (0, 0, 0.05), 0.18),
            )
            rectangle(
                canvas,
                (x + 0.17, floor - high * top + 0.02, x + wide - 0.15, floor - high * (top - 0.38)),
                mix(colour, (1, 1, 0.9), 0.08),
            )
    canvas.drawCircle(x + wide - 0.1, floor - high * 0.47, 0.035, fill((0.85, 0.75, 0.45)))


def books(
    place: Place, canvas: skia.Canvas, wide: float, high: float, wood: Colour, shelf: float = 0.34
) -> None:
    """Shelves full of books and things, on the front of a block."""
    rng = place.rng
    y = 0.05
    while y + shelf * 0.7 < high:
        bottom = min(y + shelf - 0.04, high - 0.04)
        sheen(
            canvas,
            (0.04, y, wide - 0.04, bottom),
            mix(wood, (0.02, 0, 0.08), 0.75),
            mix(wood, (0.02, 0, 0.08), 0.5),
        )
        x = 0.05
        while x < wide - 0.09:
            thick = rng.uniform(0.025, 0.065)
            if rng.random() < 0.06:
                x += rng.uniform(0.05, 0.2)
                continue
            top = y + (bottom - y) * rng.uniform(0.08, 0.35)
            colour = place.colour(rng.random(), rng.uniform(0.1, 0.8), rng.uniform(0.25, 0.95))
            rectangle(canvas, (x, top, min(x + thick, wide - 0.05), bottom), colour)
            rectangle(canvas, (x, top, x + thick * 0.25, bottom), mix(colour, (1, 1, 1), 0.3))
            if rng.random() < 0.5:
                rectangle(canvas, (x, top + 0.04, x + thick, top + 0.07), mix(colour, (1, 0.9, 0.6), 0.6))
            x += thick + 0.004
        y += shelf


def blackboard(place: Place, canvas: skia.Canvas, left: float, top: float, wide: float, high: float) -> None:
    """Blackboard or whiteboard with writing, tray and dust."""
    rng = place.rng
    white = rng.random() < 0.2
    board = (
        place.colour(0.4, 0.03, 0.9)
        if white
        else place.colour(rng.uniform(0.36, 0.48), rng.uniform(0.35, 0.6), rng.uniform(0.22, 0.36))
    )
    wood = place.colour(0.08, 0.5, 0.65)
    rectangle(canvas, (left - 0.08, top - 0.08, left + wide + 0.08, top + high + 0.08), wood)
    sheen(canvas, (left, top, left + wide, top + high), mix(board, (1, 1, 1), 0.06), board)
    for _ in range(6):
        x, y = left + rng.random() * wide * 0.8, top + rng.random() * high * 0.7
        canvas.drawPath(oval(x, y, wide * 0.15, high * 0.12), blurred(fill((0.9, 0.95, 0.95), 0.06), 6))
    chalk: Colour = (0.15, 0.2, 0.35) if white else (0.85, 0.88, 0.85)
    for _ in range(int(rng.integers(0, 4))):
        x, y = left + wide * rng.uniform(0.03, 0.6), top + high * rng.uniform(0.06, 0.4)
        writing(
            canvas,
            rng,
            (x, y, x + wide * rng.uniform(0.2, 0.38), y + high * rng.uniform(0.2, 0.5)),
            rng.uniform(0.08, 0.16),
            chalk,
        )
    rectangle(canvas, (left, top + high + 0.02, left + wide, top + high + 0.1), mix(wood, (1, 1, 1), 0.2))


def lamp_panel(place: Place, canvas: skia.Canvas, rect: Rect) -> None:
    """Ceiling light."""
    lit = place.mood in ("night", "dim", "overcast", "dusk") or place.rng.random() < 0.5
    colour = (1.0, 1.0, 0.96) if lit else place.colour(0.6, 0.03, 0.85)
    rectangle(
        canvas, (rect[0] - 0.05, rect[1] - 0.05, rect[2] + 0.05, rect[3] + 0.05), place.colour(0.6, 0.03, 0.7)
    )
    rectangle(canvas, rect, colour)


def neon(canvas: skia.Canvas, rect: Rect, colour: Colour) -> None:
    """A glowing strip."""
    canvas.drawRect(skia.Rect.MakeLTRB(*rect), blurred(fill(colour, 0.6), 5))
    rectangle(canvas, rect, mix(colour, (1, 1, 1), 0.6))


def lockers(place: Place, canvas: skia.Canvas, wide: float, high: float) -> None:
    """Doors of lockers or drawers."""
    for k in range(max(1, int(wide / 0.35))):
        x = k * 0.35
        canvas.drawRect(
            skia.Rect.MakeLTRB(x + 0.02, 0.04, x + 0.33, high - 0.04), stroke((0.12, 0.1, 0.14), 0.015)
        )
        fx.rectangle(canvas, (x + 0.06, high * 0.45, x + 0.1, high * 0.55), (0.2, 0.2, 0.22))


def wood_colour(place: Place) -> Colour:
    """Some wood."""
    rng = place.rng
    return place.colour(rng.uniform(0.05, 0.11), rng.uniform(0.25, 0.65), rng.uniform(0.35, 0.92))
