"""Painted skies, clouds, mountains, trees and bushes as pictures with alpha."""

from __future__ import annotations

import cv2
import numpy as np
import skia
from numpy.random import Generator
from numpy.typing import NDArray

from .materials import Grey, Picture, coloured, dabs, tones
from .paint import Colour, hsv, mix, packed, pixels, smooth
from .place import Place
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


def clump(
    rng: Generator,
    width: int,
    height: int,
    blobs: list[tuple[float, float, float, float]],
    colours: list[Colour],
    detail: Grey,
    *,
    rough: float = 0.5,
    soft: float = 0.04,
    hard: bool = False,
    light: tuple[float, float] = (-0.45, -0.9),
) -> Picture:
    """A mass of leaves or vapour RGBA [height,width,4] out of round blobs (x, y, radius x, radius y; shares).

    Args:
        rng: decides the mottling.
        width: of the picture in pixels.
        height: of the picture in pixels.
        blobs: centres and radii in shares of width and height.
        colours: from shadow to light.
        detail: [height,width] 0..1, the grain of the outline and of the shading.
        rough: how far the grain moves the outline.
        soft: width of the outline's transition in units of a blob's radius.
        hard: flat tones.
        light: towards the light.
    """
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    xs, ys = xs / width, ys / height
    best = np.full((height, width), -9.0, np.float32)
    shade = np.zeros((height, width), np.float32)
    for x, y, rx, ry in blobs:
        dx, dy = (xs - x) / rx, (ys - y) / ry
        lift = 1.0 - dx * dx - dy * dy
        nearer = lift > best
        best = np.where(nearer, lift, best)
        shade = np.where(nearer, dx * light[0] + dy * light[1], shade)
    field_ = best + rough * (detail - 0.5)
    alpha = np.clip(field_ / max(soft, 1e-3), 0, 1)
    tone = 0.45 + 0.38 * shade + 0.75 * (detail - 0.5) + 0.2 * (noise(rng, width, height, 4, 2) - 0.5)
    return np.dstack([coloured(tone.astype(np.float32), colours, hard), (alpha * 255).astype(np.uint8)])


def leaves(rng: Generator, width: int, height: int, leaf: float) -> Grey:
    """Grain of foliage; ``leaf`` is the length of a leaf in pixels."""
    count = int(min(2600, 2.2 * width * height / max(leaf * leaf, 4.0)))
    return dabs(rng, width, height, leaf, count)


def crown(
    rng: Generator, size: int, colour: Colour, *, hard: bool, tall: float = 1.0, blobs: int = 11
) -> Picture:
    """The crown of a tree or a bush RGBA [size*tall,size,4]."""
    height = max(8, int(size * tall))
    spots = [(0.5, 0.5, 0.3, 0.3)]
    for _ in range(blobs):
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.12, 0.3)
        radius = rng.uniform(0.1, 0.2)
        spots.append(
            (
                0.5 + far * np.cos(angle),
                0.5 + far * np.sin(angle) * 0.95,
                radius,
                radius * rng.uniform(0.75, 1.0),
            )
        )
    grain = leaves(rng, size, height, max(2.0, size * rng.uniform(0.018, 0.035)))
    return clump(
        rng, size, height, spots, tones(colour, 0.6, 0.45), grain, rough=rng.uniform(0.5, 1.0), hard=hard
    )


def hedge(rng: Generator, width: int, height: int, colour: Colour, *, hard: bool, lumps: int = 14) -> Picture:
    """A row of bushes or a far forest edge RGBA, filled to its lower edge."""
    spots = [(0.5, 1.15, 0.8, 0.55)]
    for k in range(lumps):
        radius = rng.uniform(0.35, 0.6)
        spots.append(((k + rng.random()) / lumps, rng.uniform(0.62, 0.95), radius * height / width, radius))
    grain = leaves(rng, width, height, max(2.0, height * 0.05))
    return clump(rng, width, height, spots, tones(colour, 0.55, 0.35), grain, rough=0.6, hard=hard)


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
        rng, width, height, spots, colours, grain, rough=1.1, soft=0.05 if hard else 0.35, hard=hard
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


