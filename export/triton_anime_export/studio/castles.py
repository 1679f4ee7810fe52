"""Castles, temples and dungeons."""

from __future__ import annotations

import numpy as np
import skia

from . import fixtures as fx
from . import materials
from .landforms import green, horizon_layers, shafts, tufts
from .outdoors import ground_plane, haze, stand
from .paint import Colour, blurred, fill, hsv, mix, oval, polygon, stroke
from .place import Place, tiled
from .room_shell import open_room, shell
from .scenery import hedge
from .skies import paint_sky


def stone_hall(place: Place) -> None:
    """Castle hall, temple or dungeon: masonry, columns, banners, carpet, torches."""
    rng = place.rng
    dungeon = rng.random() < 0.45
    if dungeon:
        place.mood, place.tint = "dim", (0.55, 0.5, 0.56)
    room = open_room(place, rng.uniform(6, 12), rng.uniform(3.2, 8), rng.uniform(12, 22), turn=0.25)
    stone = place.colour(
        rng.choice((0.08, 0.6, rng.random())), rng.uniform(0.03, 0.3), rng.uniform(0.35, 0.85)
    )
    room.wall = stone
    wall = (
        materials.courses(rng, stone, 8, 4, joint=0.05, uneven=0.35, grain=0.5)
        if rng.random() < 0.7
        else materials.cells(rng, stone, 40)
    )
    floor = (
        materials.cells(rng, mix(stone, (0.2, 0.2, 0.25), 0.3), 36)
        if dungeon
        else materials.courses(rng, mix(stone, (0.8, 0.75, 0.7), 0.3), 3, 3, offset=0, joint=0.02, uneven=0.5)
    )
    shell(room, floor, 3.0, wall, 3.0, ceiling=mix(stone, (0, 0, 0.05), 0.4))
    cloth = place.colour(rng.random(), rng.uniform(0.5, 0.9), rng.uniform(0.4, 0.8))
    gold: Colour = (0.9, 0.75, 0.35)
    if not dungeon:
        origin, right, down, wide, deep = room.plane("floor")
        with room.view.plane(place.canvas, origin, right, down) as canvas:
            fx.rectangle(canvas, (wide / 2 - 1.2, 0, wide / 2 + 1.2, deep), cloth)
            for x in (wide / 2 - 1.1, wide / 2 + 1.0):
                fx.rectangle(canvas, (x, 0, x + 0.1, deep), gold)
    origin, right, down, wide, high = room.plane("back")
    with room.view.plane(place.canvas, origin, right, down) as canvas:
        arch(place, canvas, wide / 2, high, min(2.6, wide * 0.35), high * 0.75)
    for name in ("left", "right"):
        origin, right, down, wide, high = room.plane(name)
        with room.view.plane(place.canvas, origin, right, down) as canvas:
            for x in np.arange(1.5, wide - 1.5, 3.6):
                if dungeon or rng.random() < 0.3:
                    torch(canvas, float(x) + 0.9, high * 0.45)
                elif rng.random() < 0.5:
                    arch(place, canvas, float(x) + 0.8, high * 0.7, 1.2, high * 0.5)
                else:
                    canvas.drawPath(
                        polygon(
                            [
                                (x, high * 0.1),
                                (x + 1.2, high * 0.1),
                                (x + 1.2, high * 0.6),
                                (x + 0.6, high * 0.7),
                                (x, high * 0.6),
                            ]
                        ),
                        fill(cloth),
                    )
                    canvas.drawCircle(x + 0.6, high * 0.33, 0.3, stroke(gold, 0.08))
    blocks = room.blocks
    for z in np.arange(room.deep - 2.5, 1.6, -3.6):
        for x in (-room.wide / 2 + 0.9, room.wide / 2 - 1.7):
            tone = mix(stone, (1, 1, 1), 0.12)
            paint = lambda c, w, h: c.drawRect(skia.Rect.MakeWH(w, h), tiled(wall, 3.0))  # noqa: E731
            blocks.block((x - 0.15, 0, z - 0.15), (x + 0.95, 0.4, z + 0.95), tone)
            blocks.block((x, 0.4, z), (x + 0.8, room.high, z + 0.8), tone, {"front": paint, "side": paint})
    if rng.random() < 0.5 and not dungeon:
        shafts(place, (1.0, 0.97, 0.8))


def arch(place: Place, canvas: skia.Canvas, x: float, foot: float, wide: float, high: float) -> None:
    """A pointed or round arch open to the sky, or filled with coloured glass."""
    path = skia.Path()
    path.moveTo(x - wide / 2, foot)
    path.lineTo(x - wide / 2, foot - high * 0.6)
    path.quadTo(x - wide * 0.4, foot - high * 0.95, x, foot - high)
    path.quadTo(x + wide * 0.4, foot - high * 0.95, x + wide / 2, foot - high * 0.6)
    path.lineTo(x + wide / 2, foot)
    path.close()
    canvas.drawPath(path, stroke(mix((0.6, 0.58, 0.55), (0, 0, 0), 0.2), 0.2))
    canvas.drawPath(path, skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kClear))
    if place.rng.random() < 0.4:
        canvas.save()
        canvas.clipPath(path, doAntiAlias=True)
        for _ in range(40):
            a, b = x + place.rng.uniform(-0.5, 0.5) * wide, foot - place.rng.random() * high
            canvas.drawPath(
                oval(a, b, wide * 0.14, wide * 0.14), fill(hsv(place.rng.random(), 0.7, 1.0), 0.55)
            )
        canvas.restore()


