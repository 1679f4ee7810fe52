"""Effects of light: glows, beams, lightning, sparkles, magic circles."""

from __future__ import annotations

import math

import skia
from numpy.random import Generator

from .effect_stage import Stage, glow, star
from .paint import Point, blurred, fill, limb, mix, polygon, stroke


def energy_glow(stage: Stage) -> None:
    """Ball or aura of energy with flickering rays."""
    rng, size = stage.rng(), stage.size
    centre, pulse = size / 2, 0.8 + 0.2 * math.sin(stage.time * 7)
    core = rng.uniform(0.1, 0.28) * size * pulse
    glow(stage, centre, centre, size * 0.48 * pulse, stage.colour)
    for index in range(int(rng.integers(0, 18))):
        angle = index * 2.4 + stage.time * 1.5
        far = size * (0.25 + 0.22 * abs(math.sin(index * 7.1 + stage.time * 9)))
        wide = size * 0.012
        tip = (centre + math.cos(angle) * far, centre + math.sin(angle) * far)
        stage.canvas.drawPath(limb((centre, centre), tip, wide, 0.4), fill(stage.hot, 0.55))
    if stage.cel:
        stage.canvas.drawCircle(centre, centre, core * 1.25, fill(stage.colour, 0.9))
        stage.canvas.drawCircle(centre, centre, core, fill(stage.hot))
        stage.canvas.drawCircle(centre, centre, core * 0.7, fill((1, 1, 1)))
    else:
        glow(stage, centre, centre, core * 1.6, stage.hot)


def light_beam(stage: Stage) -> None:
    """A ray across the frame: bright core, coloured sheath, rings at its root."""
    rng, size = stage.rng(), stage.size
    thick = size * rng.uniform(0.03, 0.16) * (0.85 + 0.2 * math.sin(stage.time * 20))
    taper = rng.uniform(0.2, 1.0)
    reach = size * (0.3 + 0.68 * min(1.0, stage.time * 1.6 + 0.3))
    canvas = stage.canvas
    canvas.save()
    canvas.rotate(float(rng.choice((0, rng.uniform(-35, 35)))), size / 2, size / 2)
    start, end = (size * 0.04, size / 2), (reach, size / 2)
    for scale, tone, alpha, sigma in (
        (1.7, stage.colour, 0.35, 0.04),
        (1.0, stage.colour, 0.8, 0.01),
        (0.5, stage.hot, 1.0, 0.004),
        (0.25, (1.0, 1.0, 1.0), 1.0, 0.002),
    ):
        canvas.drawPath(
            limb(start, end, thick * scale * taper, thick * scale), blurred(fill(tone, alpha), size * sigma)
        )
    glow(stage, *start, thick * 3.0, stage.hot)
    for index in range(int(rng.integers(0, 5))):
        x = size * (0.1 + 0.8 * ((index * 0.23 + stage.time) % 1.0))
        ring = skia.Rect.MakeXYWH(x - thick * 0.4, size / 2 - thick * 1.6, thick * 0.8, thick * 3.2)
        canvas.drawOval(ring, stroke(stage.hot, size * 0.006, 0.6))
    canvas.restore()


def sparkles(stage: Stage) -> None:
    """Twinkling stars, dots and petals of light."""
    rng, size = stage.rng(), stage.size
    for _ in range(int(rng.integers(8, 46))):
        x, y = (
            rng.uniform(0.06, 0.94) * size,
            ((rng.random() + stage.time * rng.uniform(-0.2, 0.3)) % 1.0) * size * 0.88 + 0.06 * size,
        )
        twinkle = abs(math.sin(stage.time * 6 + rng.uniform(0, 6)))
        radius = size * rng.uniform(0.015, 0.07) * (0.3 + 0.7 * twinkle)
        tone = mix(stage.colour, (1, 1, 1), rng.uniform(0.2, 0.9))
        if not stage.cel:
            glow(stage, x, y, radius * 1.5, stage.colour, 0.6)
        shape = star(x, y, radius, 0.16, rng.choice((0.0, 0.4)), int(rng.choice((4, 4, 5, 6))))
        stage.canvas.drawPath(shape, fill(tone)) if rng.random() < 0.7 else stage.canvas.drawCircle(
            x, y, radius * 0.35, fill(tone)
        )


