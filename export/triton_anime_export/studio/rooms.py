"""Interiors in perspective: school, home, shops, trains, halls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skia

from . import fixtures as fx
from . import materials
from .paint import Colour, blurred, fill, mix, packed, polygon, stroke
from .perspective import Blocks, View, face
from .place import Place, tiled
from .scenery import paint_sky


@dataclass
class Room:
    """A box seen from inside: size in metres, camera and what draws blocks in it."""

    place: Place
    wide: float
    high: float
    deep: float
    view: View
    blocks: Blocks
    wall: Colour

    def plane(
        self, name: str
    ) -> tuple[
        tuple[float, float, float], tuple[float, float, float], tuple[float, float, float], float, float
    ]:
        """Origin, directions, width and height of an inner side (back, left, right, floor, ceiling)."""
        w, h, d = self.wide / 2, self.high, self.deep
        return {
            "back": ((-w, h, d), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0), self.wide, h),
            "left": ((-w, h, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0), d, h),
            "right": ((w, h, d), (0.0, 0.0, -1.0), (0.0, -1.0, 0.0), d, h),
            "floor": ((-w, 0.0, d), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), self.wide, d),
            "ceiling": ((-w, h, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), self.wide, d),
        }[name]


def open_room(place: Place, wide: float, high: float, deep: float, *, turn: float = 0.25) -> Room:
    """Camera and empty shell of a room."""
    rng = place.rng
    eye = rng.uniform(0.9, 1.75)
    yaw = float(rng.uniform(-turn, turn)) if rng.random() < 0.7 else 0.0
    # A lens that shows a good part of the walls.
    view = place.view(rng.uniform(0.36, 0.58), rng.uniform(0.5, 0.85), eye, rng.uniform(0.3, 0.7), yaw)
    paint_sky(place, 0.8)
    wall = place.colour(
        rng.choice((rng.random(), rng.uniform(0.08, 0.15), rng.uniform(0.5, 0.62))),
        rng.uniform(0.02, 0.35),
        rng.uniform(0.5, 0.98),
    )
    return Room(place, wide, high, deep, view, Blocks(view, place.canvas, place.pen), wall)


def cover(room: Room, name: str, material: materials.Picture, metres: float, light: float) -> None:
    """Lay a material on an inner side, darker towards its edges, as corners are."""
    origin, right, down, wide, high = room.plane(name)
    with room.view.plane(room.place.canvas, origin, right, down) as canvas:
        canvas.drawRect(skia.Rect.MakeWH(wide, high), tiled(material, metres))
        if light < 1:
            fx.rectangle(canvas, (0, 0, wide, high), (0.06, 0.04, 0.18), 0.7 * (1 - light))
        dark = (0.08, 0.05, 0.15)
        reach = 0.8
        fx.sheen(canvas, (0, 0, wide, reach), dark, dark, (0.3, 0.0))
        fx.sheen(canvas, (0, high - reach, wide, high), dark, dark, (0.0, 0.3))
        fx.sheen(canvas, (0, 0, reach, high), dark, dark, (0.28, 0.0), across=True)
        fx.sheen(canvas, (wide - reach, 0, wide, high), dark, dark, (0.0, 0.28), across=True)


def shell(
    room: Room,
    floor: materials.Picture,
    metres: float,
    walls: materials.Picture | None = None,
    wall_metres: float = 2.0,
    ceiling: Colour | None = None,
) -> None:
    """Paint all five sides."""
    place, rng = room.place, room.place.rng
    if walls is None:
        walls = materials.mottled(rng, room.wall, spots=4, contrast=0.35 * place.texture)
    roof = materials.mottled(
        rng, ceiling or mix(room.wall, (1, 1, 1), 0.4), spots=3, contrast=0.2 * place.texture
    )
    bright_left = rng.random() < 0.5
    for name, light in (
        ("ceiling", 0.85),
        ("left", 0.75 if bright_left else 0.95),
        ("right", 0.95 if bright_left else 0.75),
        ("back", 0.88),
    ):
        cover(room, name, roof if name == "ceiling" else walls, wall_metres, light)
    cover(room, "floor", floor, metres, 1.0)
    for name in ("left", "right", "back"):
        origin, right, down, wide, high = room.plane(name)
        with room.view.plane(place.canvas, origin, right, down) as canvas:
            fx.rectangle(canvas, (0, high - 0.12, wide, high), mix(room.wall, (0.25, 0.15, 0.1), 0.6))
            if room.place.pen > 0:
                pen = stroke((0.12, 0.08, 0.12), 0.015)
                canvas.drawRect(skia.Rect.MakeWH(wide, high), pen)


def board_floor(place: Place) -> materials.Picture:
    """Wooden boards."""
    return materials.courses(place.rng, fx.wood_colour(place), 8, 1, joint=0.05, grain=0.5 * place.texture)


def tile_floor(place: Place) -> materials.Picture:
    """Tiles or lino."""
    rng = place.rng
    colour = place.colour(rng.random(), rng.uniform(0, 0.25), rng.uniform(0.5, 0.9))
    return materials.courses(
        rng, colour, 4, 4, offset=0.0, joint=0.025, uneven=0.12, grain=0.25 * place.texture
    )


def wall_row(room: Room, name: str, step: float, paint: str, top: float, bottom: float) -> None:
    """A row of windows, doors or posters along a wall."""
    place, rng = room.place, room.place.rng
    origin, right, down, wide, high = room.plane(name)
    frame = place.colour(rng.uniform(0, 0.6), rng.uniform(0, 0.2), rng.uniform(0.5, 0.95))
    with room.view.plane(place.canvas, origin, right, down) as canvas:
        x = step * 0.15
        while x + step * 0.8 < wide:
            if paint == "window":
                fx.window(place, canvas, (x, top, x + step * 0.75, bottom), frame)
            elif paint == "door":
                fx.door(
                    place,
                    canvas,
                    x + step * 0.1,
                    high,
                    fx.wood_colour(place) if rng.random() < 0.5 else frame,
                )
            elif rng.random() < 0.75:
                fx.poster(
                    place,
                    canvas,
                    x + step * rng.uniform(0, 0.3),
                    top + rng.uniform(0, 0.3),
                    rng.uniform(0.35, 0.8),
                )
            x += step


def sunlight(room: Room, side: str) -> None:
    """Patches of sun on the floor and soft shafts from the windows."""
    place, rng = room.place, room.place.rng
    if place.mood not in ("day", "morning", "dusk") or rng.random() < 0.3:
        return
    warm: Colour = (1.0, 0.97, 0.85) if place.mood != "dusk" else (1.0, 0.8, 0.55)
    sign = 1 if side == "left" else -1
    origin, right, down, wide, deep = room.plane("floor")
    slant = rng.uniform(-0.6, 0.6)
    with room.view.plane(place.canvas, origin, right, down) as canvas:
        z = 0.5
        while z < deep:
            near, far = (0.3, wide * 0.5) if sign > 0 else (wide - 0.3, wide * 0.5)
            canvas.drawPath(
                polygon([(near, z), (far, z + slant), (far, z + 1.3 + slant), (near, z + 1.3)]),
                fill(warm, 0.38),
            )
            z += 2.0
    if rng.random() < 0.6:
        for _ in range(int(rng.integers(2, 5))):
            z = rng.uniform(0.35, 0.95) * room.deep
            a = room.view.project((-sign * room.wide / 2, room.high * 0.85, z))
            b = room.view.project((sign * room.wide * 0.1, 0.0, z))
            c = room.view.project((sign * room.wide * 0.1, 0.0, z + 1.2))
            d = room.view.project((-sign * room.wide / 2, room.high * 0.85, z + 1.2))
            paint = skia.Paint(AntiAlias=True)
            paint.setShader(
                skia.GradientShader.MakeLinear(
                    points=[skia.Point(*a[:2]), skia.Point(*b[:2])],
                    colors=[packed(warm, 0.35), packed(warm, 0.0)],
                )
            )
            paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 5))
            place.canvas.drawPath(polygon([p[:2] for p in (a, b, c, d)]), paint)


def ceiling_lamps(room: Room, columns: int, rows: int) -> None:
    """Panels of light in the ceiling."""
    origin, right, down, wide, deep = room.plane("ceiling")
    with room.view.plane(room.place.canvas, origin, right, down) as canvas:
        for column in range(columns):
            for row in range(rows):
                x, y = wide * (column + 0.5) / columns, deep * (row + 0.5) / rows
                fx.lamp_panel(room.place, canvas, (x - 0.6, y - 0.12, x + 0.6, y + 0.12))


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
                fx.desk(place, room.blocks, float(x), float(z), wood)
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
                {"side": lambda c, w, h: lockers(place, c, w, h)},
            )
            z -= rng.uniform(2.5, 5)


def lockers(place: Place, canvas: skia.Canvas, wide: float, high: float) -> None:
    """Doors of lockers or drawers."""
    for k in range(max(1, int(wide / 0.35))):
        x = k * 0.35
        canvas.drawRect(
            skia.Rect.MakeLTRB(x + 0.02, 0.04, x + 0.33, high - 0.04), stroke((0.12, 0.1, 0.14), 0.015)
        )
        fx.rectangle(canvas, (x + 0.06, high * 0.45, x + 0.1, high * 0.55), (0.2, 0.2, 0.22))


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
        fx.table(place, room.blocks, (-0.9, 0, 3.4), (1.8, 0.72, 0.9), wood)


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
                {"front": lambda c, w, h, wood=wood: fx.books(place, c, w, h, wood)},
            )  # type: ignore[misc]
        elif kind == 2:
            fx.table(place, blocks, (x, 0, back - 0.7), (wide, 0.7, 0.65), wood)
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
            fx.chair(place, blocks, x + 0.2, back - 1.2, wood)
        elif kind == 3:
            fx.sofa(
                blocks,
                x,
                back - 0.9,
                max(wide, 1.2),
                place.colour(rng.random(), rng.uniform(0.1, 0.7), rng.uniform(0.3, 0.9)),
            )
        elif kind == 4:
            fx.plant(place, blocks, x + 0.3, back - 0.5, rng.uniform(0.6, 1.2))
        elif kind == 5:
            blocks.block(
                (x, 0, back - 0.5),
                (x + wide, rng.uniform(0.5, 1.1), back),
                wood,
                {"front": lambda c, w, h: lockers(place, c, w, h)},
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
        fx.table(place, blocks, (-0.6, 0, back * 0.42), (1.2, 0.38, 0.7), fx.wood_colour(place))


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
        fx.table(place, room.blocks, (-0.7, 0, room.deep * 0.5), (1.4, 0.32, 0.8), wood)


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
        {"front": lambda c, w, h: lockers(place, c, w, h)},
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
            fx.table(place, room.blocks, (rng.uniform(0.5, 2), 0, z), (0.8, 0.7, 0.8), wood)


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
    light = fx.hsv(rng.random(), 0.8, 1.0)
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
            fx.table(place, room.blocks, (x, 0, z), (1.5, 0.7, 0.75), wood)
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
            fx.chair(place, room.blocks, x + 0.5, z - 0.6, place.colour(0.6, 0.2, 0.3))


__all__ = [
    "classroom",
    "corridor",
    "counter_shop",
    "face",
    "gym",
    "home",
    "japanese_room",
    "laboratory",
    "library",
    "office",
    "train",
]
