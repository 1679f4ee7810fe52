"""Effects as fields: fire, auras, beams as thresholded, flowing noise in two to four tones."""

from __future__ import annotations

import math

import numpy as np
import skia
from numpy.typing import NDArray

from .effect_stage import Stage, glow
from .paint import Colour, blurred, fill, mix, stroke
from .texture import noise

Field = NDArray[np.float32]


def grid(stage: Stage) -> tuple[int, Field, Field]:
    """Side length in pixels and coordinates -1..1 to the right and down."""
    side = int(stage.size)
    ys, xs = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    return side, xs.astype(np.float32), ys.astype(np.float32)


def flow(stage: Stage, offset: int, cells: int, across: float, down: float) -> Field:
    """Noise 0..1 that moves by (across, down) sheet widths in unit time and changes while it moves."""
    side = int(stage.size)
    total = np.zeros((side, side), np.float32)
    for layer, speed in enumerate((1.0, 1.7)):
        sheet = noise(stage.rng(100 + offset * 2 + layer), side * 2, side * 2, cells * 2, 4)
        x, y = (int((stage.time * way * speed % 1.0) * side) for way in (-across, -down))
        total += 0.5 * sheet[y : y + side, x : x + side]
    return np.clip((total - 0.5) * 1.5 + 0.5, 0, 1)


def emit(stage: Stage, field: Field, colours: list[Colour], steps: list[float], alpha: float = 1.0) -> None:
    """Lay a field over the drawing: ``colours[i]`` from ``steps[i]`` on, hard in cel paint and soft else."""
    soft = 0.02 if stage.cel else 0.14
    rgb = np.broadcast_to(np.array(colours[0], np.float32), (*field.shape, 3)).copy()
    for colour, step in zip(colours[1:], steps[1:], strict=True):
        share = np.clip((field - step) / soft + 0.5, 0, 1)[..., None]
        rgb += (np.array(colour, np.float32) - rgb) * share
    cover = np.clip((field - steps[0]) / soft + (0.5 if stage.cel else 0.0), 0, 1) * alpha
    rgba = (np.clip(np.dstack([rgb, cover]), 0, 1) * 255 + 0.5).astype(np.uint8)
    image = skia.Image.fromarray(np.ascontiguousarray(rgba), colorType=skia.kRGBA_8888_ColorType, copy=True)
    stage.canvas.drawImageRect(
        image, skia.Rect.MakeWH(stage.size, stage.size), skia.SamplingOptions(skia.FilterMode.kLinear)
    )


def heat(stage: Stage) -> list[Colour]:
    """Four tones from the outside to the core."""
    return [
        mix(stage.colour, (0.05, 0.0, 0.1), 0.25),
        stage.colour,
        mix(stage.colour, stage.hot, 0.75),
        mix(stage.hot, (1, 1, 1), 0.65),
    ]


def blaze(stage: Stage) -> None:
    """A fire that licks upwards: one pyre, a wall of flames or a column."""
    style = stage.rng()
    _, xs, ys = grid(stage)
    rise = flow(stage, 1, int(style.integers(3, 6)), 0.0, -style.uniform(0.7, 1.4))
    sway = flow(stage, 2, 3, 0.0, -0.6)
    wide, kind = style.uniform(0.3, 0.75), style.random()
    up = (0.9 - ys) / 1.8
    x = xs + (sway - 0.5) * 0.7 * np.clip(up, 0, 1)
    if kind < 0.55:
        body = 1.0 - np.abs(x) / (wide * np.clip(1.15 - up, 0.02, 2) ** 0.8)
        body = np.minimum(body, (1.1 - up) * 1.3)
    elif kind < 0.8:
        body = np.minimum(1.0 - up * style.uniform(1.2, 2.0), (0.96 - np.abs(xs)) * 5)
    else:
        body = np.minimum(1.0 - np.abs(x) / (wide * 0.5), (0.98 - np.abs(ys)) * 4)
    body = np.minimum(body, (0.93 - ys) * 14)
    field = (body * 0.75 + (rise - 0.5) * style.uniform(1.1, 1.7) * (0.4 + 0.6 * up)).astype(np.float32)
    field = np.where(np.maximum(np.abs(xs), np.abs(ys)) > 0.97, -1.0, field).astype(np.float32)
    if not stage.cel:
        glow(stage, stage.size / 2, stage.size * 0.62, stage.size * 0.48, stage.colour, 0.4)
    emit(stage, field, heat(stage), [0.08, 0.22, 0.42, 0.62])
    embers(stage, int(style.integers(4, 26)))


