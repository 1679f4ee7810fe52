"""Drawn effects of every type, as successive drawings: additive light and cel-painted matter."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import skia
from numpy.random import Generator
from numpy.typing import NDArray

from . import blasts, fields, haste, light, matter, runes, signs, speed_lines, strikes, weather
from .effect_stage import Stage
from .paint import Colour, hsv, mix, pixels
from .source import EFFECT_TYPES, Source

DRAWERS: dict[str, tuple[Callable[[Stage], None], ...]] = {
    "energy_glow": (light.energy_glow, fields.aura, fields.orb, fields.comet, weather.motes),
    "fire": (matter.fire, fields.blaze, fields.blaze, fields.comet),
    "light_beam": (light.light_beam, fields.god_rays, fields.surge, fields.surge),
    "sparkles": (
        light.sparkles,
        weather.glitter,
        weather.motes,
        weather.snow,
        weather.petals,
        signs.crosses,
        signs.crosses,
    ),
    "explosion": (matter.explosion, blasts.blast, blasts.blast, strikes.burst, signs.puffs),
    "smoke": (matter.smoke, blasts.plume, blasts.plume, blasts.plume, signs.puffs),
    "lightning": (light.lightning, strikes.cel_bolt, strikes.sparks),
    "speed_lines": (
        haste.speed_lines,
        speed_lines.focus,
        speed_lines.stream,
        speed_lines.hatch,
        signs.bars,
        signs.bars,
    ),
    "water": (matter.water, weather.torrent, weather.rain, weather.bubbles, weather.ripples),
    "magic": (light.magic, light.magic, runes.sigils, runes.ward, runes.orbit, signs.emblem, signs.emblem),
    "motion_blur": (
        haste.motion_blur,
        strikes.slash,
        strikes.slash,
        strikes.blade_line,
        strikes.streak,
        signs.swirls,
    ),
    "shockwave": (haste.shockwave, strikes.rings, strikes.dome, strikes.burst, signs.hoop, signs.swirls),
}
"""How each type is drawn: one way is chosen for every effect. Rain is water; snow and petals are sparkles."""

FULL_SHEET = frozenset(
    {weather.rain, weather.snow, weather.petals, weather.motes, speed_lines.focus, speed_lines.stream}
)
"""Ways that fill the sheet: they are meant to cover a whole frame (style ``full frame``)."""

NEVER_ADDED = frozenset({weather.petals, matter.smoke, blasts.plume, signs.puffs})
"""Ways whose darker tones only make sense painted over the picture."""

ADDITIVE_SHARE = {
    "energy_glow": 0.8, "fire": 0.35, "light_beam": 0.85, "sparkles": 0.7, "explosion": 0.1, "smoke": 0.0,
    "lightning": 0.8, "speed_lines": 0.15, "water": 0.1, "magic": 0.8, "motion_blur": 0.5, "shockwave": 0.6,
}  # fmt: skip


def draw_effect(
    rng: Generator, effect_type: str, size: int = 384, drawings: int = 4, way: int | None = None
) -> Source:
    """One effect of a type as successive drawings.

    Args:
        rng: decides everything.
        effect_type: one of ``EFFECT_TYPES[1:]``.
        size: side of the square drawings in pixels.
        drawings: how many.
        way: index into ``DRAWERS[effect_type]``; None draws one.

    Raises:
        ValueError: a type that is not drawn.
    """
    if effect_type not in DRAWERS:
        raise ValueError(f"no effect {effect_type!r}; one of {', '.join(EFFECT_TYPES[1:])}")
    seed = int(rng.integers(0, 2**31))
    ways = DRAWERS[effect_type]
    drawer = ways[int(rng.integers(len(ways))) if way is None else way]
    additive = bool(rng.random() < ADDITIVE_SHARE[effect_type]) and drawer not in NEVER_ADDED
    warm = effect_type in ("fire", "explosion") and rng.random() < 0.65
    hue = rng.uniform(0.98, 1.1) if warm else rng.random()
    colour = hsv(hue, rng.uniform(0.6, 1.0), rng.uniform(0.75, 1.0))
    hot = mix(hsv(hue + rng.uniform(0.0, 0.1), 0.5, 1.0), (1, 1, 0.9), rng.uniform(0.2, 0.7))
    cel = bool(rng.random() < (0.35 if additive else 0.75))
    start, span = rng.uniform(0.0, 0.4), rng.uniform(0.3, 0.6)
    blocky = rng.random() < 0.1
    outlined = cel and not additive and not blocky and rng.random() < 0.2
    side = int(rng.choice((48, 64, 96))) if blocky else size
    style = "pixel art" if blocky else "cel" if cel else "soft"
    images = []
    for index in range(drawings):
        surface = skia.Surface(side, side)
        time = start + span * index / max(drawings - 1, 1)
        drawer(Stage(surface.getCanvas(), float(side), time, seed, colour, hot, cel or blocky))
        image = pixels(surface)
        image = enlarged(image, size) if blocky else inked(image, colour) if outlined else image
        images.append(image)
    return Source(
        "effect",
        f"studio:{effect_type}-{seed}",
        tuple(images),
        additive,
        effect_type,
        style=f"{style}, full frame" if drawer in FULL_SHEET else style,
    )


def enlarged(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """A small drawing as pixel art: few tones, no soft edges, enlarged to ``size`` without smoothing."""
    rgb = np.clip((np.floor(image[..., :3] / 40.0) + 0.5) * 40, 0, 255)
    alpha = np.where(image[..., 3] > 90, 255, 0)
    small = np.dstack([rgb, alpha]).astype(np.uint8)
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_NEAREST), np.uint8)


def inked(image: NDArray[np.uint8], colour: Colour) -> NDArray[np.uint8]:
    """The drawing with a dark outline around its opaque parts."""
    solid = image[..., 3]
    reach = max(2, image.shape[0] // 130)
    grown = cv2.dilate(solid, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    ink = np.array(mix(colour, (0.05, 0.03, 0.08), 0.8)) * 255
    share = solid[..., None].astype(np.float32) / 255
    rgb = image[..., :3] * share + ink * (1 - share)
    return np.dstack([rgb, np.maximum(grown, solid)]).astype(np.uint8)
