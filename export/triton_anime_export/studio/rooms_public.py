"""Interiors of schools, shops, offices, trains and laboratories."""

from __future__ import annotations

import numpy as np
import skia

from . import fixtures as fx
from . import furniture, materials
from .paint import blurred, fill, hsv, mix, stroke
from .place import Place
from .room_shell import board_floor, ceiling_lamps, open_room, shell, sunlight, tile_floor, wall_row


def classroom(place: Place) -> None:
    """Rows of desks, windows along one side, blackboard or lockers ahead."""
    rng = place.rng
    room = open_room(place, rng.uniform(7, 9), 3.0, rng.uniform(7, 10), turn=0.45)
    shell(
        room,
        board_floor(place) if rng.random() < 0.7 else tile_floor(place),
        1.4,
        ceiling=place.colour(0.1, 0.03, 0.9),
    )
    side = "left" if rng.random() < 0.6 else "right"
    wall_row(room, side, 2.0, "window", 0.55, 2.0)
    wall_row(
        room, "right" if side == "left" else "left", 2.6, "door" if rng.random() < 0.5 else "window", 0.7, 1.9
    )
    origin, right, down, wide, _ = room.plane("back")
    with room.view.plane(place.canvas, origin, right, down) as canvas:
        if rng.random() < 0.75:
            fx.blackboard(place, canvas, wide * 0.18, 0.75, wide * 0.64, 1.25)
            canvas.drawCircle(wide * 0.5, 0.35, 0.16, fill(place.colour(0, 0, 0.95)))
            canvas.drawCircle(wide * 0.5, 0.35, 0.16, stroke((0.2, 0.2, 0.25), 0.03))
            fx.rectangle(canvas, (wide * 0.06, 0.4, wide * 0.15, 0.85), place.colour(0.6, 0.1, 0.3))
        for _ in range(int(rng.integers(0, 6))):
            fx.poster(
                place,
                canvas,
                wide * rng.choice((rng.uniform(0.02, 0.1), rng.uniform(0.84, 0.95))),
                rng.uniform(0.5, 1.3),
                rng.uniform(0.25, 0.5),
            )
    ceiling_lamps(room, 2, 4)
    sunlight(room, side)
    wood = place.colour(rng.uniform(0.07, 0.11), rng.uniform(0.25, 0.5), rng.uniform(0.65, 0.9))
    room.blocks.block(
        (-0.7, 0, room.deep - 1.6), (0.7, 1.05, room.deep - 1.1), mix(wood, (0.2, 0.1, 0.1), 0.3)
    )
    aisle, z = rng.uniform(1.15, 1.4), room.deep - 3.0
    while z > 0.9:
        xs = np.arange(-room.wide / 2 + 0.7, room.wide / 2 - 0.9, aisle)
        for x in sorted(xs, key=lambda v: -abs(v)):
            if rng.random() < 0.96:
                furniture.desk(place, room.blocks, float(x), float(z), wood)
        z -= 1.25


def corridor(place: Place) -> None:
    """Long hallway with doors on one side and windows on the other."""
    rng = place.rng
    room = open_room(place, rng.uniform(2.4, 3.6), rng.uniform(2.6, 3.2), rng.uniform(14, 26), turn=0.3)
    shell(room, tile_floor(place) if rng.random() < 0.6 else board_floor(place), 1.8)
    side = "left" if rng.random() < 0.5 else "right"
    wall_row(room, side, 2.2, "window", 0.6, 1.9)
    other = "right" if side == "left" else "left"
    wall_row(room, other, 3.4, "door", 0, 0)
    wall_row(room, other, 1.7, "poster", 0.6, 0)
    ceiling_lamps(room, 1, 7)
    sunlight(room, side)
    if rng.random() < 0.5:
        x = -room.wide / 2 if other == "left" else room.wide / 2 - 0.4
        z = room.deep * 0.8
        while z > 2:
            room.blocks.block(
                (x, 0, z),
                (x + 0.4, 0.9, z + 1.4),
                fx.wood_colour(place),
                {"side": lambda c, w, h: fx.lockers(place, c, w, h)},
            )
            z -= rng.uniform(2.5, 5)


def library(place: Place) -> None:
    """Rows of shelves full of books."""
    rng = place.rng
    room = open_room(place, 9, 3.4, 11)
    shell(room, board_floor(place), 1.6)
    wall_row(room, "back", 2.2, "window", 0.4, 2.0)
    ceiling_lamps(room, 2, 4)
    wood = fx.wood_colour(place)
    shelf = lambda c, w, h: fx.books(place, c, w, h, wood)  # noqa: E731
    tall = rng.uniform(1.9, 2.7)
    for z in np.arange(8.5, 0.8, -2.6):
        for x0, x1 in ((-4.4, -1.5), (1.5, 4.4)):
            room.blocks.block((x0, 0, z), (x1, tall, z + 0.6), wood, {"front": shelf, "side": shelf})
    if rng.random() < 0.6:
        furniture.table(place, room.blocks, (-0.9, 0, 3.4), (1.8, 0.72, 0.9), wood)


