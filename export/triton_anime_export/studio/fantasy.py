"""Places of games and tales: castles, dungeons, arenas, ruins, space."""

from __future__ import annotations

import numpy as np
import skia

from . import fixtures as fx
from . import materials
from .paint import Colour, blurred, fill, hsv, mix, oval, polygon, stroke
from .perspective import Blocks
from .place import Place, tiled
from .rooms import open_room, shell
from .scenery import clump, disc, hedge, over, paint_sky, stars
from .streets import ground_plane, haze, stand
from .texture import noise
from .wilds import green, horizon_layers, rock, shafts, tufts


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


def arena(place: Place) -> None:
    """A fighting ground of games: a round or square floor with rings and runes, framed by rocks or plants."""
    rng, w, h = place.rng, place.width, place.height
    paint_sky(place, 0.4)
    top_down = rng.random() < 0.5
    view = place.view(
        -0.4 if top_down else rng.uniform(0.12, 0.35),
        rng.uniform(0.8, 1.2),
        rng.uniform(5, 8) if top_down else rng.uniform(2.5, 4.5),
    )
    ground = place.colour(rng.random(), rng.uniform(0.1, 0.65), rng.uniform(0.25, 0.75))
    outer = materials.mottled(
        rng, mix(ground, place.colour(rng.random(), 0.4, 0.35), 0.6), size=256, hard=place.texture < 0.5
    )
    ground_plane(place, view, outer, 8.0)
    if not top_down:
        haze(place, view, 0.5)
    z = view.focal * view.eye / max(h * rng.uniform(0.6, 0.72) - view.horizon, 20.0)
    radius = z * rng.uniform(0.36, 0.5) * w / view.focal
    floor = [
        materials.cells(rng, ground, int(rng.integers(20, 90))),
        materials.courses(rng, ground, 5, 5, offset=0.5, joint=0.02, uneven=0.4),
        materials.mottled(rng, ground, contrast=0.7),
    ][int(rng.integers(0, 3))]
    line = mix(ground, (1.0, 0.95, 0.7) if rng.random() < 0.6 else (0.05, 0.03, 0.1), 0.5)
    glow = hsv(rng.random(), 0.6, 1.0)
    with view.plane(place.canvas, (0, 0.0, z), (1, 0, 0), (0, 0, -1)) as canvas:
        round_ = rng.random() < 0.7
        shape = (
            oval(0, 0, radius, radius * 0.8)
            if round_
            else polygon(
                [
                    (-radius, -radius * 0.6),
                    (radius, -radius * 0.6),
                    (radius, radius * 0.7),
                    (-radius, radius * 0.7),
                ]
            )
        )
        canvas.drawPath(shape, stroke(mix(ground, (0, 0, 0.05), 0.6), radius * 0.12))
        canvas.drawPath(shape, stroke(mix(ground, (1, 1, 0.9), 0.35), radius * 0.07))
        canvas.drawPath(shape, tiled(floor, radius * 0.8))
        for share in sorted(rng.uniform(0.2, 0.95, int(rng.integers(1, 5)))):
            canvas.drawPath(
                oval(0, 0, radius * share, radius * 0.8 * share),
                stroke(line, radius * rng.uniform(0.008, 0.03), 0.7),
            )
        if rng.random() < 0.6:
            count = int(rng.integers(6, 26))
            for k in range(count):
                a = 2 * np.pi * k / count
                p = (radius * 0.85 * np.cos(a), radius * 0.68 * np.sin(a))
                fx.writing(
                    canvas,
                    rng,
                    (p[0], p[1], p[0] + radius * 0.08, p[1] + radius * 0.08),
                    radius * 0.07,
                    line,
                    1.0,
                )
                canvas.drawLine(
                    radius * 0.3 * np.cos(a),
                    radius * 0.24 * np.sin(a),
                    radius * 0.7 * np.cos(a),
                    radius * 0.56 * np.sin(a),
                    stroke(line, radius * 0.01, 0.6),
                )
        canvas.drawPath(
            oval(rng.uniform(-0.3, 0.3) * radius, 0, radius * 0.7, radius * 0.5),
            blurred(fill(mix(glow, (1, 1, 1), 0.4), 0.3), 45),
        )
    rim = place.colour(rng.random(), rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.5))
    for _ in range(int(rng.integers(6, 26))):
        a = rng.uniform(0, 2 * np.pi)
        px, py = w / 2 + w * 0.55 * np.cos(a), h * 0.55 + h * 0.55 * np.sin(a)
        if rng.random() < 0.5:
            rock(place, px, py, rng.uniform(20, 90))
        else:
            size = rng.uniform(60, 180)
            image = clump(
                rng,
                90,
                70,
                [(0.5, 0.6, 0.35, 0.35), (0.3, 0.6, 0.2, 0.3), (0.7, 0.6, 0.2, 0.3)],
                materials.tones(rim, 0.6, 0.4),
                materials.dabs(rng, 90, 70, 5, 500),
                rough=0.9,
            )
            place.stamp(image, px - size / 2, py - size * 0.5, size, size * 0.8)
    dark = rng.uniform(0.3, 0.8)
    shader = skia.GradientShader.MakeRadial(
        center=skia.Point(w / 2, h * 0.5),
        radius=w * 0.65,
        colors=[skia.Color(0, 0, 0, 0), skia.Color(5, 3, 20, 0), skia.Color(5, 3, 20, int(255 * dark))],
        positions=[0, 0.5, 1],
    )
    place.canvas.drawRect(skia.Rect.MakeWH(w, h), skia.Paint(Shader=shader))


