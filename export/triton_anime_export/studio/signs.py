"""Effects as flat signs of few tones, as games and gags have them: crosses, emblems, swirls, hoops, puffs."""

from __future__ import annotations

import math

import skia

from .effect_stage import Stage, star
from .paint import Colour, Point, box, fill, mix, oval, polygon, stroke


def tones(stage: Stage) -> tuple[Colour, Colour]:
    """(shade, light) of a sign: one of them is often white."""
    style = stage.rng(31)
    pale = mix(stage.hot, (1, 1, 1), float(style.choice((0.3, 0.8, 1.0))))
    if style.random() < 0.25:
        return mix(stage.colour, (0.2, 0.1, 0.1), style.uniform(0, 0.7)), stage.colour
    return stage.colour, pale


def opened(stage: Stage) -> float:
    """How large a sign has become, as a share: it opens fast and goes on slowly."""
    return 1.0 - 0.5 * math.exp(-2.5 * stage.time)


def laid(stage: Stage, path: skia.Path, offset: tuple[float, float]) -> None:
    """A shape over the same shape in its shade, a little aside or a little larger."""
    shade, light = tones(stage)
    style = stage.rng(32)
    how = int(style.integers(4))
    if how == 1:
        moved = skia.Path(path)
        moved.offset(*offset)
        stage.canvas.drawPath(moved, fill(shade))
    elif how == 2:
        stage.canvas.drawPath(path, stroke(shade, 2 * math.hypot(*offset)))
    stage.canvas.drawPath(path, fill(light))
    if how == 3:
        stage.canvas.drawPath(path, stroke(shade, math.hypot(*offset)))


def cross(x: float, y: float, reach: float, thick: float, long: float = 1.0) -> skia.Path:
    """An upright cross; ``long`` stretches what is below its beam."""
    half = thick / 2
    top, foot, left, right = y - reach, y + reach * long, x - reach, x + reach
    return polygon(
        [
            (x - half, top), (x + half, top), (x + half, y - half), (right, y - half), (right, y + half),
            (x + half, y + half), (x + half, foot), (x - half, foot), (x - half, y + half), (left, y + half),
            (left, y - half), (x - half, y - half),
        ]
    )  # fmt: skip


def crosses(stage: Stage) -> None:
    """Crosses, stars and dots of many sizes around a large one: healing, a twinkle, a level gained."""
    style, size, rng = stage.rng(), stage.size, stage.rng(5)
    pointed = style.random() < 0.35
    largest = style.uniform(0.1, 0.26) * size
    spread = style.uniform(0.2, 0.4) * size
    for k in range(int(style.integers(3, 14))):
        reach = largest if k == 0 else largest * rng.uniform(0.08, 0.5)
        reach *= 0.6 + 0.4 * abs(math.sin(3 * stage.time + k))
        x, y = (size / 2 + (0 if k == 0 else rng.normal(0, 0.5)) * spread for _ in range(2))
        edge = reach + size * 0.02
        x, y = (min(max(v, edge), size - edge) for v in (x, y - stage.time * 0.1 * size))
        if pointed:
            path = star(x, y, reach, 0.3, math.pi / 2)
        elif reach < 0.03 * size:
            path = box(x - reach / 2, y - reach / 2, x + reach / 2, y + reach / 2)
        else:
            path = cross(x, y, reach, reach * 0.7)
        laid(stage, path, (0.0, reach * 0.12))


