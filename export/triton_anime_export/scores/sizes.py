"""How much is drawn and scored."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Numbers of clips and drawings, for each set.

    Attributes:
        size: (width, height) of the frames, even.
        staged: scenes of the director.
        drawings: drawings of each of those.
        effects_each: clips of each effect type.
        effect_drawings: drawings of each of those; the one in the middle is judged.
        long_each: tracking clips of each of the two kinds.
        long_drawings: drawings of each of those, shown for two frames each.
    """

    size: tuple[int, int] = (640, 360)
    staged: int = 6
    drawings: int = 8
    effects_each: int = 2
    effect_drawings: int = 5
    long_each: int = 2
    long_drawings: int = 50


QUICK = Sizes((160, 90), 1, 3, 0, 1, 1, 4)
"""A smoke run: the figures mean nothing."""
