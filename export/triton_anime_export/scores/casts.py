"""Who plays in the clips: seeds and repositories that no training draws from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from triton_anime_export.scores.held_out_effects import HeldOutArt
from triton_anime_export.studio.bank import draw_cast
from triton_anime_export.studio.director import Cast
from triton_anime_export.studio.source import EFFECT_TYPES, Source

SEED = 77_000_000
"""First of the seeds kept for scores; no recipe may train on seeds from here on."""


def studio_cast(pool: int = 12) -> Cast:
    """Characters, backdrops, effects of every type and objects that the studio draws from held-out seeds."""
    effects = len(EFFECT_TYPES) - 1
    return draw_cast(SEED, None, characters=pool, backdrops=pool, effects=effects, objects=max(1, pool // 2))


def art_cast(folder: Path) -> Cast:
    """Sprites, backgrounds and effects of the repositories that are kept for validation.

    Raises:
        DataError: the folder has no SOURCES.tsv.
    """
    return Cast([], [], [], [], HeldOutArt(folder, "val"), 1.0)


def effects_by_type(cast: Cast, rng: np.random.Generator, each: int) -> dict[str, list[Source]]:
    """``each`` effects of every type that the cast has; fewer where few are found."""
    found: dict[str, dict[str, Source]] = {}
    for _ in range(40 * len(EFFECT_TYPES) if each else 0):
        source = cast.effect(rng)
        found.setdefault(source.effect_type, {}).setdefault(source.name, source)
    order = [kind for kind in EFFECT_TYPES if kind in found]
    return {kind: list(found[kind].values())[:each] for kind in order}
