"""Effects of matter: fire, explosions, smoke and water."""

from __future__ import annotations

import math

import skia
from numpy.random import Generator

from .effect_stage import Stage, glow, star
from .paint import Colour, Point, blurred, fill, hsv, limb, mix, polygon, stroke


def lick(x: float, base: float, height: float, width: float, bend: float) -> skia.Path:
    """One S-shaped flame that tapers to a point."""
    path = skia.Path()
    path.moveTo(x - width, base)
    path.cubicTo(
        x - width * 1.3,
        base - height * 0.4,
        x - width * 0.2 + bend,
        base - height * 0.5,
        x + bend,
        base - height,
    )
    path.cubicTo(
        x + width * 0.5 + bend, base - height * 0.62, x + width * 1.3, base - height * 0.35, x + width, base
    )
    path.close()
    return path


def flames(rng: Generator, size: float, phase: float, scale: float, base: float) -> list[skia.Path]:
    """Licks of a fire, high in the middle; the phase lets them rise and bend."""
    paths = []
    spread = rng.uniform(0.2, 0.4)
    for _ in range(int(rng.integers(6, 13))):
        across, start, high = rng.uniform(-1, 1), rng.random(), rng.uniform(0.45, 1.0)
        beat = math.sin(2 * math.pi * (phase * 1.3 + start))
        height = size * 0.85 * scale * high * (1.0 - 0.55 * across * across) * (0.85 + 0.15 * beat)
        width = size * rng.uniform(0.05, 0.12) * (0.5 + 0.5 * scale)
        bend = size * (0.06 * beat - 0.05 * across)
        paths.append(lick(size * (0.5 + across * spread), base, height, width, bend))
    foot = skia.Path()
    half = size * (spread + 0.09) * (0.6 + 0.4 * scale)
    foot.addOval(
        skia.Rect.MakeLTRB(size / 2 - half, base - size * 0.1 * scale, size / 2 + half, base + size * 0.05)
    )
    return [*paths, foot]


def fire(stage: Stage) -> None:
    """Flames in three tones with flying sparks and torn-off licks, hard-edged or soft with a halo."""
    rng, size = stage.rng(), stage.size
    base = size * 0.92
    if not stage.cel:
        glow(stage, size / 2, size * 0.62, size * 0.46, stage.colour, 0.5)
    layers = (
        (1.0, stage.colour),
        (0.7, mix(stage.colour, stage.hot, 0.6)),
        (0.42, mix(stage.hot, (1, 1, 1), 0.4)),
    )
    for scale, tone in layers:
        for path in flames(stage.rng(1), size, stage.time + 0.1 * scale, scale, base):
            stage.canvas.drawPath(path, fill(tone) if stage.cel else blurred(fill(tone, 0.75), size * 0.012))
    for _ in range(int(rng.integers(2, 7))):
        x, start = rng.uniform(0.25, 0.75), rng.random()
        rise = (start + stage.time) % 1.0
        y, long = 0.75 - 0.6 * rise, size * rng.uniform(0.03, 0.1) * (1 - rise)
        stage.canvas.drawPath(
            lick(x * size, y * size, long * 1.6, long * 0.4, long * 0.5), fill(stage.colour)
        )
    for _ in range(int(rng.integers(3, 20))):
        x, start, speed = rng.uniform(0.2, 0.8), rng.random(), rng.uniform(0.5, 1.0)
        y = 0.9 - ((start + stage.time * speed) % 1.0) * 0.85
        stage.canvas.drawCircle(x * size, y * size, size * rng.uniform(0.004, 0.014), fill(stage.hot))


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


def water(stage: Stage) -> None:
    """Splash or wave: a crown of curling tongues, drops and foam; or drawn rain."""
    size, style = stage.size, stage.rng()
    blue = mix(stage.colour, hsv(style.uniform(0.5, 0.6), 0.55, 0.95), 0.8)
    alpha = style.uniform(0.6, 1.0)
    if style.random() < 0.25:
        slant, rng = style.uniform(-0.3, 0.3), stage.rng(int(stage.time * 97))
        for _ in range(int(style.integers(30, 110))):
            x, y, long = rng.uniform(0, size), rng.uniform(0, size * 0.9), size * rng.uniform(0.04, 0.16)
            stage.canvas.drawLine(
                x, y, x + slant * long, y + long, stroke(mix(blue, (1, 1, 1), 0.6), size * 0.005, 0.7)
            )
        return
    grow = math.sin(math.pi * (0.15 + 0.7 * stage.time))
    base, crown = size * 0.88, int(style.integers(5, 12))
    for index, (scale, tone) in enumerate(
        ((1.0, blue), (0.72, mix(blue, (1, 1, 1), 0.4)), (0.38, (0.97, 0.99, 1.0)))
    ):
        rng = stage.rng(3)
        for number in range(crown):
            across = (number + 0.5) / crown * 2 - 1
            height = size * 0.62 * scale * grow * rng.uniform(0.5, 1.0) * (1.15 - 0.5 * abs(across))
            out = size * 0.22 * across * grow * (1 - 0.2 * index)
            stage.canvas.drawPath(
                lick(size * (0.5 + 0.26 * across), base, height, size * 0.06 * (0.4 + 0.6 * scale), out),
                fill(tone, alpha),
            )
        pool = skia.Rect.MakeLTRB(
            size * (0.5 - 0.4 * scale), base - size * 0.07, size * (0.5 + 0.4 * scale), base + size * 0.07
        )
        stage.canvas.drawOval(pool, fill(tone, alpha))
    for _ in range(int(style.integers(10, 40))):
        angle, speed, drop = (
            style.uniform(-2.7, -0.45),
            style.uniform(0.2, 0.62),
            size * style.uniform(0.005, 0.02),
        )
        x = size * (0.5 + math.cos(angle) * speed * (0.4 + 0.6 * stage.time))
        y = size * (0.85 + math.sin(angle) * speed * 1.2 * (0.3 + stage.time) + 0.5 * stage.time**2)
        if y < size * 0.95:
            tip = (x - math.cos(angle) * drop * 2, y - math.sin(angle) * drop * 2)
            stage.canvas.drawPath(limb((x, y), tip, drop, drop * 0.3), fill(mix(blue, (1, 1, 1), 0.5), alpha))
