"""The held-out art. What its effect sheets show is told by eye: their files are numbered, not named.

None of them shows a beam of light, so that type is scored on drawings of the studio alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from triton_anime_export.studio.art import Art
from triton_anime_export.studio.source import Source

_SHEETS = {
    "energy_glow": "medfx_5 spacefx_fx-3 spacefx_shield-1 spacefx_shield-2",
    "fire": "rpgfx_11 westfx_1 westfx_2 westfx_3",
    "sparkles": "rpgfx_7",
    "explosion": "rpgfx_1 rpgfx_9 westfx_4 westfx_explosion",
    "lightning": "medfx_6",
    "smoke": "rpgfx_13 rpgfx_8 prehfx_2",
    "speed_lines": "spacefx_fx-5 ninjafx_7",
    "water": "ninjafx_15 medfx_7 medfx_9",
    "magic": "rpgfx_12 medfx_10",
    "motion_blur": "rpgfx_10 rpgfx_4 rpgfx_6 ninjafx_10 ninjafx_11 ninjafx_12 ninjafx_8 ninjafx_9 "
    "medfx_11 medfx_2 medfx_4 westfx_5 westfx_6 prehfx_1",
    "shockwave": "ninjafx_1 ninjafx_2 ninjafx_4 rpgfx_14 ninjafx_13 ninjafx_14 westfx_7 prehfx_4",
}
_TYPE_OF = {name: kind for kind, names in _SHEETS.items() for name in names.split()}
_PAINTED = {"smoke", "explosion", "water", "motion_blur"}
"""Types that cover what is behind them; the others may be light that is added."""


_PAIR = "human_animal"
"""In the name of a sprite that shows two figures: it has no one identity."""


class HeldOutArt(Art):
    """The validation split, its effects called what they look like; raises as :class:`Art`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "val")
        alone = {
            name: [entry for entry in entries if _PAIR not in entry.path.stem]
            for name, entries in self.characters.items()
        }
        self.characters = {name: entries for name, entries in alone.items() if entries}

    def effect(self, rng: np.random.Generator, drawings: int = 4) -> Source:
        """Successive cells of one effect sheet; see :class:`Art`. Rubble and tiles are passed over."""
        while True:
            source = super().effect(rng, drawings)
            kind = _TYPE_OF.get(source.name.split("__")[-1])
            if kind is not None:
                break
        return replace(source, effect_type=kind, additive=source.additive and kind not in _PAINTED)
