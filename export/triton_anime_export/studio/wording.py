"""A character's design in words."""

from __future__ import annotations

from .design import Design

_GARMENTS = {
    "tee": "a T-shirt", "shirt": "a shirt", "sailor": "a sailor uniform", "blazer": "a blazer",
    "jacket": "a jacket", "hoodie": "a hoodie", "armour": "armour", "robe": "a robe", "dress": "a dress",
    "kimono": "a kimono",
}  # fmt: skip
_HAIR = {
    "spikes": "spiky hair", "short": "short hair", "bob": "a bob", "long": "long hair",
    "straight": "long hair", "twin_tails": "twin tails", "ponytail": "a ponytail", "bun": "a bun",
    "wavy": "wavy hair", "bald": "a bald head", "wolf": "layered hair", "braids": "braids",
    "drills": "drill curls", "curls": "curls", "mane": "a mane of spikes",
}  # fmt: skip


def style_name(design: Design) -> str:
    """The hand in words: its lines and its shading."""
    style = design.style
    line = (
        "line-less" if style.ink_width <= 0 else "coloured-line" if style.ink_colour_share > 0.5 else "inked"
    )
    if design.finish.airbrush > 0 or style.soft > 0:
        shading = "painted"
    elif style.depth <= 0:
        shading = "flat"
    else:
        shading = "three-tone cel" if design.finish.tones > 2 or style.rim > 0 else "two-tone cel"
    return f"{line} {shading}"


def words(design: Design) -> str:
    """The character in words that hold whatever its colours become."""
    if design.species == "mascot":
        return f"a {design.ears} mascot"
    who = "a chibi figure" if design.heads < 3.5 else "a child" if design.heads < 5.3 else "a figure"
    seen = {"profile": " seen from the side", "back": " seen from behind"}.get(design.view, "")
    return f"{who} with {_HAIR[design.hair_style]} in {_GARMENTS[design.top]}{seen}"