def emblem(stage: Stage) -> None:
    """A large sign, alone or with rays around it: a cross, a star, a heart, a drop, a crystal, a moon."""
    style, size = stage.rng(), stage.size
    reach = size * style.uniform(0.18, 0.42) * opened(stage)
    x = y = size / 2
    kind = int(style.integers(6))
    if kind == 0:
        path = cross(x, y - reach * 0.1, reach * 0.8, reach * style.uniform(0.3, 0.6), style.uniform(1, 1.4))
        if style.random() < 0.3:
            path.addPath(cross(x, y - reach * 0.1, reach * 0.6, reach * 0.15))
            path.setFillType(skia.PathFillType.kEvenOdd)
    elif kind == 1:
        path = star(x, y, reach, style.uniform(0.35, 0.6), -math.pi / 2, int(style.integers(4, 9)))
    elif kind == 2:
        path = skia.Path()
        path.moveTo(x, y + reach)
        path.cubicTo(x - 1.6 * reach, y - 0.1 * reach, x - 0.7 * reach, y - 1.3 * reach, x, y - 0.4 * reach)
        path.cubicTo(x + 0.7 * reach, y - 1.3 * reach, x + 1.6 * reach, y - 0.1 * reach, x, y + reach)
    elif kind == 3:
        path = skia.Path()
        path.moveTo(x, y - reach)
        path.cubicTo(x + 0.3 * reach, y - 0.2 * reach, x + reach, y + reach, x, y + reach)
        path.cubicTo(x - reach, y + reach, x - 0.3 * reach, y - 0.2 * reach, x, y - reach)
    elif kind == 4:
        wide = reach * style.uniform(0.35, 0.7)
        path = polygon([(x, y - reach), (x + wide, y), (x, y + reach), (x - wide, y)])
    else:
        path = skia.Op(
            oval(x, y, reach, reach),
            oval(x + reach * style.uniform(0.3, 0.6), y - reach * 0.1, reach * 0.85, reach * 0.85),
            skia.PathOp.kDifference_PathOp,
        )
    if style.random() < 0.45:
        shade, light = tones(stage)
        count, wide = int(style.integers(5, 14)), style.uniform(0.06, 0.2)
        near, far = reach * 1.15, size * 0.47
        for k in range(count):
            turn = 2 * math.pi * k / count + 0.3 * stage.time
            sides = ((near, -wide), (far, -wide * 1.3), (far, wide * 1.3), (near, wide))
            points = [(x + r * math.cos(turn + a), y + r * math.sin(turn + a)) for r, a in sides]
            stage.canvas.drawPath(polygon(points), fill(light if k % 2 else shade))
    laid(stage, path, (size * 0.012, size * 0.018))


def swirls(stage: Stage) -> None:
    """Curls of wind or dizziness: spirals of one breadth, some with a tail."""
    style, size, rng = stage.rng(), stage.size, stage.rng(5)
    shade, light = tones(stage)
    count = int(style.integers(1, 6))
    for k in range(count):
        radius = size * style.uniform(0.08, 0.16 if count > 2 else 0.4)
        room = max(0.0, 0.48 - radius / size)
        x, y = (size * (0.5 + rng.uniform(-room, room)) for _ in range(2))
        rounds, way = style.uniform(0.8, 2.4), float(style.choice((-1, 1)))
        start = rng.uniform(0, 2 * math.pi) + 4 * way * stage.time
        points: list[Point] = []
        for step in range(40):
            share = step / 39
            angle = start + way * 2 * math.pi * rounds * share
            out = radius * (0.1 + 0.9 * share)
            points.append((x + out * math.cos(angle), y + out * math.sin(angle)))
        pen = radius * style.uniform(0.12, 0.3)
        path = polygon(points, closed=False)
        if style.random() < 0.4:
            stage.canvas.drawPath(path, stroke(shade, pen * 1.5))
        stage.canvas.drawPath(path, stroke(light if k % 2 else shade, pen))


def hoop(stage: Stage) -> None:
    """One or two broad rings, whole or broken, flat or seen from the side."""
    style, size = stage.rng(), stage.size
    shade, light = tones(stage)
    flat = float(style.choice((1.0, 1.0, 0.5, 0.3)))
    broad = style.uniform(0.03, 0.12) * size
    stage.canvas.save()
    stage.canvas.translate(size / 2, size / 2)
    stage.canvas.scale(1, flat)
    for k in range(int(style.integers(1, 3))):
        radius = (size * 0.48 - broad) * opened(stage) * (1 - 0.35 * k)
        rect = skia.Rect.MakeLTRB(-radius, -radius, radius, radius)
        start, sweep = 0.0, 360.0
        if style.random() < 0.35:
            start, sweep = style.uniform(0, 360), style.uniform(90, 320)
        for colour, share in ((shade, 1.0), (light, 0.6)):
            pen = stroke(colour, broad * share)
            pen.setStrokeCap(skia.Paint.kButt_Cap)
            stage.canvas.drawArc(rect, start, sweep, False, pen)
    stage.canvas.restore()


