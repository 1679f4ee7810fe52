"""Effects of one stroke: slashes, claws, thrusts, bolts, impact stars, rings."""

from __future__ import annotations

import math

import skia

from .effect_stage import Stage, glow
from .paint import Point, blurred, fill, mix, polygon, smooth, stroke


def crescent(stage: Stage, start: float, sweep: float, outer: float, thick: float, flat: float) -> None:
    """One crescent of a swing in three tones; angles in radians, lengths in shares of the size."""
    size, steps = stage.size, 36
    for scale, tone, alpha in (
        (1.0, stage.colour, 0.75),
        (0.62, stage.hot, 0.9),
        (0.26, (1.0, 1.0, 1.0), 1.0),
    ):
        rim: list[Point] = []
        inner: list[Point] = []
        for k in range(steps + 1):
            share = k / steps
            angle = start + sweep * share
            depth = thick * scale * math.sin(math.pi * share**1.8)
            for points, radius in ((rim, outer), (inner, outer - depth)):
                points.append(
                    (size * (0.5 + radius * math.cos(angle)), size * (0.5 + flat * radius * math.sin(angle)))
                )
        paint = fill(tone, alpha)
        soft = not stage.cel and scale == 1.0
        stage.canvas.drawPath(polygon(rim + inner[::-1]), blurred(paint, size * 0.012) if soft else paint)


def slash(stage: Stage) -> None:
    """A sword's arc that grows and thins out, alone, crossed or followed by echoes."""
    style, size = stage.rng(), stage.size
    start, sweep = style.uniform(0, 2 * math.pi), style.uniform(1.4, 3.6) * float(style.choice((-1, 1)))
    flat, thick = float(style.choice((1.0, 0.55, 0.3))), style.uniform(0.05, 0.24)
    shown = min(1.0, stage.time * 2.2 + 0.25)
    fade = 1.0 - max(0.0, stage.time - 0.55) * 1.6
    stage.canvas.save()
    stage.canvas.rotate(style.uniform(-60, 60), size / 2, size / 2)
    for k in range(int(style.choice((1, 1, 2, 3)))):
        crescent(
            stage,
            start + k * style.uniform(0.4, 1.7),
            sweep * shown,
            0.47 - 0.06 * k,
            thick * fade * (1 - 0.25 * k),
            flat,
        )
    rng = stage.rng(6)
    for _ in range(int(style.integers(0, 14))):
        a, r = start + sweep * rng.random() * shown, rng.uniform(0.3, 0.46)
        x, y = size * (0.5 + r * math.cos(a)), size * (0.5 + flat * r * math.sin(a))
        long = size * rng.uniform(0.02, 0.09)
        way = a + math.pi / 2
        stage.canvas.drawLine(
            x, y, x + long * math.cos(way), y + long * math.sin(way), stroke(stage.hot, size * 0.006)
        )
    stage.canvas.restore()


def blade_line(stage: Stage) -> None:
    """Straight cuts and claw marks: needles that are thickest in the middle."""
    style, size = stage.rng(), stage.size
    count = int(style.choice((1, 1, 3, 4, 2)))
    turn, gap, bend = (
        style.uniform(0, math.pi),
        size * style.uniform(0.07, 0.13),
        style.uniform(-0.12, 0.12) * size,
    )
    shown = min(1.0, stage.time * 2.5 + 0.3)
    thin = 1.0 - max(0.0, stage.time - 0.5) * 1.7
    for k in range(count):
        shift = (k - (count - 1) / 2) * gap
        c, s = math.cos(turn), math.sin(turn)
        reach = size * style.uniform(0.36, 0.46)

        def at(u: float, v: float, c: float = c, s: float = s, shift: float = shift) -> Point:
            return (size / 2 + u * c - (v + shift) * s, size / 2 + u * s + (v + shift) * c)

        for scale, tone, alpha in (
            (1.0, stage.colour, 0.85),
            (0.55, stage.hot, 1.0),
            (0.22, (1.0, 1.0, 1.0), 1.0),
        ):
            half = size * style.uniform(0.015, 0.03) * scale * thin
            tip = -reach + 2 * reach * shown
            middle = (-reach + tip) / 2
            path = smooth([at(-reach, 0), at(middle, bend - half), at(tip, 0), at(middle, bend + half)])
            paint = fill(tone, alpha)
            stage.canvas.drawPath(
                path, blurred(paint, size * 0.01) if scale == 1.0 and not stage.cel else paint
            )
    if style.random() < 0.4:
        impact_star(stage, 0.12)


