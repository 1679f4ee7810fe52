"""Interiors of homes: bedrooms, living rooms, tatami rooms."""

from __future__ import annotations

import skia

from . import fixtures as fx
from . import furniture, materials
from .paint import fill, mix, stroke
from .place import Place
from .room_shell import Room, board_floor, open_room, shell, sunlight


def home(place: Place) -> None:
    """Bedroom or living room with furniture along the walls."""
    rng = place.rng
    room = open_room(place, rng.uniform(3.6, 6), rng.uniform(2.4, 2.8), rng.uniform(3.6, 5.5), turn=0.4)
    walls = None
    if rng.random() < 0.35:
        walls = materials.courses(
            rng, room.wall, 1, int(rng.integers(6, 16)), offset=0.0, joint=0.02, uneven=0.5, grain=0.1
        )
    shell(
        room,
        board_floor(place)
        if rng.random() < 0.75
        else materials.weave(rng, place.colour(rng.random(), 0.3, 0.7)),
        1.2,
        walls,
    )
    for name in ("back", "left", "right"):
        origin, right, down, wide, high = room.plane(name)
        with room.view.plane(place.canvas, origin, right, down) as canvas:
            if rng.random() < 0.65:
                x, w = wide * rng.uniform(0.1, 0.45), rng.uniform(1.0, 2.0)
                fx.window(
                    place,
                    canvas,
                    (x, 0.45, x + w, rng.uniform(1.4, 1.9)),
                    place.colour(0.1, 0.2, rng.uniform(0.5, 0.95)),
                )
            elif rng.random() < 0.5:
                fx.door(place, canvas, wide * rng.uniform(0.1, 0.7), high, fx.wood_colour(place), 0.9, 2.0)
            for _ in range(int(rng.integers(0, 5))):
                fx.poster(
                    place, canvas, wide * rng.uniform(0, 0.9), rng.uniform(0.3, 1.0), rng.uniform(0.25, 0.6)
                )
    origin, right, down, wide, deep = room.plane("floor")
    with room.view.plane(place.canvas, origin, right, down) as canvas:
        if rng.random() < 0.7:
            rug = place.colour(rng.random(), rng.uniform(0.2, 0.7), rng.uniform(0.4, 0.9))
            box = skia.Rect.MakeLTRB(wide * 0.22, deep * 0.3, wide * 0.78, deep * 0.8)
            canvas.drawRoundRect(box, 0.1, 0.1, fill(rug))
            canvas.drawRoundRect(
                box.makeInset(0.12, 0.12), 0.1, 0.1, stroke(mix(rug, (1, 1, 0.9), 0.5), 0.05)
            )
    sunlight(room, "left" if rng.random() < 0.5 else "right")
    furnish(room)