def embers(stage: Stage, count: int) -> None:
    """Sparks that rise and sway."""
    rng, size = stage.rng(7), stage.size
    for _ in range(count):
        x, start, speed, radius = (
            rng.uniform(0.12, 0.88),
            rng.random(),
            rng.uniform(0.5, 1.2),
            rng.uniform(0.003, 0.012),
        )
        up = (start + stage.time * speed) % 1.0
        sway = 0.04 * math.sin(stage.time * 9 + start * 20)
        stage.canvas.drawCircle(
            (x + sway) * size, (0.93 - up * 0.85) * size, size * radius * (1.2 - up), fill(stage.hot)
        )


def comet(stage: Stage) -> None:
    """A ball of fire or energy with a streaming tail."""
    style = stage.rng()
    _, xs, ys = grid(stage)
    turn = style.uniform(0, 2 * math.pi)
    u = xs * math.cos(turn) + ys * math.sin(turn)
    v = -xs * math.sin(turn) + ys * math.cos(turn)
    head, radius = 0.45, style.uniform(0.18, 0.32)
    stream = flow(stage, 1, 4, -math.cos(turn) * 1.3, -math.sin(turn) * 1.3)
    ball = 1.0 - np.hypot(u - head, v) / radius
    tail = (1.0 - np.abs(v) / (radius * np.clip(0.35 + 0.75 * (u + 0.95), 0.05, 1.0))) * np.clip(
        (u + 0.95) * 1.2, 0, 1
    )
    tail = np.where(u < head, tail, -1.0)
    field = (
        np.maximum(ball, tail * 0.8) + (stream - 0.5) * 1.0 * np.clip(1.1 - (u + 1) * 0.5, 0.25, 1)
    ).astype(np.float32)
    field = np.where(np.hypot(xs, ys) > 0.97, -1.0, field).astype(np.float32)
    if not stage.cel:
        glow(
            stage,
            stage.size * (0.5 + 0.22 * math.cos(turn)),
            stage.size * (0.5 + 0.22 * math.sin(turn)),
            stage.size * 0.28,
            stage.colour,
            0.6,
        )
    emit(stage, field, heat(stage), [0.1, 0.28, 0.5, 0.72])


def aura(stage: Stage) -> None:
    """Energy that flames up around a body, hollow or full."""
    style = stage.rng()
    _, xs, ys = grid(stage)
    rise = flow(stage, 1, 5, 0.0, -style.uniform(0.8, 1.6))
    wide, tall = style.uniform(0.35, 0.6), style.uniform(0.75, 0.9)
    up = np.clip((0.9 - ys) / 1.8, 0, 1)
    shell = 1.0 - np.hypot(xs / (wide * (1.05 - 0.45 * up)), (ys - 0.05) / tall)
    field = shell + (rise - 0.5) * (0.5 + 0.9 * up)
    if style.random() < 0.65:
        hollow = 1.0 - np.hypot(xs / (wide * 0.72), (ys - 0.15) / (tall * 0.75))
        field = np.minimum(field, 0.62 - hollow * style.uniform(0.8, 1.6))
    field = np.where(np.maximum(np.abs(xs), np.abs(ys)) > 0.97, -1.0, field).astype(np.float32)
    emit(stage, field.astype(np.float32), heat(stage)[1:], [0.08, 0.3, 0.52], 0.9 if stage.cel else 0.8)
    embers(stage, int(style.integers(0, 20)))


def orb(stage: Stage) -> None:
    """A swirling sphere of energy with arcs that circle it."""
    style, size = stage.rng(), stage.size
    _, xs, ys = grid(stage)
    radius = style.uniform(0.3, 0.6) * (0.9 + 0.1 * math.sin(stage.time * 14))
    far = np.hypot(xs, ys)
    swirl = flow(stage, 1, 4, 0.5, 0.3)
    ring = np.clip(1.0 - np.abs(far - radius) / (0.12 * style.uniform(0.6, 1.4)), 0, 1)
    field = np.where(far < radius, 0.25 + 0.55 * swirl + 0.4 * (far / radius) ** 3, 0.0) + 0.6 * ring * swirl
    if not stage.cel:
        glow(stage, size / 2, size / 2, size * 0.48, stage.colour, 0.7)
    emit(stage, field.astype(np.float32), heat(stage)[1:], [0.2, 0.55, 0.75], 0.95)
    for k in range(int(style.integers(0, 5))):
        turn, tilt = stage.time * 500 + k * 70, style.uniform(0.2, 1.0)
        stage.canvas.save()
        stage.canvas.translate(size / 2, size / 2)
        stage.canvas.rotate(style.uniform(0, 180))
        stage.canvas.scale(1, tilt)
        out = size * 0.5 * radius * style.uniform(1.05, 1.4)
        box = skia.Rect.MakeLTRB(-out, -out, out, out)
        stage.canvas.drawArc(box, turn % 360, style.uniform(60, 200), False, stroke(stage.hot, size * 0.012))
        stage.canvas.restore()


