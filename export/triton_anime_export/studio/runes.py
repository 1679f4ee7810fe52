"""Effects of magic: stacked seals, hexagon wards, orbiting signs."""

from __future__ import annotations

import math

import skia

from .effect_stage import Stage, glow, star
from .paint import Point, blurred, fill, mix, polygon, stroke


def sigil(stage: Stage, radius: float, seed: int, turn: float) -> None:
    """One seal around the origin of the canvas: rings, polygon, spokes and signs."""
    style, size, canvas = stage.rng(20 + seed), stage.size, stage.canvas
    pen = stroke(stage.hot, max(1.0, size * style.uniform(0.004, 0.01)))
    bold = stroke(stage.colour, max(1.5, size * style.uniform(0.012, 0.025)), 0.85)
    canvas.save()
    canvas.rotate(turn)
    if not stage.cel:
        canvas.drawCircle(0, 0, radius, blurred(stroke(stage.colour, size * 0.04, 0.6), size * 0.02))
    for share in (1.0, style.uniform(0.82, 0.92), style.uniform(0.3, 0.6)):
        canvas.drawCircle(0, 0, radius * share, bold if share == 1.0 else pen)
    corners = int(style.integers(3, 9))
    canvas.drawPath(star(0, 0, radius * 0.84, style.uniform(0.4, 0.95), 0.0, corners), pen)
    if style.random() < 0.6:
        canvas.drawPath(star(0, 0, radius * 0.84, 0.5, math.pi / corners, corners), pen)
    signs = int(style.integers(8, 26))
    for k in range(signs):
        canvas.save()
        canvas.rotate(360 * k / signs)
        canvas.translate(0, -radius * 0.93)
        high = radius * 0.05
        points: list[Point] = [tuple(style.uniform(-high, high, 2)) for _ in range(4)]
        canvas.drawPath(polygon(points, closed=False), pen)
        canvas.restore()
    if style.random() < 0.5:
        for k in range(corners):
            angle = 2 * math.pi * k / corners
            canvas.drawCircle(
                radius * 0.6 * math.cos(angle), radius * 0.6 * math.sin(angle), radius * 0.12, pen
            )
    canvas.restore()


def sigils(stage: Stage) -> None:
    """Several seals behind one another or stacked over the ground, turning against each other."""
    style, size = stage.rng(), stage.size
    flat = float(style.choice((1.0, 0.4, 0.28)))
    count = int(style.integers(1, 4))
    for k in range(count):
        grow = min(1.0, 0.55 + stage.time * (1.2 - 0.2 * k))
        stage.canvas.save()
        lift = (k - (count - 1) / 2) * 0.2 * size if flat < 1 else 0.0
        stage.canvas.translate(size / 2, size / 2 - lift)
        stage.canvas.scale(1, flat)
        sigil(stage, size * (0.44 - 0.09 * k) * grow, k, stage.time * 90 * (-1) ** k)
        stage.canvas.restore()
    if style.random() < 0.4:
        glow(stage, size / 2, size / 2, size * 0.4, stage.colour, 0.4)


def ward(stage: Stage) -> None:
    """A shield of hexagons, brightest where it is struck."""
    style, size = stage.rng(), stage.size
    step = size * style.uniform(0.05, 0.1)
    hit = (size * style.uniform(0.35, 0.65), size * style.uniform(0.35, 0.65))
    radius = size * 0.46
    for row in range(int(size / step) + 2):
        for column in range(int(size / (step * 0.87)) + 2):
            x, y = column * step * 1.73 + (row % 2) * step * 0.87, row * step * 1.5
            if math.hypot(x - size / 2, y - size / 2) > radius - step:
                continue
            far = math.hypot(x - hit[0], y - hit[1]) / size
            wave = math.exp(-(((far - stage.time * 0.6) / 0.12) ** 2))
            cell = [
                (x + step * 0.95 * math.sin(k * math.pi / 3), y + step * 0.95 * math.cos(k * math.pi / 3))
                for k in range(6)
            ]
            stage.canvas.drawPath(polygon(cell), fill(mix(stage.colour, stage.hot, wave), 0.2 + 0.65 * wave))
            stage.canvas.drawPath(polygon(cell), stroke(stage.hot, max(1.0, size * 0.004), 0.5 + 0.5 * wave))
    stage.canvas.drawCircle(size / 2, size / 2, radius, stroke(stage.hot, size * 0.012, 0.9))


def orbit(stage: Stage) -> None:
    """Orbs with trails that circle a centre, around rising signs."""
    style, size = stage.rng(), stage.size
    count, flat = int(style.integers(2, 8)), style.uniform(0.25, 1.0)
    for k in range(count):
        lead = 2 * math.pi * k / count + stage.time * 5
        radius = size * style.uniform(0.25, 0.42)
        for tail in range(14, -1, -1):
            angle = lead - tail * 0.08
            x, y = size / 2 + radius * math.cos(angle), size / 2 + flat * radius * math.sin(angle)
            dot = size * 0.035 * (1 - tail / 15)
            stage.canvas.drawCircle(
                x,
                y,
                max(dot, 0.6),
                fill(mix(stage.hot, stage.colour, tail / 14), 0.25 + 0.7 * (1 - tail / 14)),
            )
        if not stage.cel:
            glow(
                stage,
                size / 2 + radius * math.cos(lead),
                size / 2 + flat * radius * math.sin(lead),
                size * 0.07,
                stage.colour,
                0.8,
            )
    rng = stage.rng(9)
    for _ in range(int(style.integers(0, 14))):
        x, y = rng.uniform(0.3, 0.7) * size, (0.85 - (rng.random() + stage.time * 0.5) % 0.7) * size
        box = skia.Rect.MakeXYWH(x, y, size * 0.02, size * 0.035)
        stage.canvas.drawRect(box, stroke(stage.hot, max(1.0, size * 0.005)))