def torch(canvas: skia.Canvas, x: float, y: float) -> None:
    """A burning torch on a wall, with its light."""
    canvas.drawCircle(x, y, 1.3, blurred(fill((1.0, 0.6, 0.2), 0.3), 30))
    fx.rectangle(canvas, (x - 0.06, y, x + 0.06, y + 0.6), (0.3, 0.18, 0.1))
    for scale, tone in ((1.0, (1.0, 0.5, 0.1)), (0.6, (1.0, 0.8, 0.3)), (0.3, (1.0, 1.0, 0.85))):
        canvas.drawPath(
            polygon(
                [
                    (x - 0.16 * scale, y),
                    (x - 0.1 * scale, y - 0.3 * scale),
                    (x, y - 0.55 * scale),
                    (x + 0.12 * scale, y - 0.25 * scale),
                    (x + 0.16 * scale, y),
                ]
            ),
            fill(tone),
        )


def castle(place: Place) -> None:
    """A castle or village of towers on a hill, trees before it."""
    rng, hard = place.rng, place.texture < 0.35
    view = place.view(rng.uniform(0.5, 0.7), rng.uniform(0.7, 1.0), 1.8, rng.uniform(0.3, 0.7))
    paint_sky(place, view.horizon / place.height)
    leaf = green(place)
    horizon_layers(place, view.horizon, mix(leaf, (0.4, 0.45, 0.6), 0.6), tall=0.4)
    stone = place.colour(
        rng.choice((0.09, 0.6, rng.random())), rng.uniform(0.03, 0.25), rng.uniform(0.6, 0.92)
    )
    roof = place.colour(rng.random(), rng.uniform(0.3, 0.8), rng.uniform(0.3, 0.7))
    centre, ground = place.width * rng.uniform(0.3, 0.7), view.horizon + 8
    masonry = materials.courses(rng, stone, 12, 6, joint=0.05, size=128)
    spots = sorted(
        ((rng.normal(0, 1), rng.uniform(0.25, 1.0)) for _ in range(int(rng.integers(4, 10)))),
        key=lambda s: -s[1],
    )
    for x, size in spots:
        tower(
            place,
            centre + x * place.width * 0.13,
            ground,
            place.height * size * rng.uniform(0.35, 0.55),
            masonry,
            stone,
            roof,
        )
    wall_top = ground - place.height * 0.1
    canvas = place.canvas
    box = skia.Rect.MakeLTRB(centre - place.width * 0.26, wall_top, centre + place.width * 0.26, ground + 14)
    canvas.drawRect(box, tiled(masonry, 60))
    for x in np.arange(box.left(), box.right(), 14):
        canvas.drawRect(skia.Rect.MakeXYWH(float(x), wall_top - 7, 8, 8), fill(stone))
    place.cut()
    ground_plane(place, view, materials.grass(rng, leaf, hard=hard), 5.0)
    ground_plane(place, view, materials.cells(rng, place.colour(0.09, 0.15, 0.7), 60), 3.0, -1.6, 1.6)
    place.stamp(
        hedge(rng, place.width // 2, 60, leaf, hard=hard), -10, view.horizon - 30, place.width + 20, 60
    )
    haze(place, view, 0.25)
    for z in sorted(rng.uniform(5, 26, int(rng.integers(0, 8))), reverse=True):
        stand(
            place,
            view,
            float(rng.choice((-1, 1)) * rng.uniform(2.4, 9)),
            float(z),
            rng.uniform(3, 6),
            "fir" if rng.random() < 0.5 else "broad",
            leaf,
        )
    tufts(place, view.horizon, leaf, int(rng.integers(0, 150)))


def tower(
    place: Place,
    x: float,
    ground: float,
    high: float,
    masonry: materials.Picture,
    stone: Colour,
    roof: Colour,
) -> None:
    """A tower with a pointed roof or battlements, windows and a shaded side."""
    rng, canvas = place.rng, place.canvas
    wide = high * rng.uniform(0.14, 0.3)
    canvas.drawRect(
        skia.Rect.MakeLTRB(x - wide / 2, ground - high, x + wide / 2, ground + 10), tiled(masonry, 46)
    )
    fx.sheen(
        canvas,
        (x - wide / 2, ground - high, x + wide / 2, ground + 10),
        (1, 1, 0.9),
        (0.05, 0.03, 0.2),
        (0.15, 0.55),
        across=True,
    )
    if rng.random() < 0.7:
        tip = ground - high - wide * rng.uniform(1.0, 2.0)
        canvas.drawPath(
            polygon([(x - wide * 0.62, ground - high), (x, tip), (x + wide * 0.62, ground - high)]),
            fill(roof),
        )
        canvas.drawPath(
            polygon([(x + wide * 0.1, ground - high), (x, tip), (x + wide * 0.62, ground - high)]),
            fill(mix(roof, (0.03, 0.0, 0.2), 0.45)),
        )
    else:
        for k in range(5):
            canvas.drawRect(
                skia.Rect.MakeXYWH(
                    x - wide * 0.56 + k * wide * 0.25, ground - high - wide * 0.16, wide * 0.14, wide * 0.2
                ),
                fill(stone),
            )
    glass: Colour = (1.0, 0.9, 0.55) if place.dark else (0.2, 0.22, 0.35)
    for y in np.arange(ground - high + wide * 0.35, ground - wide * 0.6, wide * 0.8):
        canvas.drawRRect(
            skia.RRect.MakeRectXY(
                skia.Rect.MakeXYWH(x - wide * 0.08, float(y), wide * 0.16, wide * 0.3),
                wide * 0.08,
                wide * 0.08,
            ),
            fill(glass),
        )
