"""Whole trees as pictures with alpha."""

from __future__ import annotations

import numpy as np
import skia
from numpy.random import Generator

from .materials import Picture, tones
from .paint import Colour, mix, packed, pixels, smooth
from .scenery import clump, crown, leaves


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
