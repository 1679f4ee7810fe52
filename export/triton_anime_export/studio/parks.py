"""Parks, school roofs and the city from afar."""

from __future__ import annotations

import numpy as np
import skia

from . import fixtures as fx
from . import materials
from .outdoors import bed, ground_plane, haze, pole, skyline, stand
from .paint import mix, stroke
from .perspective import Blocks, Space
from .place import Place
from .scenery import hedge, mountains
from .skies import over, paint_sky


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
    place.cut()
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
    place.cut()
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
