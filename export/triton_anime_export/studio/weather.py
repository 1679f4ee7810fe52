"""Effects of many small things over the whole sheet: rain, snow, petals, leaves, dust, confetti, bubbles."""

from __future__ import annotations

import math

import skia

from .effect_stage import Stage, glow, star
from .paint import Colour, Point, blurred, fill, hsv, mix, polygon, smooth, stroke


def rain(stage: Stage) -> None:
    """Slanting streaks in depth, with splashes where they land."""
    style, size, rng = stage.rng(), stage.size, stage.rng(2)
    slant, speed = style.uniform(-0.45, 0.45), style.uniform(2.0, 4.0)
    tone = mix(hsv(style.uniform(0.54, 0.64), 0.35, 0.95), (1, 1, 1), style.uniform(0.2, 0.8))
    for _ in range(int(style.integers(50, 240))):
        near = rng.random() ** 2
        x, start, long = rng.uniform(0.02, 0.98), rng.random(), 0.03 + 0.14 * near
        y = (start + stage.time * speed * (0.5 + near)) % 1.0
        x = (x + slant * y) % 1.0
        if not (0.0 < x + slant * long < 1.0) or y + long > 1.0:
            continue
        pen = stroke(tone, size * (0.0028 + 0.007 * near), 0.3 + 0.6 * near)
        stage.canvas.drawLine(x * size, y * size, (x + slant * long) * size, (y + long) * size, pen)
    for _ in range(int(style.integers(0, 26))):
        x, y, wide = rng.uniform(0.05, 0.95), rng.uniform(0.7, 0.97), rng.uniform(0.01, 0.035)
        age = (rng.random() + stage.time * 2) % 1.0
        box = skia.Rect.MakeXYWH(
            (x - wide * age) * size,
            (y - wide * age * 0.3) * size,
            2 * wide * age * size,
            0.6 * wide * age * size,
        )
        stage.canvas.drawOval(box, stroke(tone, size * 0.003, 1 - age))


def drift(stage: Stage, count: int, fall: float, sway: float) -> list[tuple[float, float, float, float]]:
    """Positions (x, y), nearness and turn of ``count`` falling things at this time."""
    rng, things = stage.rng(2), []
    for _ in range(count):
        x, start, near, phase = (
            rng.uniform(0.04, 0.96),
            rng.random(),
            rng.random() ** 1.6,
            rng.uniform(0, 6.28),
        )
        y = (start + stage.time * fall * (0.4 + near)) % 1.0
        x = x + sway * math.sin(stage.time * 5 + phase) * (0.3 + near)
        things.append((min(max(x, 0.04), 0.96), 0.04 + 0.92 * y, near, phase + stage.time * 6))
    return things


def snow(stage: Stage) -> None:
    """Flakes near and far, those close by out of focus."""
    style, size = stage.rng(), stage.size
    for x, y, near, _ in drift(stage, int(style.integers(40, 220)), 0.5, 0.04):
        radius = size * (0.0045 + 0.022 * near * near)
        paint = fill((0.97, 0.98, 1.0), 0.95 - 0.35 * near)
        stage.canvas.drawCircle(
            x * size,
            y * size,
            radius,
            blurred(paint, radius * 0.35) if near > 0.55 and not stage.cel else paint,
        )


def petals(stage: Stage) -> None:
    """Blossom petals, leaves or confetti that tumble down."""
    style, size = stage.rng(), stage.size
    kind = int(style.integers(0, 4))
    hue = (0.94, style.uniform(0.02, 0.12), style.uniform(0.22, 0.36), 0.0)[kind]
    for x, y, near, turn in drift(stage, int(style.integers(14, 110)), 0.45, 0.07):
        long, squash = size * (0.012 + 0.036 * near), 0.25 + 0.75 * abs(math.sin(turn))
        tone = hsv(
            turn / 6.28 if kind == 3 else hue + 0.02 * math.sin(turn * 3),
            (0.3, 0.75, 0.6, 0.75)[kind],
            0.98 - 0.25 * abs(math.cos(turn * 2)),
        )
        c, s = math.cos(turn), math.sin(turn)
        if kind == 3:
            shape: list[Point] = [(-1, -0.5), (1, -0.5), (1, 0.5), (-1, 0.5)]
        else:
            shape = [(-1, 0), (-0.2, -0.55), (0.85, -0.25), (0.7, 0.0), (0.85, 0.25), (-0.2, 0.55)]
        points = [
            (x * size + long * (u * c - v * squash * s), y * size + long * (u * s + v * squash * c))
            for u, v in shape
        ]
        path = polygon(points) if kind == 3 else smooth(points)
        stage.canvas.drawPath(path, fill(tone))
        if stage.cel and kind != 3:
            stage.canvas.drawPath(path, stroke(mix(tone, (0.4, 0.1, 0.2), 0.4), max(0.7, long * 0.08)))


def motes(stage: Stage) -> None:
    """Fireflies, dust in the light, rising lights or magic glitter over the whole sheet."""
    style, size = stage.rng(), stage.size
    up = style.random() < 0.6
    for x, y, near, turn in drift(stage, int(style.integers(16, 120)), 0.3, 0.05):
        y = 1.0 - y if up else y
        shine = 0.35 + 0.65 * abs(math.sin(turn))
        radius = size * (0.006 + 0.022 * near) * shine
        if stage.cel:
            stage.canvas.drawCircle(x * size, y * size, radius, fill(stage.hot))
        else:
            glow(stage, x * size, y * size, radius * 2.6, stage.colour, 0.8 * shine)
            stage.canvas.drawCircle(x * size, y * size, radius * 0.5, fill(mix(stage.hot, (1, 1, 1), 0.6)))


