"""Ranges, rocks, trunks, grass and light shafts for landscapes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import skia

from . import materials
from .paint import Colour, fill, mix, packed, polygon, smooth, stroke
from .place import Place, tiled
from .scenery import mountains
from .skies import over


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
    before, veil = place.sky.copy(), np.zeros_like(place.sky)
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
        image[..., :3] = 255
        over(veil, image, 0, int(row) - high + 2)
    place.distance = before, np.ascontiguousarray(veil[..., 0])


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
