"""Fighting grounds of games, ruins, space."""

from __future__ import annotations

import numpy as np
import skia

from . import fixtures as fx
from . import materials
from .landforms import green, horizon_layers, rock, tufts
from .outdoors import ground_plane, haze, stand
from .paint import blurred, fill, hsv, mix, oval, polygon, stroke
from .perspective import Blocks
from .place import Place, tiled
from .scenery import clump
from .skies import disc, over, paint_sky, stars
from .texture import noise


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
        if z < 9.0 and not place.sheets:
            place.cut()
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