def streak(stage: Stage) -> None:
    """The blur of something fast: tapering parallel brush lines, straight or bent."""
    style, size, rng = stage.rng(), stage.size, stage.rng(2)
    turn, bend = style.uniform(0, 360), style.uniform(-0.5, 0.5)
    stage.canvas.save()
    stage.canvas.rotate(turn, size / 2, size / 2)
    for _ in range(int(style.integers(10, 46))):
        y = rng.normal(0.5, 0.11)
        long, start = rng.uniform(0.25, 0.85), rng.uniform(0.04, 0.35) + 0.1 * stage.time
        end = min(0.96, start + long)
        if not 0.08 < y < 0.92:
            continue
        lift = bend * 0.25 * (end - start)
        half = rng.uniform(0.003, 0.02)
        points = [
            (start, y),
            ((start + end) / 2, y - lift - half),
            (end, y),
            ((start + end) / 2, y - lift + half),
        ]
        tone = mix(stage.colour, stage.hot if rng.random() < 0.5 else (1, 1, 1), rng.uniform(0, 0.8))
        paint = fill(tone, rng.uniform(0.35, 0.95))
        stage.canvas.drawPath(
            smooth([(x * size, z * size) for x, z in points]),
            paint if stage.cel else blurred(paint, size * 0.006),
        )
    stage.canvas.restore()


