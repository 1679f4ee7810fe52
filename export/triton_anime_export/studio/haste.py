"""Effects of movement: speed lines, the arc of a swing, shock waves."""

from __future__ import annotations

import math

from .effect_stage import Stage
from .paint import Point, blurred, fill, polygon, stroke


def speed_lines(stage: Stage) -> None:
    """Radial or parallel lines of haste, new in each drawing."""
    size, style = stage.size, stage.rng()
    rng = stage.rng(1 + int(stage.time * 97))
    tone = (
        stage.colour
        if style.random() < 0.3
        else ((1.0, 1.0, 1.0) if style.random() < 0.6 else (0.05, 0.05, 0.08))
    )
    count, radial = int(style.integers(14, 80)), style.random() < 0.6
    for _ in range(count):
        if radial:
            angle, wide = rng.uniform(0, 2 * math.pi), rng.uniform(0.002, 0.02)
            inner = size * rng.uniform(0.22, 0.42)
            tip = (size / 2 + inner * math.cos(angle), size / 2 + inner * math.sin(angle))
            ends = [
                (
                    size / 2 + size * 0.75 * math.cos(angle + side),
                    size / 2 + size * 0.75 * math.sin(angle + side),
                )
                for side in (-wide, wide)
            ]
            stage.canvas.drawPath(polygon([tip, *ends]), fill(tone, rng.uniform(0.5, 1)))
        else:
            x, y, length = (
                rng.uniform(-0.2, 0.8) * size,
                rng.uniform(0.02, 0.98) * size,
                rng.uniform(0.15, 0.7) * size,
            )
            half = size * rng.uniform(0.001, 0.006)
            stage.canvas.drawPath(
                polygon(
                    [(x, y), (x + length * 0.5, y - half), (x + length, y), (x + length * 0.5, y + half)]
                ),
                fill(tone, rng.uniform(0.4, 1)),
            )


def motion_blur(stage: Stage) -> None:
    """Arc of a swing: crescent that fades along its length."""
    size, style = stage.size, stage.rng()
    canvas, sweep = stage.canvas, style.uniform(1.2, 3.4)
    start = style.uniform(0, 6.28) + stage.time * 1.5
    outer, thick = size * 0.44, size * style.uniform(0.08, 0.26)
    for layer, (scale, tone, alpha) in enumerate(
        ((1.0, stage.colour, 0.55), (0.6, stage.hot, 0.8), (0.25, (1.0, 1.0, 1.0), 0.95))
    ):
        rim: list[Point] = []
        inner: list[Point] = []
        for index in range(25):
            share = index / 24
            angle = start + sweep * share
            depth = thick * scale * math.sin(math.pi * share**1.6) if share < 1 else 0.0
            rim.append((size / 2 + outer * math.cos(angle), size / 2 + outer * math.sin(angle)))
            inner.append(
                (size / 2 + (outer - depth) * math.cos(angle), size / 2 + (outer - depth) * math.sin(angle))
            )
        paint = fill(tone, alpha)
        canvas.drawPath(
            polygon(rim + inner[::-1]), paint if stage.cel or layer else blurred(paint, size * 0.012)
        )


def shockwave(stage: Stage) -> None:
    """Rings that run outwards, round or flattened on the ground."""
    size, style = stage.size, stage.rng()
    canvas = stage.canvas
    canvas.save()
    canvas.translate(size / 2, size / 2)
    canvas.scale(1, style.choice((1.0, 0.4, 0.25)))
    for ring in range(int(style.integers(1, 4))):
        radius = size * 0.46 * min(1.0, (0.25 + stage.time) * (1 - 0.28 * ring))
        width = size * style.uniform(0.015, 0.06) * (1.1 - 0.6 * stage.time)
        canvas.drawCircle(
            0, 0, max(radius - width, 1.0), blurred(stroke(stage.colour, width * 1.6, 0.6), size * 0.012)
        )
        canvas.drawCircle(0, 0, max(radius - width, 1.0), stroke(stage.hot, width * 0.5, 0.95))
    canvas.restore()
