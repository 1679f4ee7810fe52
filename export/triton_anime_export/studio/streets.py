"""Streets, alleys and railway platforms in perspective."""

from __future__ import annotations

import numpy as np

from . import fixtures as fx
from . import materials
from .facades import facade, hanging_sign, machine, vehicle
from .outdoors import ground_plane, haze, pole, skyline, stand, wires
from .paint import Colour, mix
from .perspective import Blocks, View
from .place import Place
from .skies import paint_sky


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
            paint = lambda c, w, h, wall=wall, shop=shop: facade(place, c, w, h, wall, shop)  # noqa: E731
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
            paint = lambda c, w, h, wall=wall: facade(place, c, w, h, wall, False)  # noqa: E731
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
    place.cut()
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