def mountains(
    rng: Generator,
    width: int,
    height: int,
    colour: Colour,
    haze: Colour,
    *,
    rough: float = 1.0,
    snow: float = 0.0,
    hard: bool = False,
) -> Picture:
    """A range RGBA with lit and shaded flanks that fades into haze at its foot; snow 0..1 covers its tops."""
    steps = np.linspace(0, 1, width, dtype=np.float32)
    ridge = np.zeros(width, np.float32)
    for octave in range(7):
        count = 3 * 2**octave + 1
        amplitude = 0.5**octave if octave < 2 else rough * 0.5**octave
        ridge += amplitude * np.interp(steps, np.linspace(0, 1, count), rng.random(count)).astype(np.float32)
    ridge = (ridge - ridge.min()) / max(float(np.ptp(ridge)), 1e-3)
    top = 0.02 + 0.6 * (1 - ridge)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    depth = down - top[None]
    slope = np.gradient(cv2.GaussianBlur(ridge[None], (0, 0), max(width / 160, 1))[0]) * width * 0.12
    crease = noise(rng, width, height, max(9, 7 * width // max(height, 1)), 4)
    tone = 0.5 + 0.28 * np.clip(slope, -1.5, 1.5)[None] + 1.1 * (crease - 0.5)
    body = coloured(tone.astype(np.float32), tones(colour, 0.5, 0.3), hard).astype(np.float32)
    if snow > 0:
        white = np.clip((snow * 0.5 - depth + 0.5 * (crease - 0.5)) / 0.03, 0, 1)[..., None]
        body = (
            body * (1 - white)
            + coloured(tone.astype(np.float32), [(0.6, 0.68, 0.85), (0.97, 0.98, 1.0)], hard) * white
        )
    mist = np.clip(down - 0.25, 0, 1)[..., None] * 0.9
    body = body * (1 - mist) + np.array(haze, np.float32) * 255 * mist
    return np.dstack([body.astype(np.uint8), (np.clip(depth * height, 0, 1) * 255).astype(np.uint8)])


def tree_picture(
    rng: Generator, size: int, leaf: Colour, bark: Colour, *, hard: bool, kind: str = "broad"
) -> Picture:
    """A whole tree RGBA [size,size,4] that stands on the lower edge; kinds: broad, fir, palm, bare."""
    surface = skia.Surface(size, size)
    canvas = surface.getCanvas()
    x, wide = size * 0.5, size * rng.uniform(0.02, 0.04)
    lean = size * rng.uniform(-0.06, 0.06)
    top = size * (0.35 if kind != "fir" else 0.1)
    paint = skia.Paint(AntiAlias=True)
    paint.setShader(
        skia.GradientShader.MakeLinear(
            points=[skia.Point(x - wide, 0), skia.Point(x + wide, 0)],
            colors=[packed(mix(bark, (1, 1, 0.85), 0.25)), packed(mix(bark, (0.05, 0.0, 0.15), 0.5))],
        )
    )
    canvas.drawPath(
        smooth(
            [
                (x - wide * 2, size),
                (x - wide, size * 0.85),
                (x + lean - wide * 0.6, top),
                (x + lean + wide * 0.6, top),
                (x + wide, size * 0.85),
                (x + wide * 2, size),
            ]
        ),
        paint,
    )
    pen = skia.Paint(paint)
    pen.setStyle(skia.Paint.kStroke_Style)
    if kind in ("broad", "bare"):
        branch(
            canvas,
            rng,
            pen,
            (x + lean * 0.6, size * 0.62),
            -np.pi / 2,
            size * 0.2,
            wide * 0.9,
            4 if kind == "bare" else 2,
        )
    if kind == "palm":
        for k in range(9):
            angle = -np.pi / 2 + (k - 4) * 0.45 + rng.uniform(-0.1, 0.1)
            frond(canvas, rng, (x + lean, top), angle, size * rng.uniform(0.25, 0.36), leaf)
    image = pixels(surface)
    if kind == "broad":
        layer = crown(rng, size, leaf, hard=hard, tall=rng.uniform(0.7, 0.85))
        image = merged(image, layer, 0)
    elif kind == "fir":
        for level in range(6):
            share = 0.25 + 0.125 * level
            wide_level = int(size * (0.18 + 0.1 * level))
            spots = [
                (0.5, 0.2, 0.28, 0.4),
                *[(0.1 + 0.2 * k, 0.5 + 0.3 * abs(k - 2) / 2, 0.14, 0.36) for k in range(5)],
            ]
            high = max(6, wide_level // 2)
            layer = clump(
                rng,
                wide_level,
                high,
                spots,
                tones(leaf, 0.6, 0.3),
                leaves(rng, wide_level, high, max(2.0, size * 0.018)),
                rough=1.2,
                hard=hard,
            )
            image = merged(image, layer, int(size * (share - 0.2)))
    return image


def merged(base: Picture, layer: Picture, top: int) -> Picture:
    """RGBA over RGBA, centred across, straight alpha."""
    full = np.zeros_like(base)
    left = (base.shape[1] - layer.shape[1]) // 2
    high = min(layer.shape[0], base.shape[0] - top)
    full[top : top + high, left : left + layer.shape[1]] = layer[:high]
    a, b = full[..., 3:].astype(np.float32) / 255, base[..., 3:].astype(np.float32) / 255
    alpha = a + b * (1 - a)
    rgb = (full[..., :3] * a + base[..., :3] * b * (1 - a)) / np.maximum(alpha, 1e-4)
    return np.dstack([rgb, alpha * 255]).astype(np.uint8)


def branch(
    canvas: skia.Canvas,
    rng: Generator,
    pen: skia.Paint,
    start: tuple[float, float],
    angle: float,
    length: float,
    wide: float,
    depth: int,
) -> None:
    """A limb that forks ``depth`` times."""
    end = (start[0] + np.cos(angle) * length, start[1] + np.sin(angle) * length)
    pen.setStrokeWidth(max(1.0, wide))
    canvas.drawLine(*start, *end, pen)
    if depth > 0:
        for side in (-1, 1):
            branch(
                canvas,
                rng,
                pen,
                end,
                angle + side * rng.uniform(0.25, 0.7),
                length * rng.uniform(0.6, 0.8),
                wide * 0.6,
                depth - 1,
            )


def frond(
    canvas: skia.Canvas, rng: Generator, root: tuple[float, float], angle: float, length: float, leaf: Colour
) -> None:
    """One palm leaf that droops, of single blades."""
    for k in range(16):
        share = (k + 1) / 16
        x = root[0] + np.cos(angle) * length * share
        y = root[1] + np.sin(angle) * length * share + length * 0.6 * share * share
        tone = mix(leaf, (0.02, 0.08, 0.1) if k % 2 else (0.9, 1, 0.6), rng.uniform(0.1, 0.45))
        for side in (-1, 1):
            turn = angle + side * 0.9 + share * 0.8
            reach = length * 0.3 * (1.1 - share)
            paint = skia.Paint(
                Color=packed(tone),
                AntiAlias=True,
                Style=skia.Paint.kStroke_Style,
                StrokeWidth=max(1.0, length * 0.018),
            )
            canvas.drawLine(x, y, x + np.cos(turn) * reach, y + np.sin(turn) * reach + reach * 0.3, paint)


def blurred_band(image: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """The picture out of focus."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