def ruins(place: Place) -> None:
    """Broken columns and walls in a landscape."""
    rng, hard = place.rng, place.texture < 0.35
    view = place.view(
        rng.uniform(0.4, 0.6),
        rng.uniform(0.6, 0.9),
        rng.uniform(1.5, 2.5),
        0.5,
        float(rng.uniform(-0.4, 0.4)),
    )
    paint_sky(place, view.horizon / place.height)
    leaf = green(place)
    horizon_layers(place, view.horizon, mix(leaf, (0.5, 0.5, 0.6), 0.5), tall=0.35)
    stone = place.colour(rng.uniform(0.06, 0.65), rng.uniform(0.03, 0.25), rng.uniform(0.5, 0.85))
    wall = materials.courses(rng, stone, 8, 4, joint=0.06, uneven=0.4, grain=0.6)
    ground_plane(
        place,
        view,
        materials.cells(rng, stone, 30) if rng.random() < 0.5 else materials.grass(rng, leaf, hard=hard),
        4.0,
    )
    haze(place, view, 0.4)
    blocks = Blocks(view, place.canvas, place.pen)
    paint = lambda c, w, h: c.drawRect(skia.Rect.MakeWH(w, h), tiled(wall, 3.0))  # noqa: E731
    for z in sorted(rng.uniform(4, 30, int(rng.integers(6, 18))), reverse=True):
        x, wide, high = rng.uniform(-0.7, 0.7) * z, rng.uniform(0.6, 1.4), rng.uniform(0.5, 6)
        if rng.random() < 0.3:
            wide *= 3.5
        blocks.block((x, 0, z), (x + wide, high, z + 0.9), stone, {"front": paint, "side": paint})
        if rng.random() < 0.4:
            blocks.block((x - 0.2, high, z - 0.2), (x + wide + 0.2, high + 0.3, z + 1.1), stone)
        if rng.random() < 0.4:
            stand(place, view, x + rng.uniform(-2, 2), z - 0.5, rng.uniform(1.5, 5), "broad", leaf)
    tufts(place, view.horizon, leaf, int(rng.integers(0, 200)))


def space(place: Place) -> None:
    """Stars, nebulae, planets."""
    rng, w, h = place.rng, place.width, place.height
    hue = rng.random()
    cloud = noise(rng, w, h, 3, 6)
    place.sky[:] = materials.coloured(
        np.clip((cloud - 0.3) * 2.0, 0, 1),
        [(0.01, 0.01, 0.05), hsv(hue, 0.8, 0.25), hsv(hue + 0.12, 0.7, 0.6), hsv(hue + 0.2, 0.35, 1.0)],
    )
    stars(rng, place.sky, int(rng.integers(200, 700)), 1.0)
    for _ in range(int(rng.integers(0, 4))):
        size = int(rng.uniform(30, 320))
        ys, xs = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
        inside = np.clip((1 - np.hypot(xs, ys)) * size / 3, 0, 1)
        lit = np.clip(0.55 - 0.45 * xs * rng.choice((-1, 1)) - 0.4 * ys, 0, 1)
        bands = noise(rng, size, size, 3, 4) * 0.6 + 0.4 * cv_bands(rng, size)
        globe = materials.coloured(
            (bands * lit).astype(np.float32),
            [(0.02, 0.02, 0.08), hsv(rng.random(), 0.6, 0.5), hsv(rng.random(), 0.4, 0.95)],
        )
        over(
            place.sky,
            np.dstack([globe, (inside * 255).astype(np.uint8)]),
            int(rng.uniform(-0.1, 0.9) * w),
            int(rng.uniform(-0.2, 0.8) * h),
        )
    if rng.random() < 0.3:
        disc(place, 1.0)


def cv_bands(rng: np.random.Generator, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Horizontal bands [size,size] 0..1."""
    rows = np.interp(np.linspace(0, 1, size), np.linspace(0, 1, 9), rng.random(9))
    return np.repeat(rows[:, None], size, axis=1).astype(np.float32)