def bolt(rng: Generator, start: Point, end: Point, rough: float, steps: int) -> list[Point]:
    """Jagged line between two points."""
    points = [start]
    for index in range(1, steps):
        share = index / steps
        points.append(
            (
                start[0] + (end[0] - start[0]) * share + rng.uniform(-rough, rough),
                start[1] + (end[1] - start[1]) * share + rng.uniform(-rough, rough),
            )
        )
    return [*points, end]


def lightning(stage: Stage) -> None:
    """Forked bolts that strike anew in each drawing."""
    size = stage.size
    rng = stage.rng(int(stage.time * 97))
    style = stage.rng()
    upright = style.random() < 0.6
    for _ in range(int(style.integers(1, 5))):
        start = (rng.uniform(0.2, 0.8) * size, 0.03 * size) if upright else (size / 2, size / 2)
        angle = rng.uniform(0, 2 * math.pi)
        end = (
            (rng.uniform(0.15, 0.85) * size, 0.96 * size)
            if upright
            else (size * (0.5 + 0.46 * math.cos(angle)), size * (0.5 + 0.46 * math.sin(angle)))
        )
        trunk = bolt(rng, start, end, size * 0.07, 9)
        lines = [(trunk, 1.0)]
        for _ in range(int(rng.integers(1, 5))):
            root = trunk[int(rng.integers(2, 8))]
            way = (root[0] + rng.uniform(-0.25, 0.25) * size, root[1] + rng.uniform(-0.05, 0.3) * size)
            lines.append((bolt(rng, root, way, size * 0.03, 5), 0.5))
        for points, weight in lines:
            path = polygon(points, closed=False)
            stage.canvas.drawPath(
                path, blurred(stroke(stage.colour, size * 0.035 * weight, 0.6), size * 0.015)
            )
            stage.canvas.drawPath(path, stroke(stage.hot, size * 0.014 * weight))
            stage.canvas.drawPath(path, stroke((1, 1, 1), size * 0.006 * weight))


def magic(stage: Stage) -> None:
    """Turning circle of rings, polygons and runes."""
    size, style = stage.size, stage.rng()
    centre, radius = size / 2, size * 0.42 * min(1.0, 0.6 + stage.time)
    canvas = stage.canvas
    canvas.save()
    canvas.translate(centre, centre)
    canvas.scale(1, style.choice((1.0, 0.45, 0.3)))
    canvas.rotate(stage.time * 70)
    pen = stroke(stage.hot, size * style.uniform(0.005, 0.014))
    halo = blurred(stroke(stage.colour, size * 0.03, 0.5), size * 0.02)
    for share in (1.0, 0.88, 0.55):
        canvas.drawCircle(0, 0, radius * share, halo)
        canvas.drawCircle(0, 0, radius * share, pen)
    corners = int(style.integers(3, 7))
    for turn in (0.0, math.pi / corners):
        canvas.drawPath(star(0, 0, radius * 0.86, math.cos(math.pi / corners), turn, corners), pen)
    for index in range(int(style.integers(8, 20))):
        canvas.save()
        canvas.rotate(index * 360 / 14)
        canvas.translate(0, -radius * 0.94)
        for _ in range(3):
            a, b = style.uniform(-0.04, 0.04, 2) * radius
            canvas.drawLine(a, -0.03 * radius, b, 0.03 * radius, pen)
        canvas.restore()
    canvas.restore()
    if style.random() < 0.5:
        glow(stage, centre, centre, radius * 0.9, stage.colour, 0.5)