def god_rays(stage: Stage) -> None:
    """Light that falls in a fan or a cone, or shines out of a point."""
    style, size = stage.rng(), stage.size
    _, xs, ys = grid(stage)
    radial = style.random() < 0.35
    x0, y0 = (0.0, 0.0) if radial else (style.uniform(-0.7, 0.7), -1.1)
    angle = np.arctan2(xs - x0, ys - y0)
    table = stage.rng(3).random(60)
    shift = stage.time * 0.15
    rays = np.interp((angle / (2 * math.pi) + 0.5 + shift) % 1.0, np.linspace(0, 1, 60), table).astype(
        np.float32
    )
    far = np.hypot(xs - x0, ys - y0) / (1.0 if radial else 2.1)
    spread = 9.0 if radial else style.uniform(0.35, 0.8)
    lean = 0.0 if radial else math.atan2(-x0, 1.1) * 0.5
    field = (
        np.clip((rays - 0.3) * 1.6, 0, 1)
        * np.clip(1.0 - far, 0, 1)
        * np.clip((spread - np.abs(angle - lean)) * 6, 0, 1)
    )
    field = field * np.clip((0.99 - np.maximum(np.abs(xs), np.abs(ys))) * 8, 0, 1)
    cover = np.where(field > 0.15, 0.45, 0.0) + np.where(field > 0.4, 0.35, 0.0) if stage.cel else field
    tone = mix(stage.hot, (1, 1, 0.95), 0.4)
    rgba = np.dstack(
        [np.broadcast_to(np.array(tone, np.float32), (*field.shape, 3)), cover.astype(np.float32)]
    )
    image = skia.Image.fromarray(
        np.ascontiguousarray((rgba * 255).astype(np.uint8)), colorType=skia.kRGBA_8888_ColorType, copy=True
    )
    stage.canvas.drawImageRect(
        image, skia.Rect.MakeWH(size, size), skia.SamplingOptions(skia.FilterMode.kLinear)
    )


def surge(stage: Stage) -> None:
    """A thick beam with a boiling edge, or a bundle of thin laser lines."""
    style, size = stage.rng(), stage.size
    if style.random() < 0.4:
        rng = stage.rng(4)
        for _ in range(int(style.integers(1, 7))):
            a, x, y = rng.uniform(-0.5, 0.5), size / 2, size * rng.uniform(0.2, 0.8)
            wide = size * rng.uniform(0.004, 0.02)
            dx, dy = math.cos(a) * size * 0.46, math.sin(a) * size * 0.46
            head = min(1.0, stage.time * 2 + 0.3) * 2 - 1
            end = (x + dx * head, y + dy * head)
            for scale, tone, alpha in (
                (5.0, stage.colour, 0.3),
                (2.2, stage.colour, 0.8),
                (1.0, (1.0, 1.0, 1.0), 1.0),
            ):
                pen = stroke(tone, wide * scale, alpha)
                stage.canvas.drawLine(
                    x - dx, y - dy, *end, blurred(pen, size * 0.012) if scale > 3 and not stage.cel else pen
                )
        return
    _, xs, ys = grid(stage)
    turn = style.uniform(-0.6, 0.6)
    u, v = xs * math.cos(turn) + ys * math.sin(turn), -xs * math.sin(turn) + ys * math.cos(turn)
    boil = flow(stage, 1, 5, 1.6 * math.cos(turn), 1.6 * math.sin(turn))
    thick = style.uniform(0.12, 0.4) * (0.9 + 0.15 * math.sin(stage.time * 25))
    field = 1.0 - np.abs(v) / thick + (boil - 0.5) * 0.9
    root = 1.0 - np.hypot(u + 0.7, v) / (thick * 1.5)
    field = np.maximum(field, root + 0.1)
    head = -0.6 + 1.7 * min(1.0, stage.time * 1.5 + 0.4)
    field = np.minimum(np.minimum(field, (u + 0.93) * 6), (head - u) * 5)
    field = np.where(np.maximum(np.abs(xs), np.abs(ys)) > 0.98, -1.0, field).astype(np.float32)
    if not stage.cel:
        glow(
            stage,
            size * (0.5 - 0.35 * math.cos(turn)),
            size * (0.5 - 0.35 * math.sin(turn)),
            size * 0.2,
            stage.colour,
            0.6,
        )
    emit(stage, field, heat(stage)[1:], [0.05, 0.4, 0.65])
