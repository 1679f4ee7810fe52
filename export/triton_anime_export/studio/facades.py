"""House fronts, shop fronts, signs, vehicles and machines of a street."""

from __future__ import annotations

import skia

from . import fixtures as fx
from . import materials
from .paint import Colour, fill, hsv, mix, stroke
from .perspective import Blocks
from .place import Place, tiled


def facade(place: Place, canvas: skia.Canvas, wide: float, high: float, wall: Colour, shop: bool) -> None:
    """Front of a house: material, rows of windows, balconies, shop front with awning and signs."""
    rng = place.rng
    kind = int(rng.integers(0, 5))
    if kind == 0:
        canvas.drawRect(
            skia.Rect.MakeWH(wide, high),
            tiled(materials.courses(rng, wall, 16, 6, joint=0.08, size=128), 2.0),
        )
    elif kind == 1:
        canvas.drawRect(
            skia.Rect.MakeWH(wide, high),
            tiled(materials.courses(rng, wall, 10, 1, joint=0.05, size=128, uneven=0.1), 2.0),
        )
    else:
        canvas.drawRect(
            skia.Rect.MakeWH(wide, high),
            tiled(materials.mottled(rng, wall, spots=4, contrast=0.4, size=128), 6.0),
        )
    shop = shop and wide > 2.0 and high > 4.0
    ground = 3.2 if shop else 0.6
    storey = rng.uniform(2.4, 3.4)
    columns = max(1, int(wide / rng.uniform(1.5, 3.0)))
    step = wide / columns
    frame = mix(wall, (0.95, 0.95, 0.95) if rng.random() < 0.5 else (0.15, 0.12, 0.15), 0.7)
    curtainwall = rng.random() < 0.15
    balcony = rng.random() < 0.3
    y = 0.5
    while y + storey * 0.8 < high - ground:
        for k in range(columns):
            x = k * step
            lit = place.mood in ("night", "dusk", "dim") and rng.random() < 0.5
            glass: Colour = (
                hsv(rng.uniform(0.08, 0.14), rng.uniform(0.2, 0.55), 1.0)
                if lit
                else mix(place.colour(0.57, 0.35, rng.uniform(0.35, 0.75)), wall, 0.15)
            )
            pad = step * (0.02 if curtainwall else 0.2)
            left, right, top, bottom = (
                x + pad,
                x + step - pad,
                y + (0.05 if curtainwall else 0.4),
                y + storey * (0.95 if curtainwall else 0.75),
            )
            fx.rectangle(canvas, (left - 0.07, top - 0.07, right + 0.07, bottom + 0.1), frame)
            fx.sheen(canvas, (left, top, right, bottom), glass, glass if lit else mix(glass, (1, 1, 1), 0.25))
            fx.rectangle(canvas, (left, top, right, top + 0.1), (0.05, 0.05, 0.15), 0.35)
            fx.rectangle(canvas, ((left + right) / 2 - 0.03, top, (left + right) / 2 + 0.03, bottom), frame)
            if rng.random() < 0.2:
                fx.rectangle(
                    canvas,
                    (left, top, left + (right - left) * rng.uniform(0.3, 1), bottom),
                    mix(glass, (1, 0.98, 0.9), 0.5),
                    0.7,
                )
            if rng.random() < 0.12:
                fx.rectangle(canvas, (left, bottom + 0.12, left + 0.7, bottom + 0.55), (0.72, 0.72, 0.72))
                canvas.drawCircle(left + 0.35, bottom + 0.33, 0.17, fill((0.35, 0.35, 0.38)))
        if balcony:
            fx.rectangle(
                canvas, (0.1, y + storey * 0.6, wide - 0.1, y + storey * 0.95), mix(wall, (1, 1, 1), 0.35)
            )
            for k in range(int(wide / 0.3)):
                fx.rectangle(
                    canvas,
                    (0.1 + k * 0.3, y + storey * 0.6, 0.13 + k * 0.3, y + storey * 0.95),
                    mix(wall, (0.1, 0.1, 0.15), 0.4),
                )
        y += storey
    if rng.random() < 0.5:
        for _ in range(3):
            x = rng.random() * wide
            fx.sheen(
                canvas,
                (x, 0, x + rng.uniform(0.1, 0.6), high * rng.uniform(0.1, 0.5)),
                (0.1, 0.08, 0.1),
                (0.1, 0.08, 0.1),
                (0.22, 0.0),
            )
    if shop:
        shop_front(place, canvas, wide, high, wall)