def bars(stage: Stage) -> None:
    """A few bold strokes around something that startles, rushes or falls."""
    style, size = stage.rng(), stage.size
    shade, light = tones(stage)
    count = int(style.integers(4, 17))
    around = style.random() < 0.65
    turn = style.uniform(0, 2 * math.pi)
    near, far = style.uniform(0.15, 0.33), style.uniform(0.36, 0.48)
    broad = math.exp(style.uniform(math.log(0.015), math.log(0.1))) * size
    rng = stage.rng(7 + int(stage.time * 5))
    for k in range(count):
        if around:
            angle = turn + 2 * math.pi * k / count
            inner, outer = (size * (r + rng.uniform(-0.04, 0.04)) for r in (near, far))
            a = (size / 2 + inner * math.cos(angle), size / 2 + inner * math.sin(angle))
            b = (size / 2 + outer * math.cos(angle), size / 2 + outer * math.sin(angle))
        else:
            angle, across = turn, (k + 0.5) / count - 0.5
            c, s = math.cos(angle), math.sin(angle)
            middle = (size * (0.5 - across * 0.8 * s), size * (0.5 + across * 0.8 * c))
            half = size * rng.uniform(0.08, 0.28)
            a = (middle[0] - half * c, middle[1] - half * s)
            b = (middle[0] + half * c, middle[1] + half * s)
        x, y = -math.sin(angle) * broad / 2, math.cos(angle) * broad / 2
        thin = style.uniform(0.2, 1.0)
        corners = [
            (a[0] + x * thin, a[1] + y * thin),
            (b[0] + x, b[1] + y),
            (b[0] - x, b[1] - y),
            (a[0] - x * thin, a[1] - y * thin),
        ]
        stage.canvas.drawPath(polygon(corners), fill(light if k % 3 else shade))


def puffs(stage: Stage) -> None:
    """Round flat clouds of two tones: a ring of dust, a heap, a single ball, brown, grey or white."""
    style, size, rng = stage.rng(), stage.size, stage.rng(5)
    dust: Colour = mix(
        stage.colour, (0.75, 0.65, 0.5) if style.random() < 0.5 else (0.8, 0.8, 0.85), style.uniform(0.4, 1)
    )
    dust = mix(dust, (0.1, 0.05, 0.0), float(style.choice((0.0, 0.3, 0.65))))
    shade = mix(dust, (0.1, 0.05, 0.1), style.uniform(0.15, 0.4))
    ring = style.random() < 0.5
    count = int(style.integers(4, 12))
    centres = []
    for k in range(count):
        radius = size * rng.uniform(0.07, 0.16)
        out = size * (0.33 if ring else abs(rng.normal(0, 0.18))) * opened(stage)
        angle = 2 * math.pi * k / count if ring else rng.uniform(0, 2 * math.pi)
        out = min(out, size * 0.48 - radius)
        centres.append((size / 2 + out * math.cos(angle), size / 2 + out * math.sin(angle), radius))
    for x, y, radius in centres:
        stage.canvas.drawCircle(x, y, radius, fill(shade))
    lit = style.uniform(0.1, 0.3)
    for x, y, radius in centres:
        stage.canvas.drawCircle(x - radius * lit, y - radius * lit, radius * (1 - lit), fill(dust))
    if style.random() < 0.5:
        for x, y, radius in centres[:: int(style.integers(1, 4))]:
            rect = skia.Rect.MakeLTRB(x - radius / 2, y - radius / 2, x + radius / 2, y + radius / 2)
            stage.canvas.drawArc(rect, rng.uniform(0, 360), 130, False, stroke(shade, radius * 0.15))
