"""What openly licensed art shows, told by the names of its files and, for backgrounds, by eye."""

from __future__ import annotations

import re
from pathlib import Path

_LOOKS = (
    ("giggle|laugh", "laugh"),
    ("surprised|eeeeh", "surprised"),
    ("happy|fun|excited|cheer", "happy"),
    ("smile|calm", "smile"),
    ("concerned|sad|apologetic|defeated|sigh|tired", "sad"),
    ("mad|angry|hate|outraged", "angry"),
    ("smug|plot|scoff|triumphant", "smirk"),
    ("eyes_closed|blink", "closed"),
    ("shouting", "shout"),
    ("normal|neutral", "neutral"),
)
"""Words at the end of a sprite's name, and the studio's expression."""

_PLACES = {
    "beach day": "v1_coast coast rpgbg_5",
    "beach night": "rpgbg_3-night",
    "rooftop day": "v1_roof roof",
    "classroom day": "bg_lecturehall",
    "street day": "bg_club bg_meadow",
    "park day": "bg_uni",
    "park dusk": "rpgbg_15",
    "park night": "rpgbg_16",
    "forest day": "rpgbg_1 FungusTown_composite",
    "forest night": "rpgbg_1-night",
    "field day": "rpgbg_11 rpgbg_13 rpgbg_19",
    "field night": "rpgbg_12 rpgbg_14 rpgbg_2-night rpgbg_20 rpgbg_4-night",
    "ruins day": "rpgbg_17",
    "ruins overcast": "rpgbg_21",
    "ruins night": "rpgbg_18 rpgbg_22",
    "castle day": "rpgbg_9 rpgbg_23",
    "castle night": "rpgbg_10 rpgbg_24",
    "wasteland day": "rpgbg_3",
    "mountains day": "rpgbg_7",
    "arena fantasy": "battlemap0 battlemap1 battlemap2 battlemap3 battlemap4 battlemap5 battlemap6 "
    "battlemap7 map_abyssian map_redrock map_shimzar map_vanar",
    "city fantasy": "scene_vetruvian",
}
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names.split()}


def _name(path: Path) -> str:
    """The file's own name: files are called REPOSITORY__name."""
    return path.stem.split("__")[-1]


def look(path: Path) -> str:
    """The expression of a sprite, one of ``face.EXPRESSIONS``; empty where its name does not tell."""
    for words, expression in _LOOKS:
        if re.search(rf"(?:^|[_\W])v?(?:{words})$", _name(path)):
            return expression
    return ""


def place(path: Path) -> tuple[str, str]:
    """Scene type and mood of a background, as :mod:`backdrops` calls them; empty for one nobody has seen."""
    scene_type, _, mood = _PLACE_OF.get(_name(path), "").partition(" ")
    return scene_type, mood