def shop_front(place: Place, canvas: skia.Canvas, wide: float, high: float, wall: Colour) -> None:
    """Glass, goods, awning and a sign over the pavement."""
    rng = place.rng
    top = high - 2.7
    lit = place.mood in ("night", "dusk", "dim")
    inside: Colour = (1.0, 0.93, 0.72) if lit else place.colour(0.1, 0.2, 0.35)
    fx.sheen(canvas, (0.25, top, wide - 0.25, high - 0.3), inside, mix(inside, (0.3, 0.15, 0.1), 0.35))
    for _ in range(int(wide * 4)):
        x, y, size = (
            rng.uniform(0.3, wide - 0.6),
            high - 0.3 - rng.choice((0.0, 0.6, 1.2)),
            rng.uniform(0.1, 0.35),
        )
        fx.rectangle(
            canvas, (x, y - size, x + size * 0.8, y), place.colour(rng.random(), 0.6, rng.uniform(0.3, 0.9))
        )
    for k in range(int(wide / 1.4) + 1):
        fx.rectangle(
            canvas, (0.25 + k * 1.4, top, 0.32 + k * 1.4, high - 0.05), mix(wall, (0.1, 0.1, 0.1), 0.6)
        )
    x = rng.uniform(0.3, max(0.4, wide - 1.5))
    fx.door(place, canvas, x, high, fx.wood_colour(place), 0.95, 2.1)
    colour = place.colour(rng.random(), rng.uniform(0.4, 0.95), rng.uniform(0.5, 0.95))
    if rng.random() < 0.6:
        stripes = max(4, int(wide / 0.4))
        for k in range(stripes):
            tone = colour if k % 2 else (0.9, 0.9, 0.88)
            a, b = wide * k / stripes, wide * (k + 1) / stripes
            fx.sheen(canvas, (a, top - 0.2, b, top + 0.45), tone, mix(tone, (0.1, 0.05, 0.2), 0.25))
            canvas.drawCircle((a + b) / 2, top + 0.45, (b - a) / 2, fill(mix(tone, (0.1, 0.05, 0.2), 0.25)))
    board = (
        place.colour(rng.random(), rng.uniform(0.1, 0.9), rng.uniform(0.3, 0.95))
        if not lit
        else hsv(rng.random(), rng.uniform(0.3, 0.9), 1.0)
    )
    fx.rectangle(canvas, (0.2, top - 0.95, wide - 0.2, top - 0.25), board)
    ink: Colour = (0.08, 0.06, 0.1) if sum(board) > 1.5 else (0.97, 0.97, 0.9)
    fx.writing(canvas, rng, (0.5, top - 0.87, wide - 0.4, top - 0.3), 0.45, ink, 1.0)


def hanging_sign(place: Place, blocks: Blocks, x: float, y: float, z: float, side: int) -> None:
    """A narrow sign that stands out from a front."""
    rng = place.rng
    lit = place.mood in ("night", "dusk", "dim")
    colour = hsv(rng.random(), rng.uniform(0.2, 0.95), 1.0 if lit else rng.uniform(0.4, 0.95))
    ink: Colour = (0.1, 0.05, 0.1) if sum(colour) > 1.5 else (1.0, 1.0, 0.95)
    wide, high = rng.uniform(0.5, 1.0), rng.uniform(1.0, 3.5)
    x0 = x if side < 0 else x - wide
    blocks.block(
        (x0, y, z),
        (x0 + wide, y + high, z + 0.15),
        colour,
        {
            "front": lambda c, w, h: fx.writing(
                c, rng, (0.08, 0.12, 0.1 + w * 0.85, h - 0.05), w * 0.62, ink, 1.0
            )
        },
    )


def vehicle(place: Place, blocks: Blocks, x: float, z: float) -> None:
    """A parked car or van as rounded blocks with windows, wheels and lamps."""
    rng = place.rng
    colour = place.colour(rng.random(), rng.choice((0.05, 0.7)), rng.uniform(0.25, 0.95))
    wide, long, van = 1.7, rng.uniform(3.4, 4.4), rng.random() < 0.3
    dark: Colour = (0.08, 0.08, 0.1)

    def glass(canvas: skia.Canvas, w: float, h: float) -> None:
        fx.sheen(
            canvas, (0.08, 0.08, w - 0.08, h), place.colour(0.57, 0.3, 0.45), place.colour(0.57, 0.2, 0.75)
        )

    def flank(canvas: skia.Canvas, w: float, h: float) -> None:
        for at in (0.2, 0.8):
            canvas.drawCircle(w * at, h - 0.05, 0.34, fill(dark))
            canvas.drawCircle(w * at, h - 0.05, 0.18, fill((0.7, 0.7, 0.73)))
        canvas.drawLine(w * 0.5, 0, w * 0.5, h * 0.8, stroke(mix(colour, dark, 0.5), 0.02))

    def front(canvas: skia.Canvas, w: float, h: float) -> None:
        fx.rectangle(canvas, (0.1, h * 0.75, w - 0.1, h), dark)
        lamp: Colour = (1.0, 0.3, 0.2) if rng.random() < 0.5 else (1.0, 0.97, 0.8)
        for left in (0.08, w - 0.43):
            fx.rectangle(canvas, (left, h * 0.25, left + 0.35, h * 0.5), lamp)
        fx.rectangle(canvas, (w * 0.35, h * 0.5, w * 0.65, h * 0.7), (0.88, 0.88, 0.85))

    blocks.block((x + 0.05, 0.0, z + 0.1), (x + wide - 0.05, 0.2, z + long - 0.1), dark)
    blocks.block(
        (x, 0.2, z), (x + wide, 0.85 if not van else 1.0, z + long), colour, {"side": flank, "front": front}
    )
    blocks.block(
        (x + 0.12, 0.85 if not van else 1.0, z + (0.7 if not van else 0.05)),
        (x + wide - 0.12, 1.4 if not van else 1.9, z + long * 0.8),
        mix(colour, (0.9, 0.95, 1), 0.1),
        {"side": glass, "front": glass},
    )


def machine(place: Place, blocks: Blocks, x: float, z: float) -> None:
    """Drinks machine against the right-hand wall."""
    rng = place.rng

    def goods(canvas: skia.Canvas, w: float, h: float) -> None:
        fx.sheen(canvas, (0.08, 0.12, w - 0.08, h * 0.6), (1.0, 1.0, 1.0), (0.85, 0.92, 1.0))
        for row in range(3):
            for column in range(6):
                a = 0.13 + column * (w - 0.26) / 6
                fx.rectangle(
                    canvas, (a, 0.2 + row * 0.32, a + 0.08, 0.42 + row * 0.32), hsv(rng.random(), 0.8, 0.9)
                )
        fx.rectangle(canvas, (0.12, h * 0.82, w - 0.12, h * 0.92), (0.1, 0.1, 0.12))

    blocks.block(
        (x - 0.7, 0, z),
        (x, 1.85, z + 1.0),
        place.colour(rng.random(), 0.75, 0.85),
        {"front": goods, "side": goods},
    )
