"""Outdoor places of a town in perspective: streets, alleys, parks, roofs, platforms, night city."""

from __future__ import annotations

import numpy as np
import skia

from . import fixtures as fx
from . import materials
from .paint import Colour, blurred, fill, hsv, mix, oval, polygon, smooth, stroke
from .perspective import Blocks, Space, View
from .place import Place, tiled
from .scenery import crown, hedge, mountains, over, paint_sky, tree_picture


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


def pole(place: Place, view: View, x: float, z: float, high: float, reach: float) -> tuple[float, float]:
    """Utility or lamp pole; returns the pixel of its crossbar."""
    canvas = place.canvas
    a, b = view.project((x, 0, z)), view.project((x, high, z))
    colour = place.colour(0.6, 0.05, 0.42)
    canvas.drawLine(a[0], a[1], b[0], b[1], stroke(colour, max(1.0, 0.22 * a[2])))
    canvas.drawLine(
        a[0] - 0.05 * a[2],
        a[1],
        b[0] - 0.05 * a[2],
        b[1],
        stroke(mix(colour, (1, 1, 1), 0.3), max(0.6, 0.06 * a[2])),
    )
    for drop in (0.4, 1.0):
        y = b[1] + drop * b[2]
        canvas.drawLine(
            b[0] - 0.9 * b[2],
            y,
            b[0] + 0.9 * b[2],
            y,
            stroke(mix(colour, (0, 0, 0), 0.3), max(1.0, 0.1 * b[2])),
        )
    if reach:
        tip = view.project((x + reach, high - 0.3, z))
        canvas.drawLine(b[0], b[1], tip[0], tip[1], stroke(colour, max(1.0, 0.1 * b[2])))
        if place.mood in ("night", "dusk"):
            canvas.drawCircle(
                tip[0], tip[1], 1.4 * tip[2], blurred(fill((1.0, 0.9, 0.6), 0.3), max(1.0, 0.5 * tip[2]))
            )
        canvas.drawCircle(tip[0], tip[1], 0.22 * tip[2], fill((1.0, 0.98, 0.85)))
    return b[0], b[1] + 0.4 * b[2]


def wires(place: Place, first: tuple[float, float], last: tuple[float, float]) -> None:
    """Sagging wires between two points."""
    for k in range(3):
        sag = 14 + 7 * k
        middle = ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2 + sag)
        place.canvas.drawPath(
            smooth([(first[0], first[1] + 4 * k), middle, (last[0], last[1] + 4 * k)], closed=False),
            stroke((0.1, 0.1, 0.13), 1.2),
        )


def stand(place: Place, view: View, x: float, z: float, size: float, kind: str, leaf: Colour) -> None:
    """A tree on its feet in the world."""
    px, py, scale = view.project((x, 0, z))
    side = size * scale
    if side < 8 or px < -side or px > view.width + side:
        return
    bark = place.colour(
        place.rng.uniform(0.04, 0.1), place.rng.uniform(0.2, 0.5), place.rng.uniform(0.25, 0.5)
    )
    image = tree_picture(
        place.rng, int(np.clip(side, 40, 300)), leaf, bark, hard=place.texture < 0.35, kind=kind
    )
    place.canvas.drawPath(
        oval(px, py, side * 0.3, side * 0.05), blurred(fill((0.05, 0.05, 0.2), 0.4), max(1.0, side * 0.02))
    )
    place.stamp(image, px - side / 2, py - side, side, side)


def ground_plane(
    place: Place,
    view: View,
    material: materials.Picture,
    metres: float,
    x0: float = -200,
    x1: float = 200,
    z0: float = 0.3,
    z1: float = 220,
    y: float = 0.0,
) -> None:
    """A level strip of material."""
    with view.plane(place.canvas, (x0, y, z1), (1, 0, 0), (0, 0, -1)) as canvas:
        canvas.drawRect(skia.Rect.MakeWH(x1 - x0, z1 - z0), tiled(material, metres))