def gym(place: Place) -> None:
    """School gymnasium: court lines, high windows, stage."""
    rng = place.rng
    room = open_room(place, 16, 8, 26)
    shell(room, materials.courses(rng, place.colour(0.08, 0.5, 0.85), 14, 1, joint=0.03, grain=0.3), 2.4)
    for side in ("left", "right"):
        wall_row(room, side, 3.0, "window", 0.9, 3.2)
    origin, right, down, wide, deep = room.plane("floor")
    with room.view.plane(place.canvas, origin, right, down) as canvas:
        line = place.colour(rng.random(), rng.choice((0.0, 0.8)), 0.95)
        canvas.drawRect(skia.Rect.MakeLTRB(2, 2, wide - 2, deep - 2), stroke(line, 0.12))
        canvas.drawCircle(wide / 2, deep / 2, 1.8, stroke(line, 0.12))
        canvas.drawLine(2, deep / 2, wide - 2, deep / 2, stroke(line, 0.12))
        canvas.drawRect(skia.Rect.MakeLTRB(wide / 2 - 2.5, 2, wide / 2 + 2.5, 8), fill(line, 0.4))
    room.blocks.block((-6, 0, 24.5), (6, 1.2, 26), fx.wood_colour(place))
    origin, right, down, wide, high = room.plane("back")
    with room.view.plane(place.canvas, origin, right, down) as canvas:
        fx.curtain(place, canvas, (2.5, 1.5, wide - 2.5, high - 1.2))
    ceiling_lamps(room, 3, 6)
    sunlight(room, "left")


def counter_shop(place: Place) -> None:
    """Café, bar or convenience store: counter, shelves of goods, stools, hanging lamps."""
    rng = place.rng
    room = open_room(place, rng.uniform(6, 9), 3.0, rng.uniform(6, 9))
    walls = (
        materials.courses(rng, mix(room.wall, (0.5, 0.25, 0.15), 0.5), 12, 5, joint=0.06)
        if rng.random() < 0.5
        else None
    )
    shell(room, tile_floor(place) if rng.random() < 0.5 else board_floor(place), 1.6, walls)
    wall_row(room, "left", 2.4, "window", 0.6, 2.1)
    wood = fx.wood_colour(place)
    shelf = lambda c, w, h: fx.books(place, c, w, h, wood, 0.42)  # noqa: E731
    back = room.deep
    room.blocks.block(
        (-room.wide / 2 + 0.3, 0.9, back - 0.4), (room.wide / 2 - 0.3, 2.3, back), wood, {"front": shelf}
    )
    room.blocks.block(
        (-room.wide / 2, 0, back - 1.7),
        (room.wide / 2 - 1.2, 1.05, back - 1.1),
        wood,
        {"front": lambda c, w, h: fx.lockers(place, c, w, h)},
    )
    for x in np.arange(-room.wide / 2 + 0.8, room.wide / 2 - 1.4, 0.95):
        room.blocks.block(
            (x, 0.66, back - 2.2), (x + 0.36, 0.74, back - 1.9), place.colour(rng.random(), 0.6, 0.6)
        )
        room.blocks.block((x + 0.15, 0, back - 2.1), (x + 0.2, 0.66, back - 2.05), (0.4, 0.4, 0.42))
    for x in np.arange(-2.5, 2.6, 1.6):
        a = room.view.project((float(x), 2.3, back - 1.8))
        top = room.view.project((float(x), 3.0, back - 1.8))
        place.canvas.drawLine(a[0], a[1], top[0], top[1], stroke((0.1, 0.1, 0.1), 1.5))
        place.canvas.drawCircle(a[0], a[1], 0.5 * a[2], blurred(fill((1.0, 0.85, 0.5), 0.35), 0.2 * a[2]))
        place.canvas.drawCircle(a[0], a[1], 0.12 * a[2], fill((1.0, 0.96, 0.8)))
    if rng.random() < 0.6:
        for z in (3.2, 1.6):
            furniture.table(place, room.blocks, (rng.uniform(0.5, 2), 0, z), (0.8, 0.7, 0.8), wood)


