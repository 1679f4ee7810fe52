"""Landscapes: forests, mountains, shores, rivers, snow, deserts, caves and the deep."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import skia

from . import fixtures as fx
from . import materials
from .paint import Colour, blurred, fill, mix, packed, polygon, smooth, stroke
from .place import Place, tiled
from .scenery import clump, crown, hedge, leaves, mountains, over, paint_sky
from .streets import bed, ground_plane, haze, stand
from .texture import noise


def green(place: Place) -> Colour:
    """Leaves by season."""
    rng = place.rng
    hue = float(
        rng.choice((rng.uniform(0.22, 0.38), rng.uniform(0.03, 0.13), rng.random()), p=(0.7, 0.17, 0.13))
    )
    return place.colour(hue, rng.uniform(0.3, 0.75), rng.uniform(0.4, 0.8))


def horizon_layers(place: Place, row: float, colour: Colour, *, tall: float = 0.3) -> None:
    """Mountain ranges and woods one behind the other up to a row of the sky."""
    rng, hard = place.rng, place.texture < 0.35
    air = place.sky[int(np.clip(row - 6, 0, place.height - 1))].mean(axis=0) / 255.0
    haze_colour: Colour = (float(air[0]), float(air[1]), float(air[2]))
    snow = float(rng.choice((0.0, 0.0, rng.uniform(0.2, 0.8))))
    # The sky is painted by its own light; what stands before it is tinted here in the same way.
    tint = place.tint
    for layer in range(int(rng.integers(1, 4))):
        high = max(16, int(place.height * tall * rng.uniform(0.4, 1.0) * (1 - 0.2 * layer)))
        tone = mix(colour, haze_colour, 0.65 - 0.2 * layer)
        tone = (tone[0] * tint[0], tone[1] * tint[1], tone[2] * tint[2])
        image = mountains(
            rng,
            place.width,
            high,
            tone,
            haze_colour,
            rough=rng.uniform(0.2, 1.0),
            snow=snow if place.mood not in ("night", "dim") else 0.0,
            hard=hard,
        )
        over(place.sky, image, 0, int(row) - high + 2)


def meadow(place: Place) -> None:
    """Grassland with a path, flowers, bushes, trees and at times a wooden fence."""
    rng, hard = place.rng, place.texture < 0.35
    view = place.view(
        rng.uniform(0.35, 0.68),
        rng.uniform(0.6, 1.0),
        rng.uniform(1.4, 3.0),
        rng.uniform(0.2, 0.8),
        float(rng.uniform(-0.4, 0.4)),
    )
    paint_sky(place, view.horizon / place.height)
    leaf = green(place)
    horizon_layers(place, view.horizon, mix(leaf, (0.3, 0.4, 0.5), 0.5))
    ground_plane(place, view, materials.grass(rng, mix(leaf, (0.6, 0.75, 0.3), 0.35), hard=hard), 5.0)
    if rng.random() < 0.6:
        earth = place.colour(0.09, rng.uniform(0.2, 0.45), rng.uniform(0.6, 0.85))
        with view.plane(place.canvas, (0, 0, 60), (1, 0, 0), (0, 0, -1)) as canvas:
            bend = rng.uniform(-6, 6)
            path = smooth(
                [
                    (bend - 0.8, 0),
                    (bend * 0.3 - 1, 30),
                    (-1.2, 50),
                    (-1.6, 59.6),
                    (1.2, 59.6),
                    (1.0, 50),
                    (bend * 0.3 + 1, 30),
                    (bend + 0.8, 0),
                ]
            )
            canvas.drawPath(path, tiled(materials.mottled(rng, earth, hard=hard), 3.0))
    haze(place, view, 0.4)
    place.stamp(
        hedge(rng, place.width // 2, 50, mix(leaf, (0.55, 0.7, 0.8), 0.4), hard=hard),
        -10,
        view.horizon - 42,
        place.width + 20,
        60,
    )
    kind = str(rng.choice(("broad", "broad", "fir", "bare", "palm"), p=(0.4, 0.2, 0.2, 0.12, 0.08)))
    for z in sorted(rng.uniform(4, 30, int(rng.integers(1, 8))), reverse=True):
        stand(place, view, float(rng.uniform(-0.6, 0.6) * z), float(z), rng.uniform(3, 7), kind, leaf)
    petal = place.colour(rng.random(), rng.uniform(0.2, 0.85), 0.95)
    for z in sorted(rng.uniform(1.6, 14, int(rng.integers(0, 22))), reverse=True):
        bed(place, view, float(rng.uniform(-0.6, 0.6) * z), float(z), leaf, petal)
    tufts(place, view.horizon, leaf, int(rng.integers(0, 260)))


def tufts(place: Place, horizon: float, leaf: Colour, count: int) -> None:
    """Blades of grass and flowers near the eye."""
    rng = place.rng
    for _ in range(count):
        y = horizon + (place.height * 1.05 - horizon) * np.sqrt(rng.random())
        size = (y - horizon) * rng.uniform(0.05, 0.16)
        x = rng.uniform(0, place.width)
        tone = mix(leaf, (0.95, 1.0, 0.6) if rng.random() < 0.5 else (0.02, 0.1, 0.12), rng.uniform(0.1, 0.5))
        lean = size * rng.uniform(-0.5, 0.5)
        place.canvas.drawPath(
            polygon([(x - size * 0.08, y), (x + lean, y - size), (x + size * 0.08, y)]), fill(tone)
        )


def forest(place: Place) -> None:
    """Deep wood: layers of foliage, trunks with bark, ferns, shafts of light."""
    rng, hard = place.rng, place.texture < 0.35
    paint_sky(place, 1.0)
    leaf = green(place)
    w, h = place.width, place.height
    bright = rng.uniform(0.3, 0.7)
    for layer in range(3):
        tone = mix(
            mix(leaf, (0.02, 0.06, 0.12), 0.15 * layer), (0.85, 0.95, 0.75), bright * (0.7 - 0.33 * layer)
        )
        spots = [
            (
                rng.random(),
                rng.uniform(-0.1, 0.65 - 0.1 * layer),
                rng.uniform(0.1, 0.2),
                rng.uniform(0.15, 0.3),
            )
            for _ in range(16)
        ]
        image = clump(
            rng,
            w // 2,
            h // 2,
            spots,
            materials.tones(tone, 0.5, 0.4),
            leaves(rng, w // 2, h // 2, rng.uniform(5, 9)),
            rough=0.9,
            hard=hard,
        )
        place.stamp(image, 0, 0, w, h)
        for _ in range(int(rng.integers(2, 7))):
            trunk(
                place,
                rng.uniform(0, w),
                h * rng.uniform(0.66, 0.76) + layer * h * 0.06,
                w * rng.uniform(0.006, 0.016) * (1 + 1.3 * layer),
                mix((0.42, 0.33, 0.26), tone, 0.5 - 0.2 * layer),
            )
    view = place.view(0.62, 0.8, 1.5)
    earth = mix(leaf, (0.4, 0.3, 0.18), 0.45)
    ground_plane(
        place,
        view,
        materials.grass(rng, earth, hard=hard)
        if rng.random() < 0.6
        else materials.mottled(rng, earth, hard=hard),
        3.0,
        z1=12,
    )
    if rng.random() < 0.5:
        ground_plane(
            place,
            view,
            materials.mottled(rng, place.colour(0.09, 0.3, 0.65), hard=hard),
            3.0,
            -1.0,
            1.0,
            z1=12,
        )
    place.stamp(
        hedge(rng, w // 2, 60, mix(leaf, (0.03, 0.1, 0.12), 0.25), hard=hard, lumps=10),
        -10,
        view.horizon - 30,
        w + 20,
        70,
    )
    for _ in range(int(rng.integers(0, 4))):
        trunk(
            place,
            rng.uniform(0, w),
            h * rng.uniform(0.85, 1.05),
            w * rng.uniform(0.03, 0.07),
            place.colour(rng.uniform(0.04, 0.1), 0.35, rng.uniform(0.2, 0.45)),
        )
    tufts(place, view.horizon, leaf, 200)
    for _ in range(2):
        size = int(rng.uniform(140, 260))
        place.stamp(
            crown(rng, size, mix(leaf, (0.02, 0.05, 0.12), 0.45), hard=hard),
            rng.uniform(-0.15, 0.9) * w,
            rng.choice((-0.25, 0.72)) * h,
            size * 1.6,
            size * 1.6,
        )
    if rng.random() < 0.6 and place.mood in ("day", "morning", "dusk"):
        shafts(place, (1.0, 0.98, 0.8))


def trunk(place: Place, x: float, foot: float, wide: float, bark: Colour) -> None:
    """A trunk that leaves the picture upwards, with bark and a shaded side."""
    rng = place.rng
    lean = rng.uniform(-1.5, 1.5) * wide
    shape = smooth(
        [
            (x - wide * 1.9, foot + 8),
            (x - wide * 0.8, foot - wide * 3),
            (x + lean - wide * 0.6, -60),
            (x + lean + wide * 0.6, -60),
            (x + wide * 0.8, foot - wide * 3),
            (x + wide * 1.9, foot + 8),
        ]
    )
    paint = skia.Paint(AntiAlias=True)
    paint.setShader(
        skia.GradientShader.MakeLinear(
            points=[skia.Point(x - wide, 0), skia.Point(x + wide, 0)],
            colors=[
                packed(mix(bark, (1, 1, 0.8), 0.3)),
                packed(bark),
                packed(mix(bark, (0.03, 0.0, 0.12), 0.6)),
            ],
        )
    )
    place.canvas.drawPath(shape, paint)
    place.canvas.save()
    place.canvas.clipPath(shape, doAntiAlias=True)
    for _ in range(int(4 + wide)):
        a, top = x + rng.uniform(-1, 1) * wide + lean * 0.5, rng.uniform(-20, foot)
        place.canvas.drawLine(
            a,
            top,
            a + rng.uniform(-2, 2),
            top + rng.uniform(10, 90),
            stroke(mix(bark, (0, 0, 0.05), rng.uniform(0.2, 0.6)), rng.uniform(0.6, max(0.8, wide * 0.12))),
        )
    place.canvas.restore()
    if place.pen > 0:
        place.canvas.drawPath(shape, stroke(mix(bark, (0, 0, 0), 0.7), place.pen))


def shafts(place: Place, colour: Colour) -> None:
    """Rays of light that fall through leaves or windows."""
    rng = place.rng
    lean = rng.uniform(-0.5, 0.5) * place.height
    for _ in range(int(rng.integers(3, 8))):
        x, wide = rng.uniform(-0.1, 1.0) * place.width, rng.uniform(10, 70)
        paint = skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kScreen)
        paint.setShader(
            skia.GradientShader.MakeLinear(
                points=[skia.Point(0, 0), skia.Point(0, place.height * 0.85)],
                colors=[packed(colour, rng.uniform(0.15, 0.45)), packed(colour, 0)],
            )
        )
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 6))
        place.canvas.drawPath(
            polygon(
                [
                    (x, -20),
                    (x + wide, -20),
                    (x + wide * 1.8 + lean, place.height),
                    (x + lean - wide * 0.4, place.height),
                ]
            ),
            paint,
        )


def shore(place: Place) -> None:
    """Sea with waves and glitter, foam, sand, rocks, palms, islands."""
    rng, hard = place.rng, place.texture < 0.35
    view = place.view(rng.uniform(0.32, 0.58), rng.uniform(0.6, 0.95), rng.uniform(1.6, 4.0), 0.5)
    paint_sky(place, view.horizon / place.height)
    if rng.random() < 0.5:
        horizon_layers(place, view.horizon, place.colour(0.4, 0.3, 0.45), tall=0.12)
    sea = place.colour(rng.uniform(0.48, 0.61), rng.uniform(0.45, 0.85), rng.uniform(0.5, 0.85))
    ground_plane(place, view, materials.water(rng, sea, hard=hard), 7.0)
    deep, shallow = mix(sea, (0.0, 0.1, 0.4), 0.45), mix(sea, (0.6, 1.0, 0.9), 0.5)
    fx.sheen(place.canvas, (0, view.horizon, place.width, place.height), deep, shallow, (0.75, 0.35))
    haze(place, view, 0.3)
    for _ in range(int(rng.integers(60, 260))):
        y = view.horizon + (place.height - view.horizon) * rng.random() ** 2
        x, wide = rng.uniform(0, place.width), (y - view.horizon) * rng.uniform(0.05, 0.4) + 3
        place.canvas.drawLine(
            x,
            y,
            x + wide,
            y + rng.uniform(-1, 1),
            stroke((0.97, 1.0, 1.0), max(0.7, (y - view.horizon) * 0.012), rng.uniform(0.25, 0.9)),
        )
    if rng.random() < 0.85:
        beach(place, view.horizon)
    palms = rng.random() < 0.4
    for _ in range(int(rng.integers(0, 4))):
        rock(
            place,
            rng.uniform(0, place.width),
            rng.uniform(view.horizon + 10, place.height),
            rng.uniform(20, 120),
        )
    if palms:
        for x in rng.uniform(-4, 4, int(rng.integers(1, 4))):
            stand(place, view, float(x), rng.uniform(4, 8), rng.uniform(4, 7), "palm", green(place))


def beach(place: Place, horizon: float) -> None:
    """Sand with wet edge and lines of foam."""
    rng, w, h = place.rng, place.width, place.height
    sand = place.colour(rng.uniform(0.08, 0.14), rng.uniform(0.15, 0.45), rng.uniform(0.8, 0.98))
    side, start = rng.random() < 0.5, rng.uniform(0.55, 0.85)
    edge = [
        (
            -40 + (w + 80) * k / 9,
            h * (start + (0.3 * (1 - k / 9) if side else 0.3 * k / 9)) + rng.uniform(-8, 8),
        )
        for k in range(10)
    ]
    for lift, tone, alpha in (
        (16, (1.0, 1.0, 1.0), 0.85),
        (7, mix(sand, (0.35, 0.3, 0.4), 0.4), 0.9),
        (4, (1.0, 1.0, 1.0), 0.9),
    ):
        place.canvas.drawPath(
            smooth([*[(x, y - lift) for x, y in edge], (w + 90, h + 90), (-90, h + 90)]), fill(tone, alpha)
        )
    path = smooth([*edge, (w + 90, h + 90), (-90, h + 90)])
    place.canvas.drawPath(
        path, tiled(materials.mottled(rng, sand, spots=8, contrast=0.6, hard=place.texture < 0.35), 300)
    )


def rock(place: Place, x: float, foot: float, size: float) -> None:
    """A boulder of facets."""
    rng = place.rng
    colour = place.colour(rng.uniform(0.05, 0.75), rng.uniform(0.02, 0.2), rng.uniform(0.35, 0.65))
    count = int(rng.integers(5, 9))
    outline = [
        (
            x + size * np.cos(np.pi * (1 - k / count)) * rng.uniform(0.8, 1.1),
            foot - size * 0.75 * np.sin(np.pi * k / count) * rng.uniform(0.7, 1.2),
        )
        for k in range(count + 1)
    ]
    path = polygon(outline)
    place.canvas.drawPath(
        path, tiled(materials.mottled(rng, colour, size=128, hard=place.texture < 0.35), size * 1.5)
    )
    top = (x + rng.uniform(-0.2, 0.2) * size, foot - size * 0.35)
    for a, b in pairwise(outline):
        bright = (b[0] + a[0]) / 2 < x
        place.canvas.drawPath(
            polygon([a, b, top]), fill((1, 1, 0.9) if bright else (0.05, 0.03, 0.2), rng.uniform(0.05, 0.35))
        )
    if place.pen > 0:
        place.canvas.drawPath(path, stroke(mix(colour, (0, 0, 0), 0.7), place.pen))


def highland(place: Place) -> None:
    """Mountains over a valley, lake or waste."""
    rng, hard = place.rng, place.texture < 0.35
    view = place.view(rng.uniform(0.5, 0.72), rng.uniform(0.6, 0.9), rng.uniform(2, 6), 0.5)
    paint_sky(place, view.horizon / place.height)
    kind = str(rng.choice(("lake", "waste", "snow", "desert", "grass")))
    stone = place.colour(
        rng.choice((0.08, 0.6, rng.random())), rng.uniform(0.1, 0.45), rng.uniform(0.35, 0.65)
    )
    horizon_layers(place, view.horizon, stone, tall=rng.uniform(0.35, 0.7))
    base = {
        "lake": place.colour(0.55, 0.5, 0.6),
        "waste": mix(stone, (0.5, 0.35, 0.25), 0.4),
        "snow": place.colour(0.6, 0.06, 0.97),
        "desert": place.colour(rng.uniform(0.05, 0.12), 0.5, 0.9),
        "grass": green(place),
    }[kind]
    if kind == "lake":
        material = materials.water(rng, base, hard=hard)
    elif kind == "waste":
        material = materials.cells(rng, base, 30)
    elif kind == "grass":
        material = materials.grass(rng, base, hard=hard)
    else:
        material = materials.mottled(rng, base, spots=5, contrast=0.7, hard=hard)
    ground_plane(place, view, material, 9.0)
    haze(place, view, 0.55)
    for y in sorted(rng.uniform(view.horizon + 4, place.height, int(rng.integers(2, 14)))):
        rock(
            place,
            rng.uniform(0, place.width),
            float(y),
            (float(y) - view.horizon) * rng.uniform(0.08, 0.45) + 4,
        )
    if kind in ("grass", "snow", "lake"):
        leaf = green(place) if kind != "snow" else place.colour(0.45, 0.15, 0.75)
        for z in sorted(rng.uniform(7, 60, int(rng.integers(3, 16))), reverse=True):
            stand(
                place,
                view,
                float(rng.uniform(-0.7, 0.7) * z),
                float(z),
                rng.uniform(3, 9),
                "fir" if rng.random() < 0.7 else "broad",
                leaf,
            )


def cave(place: Place) -> None:
    """Cavern or grotto with stalactites, crystals, an opening or a pool of light."""
    rng, w, h = place.rng, place.width, place.height
    paint_sky(place, 1.0)
    stone = place.colour(rng.random(), rng.uniform(0.1, 0.5), rng.uniform(0.3, 0.6))
    place.canvas.drawRect(
        skia.Rect.MakeWH(w, h),
        tiled(materials.mottled(rng, stone, size=512, spots=6, hard=place.texture < 0.35), w * 0.7),
    )
    x, y, radius = w * rng.uniform(0.3, 0.7), h * rng.uniform(0.35, 0.55), h * rng.uniform(0.15, 0.35)
    opening = [
        (x + radius * rng.uniform(0.7, 1.3) * np.cos(a), y + radius * rng.uniform(0.7, 1.2) * np.sin(a))
        for a in np.linspace(0, 2 * np.pi, 12)[:-1]
    ]
    place.canvas.drawPath(smooth(opening), skia.Paint(AntiAlias=True, BlendMode=skia.BlendMode.kClear))
    place.canvas.drawCircle(x, y, radius * 2.2, blurred(fill((1, 1, 0.9), 0.25), 40))
    view = place.view(0.62, 0.8, 1.5)
    floor = (
        materials.water(rng, place.colour(0.52, 0.5, 0.55))
        if rng.random() < 0.4
        else materials.cells(rng, mix(stone, (0, 0, 0.1), 0.2), 40)
    )
    ground_plane(place, view, floor, 4.0, z1=9)
    for layer in range(3):
        tone = mix(stone, (0.02, 0.02, 0.08), 0.25 + 0.25 * layer)
        for _ in range(9):
            a, wide, long = (
                rng.uniform(0, w),
                rng.uniform(14, 60),
                h * rng.uniform(0.06, 0.42) * (0.6 + 0.3 * layer),
            )
            up = rng.random() < 0.65
            foot = -5.0 if up else h + 5.0
            tip = long if up else h - long * 0.6
            place.canvas.drawPath(
                polygon([(a - wide, foot), (a + rng.uniform(-5, 5), tip), (a + wide, foot)]), fill(tone)
            )
            place.canvas.drawPath(
                polygon([(a - wide, foot), (a, tip), (a - wide * 0.3, foot)]),
                fill(mix(tone, (1, 1, 0.9), 0.12)),
            )
    if rng.random() < 0.5:
        gem = fx.hsv(rng.random(), 0.6, 1.0)
        for _ in range(int(rng.integers(4, 16))):
            a, b, size = rng.uniform(0, w), h * rng.uniform(0.6, 1.0), rng.uniform(10, 60)
            lean = rng.uniform(-0.4, 0.4) * size
            place.canvas.drawCircle(a, b - size / 2, size, blurred(fill(gem, 0.25), size * 0.4))
            place.canvas.drawPath(
                polygon(
                    [
                        (a - size * 0.2, b),
                        (a - size * 0.22 + lean, b - size),
                        (a + lean, b - size * 1.3),
                        (a + size * 0.2 + lean, b - size),
                        (a + size * 0.2, b),
                    ]
                ),
                fill(gem),
            )
            place.canvas.drawPath(
                polygon(
                    [
                        (a, b),
                        (a + lean, b - size * 1.3),
                        (a + size * 0.2 + lean, b - size),
                        (a + size * 0.2, b),
                    ]
                ),
                fill(mix(gem, (0.1, 0, 0.4), 0.4)),
            )


def underwater(place: Place) -> None:
    """Sea floor with rays of light, weeds, corals and bubbles."""
    rng, w, h = place.rng, place.width, place.height
    hue = rng.uniform(0.47, 0.63)
    ys = np.repeat(np.linspace(0, 1, h, dtype=np.float32)[:, None], w, axis=1)
    place.sky[:] = materials.coloured(
        ys + 0.15 * (noise(rng, w, h, 4) - 0.5),
        [
            place.colour(hue - 0.05, 0.35, 0.98),
            place.colour(hue, 0.7, 0.75),
            place.colour(hue + 0.06, 0.85, 0.3),
        ],
    )
    shafts(place, (0.85, 1.0, 1.0))
    view = place.view(0.66, 0.8, 1.5)
    ground_plane(
        place, view, materials.mottled(rng, place.colour(rng.uniform(0.1, 0.55), 0.3, 0.65)), 4.0, z1=14
    )
    fx.sheen(
        place.canvas,
        (0, view.horizon - 20, w, h),
        place.colour(hue, 0.7, 0.6),
        place.colour(hue, 0.7, 0.5),
        (0.9, 0.1),
    )
    for _ in range(int(rng.integers(10, 40))):
        x, y, size = rng.uniform(0, w), rng.uniform(view.horizon, h), rng.uniform(20, 150)
        tone = place.colour(rng.random(), rng.uniform(0.3, 0.8), rng.uniform(0.3, 0.9))
        points = [(x + rng.uniform(-0.15, 0.15) * size * (k > 0), y - size * k / 4) for k in range(5)]
        place.canvas.drawPath(smooth(points, closed=False), stroke(tone, rng.uniform(2, 9)))
    for _ in range(6):
        rock(place, rng.uniform(0, w), rng.uniform(view.horizon + 20, h), rng.uniform(15, 80))
    for _ in range(50):
        place.canvas.drawCircle(
            rng.uniform(0, w), rng.uniform(0, h), rng.uniform(1, 7), stroke((0.9, 1, 1), 1.0, 0.6)
        )


def clouds_above(place: Place) -> None:
    """The sky alone, or above a sea of clouds."""
    paint_sky(place, place.rng.uniform(0.7, 1.2))
    if place.rng.random() < 0.4:
        horizon_layers(place, place.height * 1.0, place.colour(place.rng.random(), 0.3, 0.45), tall=0.25)
    place.sky[:] = np.asarray(cv2.GaussianBlur(place.sky, (0, 0), 0.6), np.uint8)