def haze(place: Place, view: View, strength: float = 0.5) -> None:
    """Air between the eye and what lies far: a band of sky colour around the horizon."""
    row = int(np.clip(view.horizon, 0, place.height - 1))
    tone = place.sky[row].mean(axis=0) / 255.0
    colour: Colour = (float(tone[0]), float(tone[1]), float(tone[2]))
    reach = place.height * 0.12
    fx.sheen(
        place.canvas, (0, view.horizon, place.width, view.horizon + reach), colour, colour, (strength, 0.0)
    )
    fx.sheen(
        place.canvas, (0, view.horizon - reach, place.width, view.horizon), colour, colour, (0.0, strength)
    )


def street(place: Place) -> None:
    """Road between two rows of houses with shops, signs, poles, wires, cars and trees."""
    rng = place.rng
    yaw = float(rng.choice((0.0, rng.uniform(-0.6, 0.6))))
    view = place.view(
        rng.uniform(0.42, 0.64), rng.uniform(0.5, 0.9), rng.uniform(1.2, 2.6), rng.uniform(0.3, 0.7), yaw
    )
    paint_sky(place, view.horizon / place.height)
    blocks = Blocks(view, place.canvas, place.pen, shade=0.0 if place.dark else 0.55)
    asphalt = place.colour(rng.uniform(0.55, 0.75), rng.uniform(0, 0.12), rng.uniform(0.3, 0.6))
    road = rng.uniform(2.2, 5.0)
    walk = road + rng.uniform(1.2, 2.5)
    pave = materials.courses(rng, mix(asphalt, (0.85, 0.8, 0.72), 0.5), 4, 4, offset=0.5, joint=0.03)
    ground_plane(place, view, pave, 2.0)
    ground_plane(
        place,
        view,
        materials.mottled(rng, asphalt, spots=14, contrast=0.45 * place.texture + 0.1),
        5.0,
        -road,
        road,
    )
    with view.plane(place.canvas, (0, 0, 100), (1, 0, 0), (0, 0, -1)) as canvas:
        white: Colour = (0.82, 0.82, 0.8)
        for x in (-road + 0.25, road - 0.35):
            fx.rectangle(canvas, (x, 0, x + 0.12, 99.5), white, 0.85)
        for z in np.arange(0, 99, 5.0):
            fx.rectangle(canvas, (-0.07, float(z), 0.07, float(z) + 2.5), white, 0.85)
        if rng.random() < 0.5:
            at = 100 - rng.uniform(4, 9)
            for x in np.arange(-road + 0.5, road - 0.5, 0.9):
                fx.rectangle(canvas, (float(x), at, float(x) + 0.5, at + 2.6), white, 0.9)
        for x in (-road, road - 0.15):
            fx.rectangle(canvas, (x, 0, x + 0.15, 99.5), (0.6, 0.6, 0.6))
    haze(place, view, 0.4)
    modern = rng.uniform(0, 1)
    far = 70.0
    for side in (-1, 1):
        z = far
        while z > 1.0:
            deep, high = rng.uniform(5, 12), rng.uniform(4, 9) if modern < 0.5 else rng.uniform(7, 26)
            z0 = max(z - deep, 0.4)
            setback = walk + rng.choice((0.0, 0.0, rng.uniform(0, 2.5)))
            x0, x1 = (setback, setback + 12) if side > 0 else (-setback - 12, -setback)
            wall = place.colour(
                rng.choice((rng.random(), rng.uniform(0.04, 0.14))),
                rng.uniform(0.02, 0.45),
                rng.uniform(0.4, 0.95),
            )
            shop = bool(rng.random() < 0.65)
            paint = lambda c, w, h, wall=wall, shop=shop: facade(place, c, w, h, wall, shop)  # type: ignore[misc] # noqa: E731
            if z < 45:
                blocks.block((x0, 0, z0), (x1, high, z), wall, {"side": paint, "front": paint})
            else:
                blocks.block((x0, 0, z0), (x1, high, z), mix(wall, (0.7, 0.78, 0.88), 0.45))
            if rng.random() < 0.35:
                blocks.block(
                    (x0 - 0.4, high, z0 - 0.3),
                    (x1 + 0.4, high + 0.5, z),
                    place.colour(rng.random(), 0.4, 0.4),
                )
            edge = x0 if side > 0 else x1
            for _ in range(int(rng.integers(0, 4))):
                hanging_sign(
                    place,
                    blocks,
                    edge,
                    rng.uniform(2.6, max(2.7, high - 3)),
                    rng.uniform(z0, z),
                    1 if side > 0 else -1,
                )
            z -= deep + rng.choice((0.0, rng.uniform(0.2, 3)))
    street_furniture(place, view, blocks, road, walk)


