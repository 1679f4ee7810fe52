"""Drawn effects of every type, as successive drawings: additive light and cel-painted matter."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import skia
from numpy.random import Generator

from .paint import Colour, Point, blurred, fill, hsv, limb, mix, packed, pixels, polygon, stroke
from .source import EFFECT_TYPES, Source


@dataclass(frozen=True)
class Stage:
    """One drawing to be made: canvas, side length, time 0..1 and the effect's fixed design."""

    canvas: skia.Canvas
    size: float
    time: float
    seed: int
    colour: Colour
    hot: Colour
    cel: bool

    def rng(self, offset: int = 0) -> Generator:
        """The same random numbers in every drawing of the effect."""
        return np.random.default_rng((self.seed, offset))


def glow(stage: Stage, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0) -> None:
    """Radial light that fades to nothing at the radius."""
    shader = skia.GradientShader.MakeRadial(
        center=skia.Point(x, y),
        radius=max(radius, 0.5),
        colors=[
            packed(mix(colour, (1, 1, 1), 0.7), strength),
            packed(colour, 0.55 * strength),
            packed(colour, 0.15 * strength),
            packed(colour, 0),
        ],
        positions=[0.0, 0.3, 0.65, 1.0],
    )
    stage.canvas.drawCircle(x, y, radius, skia.Paint(Shader=shader, AntiAlias=True))


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


