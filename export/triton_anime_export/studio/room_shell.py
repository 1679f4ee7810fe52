"""A room as a box in perspective: its sides, rows of windows, lamps and sunlight."""

from __future__ import annotations

from dataclasses import dataclass

import skia

from . import fixtures as fx
from . import materials
from .paint import Colour, fill, mix, packed, polygon, stroke
from .perspective import Blocks, View
from .place import Place, tiled
from .skies import paint_sky


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