def train(place: Place) -> None:
    """Inside a commuter train: seats along both sides, straps, windows."""
    rng = place.rng
    room = open_room(place, 2.8, 2.25, 16, turn=0.2)
    shell(room, materials.mottled(rng, place.colour(rng.random(), 0.1, 0.55), contrast=0.3), 2)
    cloth = place.colour(rng.random(), rng.uniform(0.3, 0.8), rng.uniform(0.35, 0.8))
    for side in ("left", "right"):
        wall_row(room, side, 1.9, "window", 0.55, 1.35)
    ceiling_lamps(room, 1, 8)
    sunlight(room, "left")
    for z in np.arange(13, 0.6, -3.0):
        for x in (-1.4, 0.92):
            room.blocks.block((x, 0.25, z), (x + 0.48, 0.45, z + 2.3), cloth)
            edge = x if x < 0 else x + 0.36
            room.blocks.block((edge, 0.45, z), (edge + 0.12, 0.95, z + 2.3), cloth)
        for x in (-0.75, 0.75):
            room.blocks.block((x, 0.25, z), (x + 0.03, 2.25, z + 0.03), (0.8, 0.8, 0.82))
        for step in np.arange(0, 2.5, 0.4):
            for x in (-0.55, 0.55):
                a, b = room.view.project((x, 2.1, z + step)), room.view.project((x, 1.8, z + step))
                place.canvas.drawLine(
                    a[0], a[1], b[0], b[1], stroke((0.85, 0.85, 0.8), max(1.0, 0.02 * a[2]))
                )
                place.canvas.drawCircle(
                    b[0], b[1] + 0.07 * b[2], 0.07 * b[2], stroke((0.9, 0.9, 0.85), max(1.0, 0.02 * b[2]))
                )


def laboratory(place: Place) -> None:
    """Spaceship, laboratory or hangar: panels, glowing strips, screens."""
    rng = place.rng
    room = open_room(place, rng.uniform(4, 10), rng.uniform(2.8, 5), rng.uniform(8, 18))
    metal = place.colour(rng.uniform(0.5, 0.75), rng.uniform(0.05, 0.4), rng.uniform(0.25, 0.8))
    room.wall = metal
    panels = materials.courses(rng, metal, 3, 3, offset=0.0, joint=0.02, uneven=0.3, grain=0.25)
    shell(
        room,
        materials.courses(rng, mix(metal, (0.1, 0.1, 0.15), 0.4), 4, 4, offset=0, joint=0.02),
        2,
        panels,
        3.0,
        ceiling=mix(metal, (0, 0, 0), 0.3),
    )
    light = hsv(rng.random(), 0.8, 1.0)
    for name in ("left", "right", "back"):
        origin, right, down, wide, high = room.plane(name)
        with room.view.plane(place.canvas, origin, right, down) as canvas:
            fx.neon(canvas, (0, high * 0.3, wide, high * 0.3 + 0.05), light)
            for x in np.arange(0.4, wide - 1, rng.uniform(1.6, 3.0)):
                if rng.random() < 0.6:
                    fx.sheen(
                        canvas,
                        (x, high * 0.38, x + 1.0, high * 0.6),
                        mix(light, (0.0, 0.0, 0.1), 0.3),
                        mix(light, (0.0, 0.0, 0.1), 0.8),
                    )
                    fx.writing(
                        canvas,
                        rng,
                        (x + 0.06, high * 0.4, x + 0.9, high * 0.58),
                        0.07,
                        mix(light, (1, 1, 1), 0.6),
                    )
    origin, right, down, wide, deep = room.plane("floor")
    with room.view.plane(place.canvas, origin, right, down) as canvas:
        for x in (wide * 0.25, wide * 0.75):
            fx.neon(canvas, (x - 0.03, 0, x + 0.03, deep), light)
    ceiling_lamps(room, 1, 5)
    for _ in range(int(rng.integers(0, 6))):
        x, z, size = (
            rng.uniform(-room.wide / 2, room.wide / 2 - 1),
            rng.uniform(2.5, room.deep - 1),
            rng.uniform(0.5, 1.2),
        )
        room.blocks.block(
            (x, 0, z),
            (x + size, size * rng.uniform(0.6, 1.4), z + size),
            metal,
            {"front": lambda c, w, h: fx.neon(c, (0.05, h * 0.2, w - 0.05, h * 0.25), light)},
        )


def office(place: Place) -> None:
    """Desks with screens, blinds, shelves."""
    rng = place.rng
    room = open_room(place, 9, 2.8, 11)
    shell(
        room,
        materials.weave(rng, place.colour(rng.random(), 0.15, 0.6)),
        1.5,
        ceiling=place.colour(0.1, 0.02, 0.92),
    )
    wall_row(room, "back", 2.0, "window", 0.4, 1.8)
    wall_row(room, "left", 2.4, "window", 0.5, 1.8)
    wall_row(room, "right", 2.0, "poster", 0.6, 0)
    ceiling_lamps(room, 3, 5)
    sunlight(room, "left")
    wood = fx.wood_colour(place)
    for z in np.arange(8.6, 1.0, -2.2):
        for x in (-3.6, -1.9, 0.8, 2.5):
            furniture.table(place, room.blocks, (x, 0, z), (1.5, 0.7, 0.75), wood)
            room.blocks.block(
                (x + 0.4, 0.8, z + 0.4),
                (x + 1.0, 1.2, z + 0.44),
                (0.13, 0.13, 0.15),
                {
                    "front": lambda c, w, h: fx.sheen(
                        c, (0.03, 0.03, w - 0.03, h - 0.05), (0.7, 0.85, 1.0), (0.25, 0.45, 0.8)
                    )
                },
            )
            furniture.chair(place, room.blocks, x + 0.5, z - 0.6, place.colour(0.6, 0.2, 0.3))
