"""Drawn effects of every type, as successive drawings: additive light and cel-painted matter."""

from __future__ import annotations

from collections.abc import Callable

import skia
from numpy.random import Generator

from . import haste, light, matter
from .effect_stage import Stage
from .paint import hsv, mix, pixels
from .source import EFFECT_TYPES, Source

DRAWERS: dict[str, Callable[[Stage], None]] = {
    "energy_glow": light.energy_glow,
    "fire": matter.fire,
    "light_beam": light.light_beam,
    "sparkles": light.sparkles,
    "explosion": matter.explosion,
    "smoke": matter.smoke,
    "lightning": light.lightning,
    "speed_lines": haste.speed_lines,
    "water": matter.water,
    "magic": light.magic,
    "motion_blur": haste.motion_blur,
    "shockwave": haste.shockwave,
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
