"""Who plays in the clips: seeds and repositories that no training draws from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from triton_anime_export.scores.held_out_art import HeldOutArt
from triton_anime_export.studio.director import Cast
from triton_anime_export.studio.effects import draw_effect
from triton_anime_export.studio.fresh import Fresh
from triton_anime_export.studio.source import EFFECT_TYPES, Source

SEED = 77_000_000
"""First of the seeds kept for scores; no recipe may train on seeds from here on."""

_FRESH = SEED + 6_000_000
"""First of the seeds that nobody has looked at while choosing anything. Whoever has, moves it on."""

_LARGE, _DRAWINGS = 320, 4


def seed_of(data: str) -> int:
    """Seed of the clips of one set of data."""
    return _FRESH if data == "fresh" else SEED


def studio_cast(frames: int) -> Cast:
    """Whatever the studio draws anew for each shot of ``frames`` drawings."""
    return Fresh(frames)


class ArtCast(Cast):
    """Art as it was painted: the director's usual cast varies the colours of what it is given."""

    def character(self, rng: np.random.Generator, reach: float, action: str | None = None) -> Source:
        """A character in its own colours."""
        del reach, action
        assert self.art is not None
        return self.art.character(rng, drawings=3)

    def backdrop(self, rng: np.random.Generator) -> Source:
        """A background in its own colours."""
        assert self.art is not None
        return self.art.background(rng)


def art_cast(folder: Path) -> Cast:
    """Sprites, backgrounds and effects of the repositories that are kept for validation.

    Raises:
        DataError: the folder has no SOURCES.tsv.
    """
    return ArtCast([], [], [], [], HeldOutArt(folder), 1.0)


def effects_by_type(cast: Cast, rng: np.random.Generator, each: int, fullest: int) -> dict[str, list[Source]]:
    """``each`` effects of every type that the cast has, fewer where few are.

    Each plays on a loop from where its drawing ``fullest`` is the one in which most is to be seen.
    """
    found: dict[str, dict[str, Source]] = {kind: {} for kind in EFFECT_TYPES[1:]}
    if isinstance(cast, Fresh):
        for kind in EFFECT_TYPES[1:]:
            found[kind] = {str(n): draw_effect(rng, kind, _LARGE, _DRAWINGS) for n in range(each)}
    else:
        for _ in range(40 * len(EFFECT_TYPES) if each else 0):
            source = cast.effect(rng)
            found[source.effect_type].setdefault(source.name, source)
    return {
        kind: [_played(source, fullest) for source in list(sources.values())[:each]]
        for kind, sources in found.items()
    }


def _played(source: Source, at: int) -> Source:
    """The loop turned to have the fullest drawing ``at``: an explosion that has only begun is no test."""
    sums = [int(drawing[..., 3].sum(dtype=np.int64)) for drawing in source.drawings]
    begin = (int(np.argmax(sums)) - at) % len(sums)
    return replace(source, drawings=source.drawings[begin:] + source.drawings[:begin])
