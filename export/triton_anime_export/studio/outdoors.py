"""What outdoor places share: ground, haze, poles, wires, trees on their feet, bushes, skylines."""

from __future__ import annotations

import numpy as np
import skia

from . import fixtures as fx
from . import materials
from .paint import Colour, blurred, fill, hsv, mix, oval, smooth, stroke
from .perspective import View
from .place import Place, tiled
from .scenery import crown
from .trees import tree_picture


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
