"""Landscapes: meadows, forests, shores, highlands."""

from __future__ import annotations

from . import fixtures as fx
from . import materials
from .landforms import beach, green, horizon_layers, rock, shafts, trunk, tufts
from .outdoors import bed, ground_plane, haze, stand
from .paint import mix, smooth, stroke
from .place import Place, tiled
from .scenery import clump, crown, hedge, leaves
from .skies import paint_sky

_NEAR = 8.0  # metres up to which trees are painted on a sheet of their own


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
        if z < _NEAR and not place.sheets:
            place.cut()
        stand(place, view, float(rng.uniform(-0.6, 0.6) * z), float(z), rng.uniform(3, 7), kind, leaf)
    petal = place.colour(rng.random(), rng.uniform(0.2, 0.85), 0.95)
    for z in sorted(rng.uniform(1.6, 14, int(rng.integers(0, 22))), reverse=True):
        bed(place, view, float(rng.uniform(-0.6, 0.6) * z), float(z), leaf, petal)
    tufts(place, view.horizon, leaf, int(rng.integers(0, 260)))


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
        if layer < 2:
            place.cut()
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
    place.cut()
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
            if z < 2 * _NEAR and not place.sheets:
                place.cut()
            stand(
                place,
                view,
                float(rng.uniform(-0.7, 0.7) * z),
                float(z),
                rng.uniform(3, 9),
                "fir" if rng.random() < 0.7 else "broad",
                leaf,
            )
