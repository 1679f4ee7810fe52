"""Lines of speed and shock in the hand of comics: focus lines, streams, hatching, falling lines."""

from __future__ import annotations

import math

from .effect_stage import Stage
from .paint import Colour, Point, fill, mix, polygon, stroke


def tone_of(stage: Stage) -> Colour:
    """White, black or the effect's colour."""
    style = stage.rng(1).random()
    return (1.0, 1.0, 1.0) if style < 0.45 else (0.04, 0.04, 0.07) if style < 0.75 else stage.colour


def focus(stage: Stage) -> None:
    """Dense wedges towards an oval left free in the middle; drawn anew each time."""
    style, size, tone = stage.rng(), stage.size, tone_of(stage)
    rng = stage.rng(2 + int(stage.time * 97))
    inner, oval = style.uniform(0.16, 0.36), style.uniform(0.6, 1.4)
    wide = style.uniform(0.004, 0.03)
    for _ in range(int(style.integers(50, 260))):
        angle, half = rng.uniform(0, 2 * math.pi), wide * rng.uniform(0.1, 1.0)
        near = inner * rng.uniform(0.85, 1.5)
        tip = (size * (0.5 + near * oval * math.cos(angle)), size * (0.5 + near * math.sin(angle)))
        ends = [
            (size * (0.5 + 0.75 * math.cos(angle + s)), size * (0.5 + 0.75 * math.sin(angle + s)))
            for s in (-half, half)
        ]
        stage.canvas.drawPath(polygon([tip, *ends]), fill(tone, rng.uniform(0.6, 1)))


def stream(stage: Stage) -> None:
    """Parallel tapering lines in one direction, level, slanting or falling."""
    style, size, tone = stage.rng(), stage.size, tone_of(stage)
    rng = stage.rng(2)
    turn = float(style.choice((0.0, 90.0, style.uniform(0, 180))))
    stage.canvas.save()
    stage.canvas.rotate(turn, size / 2, size / 2)
    for _ in range(int(style.integers(20, 120))):
        y, long, start = rng.uniform(-0.2, 1.2), rng.uniform(0.15, 1.1), rng.random()
        x = ((start + stage.time * 1.7) % 1.0) * 1.6 - 0.5
        half = rng.uniform(0.0008, 0.008)
        shade = mix(tone, stage.hot, 0.5 if rng.random() < 0.15 else 0.0)
        points: list[Point] = [(x, y), (x + long * 0.7, y - half), (x + long, y), (x + long * 0.7, y + half)]
        stage.canvas.drawPath(
            polygon([(a * size, b * size) for a, b in points]), fill(shade, rng.uniform(0.5, 1))
        )
    stage.canvas.restore()


def hatch(stage: Stage) -> None:
    """Quick pen hatching at two corners or all round, as behind a start or a fright."""
    style, size, tone = stage.rng(), stage.size, tone_of(stage)
    rng = stage.rng(2 + int(stage.time * 97))
    lean = style.uniform(-0.9, 0.9)
    for _ in range(int(style.integers(30, 110))):
        side = float(rng.choice((-1, 1)))
        x, y = 0.5 + side * rng.uniform(0.22, 0.48), rng.uniform(0.03, 0.9)
        long = rng.uniform(0.05, 0.3)
        pen = stroke(tone, size * rng.uniform(0.0015, 0.006), rng.uniform(0.5, 1))
        stage.canvas.drawLine(
            x * size, y * size, (x + lean * long * 0.4) * size, min(y + long, 0.98) * size, pen
        )
