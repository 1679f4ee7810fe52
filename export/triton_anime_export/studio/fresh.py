"""A cast that is drawn anew for every shot, each source as large and with as many drawings as it needs."""

from __future__ import annotations

import numpy as np

from .art import Art
from .backdrops import draw_backdrop
from .characters import draw_character
from .director import Cast
from .effects import draw_effect
from .props import draw_object
from .source import EFFECT_TYPES, Source

Rng = np.random.Generator
_SMALLEST, _LARGEST = 200, 1600  # pixels of a character's sheet
_PERFORMANCE = 36  # drawings after which a performance starts again


class Fresh(Cast):
    """Sources drawn on demand.

    Args:
        frames: of the shot that is planned; as many drawings act, up to 36.
        art: openly licensed art, or None to draw everything.
        art_share: probability that a source is taken from ``art``.
    """

    def __init__(self, frames: int, art: Art | None = None, art_share: float = 0.55) -> None:
        super().__init__([], [], [], [], art, art_share if art is not None else 0.0)
        self.frames = frames

    def character(self, rng: Rng, reach: float, action: str | None = None) -> Source:
        """A new character, drawn as large as it is shown."""
        if self._from_art(rng):
            return super().character(rng, reach, action)
        height = round(min(max(reach, _SMALLEST), _LARGEST))
        return draw_character(rng, height, min(self.frames, _PERFORMANCE), action)

    def backdrop(self, rng: Rng) -> Source:
        """A new background."""
        if self._from_art(rng):
            return super().backdrop(rng)
        return draw_backdrop(rng)

    def effect(self, rng: Rng) -> Source:
        """A new effect of any type."""
        if self._from_art(rng):
            return super().effect(rng)
        kinds = EFFECT_TYPES[1:]
        return draw_effect(rng, kinds[rng.integers(len(kinds))], 320, min(max(self.frames, 2), 8))

    def thing(self, rng: Rng) -> Source:
        """A new object."""
        return draw_object(rng)