def glitter(stage: Stage) -> None:
    """Long-armed crosses of light, large and few or small and many."""
    style, size = stage.rng(), stage.size
    many = style.random() < 0.5
    rng = stage.rng(3)
    for _ in range(int(style.integers(20, 60) if many else style.integers(2, 9))):
        x, y, phase = rng.uniform(0.14, 0.86), rng.uniform(0.14, 0.86), rng.uniform(0, 6.28)
        shine = abs(math.sin(stage.time * 5 + phase))
        radius = size * (rng.uniform(0.02, 0.05) if many else rng.uniform(0.05, 0.13)) * (0.25 + 0.75 * shine)
        tone: Colour = mix(stage.colour, (1, 1, 1), rng.uniform(0.3, 1.0))
        if not stage.cel:
            glow(stage, x * size, y * size, radius * 0.8, stage.colour, 0.7)
        stage.canvas.drawPath(star(x * size, y * size, radius, 0.07, 0.0), fill(tone))
        stage.canvas.drawPath(star(x * size, y * size, radius * 0.5, 0.12, math.pi / 4), fill(tone))


def bubbles(stage: Stage) -> None:
    """Bubbles or soap balls that rise, thin-rimmed with a highlight."""
    style, size = stage.rng(), stage.size
    tone = mix(stage.colour, hsv(0.53, 0.4, 1.0), 0.7)
    for x, y, near, _ in drift(stage, int(style.integers(8, 60)), 0.5, 0.04):
        radius = size * (0.006 + 0.035 * near)
        x0, y0 = min(max(x * size, radius), size - radius), min(max((1 - y) * size, radius), size - radius)
        stage.canvas.drawCircle(x0, y0, radius, fill(tone, 0.25))
        stage.canvas.drawCircle(
            x0, y0, radius * 0.94, stroke(mix(tone, (1, 1, 1), 0.5), max(0.8, radius * 0.12))
        )
        stage.canvas.drawCircle(x0 - radius * 0.35, y0 - radius * 0.35, radius * 0.2, fill((1, 1, 1)))


def ripples(stage: Stage) -> None:
    """Rings on water seen at a slant."""
    style, size, rng = stage.rng(), stage.size, stage.rng(2)
    tone = mix(stage.colour, (0.8, 0.95, 1.0), 0.7)
    for _ in range(int(style.integers(1, 7))):
        x, y, start, wide = (
            rng.uniform(0.36, 0.64),
            rng.uniform(0.25, 0.75),
            rng.random(),
            rng.uniform(0.16, 0.36),
        )
        for k in range(3):
            age = (start + stage.time + k * 0.25) % 1.0
            rx = wide * age
            box = skia.Rect.MakeLTRB(
                (x - rx) * size, (y - rx * 0.32) * size, (x + rx) * size, (y + rx * 0.32) * size
            )
            stage.canvas.drawOval(box, stroke(tone, size * 0.009 * (1.2 - age), 1.0 - 0.8 * age))


def torrent(stage: Stage) -> None:
    """A jet, wave or whirl of water in flat tones with foam and drops."""
    style, size = stage.rng(), stage.size
    blue = mix(stage.colour, hsv(style.uniform(0.5, 0.6), 0.6, 0.9), 0.8)
    kind = style.random()
    alpha = style.uniform(0.75, 1.0)
    for layer, (scale, tone) in enumerate(
        (
            (1.0, mix(blue, (0, 0.05, 0.4), 0.35)),
            (0.72, blue),
            (0.45, mix(blue, (1, 1, 1), 0.45)),
            (0.2, (0.97, 1.0, 1.0)),
        )
    ):
        rng = stage.rng(3)
        count = 22
        upper: list[Point] = []
        lower: list[Point] = []
        for k in range(count + 1):
            share = k / count
            ripple = 0.035 * math.sin(share * 17 - stage.time * 16) + rng.uniform(-0.015, 0.015)
            half = 0.13 * scale * math.sin(math.pi * min(1.0, share * 0.95 + 0.06)) ** 0.6
            if kind < 0.5:
                x, y = 0.06 + 0.88 * share, 0.78 - 0.52 * math.sin(math.pi * share * 0.75) + ripple
                upper.append((x, y - half))
                lower.append((x, y + half))
            else:
                angle = share * 5.2 + stage.time * 6
                r = 0.12 + 0.24 * share
                for points, way in ((upper, 1), (lower, -1)):
                    out = r + way * half * 0.6 + ripple * 0.5
                    points.append((0.5 + out * math.cos(angle), 0.5 + 0.75 * out * math.sin(angle)))
        path = smooth([(x * size, y * size) for x, y in upper + lower[::-1]])
        stage.canvas.drawPath(path, fill(tone, alpha if layer < 3 else 0.9))
    drops = stage.rng(4)
    for _ in range(int(style.integers(8, 34))):
        x, y, radius = drops.uniform(0.08, 0.92), drops.uniform(0.08, 0.9), drops.uniform(0.004, 0.016)
        y = 0.08 + (y + 0.3 * stage.time) % 0.84
        stage.canvas.drawCircle(
            x * size, y * size, radius * size, fill(mix(blue, (1, 1, 1), drops.uniform(0.3, 0.9)), alpha)
        )