def impact_star(stage: Stage, reach: float = 0.46) -> None:
    """A jagged star of a hit, in three tones."""
    size, rng = stage.size, stage.rng(11 + int(stage.time * 7))
    arms = int(stage.rng(3).integers(7, 22))
    lengths = [rng.uniform(0.55, 1.0) for _ in range(arms)]
    grow = min(1.0, 0.5 + stage.time * 1.2)
    for scale, tone in ((1.0, stage.colour), (0.72, stage.hot), (0.42, (1.0, 1.0, 1.0))):
        points: list[Point] = []
        for k in range(arms * 2):
            angle = math.pi * k / arms
            out = size * reach * grow * scale * (lengths[k // 2] if k % 2 == 0 else 0.32)
            points.append((size / 2 + out * math.cos(angle), size / 2 + out * math.sin(angle)))
        stage.canvas.drawPath(polygon(points), fill(tone, 0.95))


def burst(stage: Stage) -> None:
    """The star of a hit with lines that fly out of it."""
    style, size = stage.rng(), stage.size
    if not stage.cel:
        glow(stage, size / 2, size / 2, size * 0.45, stage.colour, 0.5)
    rng = stage.rng(5)
    for _ in range(int(style.integers(8, 40))):
        angle, near, long = (
            rng.uniform(0, 2 * math.pi),
            rng.uniform(0.12, 0.28) + 0.15 * stage.time,
            rng.uniform(0.05, 0.18),
        )
        half = rng.uniform(0.003, 0.014)
        far = min(near + long, 0.49)
        points = [(near, 0.0), ((near + far) / 2, half), (far, 0.0), ((near + far) / 2, -half)]
        c, s = math.cos(angle), math.sin(angle)
        stage.canvas.drawPath(
            polygon([(size * (0.5 + u * c - v * s), size * (0.5 + u * s + v * c)) for u, v in points]),
            fill(stage.hot),
        )
    impact_star(stage, style.uniform(0.15, 0.32))


def cel_bolt(stage: Stage) -> None:
    """Lightning as a hard zigzag ribbon with an outline, striking anew in each drawing."""
    style, size = stage.rng(), stage.size
    rng = stage.rng(1 + int(stage.time * 97))
    for _ in range(int(style.integers(1, 4))):
        x, y = size * style.uniform(0.25, 0.75), size * 0.03
        left: list[Point] = []
        right: list[Point] = []
        steps = int(style.integers(5, 11))
        for k in range(steps + 1):
            share = k / steps
            half = size * 0.035 * (1 - share) * style.uniform(0.6, 1.2) + size * 0.003
            px = x + rng.uniform(-0.09, 0.09) * size * (0.3 + share)
            py = y + share * size * 0.93
            left.append((px - half, py + (half if k % 2 else -half)))
            right.append((px + half, py - (half if k % 2 else -half)))
        path = polygon(left + right[::-1])
        if stage.cel:
            stage.canvas.drawPath(path, stroke(mix(stage.colour, (0, 0, 0), 0.3), size * 0.02))
            stage.canvas.drawPath(path, stroke(stage.colour, size * 0.012))
        else:
            stage.canvas.drawPath(path, blurred(stroke(stage.colour, size * 0.04, 0.7), size * 0.015))
        stage.canvas.drawPath(path, fill(mix(stage.hot, (1, 1, 1), 0.6)))


def sparks(stage: Stage) -> None:
    """Electric arcs that crackle around a ball or a body."""
    style, size = stage.rng(), stage.size
    rng = stage.rng(1 + int(stage.time * 97))
    rx, ry = style.uniform(0.15, 0.38), style.uniform(0.15, 0.42)
    for _ in range(int(style.integers(4, 13))):
        angle, span = rng.uniform(0, 2 * math.pi), rng.uniform(0.4, 1.6)
        points = []
        for k in range(8):
            a = angle + span * k / 7
            wild = 1.0 + rng.uniform(-0.22, 0.22)
            points.append((size * (0.5 + rx * wild * math.cos(a)), size * (0.5 + ry * wild * math.sin(a))))
        path = polygon(points, closed=False)
        pen = stroke(stage.colour, size * 0.018, 0.8)
        stage.canvas.drawPath(path, pen if stage.cel else blurred(pen, size * 0.012))
        stage.canvas.drawPath(path, stroke(mix(stage.hot, (1, 1, 1), 0.6), size * 0.006))


def rings(stage: Stage) -> None:
    """Thin rings that run outwards with dust or shards on their rim, flattened on the ground or round."""
    style, size, t = stage.rng(), stage.size, stage.time
    flat = float(style.choice((1.0, 0.35, 0.22)))
    stage.canvas.save()
    stage.canvas.translate(size / 2, size / 2)
    stage.canvas.rotate(float(style.choice((0.0, style.uniform(-30, 30)))))
    stage.canvas.scale(1, flat)
    for k in range(int(style.integers(1, 5))):
        radius = size * 0.47 * min(1.0, (0.2 + t) * (1 - 0.2 * k))
        thin = size * style.uniform(0.003, 0.03) * (1.2 - t)
        stage.canvas.drawCircle(
            0, 0, max(radius - thin, 2), stroke(mix(stage.colour, stage.hot, k / 4), max(thin, 1.0), 0.95)
        )
    rng = stage.rng(4)
    radius = size * 0.43 * min(1.0, 0.2 + t)
    for _ in range(int(style.integers(0, 60))):
        a, out = rng.uniform(0, 2 * math.pi), radius * rng.uniform(0.85, 1.05)
        stage.canvas.drawCircle(
            out * math.cos(a),
            out * math.sin(a),
            size * rng.uniform(0.004, 0.02),
            fill(stage.hot if rng.random() < 0.5 else stage.colour, 0.9),
        )
    stage.canvas.restore()


def dome(stage: Stage) -> None:
    """A pressure wave as a lit half sphere or ball with a bright rim."""
    style, size = stage.rng(), stage.size
    radius = size * 0.46 * min(1.0, 0.35 + stage.time)
    half = style.random() < 0.5
    centre = size * (0.8 if half else 0.5)
    radius = min(radius, size * 0.46)
    stage.canvas.save()
    if half:
        stage.canvas.clipRect(skia.Rect.MakeLTRB(0, 0, size, centre))
    for share, alpha in ((1.0, 0.35), (0.94, 0.25), (0.85, 0.2)):
        stage.canvas.drawCircle(
            size / 2, centre, radius * share, fill(stage.colour, alpha * (1.1 - stage.time))
        )
    stage.canvas.drawCircle(size / 2, centre, radius * 0.98, stroke(stage.hot, size * 0.015, 0.95))
    if not stage.cel:
        stage.canvas.drawCircle(
            size / 2, centre, radius * 0.96, blurred(stroke(stage.hot, size * 0.05, 0.5), size * 0.02)
        )
    stage.canvas.restore()