def street_furniture(place: Place, view: View, blocks: Blocks, road: float, walk: float) -> None:
    """Poles with wires, trees, rails, machines and cars along the kerb, far ones first."""
    rng = place.rng
    last: dict[int, tuple[float, float]] = {}
    leaf = place.colour(
        rng.choice((rng.uniform(0.22, 0.36), rng.uniform(0.93, 1.08))),
        rng.uniform(0.3, 0.65),
        rng.uniform(0.45, 0.85),
    )
    trees, poles, rail = rng.random() < 0.45, rng.random() < 0.75, rng.random() < 0.3
    for z in np.arange(52, 1.5, -8.0):
        for side in (-1, 1):
            x = side * (road + 0.4)
            if poles and (side > 0 or place.texture > 0.5):
                tip = pole(place, view, x, float(z), 7.5, -side * 1.6 if rng.random() < 0.5 else 0.0)
                if side in last:
                    wires(place, last[side], tip)
                last[side] = tip
            if trees:
                stand(place, view, x, float(z) - 3, rng.uniform(4, 6.5), "broad", leaf)
            if rail:
                metal = place.colour(0.6, 0.05, 0.8)
                blocks.block((x - 0.03, 0.6, z - 4), (x + 0.03, 0.75, z), metal)
                blocks.block((x - 0.03, 0.35, z - 4), (x + 0.03, 0.42, z), metal)
                blocks.block((x - 0.04, 0, z - 4), (x + 0.04, 0.75, z - 3.92), metal)
        if rng.random() < 0.4:
            vehicle(place, blocks, float(rng.choice((-road + 0.3, road - 2.1))), max(float(z) - 4, 2.6))
        if rng.random() < 0.25:
            machine(place, blocks, walk - 0.1, float(z) - 2)


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


