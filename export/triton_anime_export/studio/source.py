"""What a scene is composed of: a drawn thing with exact alpha, and what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EFFECT_TYPES = (
    "none",
    "energy_glow",
    "fire",
    "light_beam",
    "sparkles",
    "explosion",
    "smoke",
    "lightning",
    "speed_lines",
    "water",
    "magic",
    "motion_blur",
    "shockwave",
)
"""Names of the effect types; their index is the value in :attr:`Shot.effect_type` maps."""


@dataclass(frozen=True)
class Source:
    """A character, object, effect or backdrop as successive drawings.

    Attributes:
        kind: ``character``, ``object``, ``effect`` or ``backdrop``.
        name: identity; two sources of one name are one character.
        drawings: uint8 RGBA [h,w,4], straight alpha, all of one size.
        additive: light that is added to the picture rather than painted over it.
        effect_type: one of :data:`EFFECT_TYPES`, empty for what is not an effect.
    """

    kind: str
    name: str
    drawings: tuple[NDArray[np.uint8], ...]
    additive: bool = False
    effect_type: str = ""
