"""What a prompt says: its tokens for the text tower, and the name its effect has in the metadata.

No vocabulary file is needed: words, pairs of neighbouring words and character trigrams are hashed into a
fixed number of ids, as fastText does (Bojanowski et al., "Enriching Word Vectors with Subword Information",
TACL 2017). The recipe that trains the text tower and the server that runs it both import this module, so it
uses the standard library and numpy only.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

DEFAULT_PROMPTS: tuple[str, ...] = (
    "glowing energy effect",
    "fire and flames",
    "light beam attack",
    "magical sparkles",
    "explosion effect",
)
"""Asked for when a request names none."""

ANY_EFFECT = "special effects"
"""Asks for every effect, whatever its type."""

VOCABULARY = 4096
"""Number of token ids, padding included."""

LENGTH = 48
"""Tokens of one prompt; shorter ones are padded with 0, of longer ones the last trigrams are dropped."""

TYPE_WORDS: dict[str, tuple[str, ...]] = {
    "energy_glow": (
        "energy",
        "glow",
        "glowing",
        "aura",
        "plasma",
        "orb",
        "shield",
        "halo",
        "ki",
        "chi",
        "power",
    ),
    "fire": ("fire", "flame", "blaze", "inferno", "burning", "fireball"),
    "light_beam": ("beam", "laser", "ray", "lightbeam"),
    "sparkles": ("sparkle", "glitter", "twinkle", "stardust", "spark", "shimmer", "petal", "star"),
    "explosion": ("explosion", "blast", "burst", "detonation", "explode", "exploding", "impact"),
    "smoke": ("smoke", "dust", "fog", "mist", "steam", "cloud"),
    "lightning": ("lightning", "thunder", "thunderbolt", "electricity", "electric", "bolt"),
    "speed_lines": ("speedline", "speed", "line", "streak"),
    "water": ("water", "splash", "wave", "ice", "frost", "droplet"),
    "magic": ("magic", "magical", "spell", "rune", "sigil", "enchantment", "circle"),
    "motion_blur": ("blur", "motion", "slash", "swipe", "swing", "smear"),
    "shockwave": ("shockwave", "shock", "ripple", "vortex", "swirl", "ring"),
    "effect": ("effect", "vfx", "fx"),
}
"""Metadata name of each effect type and the words that name it, singular."""

_TYPE_OF = {word: name for name, words in TYPE_WORDS.items() for word in words}
_WORD = re.compile(r"[^\W_]+")


def words(prompt: str) -> list[str]:
    """The prompt's words in lower case, Unicode-normalised (NFKC), without punctuation."""
    return _WORD.findall(unicodedata.normalize("NFKC", prompt).lower())


def tokens(prompt: str) -> NDArray[np.int32]:
    """Token ids of a prompt.

    Args:
        prompt: any text; one without a word gives padding only.

    Returns:
        int32 [LENGTH]: words, then neighbouring pairs, then character trigrams of each word between marks,
        each hashed by CRC-32 into 1..VOCABULARY-1; 0 is padding.
    """
    said = words(prompt)
    parts = [f"w:{word}" for word in said]
    parts += [f"p:{a} {b}" for a, b in itertools.pairwise(said)]
    for word in said:
        marked = f"<{word}>"
        parts += [f"g:{marked[i : i + 3]}" for i in range(len(marked) - 2)]
    ids = [crc32(part.encode()) % (VOCABULARY - 1) + 1 for part in parts[:LENGTH]]
    return np.array(ids + [0] * (LENGTH - len(ids)), np.int32)


def token_batch(prompts: Iterable[str]) -> NDArray[np.int32]:
    """Token ids of several prompts, int32 [P, LENGTH]."""
    rows = [tokens(prompt) for prompt in prompts]
    return np.stack(rows) if rows else np.zeros((0, LENGTH), np.int32)


def effect_type(prompt: str) -> str:
    """Name of the effect in ``detected_types``.

    The last word that names a type decides, since English puts the noun behind what qualifies it: "magical
    sparkles" are ``sparkles``, a "fire explosion" is an ``explosion``. General words ("effect") decide only
    when nothing else does. A prompt that names no known type keeps its own words, joined by underscores.
    """
    said = words(prompt)
    found = [name for name in map(_type_of, said) if name]
    specific = [name for name in found if name != "effect"]
    if specific:
        return specific[-1]
    return found[-1] if found else "_".join(said) or "effect"


def _type_of(word: str) -> str:
    for form in (word, word.removesuffix("s"), word.removesuffix("es")):
        if form in _TYPE_OF:
            return _TYPE_OF[form]
    return ""