def park(place: Place) -> None:
    """Path between lawns with trees, flower beds, benches and lamps."""
    rng = place.rng
    view = place.view(
        rng.uniform(0.38, 0.58),
        rng.uniform(0.55, 0.9),
        rng.uniform(1.3, 2.4),
        rng.uniform(0.3, 0.7),
        float(rng.uniform(-0.3, 0.3)),
    )
    paint_sky(place, view.horizon / place.height)
    hard = place.texture < 0.35
    hue = float(
        rng.choice(
            (rng.uniform(0.22, 0.36), rng.uniform(0.05, 0.12), rng.uniform(0.9, 0.97)), p=(0.7, 0.18, 0.12)
        )
    )
    leaf = place.colour(hue, rng.uniform(0.35, 0.7), rng.uniform(0.45, 0.85))
    lawn = place.colour(rng.uniform(0.2, 0.34), rng.uniform(0.4, 0.7), rng.uniform(0.5, 0.8))
    far = hedge(rng, place.width // 2, 70, mix(leaf, (0.6, 0.72, 0.85), 0.45), hard=hard)
    place.stamp(far, -10, view.horizon - 100, place.width + 20, 112)
    ground_plane(place, view, materials.grass(rng, lawn, hard=hard), 4.0)
    path = place.colour(rng.uniform(0.05, 0.13), rng.uniform(0.1, 0.4), rng.uniform(0.6, 0.9))
    way = (
        materials.courses(rng, path, 6, 5, joint=0.04)
        if rng.random() < 0.5
        else materials.cells(rng, path, 50)
    )
    wide = rng.uniform(1.0, 2.6)
    ground_plane(place, view, way, 2.4, -wide, wide)
    haze(place, view, 0.35)
    blocks = Blocks(view, place.canvas, place.pen, shade=0.0 if place.dark else 0.55)
    petal = place.colour(rng.random(), rng.uniform(0.3, 0.85), 0.95)
    for z in np.arange(34, 2.2, -3.2):
        for side in (-1, 1):
            bed(place, view, side * (wide + 0.5), float(z), lawn, petal)
            if rng.random() < 0.7:
                stand(
                    place,
                    view,
                    side * (wide + rng.uniform(1.8, 6)),
                    float(z),
                    rng.uniform(3.5, 7),
                    str(rng.choice(("broad", "broad", "broad", "fir"))),
                    leaf,
                )
            if rng.random() < 0.2:
                wood = fx.wood_colour(place)
                x = side * (wide + 0.15)
                blocks.block((min(x, x + side * 0.5), 0.38, z - 1.5), (max(x, x + side * 0.5), 0.44, z), wood)
                blocks.block((x + side * 0.5 - 0.04, 0.44, z - 1.5), (x + side * 0.5 + 0.04, 0.85, z), wood)
            if rng.random() < 0.18:
                pole(place, view, side * (wide + 0.25), float(z), 3.6, -side * 0.5)
    for z in (2.4, 1.7):
        bed(place, view, rng.uniform(-3, 3), z, lawn, petal)


def bed(place: Place, view: View, x: float, z: float, leaf: Colour, petal: Colour) -> None:
    """A bush with flowers."""
    px, py, scale = view.project((x, 0, z))
    side = 1.1 * scale
    if side < 6 or px < -side or px > view.width + side:
        return
    image = crown(place.rng, int(np.clip(side, 20, 170)), leaf, hard=place.texture < 0.35, tall=0.6, blobs=6)
    place.stamp(image, px - side / 2, py - side * 0.5, side, side * 0.6)
    for _ in range(14):
        a, b = place.rng.normal(0, 0.17), place.rng.normal(-0.2, 0.1)
        dot = side * place.rng.uniform(0.012, 0.035)
        tone = mix(petal, (1, 1, 1), place.rng.uniform(0, 0.5))
        place.canvas.drawCircle(px + a * side, py + b * side, dot, fill(tone))


def rooftop(place: Place) -> None:
    """School roof: slabs, wire fence, door house, water tank, town and sky beyond."""
    rng = place.rng
    view = place.view(
        rng.uniform(0.4, 0.62),
        rng.uniform(0.5, 0.8),
        1.6,
        rng.uniform(0.3, 0.7),
        float(rng.uniform(-0.4, 0.4)),
    )
    paint_sky(place, view.horizon / place.height)
    skyline(place, view.horizon)
    slab = place.colour(rng.uniform(0.05, 0.6), rng.uniform(0, 0.12), rng.uniform(0.55, 0.85))
    deep = rng.uniform(8, 18)
    ground_plane(
        place,
        view,
        materials.courses(rng, slab, 3, 3, offset=0.0, joint=0.02, uneven=0.12),
        3.0,
        -30,
        30,
        0.3,
        deep,
    )
    metal = place.colour(rng.choice((0.35, 0.6)), rng.uniform(0.05, 0.4), rng.uniform(0.5, 0.9))
    blocks = Blocks(view, place.canvas, place.pen, shade=0.0 if place.dark else 0.55)
    blocks.block((-30, 0, deep), (30, 0.35, deep + 0.2), mix(slab, (1, 1, 1), 0.2))
    with view.plane(place.canvas, (-30, 2.4, deep), (1, 0, 0), (0, -1, 0)) as canvas:
        pen = stroke(metal, 0.03)
        mesh = rng.random() < 0.5
        for x in np.arange(0, 60, 0.35 if mesh else 0.22):
            canvas.drawLine(float(x), 0.1, float(x) + (2.0 if mesh else 0.0), 2.1, pen)
            if mesh:
                canvas.drawLine(float(x) + 2.0, 0.1, float(x), 2.1, pen)
        for y in (0.1, 1.1, 2.05):
            canvas.drawLine(0, y, 60, y, stroke(metal, 0.06))
        for x in np.arange(0, 60, 2.5):
            canvas.drawLine(float(x), 0, float(x), 2.4, stroke(metal, 0.08))
    if rng.random() < 0.8:
        side = float(rng.choice((-1, 1)))
        x = side * rng.uniform(2.5, 4.5)
        wall = place.colour(0.1, 0.05, 0.85)
        low: Space = (x if side > 0 else x - 5, 0, deep * 0.45)
        blocks.block(
            low,
            (low[0] + 5, 2.7, deep * 0.45 + 4),
            wall,
            {
                "front": lambda c, w, h: fx.door(place, c, w * 0.4, h, place.colour(0.6, 0.2, 0.5)),
                "side": lambda c, w, h: fx.door(place, c, w * 0.4, h, place.colour(0.6, 0.2, 0.5)),
            },
        )
        blocks.block(
            (low[0] + 0.8, 2.9, deep * 0.5),
            (low[0] + 2.6, 4.4, deep * 0.5 + 1.8),
            place.colour(0.55, 0.15, 0.75),
        )


def skyline(place: Place, ground: float) -> None:
    """Rows of distant houses and towers on the horizon, in haze."""
    rng = place.rng
    air = place.sky[int(np.clip(ground - 4, 0, place.height - 1))].mean(axis=0) / 255.0
    hue = rng.random()
    tall = rng.uniform(0.08, 0.55) * place.height
    for layer in range(3):
        colour = mix(
            place.colour(hue + rng.uniform(-0.1, 0.1), 0.2, 0.65 - 0.12 * layer),
            (float(air[0]), float(air[1]), float(air[2])),
            0.65 - 0.25 * layer,
        )
        x = -20.0
        while x < place.width:
            wide, high = rng.uniform(20, 90), tall * rng.uniform(0.25, 1.0) * (1.1 - 0.25 * layer)
            top = ground - high
            fx.sheen(
                place.canvas, (x, top, x + wide, ground + 2), colour, mix(colour, (0.9, 0.93, 1.0), 0.25)
            )
            fx.rectangle(place.canvas, (x + wide * 0.65, top, x + wide, ground + 2), (0.1, 0.1, 0.3), 0.18)
            step = rng.uniform(5, 9)
            if layer > 0:
                share = 0.5 if place.dark else 0.9
                for y in np.arange(top + 5, ground - 4, step):
                    for column in np.arange(x + 3, x + wide - 4, step * rng.uniform(0.7, 1.2)):
                        if rng.random() < share * 0.75:
                            lit: Colour = (
                                hsv(rng.uniform(0.09, 0.15), rng.uniform(0.2, 0.6), 1.0)
                                if place.dark
                                else mix(colour, (0.25, 0.35, 0.5), 0.4)
                            )
                            place.canvas.drawRect(
                                skia.Rect.MakeXYWH(float(column), float(y), step * 0.5, step * 0.55),
                                skia.Paint(Color=skia.Color(*(int(255 * min(1, part)) for part in lit))),
                            )
            x += wide + rng.uniform(-6, 14)


def night_city(place: Place) -> None:
    """Towers with lit windows, a railing and at times their mirror image in water."""
    rng = place.rng
    paint_sky(place, 0.6)
    ground = place.height * rng.uniform(0.6, 0.85)
    skyline(place, ground)
    if rng.random() < 0.5:
        far = mountains(rng, place.width, 80, place.colour(0.6, 0.4, 0.3), (0.2, 0.25, 0.45))
        over(place.sky, far, 0, int(ground) - 80)
    base = place.colour(rng.uniform(0.55, 0.7), rng.uniform(0.1, 0.6), rng.uniform(0.2, 0.5))
    fx.sheen(place.canvas, (0, ground, place.width, place.height), base, mix(base, (0.0, 0.0, 0.08), 0.6))
    if rng.random() < 0.6:
        mirror = place.surface.makeImageSnapshot()
        place.canvas.save()
        place.canvas.clipRect(skia.Rect.MakeLTRB(0, ground, place.width, place.height))
        place.canvas.translate(0, 2 * ground)
        place.canvas.scale(1, -1)
        paint = skia.Paint(ImageFilter=skia.ImageFilters.Blur(1.5, 6), Alpha=130)
        place.canvas.drawImage(mirror, 0, 0, skia.SamplingOptions(), paint)
        place.canvas.restore()
        for _ in range(90):
            x, y = rng.uniform(0, place.width), rng.uniform(ground, place.height)
            place.canvas.drawLine(x, y, x + rng.uniform(6, 50), y, stroke((0.7, 0.8, 1.0), 1.0, 0.25))
    if rng.random() < 0.5:
        rail = place.colour(0.6, 0.1, 0.35)
        top = place.height * rng.uniform(0.72, 0.86)
        for x in np.arange(0, place.width, 22):
            fx.rectangle(place.canvas, (float(x), top, float(x) + 4, place.height), rail)
        fx.rectangle(place.canvas, (0, top - 8, place.width, top), mix(rail, (1, 1, 1), 0.2))


def platform(place: Place) -> None:
    """Railway platform: tracks, yellow line, roof on columns, benches, boards."""
    rng = place.rng
    view = place.view(
        rng.uniform(0.42, 0.55),
        rng.uniform(0.5, 0.8),
        2.5,
        rng.uniform(0.25, 0.75),
        float(rng.uniform(-0.35, 0.35)),
    )
    paint_sky(place, view.horizon / place.height)
    skyline(place, view.horizon)
    ground_plane(place, view, materials.cells(rng, place.colour(0.08, 0.15, 0.5), 120), 3.0)
    blocks = Blocks(view, place.canvas, place.pen, shade=0.0 if place.dark else 0.55)
    for x in (2.4, 3.9, 6.6, 8.1):
        blocks.block((x, 0, 0.5), (x + 0.1, 0.18, 90), place.colour(0.05, 0.3, 0.5))
    grey = place.colour(0.1, 0.04, 0.72)
    floor = materials.courses(rng, grey, 4, 4, offset=0, joint=0.02)
    blocks.block((-4, 0, 0.5), (1.6, 1.0, 90), grey)
    ground_plane(place, view, floor, 2.0, -4, 1.6, 0.5, 90, 1.0)
    ground_plane(
        place,
        view,
        materials.mottled(rng, place.colour(0.13, 0.8, 0.9), contrast=0.2),
        2,
        0.8,
        1.1,
        0.5,
        90,
        1.005,
    )
    for z in np.arange(50, 2, -6.0):
        blocks.block((-2.2, 1.0, z), (-1.95, 4.4, z + 0.25), place.colour(0.55, 0.15, 0.6))
        if rng.random() < 0.4:
            blocks.block((-3.6, 1.0, z - 3), (-3.0, 1.45, z - 1.2), place.colour(rng.random(), 0.6, 0.6))
        if rng.random() < 0.4:
            blocks.block(
                (-2.6, 3.1, z),
                (-0.6, 3.7, z + 0.1),
                place.colour(0.6, 0.5, 0.4),
                {"front": lambda c, w, h: fx.writing(c, rng, (0.1, 0.08, w - 0.1, h), 0.35, (1, 1, 1), 1.0)},
            )
    blocks.block((-5, 4.4, 1.5), (1.4, 4.6, 70), place.colour(0.58, 0.1, 0.6))
    haze(place, view, 0.25)


def alley(place: Place) -> None:
    """Narrow lane between walls with pipes, bins, steps and hanging lamps."""
    rng = place.rng
    view = place.view(
        rng.uniform(0.4, 0.6),
        rng.uniform(0.55, 0.85),
        1.5,
        rng.uniform(0.35, 0.65),
        float(rng.uniform(-0.2, 0.2)),
    )
    paint_sky(place, view.horizon / place.height)
    blocks = Blocks(view, place.canvas, place.pen, shade=0.0 if place.dark else 0.55)
    ground_plane(place, view, materials.cells(rng, place.colour(0.08, 0.12, 0.55), 70), 2.0)
    haze(place, view, 0.3)
    half = rng.uniform(1.2, 2.2)
    for z in np.arange(30, 0.3, -5.0):
        for side in (-1, 1):
            wall = place.colour(rng.uniform(0.02, 0.14), rng.uniform(0.1, 0.5), rng.uniform(0.4, 0.85))
            high, x0 = rng.uniform(4, 9), half if side > 0 else -half - 5
            paint = lambda c, w, h, wall=wall: facade(place, c, w, h, wall, False)  # type: ignore[misc] # noqa: E731
            blocks.block((x0, 0, max(z - 5, 0.35)), (x0 + 5, high, z), wall, {"side": paint, "front": paint})
            edge = half if side > 0 else -half
            if rng.random() < 0.5:
                hanging_sign(place, blocks, edge, rng.uniform(2.2, 3.2), float(z) - 2, 1 if side > 0 else -1)
            if rng.random() < 0.6:
                size = rng.uniform(0.4, 0.8)
                x = edge - size if side > 0 else edge
                blocks.block(
                    (x, 0, z - 3), (x + size, size * 1.2, z - 3 + size), place.colour(rng.random(), 0.4, 0.5)
                )


__all__ = [
    "alley",
    "ground_plane",
    "haze",
    "night_city",
    "park",
    "platform",
    "polygon",
    "rooftop",
    "skyline",
    "stand",
    "street",
]
