"""Painted skies: gradients, clouds, sun and moon, stars."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from .materials import Picture, coloured
from .paint import Colour, hsv, mix
from .place import Place
from .scenery import clump
from .texture import noise

SKIES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "day": ((0.6, 0.8, 0.78), (0.57, 0.55, 0.95), (0.54, 0.16, 1.0)),
    "morning": ((0.58, 0.5, 0.85), (0.55, 0.2, 0.98), (0.11, 0.2, 1.0)),
    "dusk": ((0.72, 0.55, 0.42), (0.95, 0.5, 0.8), (0.07, 0.65, 1.0)),
    "night": ((0.65, 0.85, 0.1), (0.63, 0.75, 0.25), (0.6, 0.55, 0.42)),
    "overcast": ((0.6, 0.14, 0.58), (0.6, 0.08, 0.75), (0.6, 0.04, 0.88)),
    "dim": ((0.63, 0.5, 0.2), (0.62, 0.4, 0.35), (0.6, 0.3, 0.5)),
}
"""Zenith, middle and horizon (hue, saturation, value) by mood."""


def cumulus(rng: Generator, width: int, height: int, light: Colour, dark: Colour, *, hard: bool) -> Picture:
    """A heaped cloud RGBA with a lit top and a shaded, flat base."""
    spots = []
    for _ in range(int(rng.integers(9, 22))):
        x = float(np.clip(rng.normal(0.5, 0.17), 0.14, 0.86))
        hill = 1.0 - abs(x - 0.5) * 2.0
        radius = rng.uniform(0.08, 0.17) * (0.6 + 0.6 * hill)
        y = 0.8 - hill * rng.uniform(0.0, 0.55)
        spots.append((x, y, radius, radius * width / height * rng.uniform(0.55, 0.8)))
    grain = noise(rng, width, height, 10, 5)
    colours = [dark, mix(dark, light, 0.35), mix(dark, light, 0.8), light, mix(light, (1, 1, 1), 0.6)]
    result = clump(
        rng,
        width,
        height,
        spots,
        colours,
        grain,
        rough=1.1,
        smear=0.0 if hard else 0.02,
        soft=0.05 if hard else 0.35,
        hard=hard,
    )
    fade = np.clip((0.9 + 0.1 * grain - np.linspace(0, 1, height, dtype=np.float32)[:, None]) / 0.12, 0, 1)
    result[..., 3] = (result[..., 3] * fade).astype(np.uint8)
    return result


def over(base: Picture, layer: Picture, left: int, top: int, strength: float = 1.0) -> None:
    """Lay RGBA over an RGB picture in place, cut at its borders."""
    height, width = base.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + layer.shape[1], width), min(top + layer.shape[0], height)
    if x0 >= x1 or y0 >= y1:
        return
    part = layer[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.float32)
    alpha = part[..., 3:] * (strength / 255.0)
    base[y0:y1, x0:x1] = (base[y0:y1, x0:x1] * (1 - alpha) + part[..., :3] * alpha + 0.5).astype(np.uint8)


def paint_sky(place: Place, horizon: float = 1.0) -> None:
    """Fill the place's sky: a gradient to ``horizon`` (share of the height), clouds, sun, moon or stars."""
    rng, width, height = place.rng, place.width, place.height
    hard = place.texture < 0.35
    if place.mood in SKIES:
        shift = rng.uniform(-0.03, 0.03)
        stops = [hsv(h + shift, s * rng.uniform(0.75, 1.15), v) for h, s, v in SKIES[place.mood]]
    else:
        hue = rng.random()
        stops = [
            hsv(hue, 0.7, rng.uniform(0.15, 0.6)),
            hsv(hue + 0.1, 0.55, 0.75),
            hsv(hue + 0.22, 0.45, 1.0),
        ]
    down = np.repeat(np.linspace(0, 1, height, dtype=np.float32)[:, None], width, axis=1) / max(horizon, 0.15)
    if rng.random() < 0.3:
        down = down + 0.12 * (noise(rng, width, height, 3, 3) - 0.5)
    place.sky[:] = coloured(np.clip(down, 0, 1), stops)
    if place.mood in ("night", "fantasy") and rng.random() < 0.85:
        stars(rng, place.sky, int(rng.integers(80, 400)), 0.9 * horizon)
    if rng.random() < 0.4:
        disc(place, horizon)
    light = mix(stops[-1], (1, 1, 1), 0.75 if place.mood in ("day", "morning") else 0.35)
    dark = mix(mix(stops[0], stops[1], 0.6), light, 0.35)
    style = float(rng.random())
    deep = max(8, int(height * horizon))
    if place.mood == "overcast" or style < 0.22:
        veil(
            rng,
            place.sky,
            light,
            dark,
            stretch=float(rng.uniform(1.5, 6.0)),
            cover=float(rng.uniform(0.3, 0.6)),
            hard=hard,
        )
    if style > 0.15 and place.mood != "overcast":
        for _ in range(int(rng.integers(1, 6))):
            wide = int(width * rng.uniform(0.18, 0.75))
            high = int(wide * rng.uniform(0.28, 0.55))
            cloud = cumulus(rng, wide, high, light, dark, hard=hard)
            top = int(deep * rng.uniform(0.05, 1.0) - high * 0.75)
            over(place.sky, cloud, int(rng.uniform(-0.3, 0.9) * width), top, float(rng.uniform(0.7, 1.0)))


def stars(rng: Generator, image: Picture, count: int, share: float) -> None:
    """Scatter stars over the upper share of a picture in place."""
    height, width = image.shape[:2]
    for _ in range(count):
        at = (int(rng.integers(width)), int(rng.integers(max(1, int(height * share)))))
        tone = int(rng.integers(120, 256))
        cv2.circle(image, at, int(rng.random() < 0.12), (tone, tone, min(255, tone + 20)), -1, cv2.LINE_AA)


def disc(place: Place, horizon: float) -> None:
    """Sun or moon with its halo, added to the sky."""
    rng = place.rng
    x, y = rng.uniform(0, place.width), place.height * horizon * rng.uniform(0.1, 0.9)
    radius = place.height * rng.uniform(0.02, 0.12)
    ys, xs = np.mgrid[0 : place.height, 0 : place.width].astype(np.float32)
    far = np.hypot(xs - x, ys - y)
    halo = np.exp(-far / (radius * 4)) * 0.6 + np.clip((radius - far) / 1.5, 0, 1)
    colour = np.array((1.0, 0.97, 0.85) if place.mood != "dusk" else (1.0, 0.85, 0.55), np.float32)
    place.sky[:] = np.clip(place.sky + halo[..., None] * colour * 255, 0, 255).astype(np.uint8)


def veil(
    rng: Generator, image: Picture, light: Colour, dark: Colour, *, stretch: float, cover: float, hard: bool
) -> None:
    """Drawn-out clouds over a whole picture in place."""
    height, width = image.shape[:2]
    tall = int(height * stretch)
    field_ = cv2.resize(noise(rng, width, max(tall, 16), 5, 5), (width, height), interpolation=cv2.INTER_AREA)
    if stretch > 2:
        field_ = np.clip((field_ - 0.5) * 1.8 + 0.5, 0, 1)
    alpha = np.clip((field_ - (1 - cover)) / (0.02 if hard else 0.22), 0, 1)
    tone = np.clip((field_ - (1 - cover)) * 3.0, 0, 1)
    layer = np.dstack([coloured(1 - tone, [dark, light, light], hard), (alpha * 235).astype(np.uint8)])
    over(image, layer, 0, 0)
