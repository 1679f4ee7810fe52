"""Effects as fields: smoke and explosions."""

from __future__ import annotations

import math

import numpy as np
import skia

from .effect_stage import Stage
from .fields import emit, flow, grid, heat
from .paint import Colour, fill, hsv, mix


def billow(
    stage: Stage, centres: list[tuple[float, float, float]], shade: Colour, alpha: float, ragged: float = 0.8
) -> None:
    """Vapour out of round puffs (x, y, radius in -1..1), lit from above, in flat tones or soft."""
    _, xs, ys = grid(stage)
    best = np.full(xs.shape, -9.0, np.float32)
    lift = np.zeros(xs.shape, np.float32)
    for x, y, radius in centres:
        dx, dy = (xs - x) / radius, (ys - y) / radius
        height = 1.0 - dx * dx - dy * dy
        nearer = height > best
        best = np.where(nearer, height, best)
        lift = np.where(nearer, -0.5 * dx - 0.8 * dy, lift)
    curl = flow(stage, 3, 6, 0.1, -0.35)
    cover = best + (curl - 0.5) * ragged
    cover = np.where(np.maximum(np.abs(xs), np.abs(ys)) > 0.985, -1.0, cover)
    tone = 0.5 + 0.3 * lift + 0.5 * (curl - 0.5)
    tones = [
        mix(shade, (0.08, 0.06, 0.2), 0.55),
        mix(shade, (0.08, 0.06, 0.2), 0.28),
        shade,
        mix(shade, (1, 1, 1), 0.4),
    ]
    soft = 0.05 if stage.cel else 0.7
    step = 0.02 if stage.cel else 0.25
    rgb = np.broadcast_to(np.array(tones[0], np.float32), (*cover.shape, 3)).copy()
    for colour, at in zip(tones[1:], (0.32, 0.5, 0.72), strict=True):
        rgb += (np.array(colour, np.float32) - rgb) * np.clip((tone - at) / step + 0.5, 0, 1)[..., None]
    rgba = (np.clip(np.dstack([rgb, np.clip(cover / soft, 0, 1) * alpha]), 0, 1) * 255).astype(np.uint8)
    image = skia.Image.fromarray(np.ascontiguousarray(rgba), colorType=skia.kRGBA_8888_ColorType, copy=True)
    stage.canvas.drawImageRect(
        image, skia.Rect.MakeWH(stage.size, stage.size), skia.SamplingOptions(skia.FilterMode.kLinear)
    )


def plume(stage: Stage) -> None:
    """Smoke that rises and widens, a dust cloud on the ground, a puff or a bank of fog."""
    style = stage.rng()
    grey = mix(stage.colour, hsv(style.random(), style.uniform(0, 0.15), style.uniform(0.12, 0.98)), 0.85)
    kind, alpha = int(style.integers(0, 4)), 1.0 if stage.cel else float(style.uniform(0.35, 0.9))
    rng, centres = stage.rng(5), []
    for k in range(int(style.integers(7, 16))):
        if kind == 0:
            share = (k / 12 + stage.time * 0.6) % 1.0
            centres.append(
                (
                    rng.normal(0, 0.05) + 0.25 * share * math.sin(k + stage.time * 3),
                    0.8 - 1.5 * share,
                    0.12 + 0.3 * share,
                )
            )
        elif kind == 1:
            out = rng.uniform(-0.7, 0.7) * (0.6 + 0.5 * stage.time)
            centres.append((out, 0.6 - rng.uniform(0, 0.45) * (0.4 + stage.time), rng.uniform(0.12, 0.26)))
        elif kind == 2:
            angle, far = rng.uniform(0, 2 * math.pi), rng.uniform(0, 0.5) * (0.5 + 0.6 * stage.time)
            centres.append(
                (far * math.cos(angle), far * math.sin(angle) - 0.15 * stage.time, rng.uniform(0.16, 0.32))
            )
        else:
            centres.append(
                (
                    ((rng.random() + stage.time * 0.15) % 1.0) * 1.7 - 0.85,
                    rng.uniform(-0.1, 0.6),
                    rng.uniform(0.15, 0.35),
                )
            )
    billow(stage, centres, grey, alpha, float(style.uniform(0.6, 1.4)))


def blast(stage: Stage) -> None:
    """Explosion: flash, ball of fire, cooling to smoke with debris; at times a mushroom."""
    style, size, t = stage.rng(), stage.size, stage.time
    mushroom, spikes = style.random() < 0.3, style.random() < 0.5
    grow = 0.35 + 0.65 * math.sqrt(min(t, 1.0))
    _, xs, ys = grid(stage)
    far = np.hypot(xs, ys)
    angle = np.arctan2(ys, xs)
    if spikes and t < 0.75:
        rays = np.interp(
            angle, np.linspace(-math.pi, math.pi, 48), stage.rng(9).uniform(0.2, 1.0, 48)
        ).astype(np.float32)
        emit(
            stage,
            (0.95 * grow * rays + 0.2 - far).astype(np.float32),
            [stage.hot, mix(stage.hot, (1, 1, 1), 0.7)],
            [0.0, 0.15],
            0.9,
        )
    rng, puffs = stage.rng(5), []
    for _ in range(14):
        a, out = rng.uniform(0, 2 * math.pi), rng.uniform(0.1, 0.5) * grow
        puffs.append(
            (
                out * math.cos(a),
                out * math.sin(a) - (0.15 if mushroom else 0.0),
                rng.uniform(0.18, 0.32) * grow,
            )
        )
    if mushroom:
        puffs += [(rng.normal(0, 0.06), 0.15 + 0.09 * k, 0.14) for k in range(8)]
        puffs += [(rng.uniform(-0.6, 0.6) * grow, 0.85, 0.1) for _ in range(8)]
    best = np.full(xs.shape, -9.0, np.float32)
    for x, y, radius in puffs:
        best = np.maximum(best, 1.0 - ((xs - x) ** 2 + (ys - y) ** 2) / (radius * radius))
    curl = flow(stage, 3, 6, 0.15, -0.3)
    field = (best * 0.8 + (curl - 0.5) * 1.3).astype(np.float32)
    field = np.where(far > 0.97, -1.0, field).astype(np.float32)
    cool = min(1.0, max(0.0, (t - 0.35) * 1.5))
    soot: Colour = (0.2, 0.17, 0.2)
    tones = [
        mix(tone, soot, cool * share)
        for tone, share in zip(
            [mix(stage.colour, soot, 0.55), *heat(stage)[1:]], (1.0, 0.9, 0.7, 0.45), strict=True
        )
    ]
    emit(stage, field, tones, [0.06, 0.28, 0.5, 0.68])
    bits = stage.rng(8)
    for _ in range(int(style.integers(0, 26))):
        a, speed, bit = (
            bits.uniform(0, 2 * math.pi),
            bits.uniform(0.3, 0.48),
            size * bits.uniform(0.004, 0.02),
        )
        x, y = (
            size / 2 + math.cos(a) * speed * size * grow,
            size / 2 + math.sin(a) * speed * size * grow + 0.1 * size * t * t,
        )
        stage.canvas.drawRect(
            skia.Rect.MakeXYWH(x, y, bit, bit * 0.7), fill(tones[0] if bits.random() < 0.6 else tones[2])
        )