def tongue(rng: Generator, size: float, phase: float, scale: float, base: float) -> skia.Path:
    """Outline of a fire with licking points."""
    count = 7
    points: list[Point] = [(size * (0.5 - 0.34 * scale), base)]
    heights = rng.uniform(0.45, 1.0, count)
    for index in range(count * 2 + 1):
        share = index / (count * 2)
        envelope = math.sin(math.pi * min(max(share, 0.04), 0.96)) ** 0.7
        x = size * (0.5 + (share - 0.5) * 0.68 * scale + 0.03 * math.sin(phase * 6.28 + index))
        high = envelope * scale * size * 0.88
        if index % 2:
            high *= heights[index // 2] * (0.85 + 0.25 * math.sin(phase * 6.28 + index * 1.9))
        else:
            high *= 0.35
        points.append((x, base - high))
    points.append((size * (0.5 + 0.34 * scale), base))
    path = skia.Path()
    path.moveTo(*points[0])
    for index in range(1, len(points)):
        before, after = points[index - 1], points[index]
        path.cubicTo(
            before[0] + (0.01 * size),
            (before[1] * 0.4 + after[1] * 0.6),
            after[0] - 0.015 * size,
            before[1] * 0.5 + after[1] * 0.5,
            *after,
        )
    path.quadTo(size * 0.5, base + size * 0.08, *points[0])
    path.close()
    return path


def fire(stage: Stage) -> None:
    """Flames in two or three tones, or soft ones with a halo."""
    rng, size = stage.rng(), stage.size
    base = size * 0.93
    if not stage.cel:
        glow(stage, size / 2, size * 0.62, size * 0.46, stage.colour, 0.5)
    layers = (
        (1.0, stage.colour),
        (0.72, mix(stage.colour, stage.hot, 0.6)),
        (0.45, mix(stage.hot, (1, 1, 1), 0.4)),
    )
    for index, (scale, tone) in enumerate(layers):
        path = tongue(stage.rng(index), size, stage.time + index * 0.2, scale, base)
        stage.canvas.drawPath(path, fill(tone, 1.0) if stage.cel else blurred(fill(tone, 0.8), size * 0.012))
    for _ in range(int(rng.integers(3, 20))):
        x, start, speed = rng.uniform(0.2, 0.8), rng.random(), rng.uniform(0.5, 1.0)
        y = 0.9 - ((start + stage.time * speed) % 1.0) * 0.85
        stage.canvas.drawCircle(x * size, y * size, size * rng.uniform(0.004, 0.014), fill(stage.hot))


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


def star(x: float, y: float, radius: float, sharp: float, turn: float, arms: int = 4) -> skia.Path:
    """Star with thin arms."""
    points = []
    for index in range(arms * 2):
        angle = turn + math.pi * index / arms
        out = radius if index % 2 == 0 else radius * sharp
        points.append((x + out * math.cos(angle), y + out * math.sin(angle)))
    return polygon(points)


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


def lumps(rng: Generator, centre: Point, radius: float, count: int, rough: float) -> skia.Path:
    """Cloud-like outline of round lumps."""
    path = skia.Path()
    path.addCircle(centre[0], centre[1], radius * 0.8)
    for index in range(count):
        angle = 2 * math.pi * index / count + rng.uniform(-0.2, 0.2)
        out = radius * rng.uniform(0.55, 0.85)
        path.addCircle(
            centre[0] + out * math.cos(angle),
            centre[1] + out * math.sin(angle),
            radius * rng.uniform(0.25, 0.25 + rough),
        )
    return path


def explosion(stage: Stage) -> None:
    """Fireball of lumps and spikes with debris; the last drawings turn to smoke."""
    rng, size = stage.rng(), stage.size
    centre, grow = size / 2, 0.35 + 0.65 * math.sqrt(stage.time)
    if rng.random() < 0.6:
        points = []
        arms = int(rng.integers(9, 18))
        for index in range(arms * 2):
            angle = math.pi * index / arms
            out = size * 0.47 * grow * (rng.uniform(0.75, 1.0) if index % 2 else 0.55)
            points.append((centre + out * math.cos(angle), centre + out * math.sin(angle)))
        stage.canvas.drawPath(polygon(points), fill(stage.hot, 0.95))
    smoky = max(0.0, stage.time - 0.5) * 1.4
    grey: Colour = (0.25, 0.22, 0.25)
    tones = (
        mix(stage.colour, grey, 0.3 + 0.5 * smoky),
        mix(stage.colour, grey, smoky),
        mix(stage.hot, grey, smoky),
        mix((1, 1, 0.9), grey, smoky),
    )
    for index, tone in enumerate(tones):
        scale = (1.0, 0.84, 0.62, 0.36)[index]
        path = lumps(
            stage.rng(index), (centre, centre - index * size * 0.012), size * 0.36 * grow * scale, 9, 0.2
        )
        path.setFillType(skia.PathFillType.kWinding)
        stage.canvas.drawPath(path, fill(tone))
    for _ in range(int(rng.integers(0, 22))):
        angle, speed, bit = (
            rng.uniform(0, 2 * math.pi),
            rng.uniform(0.25, 0.47),
            rng.uniform(0.006, 0.02) * size,
        )
        x, y = centre + math.cos(angle) * speed * size * grow, centre + math.sin(angle) * speed * size * grow
        stage.canvas.drawPath(
            star(x, y, bit, 0.6, angle, 3), fill(tones[0] if rng.random() < 0.5 else tones[2])
        )


def smoke(stage: Stage) -> None:
    """Billowing smoke or dust, flat tones or soft."""
    rng, size = stage.rng(), stage.size
    shade = mix(stage.colour, hsv(rng.random(), 0.06, rng.uniform(0.15, 0.95)), 0.85)
    alpha = 1.0 if stage.cel else rng.uniform(0.4, 0.85)
    sheets = (mix(shade, (0.1, 0.08, 0.2), 0.35), shade, mix(shade, (1, 1, 1), 0.35))
    puffs = [
        (rng.uniform(0.25, 0.75), rng.uniform(0.3, 0.8), rng.uniform(0.1, 0.2), rng.uniform(0.05, 0.25))
        for _ in range(int(rng.integers(3, 9)))
    ]
    if not stage.cel:
        stage.canvas.saveLayerAlpha(None, int(255 * alpha))
    for index, tone in enumerate(sheets):
        for number, (x, y, radius, rise) in enumerate(puffs):
            scale = (1.0, 0.85, 0.5)[index] * (0.7 + 0.4 * stage.time)
            path = lumps(
                stage.rng(number),
                ((x - index * 0.012) * size, (y - rise * stage.time - index * 0.02) * size),
                radius * size * scale,
                7,
                0.2,
            )
            path.setFillType(skia.PathFillType.kWinding)
            stage.canvas.drawPath(path, fill(tone) if stage.cel else blurred(fill(tone), size * 0.02))
    if not stage.cel:
        stage.canvas.restore()


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


def water(stage: Stage) -> None:
    """Splash: crown of tongues, drops and foam."""
    size, style = stage.size, stage.rng()
    blue = mix(stage.colour, hsv(style.uniform(0.5, 0.6), 0.55, 0.95), 0.8)
    grow = math.sin(math.pi * (0.15 + 0.7 * stage.time))
    alpha = style.uniform(0.6, 1.0)
    for index, (scale, tone) in enumerate(
        ((1.0, blue), (0.7, mix(blue, (1, 1, 1), 0.35)), (0.4, (0.97, 0.99, 1.0)))
    ):
        path = tongue(stage.rng(index), size, stage.time * 0.4, scale * (0.5 + 0.5 * grow), size * 0.9)
        stage.canvas.drawPath(path, fill(tone, alpha))
    for _ in range(int(style.integers(10, 40))):
        angle, speed, drop = (
            style.uniform(-2.7, -0.45),
            style.uniform(0.2, 0.62),
            size * style.uniform(0.005, 0.02),
        )
        x = size * (0.5 + math.cos(angle) * speed * (0.4 + 0.6 * stage.time))
        y = size * (0.85 + math.sin(angle) * speed * 1.2 * (0.3 + stage.time) + 0.5 * stage.time**2)
        if y < size * 0.95:
            stage.canvas.drawPath(
                limb(
                    (x, y), (x - math.cos(angle) * drop * 2, y - math.sin(angle) * drop * 2), drop, drop * 0.3
                ),
                fill(mix(blue, (1, 1, 1), 0.5), alpha),
            )


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


DRAWERS: dict[str, Callable[[Stage], None]] = {
    "energy_glow": energy_glow,
    "fire": fire,
    "light_beam": light_beam,
    "sparkles": sparkles,
    "explosion": explosion,
    "smoke": smoke,
    "lightning": lightning,
    "speed_lines": speed_lines,
    "water": water,
    "magic": magic,
    "motion_blur": motion_blur,
    "shockwave": shockwave,
}
ADDITIVE_SHARE = {
    "energy_glow": 0.8, "fire": 0.35, "light_beam": 0.85, "sparkles": 0.7, "explosion": 0.1, "smoke": 0.0,
    "lightning": 0.8, "speed_lines": 0.15, "water": 0.1, "magic": 0.8, "motion_blur": 0.5, "shockwave": 0.6,
}  # fmt: skip


def draw_effect(rng: Generator, effect_type: str, size: int = 384, drawings: int = 4) -> Source:
    """One effect of a type as successive drawings; raises ValueError for a type that is not drawn."""
    if effect_type not in DRAWERS:
        raise ValueError(f"no effect {effect_type!r}; one of {', '.join(EFFECT_TYPES[1:])}")
    seed = int(rng.integers(0, 2**31))
    additive = bool(rng.random() < ADDITIVE_SHARE[effect_type])
    warm = effect_type in ("fire", "explosion") and rng.random() < 0.65
    hue = rng.uniform(0.98, 1.1) if warm else rng.random()
    colour = hsv(hue, rng.uniform(0.6, 1.0), rng.uniform(0.75, 1.0))
    hot = mix(hsv(hue + rng.uniform(0.0, 0.1), 0.5, 1.0), (1, 1, 0.9), rng.uniform(0.2, 0.7))
    cel = bool(rng.random() < (0.35 if additive else 0.75))
    start, span = rng.uniform(0.0, 0.4), rng.uniform(0.3, 0.6)
    images = []
    for index in range(drawings):
        surface = skia.Surface(size, size)
        time = start + span * index / max(drawings - 1, 1)
        DRAWERS[effect_type](Stage(surface.getCanvas(), float(size), time, seed, colour, hot, cel))
        images.append(pixels(surface))
    return Source("effect", f"studio:{effect_type}-{seed}", tuple(images), additive, effect_type)