def furnish(room: Room) -> None:
    """Shelves, bed, desk, sofa, plants along the walls, far ones first."""
    place, rng, blocks = room.place, room.place.rng, room.blocks
    back, half = room.deep, room.wide / 2
    x = -half + 0.05
    while x < half - 0.7:
        wood, kind = fx.wood_colour(place), int(rng.integers(0, 7))
        wide = min(rng.uniform(0.7, 1.9), half - x - 0.05)
        if kind <= 1:
            tall = rng.uniform(0.8, 2.1)
            blocks.block(
                (x, 0, back - 0.35),
                (x + wide, tall, back),
                wood,
                {"front": lambda c, w, h, wood=wood: fx.books(place, c, w, h, wood)},  # type: ignore[misc]
            )
        elif kind == 2:
            furniture.table(place, blocks, (x, 0, back - 0.7), (wide, 0.7, 0.65), wood)
            blocks.block(
                (x + 0.15, 0.8, back - 0.3),
                (x + min(0.75, wide - 0.1), 1.15, back - 0.26),
                place.colour(0.6, 0.1, 0.15),
                {
                    "front": lambda c, w, h: fx.sheen(
                        c, (0.03, 0.03, w - 0.03, h - 0.03), (0.3, 0.6, 1.0), (0.1, 0.2, 0.5)
                    )
                },
            )
            furniture.chair(place, blocks, x + 0.2, back - 1.2, wood)
        elif kind == 3:
            furniture.sofa(
                blocks,
                x,
                back - 0.9,
                max(wide, 1.2),
                place.colour(rng.random(), rng.uniform(0.1, 0.7), rng.uniform(0.3, 0.9)),
            )
        elif kind == 4:
            furniture.plant(place, blocks, x + 0.3, back - 0.5, rng.uniform(0.6, 1.2))
        elif kind == 5:
            blocks.block(
                (x, 0, back - 0.5),
                (x + wide, rng.uniform(0.5, 1.1), back),
                wood,
                {"front": lambda c, w, h: fx.lockers(place, c, w, h)},
            )
        x += wide + rng.uniform(0.05, 0.5)
    side = -1 if rng.random() < 0.5 else 1
    x0 = -half if side < 0 else half - 1.1
    if rng.random() < 0.6:
        cloth = place.colour(rng.random(), rng.uniform(0.1, 0.6), rng.uniform(0.5, 0.95))
        z = back - 3.2
        blocks.block((x0, 0, z + 0.1), (x0 + 1.1, 0.32, z + 2.2), fx.wood_colour(place))
        blocks.block((x0, 0.32, z + 0.1), (x0 + 1.1, 0.52, z + 2.1), cloth)
        blocks.block((x0 + 0.2, 0.52, z + 1.7), (x0 + 0.9, 0.64, z + 2.05), (0.78, 0.78, 0.8))
    if rng.random() < 0.5:
        furniture.table(place, blocks, (-0.6, 0, back * 0.42), (1.2, 0.38, 0.7), fx.wood_colour(place))


def japanese_room(place: Place) -> None:
    """Tatami, sliding paper doors and an open garden side."""
    rng = place.rng
    room = open_room(place, rng.uniform(4, 7), 2.5, rng.uniform(4, 8))
    straw = place.colour(rng.uniform(0.13, 0.2), rng.uniform(0.25, 0.45), rng.uniform(0.6, 0.85))
    shell(room, materials.weave(rng, straw), 0.9)
    wood = place.colour(0.07, rng.uniform(0.4, 0.6), rng.uniform(0.25, 0.5))
    origin, right, down, wide, deep = room.plane("floor")
    with room.view.plane(place.canvas, origin, right, down) as canvas:
        for k in range(int(wide / 0.9) + 1):
            fx.rectangle(canvas, (k * 0.9 - 0.03, 0, k * 0.9 + 0.03, deep), (0.18, 0.25, 0.15))
        for k in range(int(deep / 1.8) + 1):
            fx.rectangle(canvas, (0, k * 1.8 - 0.02, wide, k * 1.8 + 0.02), (0.18, 0.25, 0.15))
    for name in ("left", "right", "back"):
        origin, right, down, wide, high = room.plane(name)
        with room.view.plane(place.canvas, origin, right, down) as canvas:
            opened = rng.random() < 0.4
            for k in range(int(wide / 0.9)):
                x = k * 0.9
                if opened and k % 3 == 1:
                    fx.window(place, canvas, (x + 0.05, 0.6, x + 0.85, high - 0.15), wood, 1, 1)
                    continue
                sheen_top = place.colour(0.12, 0.08, 0.96)
                fx.sheen(
                    canvas, (x, 0.55, x + 0.9, high - 0.1), sheen_top, mix(sheen_top, (0.8, 0.75, 0.7), 0.5)
                )
                pen = stroke(wood, 0.02)
                for row in range(7):
                    canvas.drawLine(x, 0.55 + row * 0.27, x + 0.9, 0.55 + row * 0.27, pen)
                for column in range(4):
                    canvas.drawLine(x + column * 0.3, 0.55, x + column * 0.3, high - 0.1, pen)
                canvas.drawRect(skia.Rect.MakeLTRB(x, 0.5, x + 0.9, high - 0.05), stroke(wood, 0.06))
            fx.rectangle(canvas, (0, 0.35, wide, 0.5), wood)
    sunlight(room, "left")
    if rng.random() < 0.7:
        furniture.table(place, room.blocks, (-0.7, 0, room.deep * 0.5), (1.4, 0.32, 0.8), wood)
