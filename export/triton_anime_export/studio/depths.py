"""Caves, the sea floor and the open sky."""

from __future__ import annotations

import cv2
import numpy as np
import skia

from . import fixtures as fx
from . import materials
from .landforms import horizon_layers, rock, shafts
from .outdoors import ground_plane
from .paint import blurred, fill, hsv, mix, polygon, smooth, stroke
from .place import Place, tiled
from .skies import paint_sky
from .texture import noise


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
        place.cut()
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
        gem = hsv(rng.random(), 0.6, 1.0)
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
