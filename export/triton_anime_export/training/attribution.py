"""Whose art the lite networks learned from: CC-BY asks for it, and courtesy does for the rest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """Art of one repository, its kind, its licence and, where it names one, its artist."""

    repository: str
    what: str
    licence: str


ART = (
    Work("dialogic-godot/dialogic", "sprites", "MIT"),
    Work("IppClub/YueScript", "mascot by Tyson Tan", "MIT / CC-BY-SA-4.0"),
    Work("akiraux/assets", "mascot by Tyson Tan", "GPL-3 / CC-BY-SA"),
    Work("biotorrents/gazelle", "mascot by Tyson Tan", "ISC"),
    Work("IppClub/Dora-SSR", "project art", "MIT"),
    Work("Akaricchi/taisei", "portraits by afensorm", "CC-BY-4.0"),
    Work("Akaricchi/taisei", "in-game art", "MIT"),
    Work("t73liu/open-duelyst-assets", "sprites, backgrounds, effects", "CC0-1.0"),
    Work("snozbot/fungus", "sprites by Sara Mena, backgrounds", "MIT"),
    Work("sparklinlabs/superpowers-asset-packs", "sprites, backgrounds by Pixel-boy", "CC0-1.0"),
)
"""The training split; effects of the last and all art of renpy/renpy, suika2 and squishy are held out."""
