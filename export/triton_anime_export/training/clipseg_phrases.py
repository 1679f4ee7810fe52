"""Sentences about what is in a drawing, with the mask each of them asks for.

CLIPSeg's sentences come from image captions; these come from the names of effect types, their synonyms, the
colours that the drawn effects really have, and fillers that mean nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.prompts import DEFAULT_PROMPTS
from triton_anime_export.studio.bank import EFFECT_TYPES
from triton_anime_export.training.clipseg_words import (
    ALIASES,
    ANY,
    BACKGROUND,
    BROADER,
    CANONICAL,
    CHARACTER,
    COLOURS,
    FILLERS,
    HUES,
    NEIGHBOURS,
    OBJECT,
    SYNONYMS,
    TEMPLATES,
    UNCLEAR,
    UNNAMED,
)


@dataclass(frozen=True)
class Asked:
    """One sentence and its answer.

    Attributes:
        prompt: the sentence.
        mask: float32 [H,W], how strongly what it names is there.
        weight: float32 [H,W], 0 where the answer is open.
    """

    prompt: str
    mask: NDArray[np.float32]
    weight: NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """A frame's truth: uint8 frame [H,W,3]; alpha, object, effect, effect_type uint8 [H,W]."""

    frame: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    object: NDArray[np.uint8]
    effect: NDArray[np.uint8]
    effect_type: NDArray[np.uint8]

    def strength(self, *types: str) -> NDArray[np.float32]:
        """How strong effects of these types are, float32 [H,W] in 0..1."""
        index = [EFFECT_TYPES.index(name) for name in types]
        return np.where(np.isin(self.effect_type, index), self.effect, 0).astype(np.float32) / 255.0

    def present(self) -> list[str]:
        """Types that cover at least 0.3 % of the frame."""
        counts = np.bincount(self.effect_type[self.effect > 24], minlength=len(EFFECT_TYPES))
        enough = counts > 0.003 * self.effect.size
        return [name for i, name in enumerate(EFFECT_TYPES) if i and enough[i]]


def truth_of(scene: Scene, name: str, prompt: str) -> Asked:
    """What a sentence about a type should find."""
    mask = scene.strength(name, *BROADER.get(name, ()))
    weight = np.ones_like(mask)
    weight[(scene.strength(UNNAMED) > 0.05) & (mask == 0)] = 0.3
    weight[scene.strength(*UNCLEAR.get(name, ())) > 0.05] = 0.0
    return Asked(prompt, mask, weight)


def colour_of(frame: NDArray[np.uint8], strength: NDArray[np.float32]) -> tuple[str, set[str]]:
    """The colour that names an effect ("" when none does), and all colours it must not be denied to have."""
    core = strength > max(0.2, 0.5 * float(strength.max(initial=0.0)))
    if core.sum() < 20:
        return "", set(COLOURS)
    hsv = cv2.cvtColor(frame[core][None], cv2.COLOR_RGB2HSV)[0]
    vivid = (hsv[:, 1] > 55) & (hsv[:, 2] > 60)
    shares = dict.fromkeys(COLOURS, 0.0)
    low = 0
    for name, high in HUES:
        shares[name] += float((vivid & (hsv[:, 0] >= low) & (hsv[:, 0] < high)).mean())
        low = high
    shares["white"] = float(((hsv[:, 1] <= 55) & (hsv[:, 2] > 170)).mean())
    has = {name for name, share in shares.items() if share > 0.06}
    has |= {b for pair in NEIGHBOURS for a, b in (pair, pair[::-1]) if a in has}
    chromatic = sum(shares.values()) - shares["white"]
    best = max((name for name in COLOURS if name != "white"), key=shares.__getitem__)
    if chromatic > 0.25 and shares[best] > 0.55 * chromatic:
        return best, has
    return ("white" if shares["white"] > 0.7 else ""), has


def ask(rng: np.random.Generator, scene: Scene, count: int) -> list[Asked]:
    """``count`` sentences about a scene, about half of them about something that is there."""
    present = scene.present()
    asked = []
    for turn in range(count):
        if turn == 2 and rng.random() < 0.75:
            asked.append(_ask_general(rng, scene, present))
        elif present and (turn == 0 or rng.random() < 0.25):
            asked.append(_ask_type(rng, scene, str(rng.choice(present)), present))
        else:
            asked.append(_ask_type(rng, scene, str(rng.choice(EFFECT_TYPES[1:])), present))
    return asked


def _ask_type(rng: np.random.Generator, scene: Scene, name: str, present: list[str]) -> Asked:
    asked = truth_of(scene, name, "")
    noun = CANONICAL[name] if rng.random() < 0.3 else str(rng.choice(SYNONYMS[name]))
    if rng.random() < 0.4:
        named, has = colour_of(scene.frame, asked.mask)
        if name in present and named and rng.random() < 0.6:
            noun = f"{_alias(rng, named)} {noun}"
        elif name not in present:
            noun = f"{_alias(rng, str(rng.choice(COLOURS)))} {noun}"
        elif wrong := [colour for colour in COLOURS if colour not in has]:
            # The right thing in the wrong colour is not what was asked for.
            denied = f"{_alias(rng, str(rng.choice(wrong)))} {noun}"
            return Asked(_say(rng, denied), asked.mask * 0, asked.weight)
    return Asked(_say(rng, noun), asked.mask, asked.weight)


def _ask_general(rng: np.random.Generator, scene: Scene, present: list[str]) -> Asked:
    effect = scene.effect.astype(np.float32) / 255.0
    weight = np.ones_like(effect)
    kind = rng.random()
    if kind < 0.4:
        return Asked(_plain(rng, ANY), effect, weight)
    if kind < 0.6 and present:
        mask, colour = np.zeros_like(effect), str(rng.choice(COLOURS))
        seen = {name: colour_of(scene.frame, scene.strength(name)) for name in present}
        if rng.random() < 0.7 and (named := [c for c, _ in seen.values() if c]):
            colour = str(rng.choice(named))
        for name, (named_colour, has) in seen.items():
            if named_colour == colour:
                mask += scene.strength(name)
            elif colour in has:
                weight[scene.strength(name) > 0.05] = 0.0
        return Asked(_say(rng, f"{_alias(rng, colour)} effect"), mask, weight)
    if kind < 0.78:
        return Asked(_plain(rng, CHARACTER), scene.alpha.astype(np.float32) / 255.0, weight)
    things = scene.object.astype(np.float32) / 255.0
    if kind < 0.9:
        rest = np.clip(1.0 - np.maximum(scene.alpha / 255.0, effect), 0.0, 1.0).astype(np.float32)
        weight[things > 0.1] = 0.0
        return Asked(_plain(rng, BACKGROUND), rest, weight)
    return Asked(_plain(rng, OBJECT), things, weight)


GENERAL = {"any": ANY, "character": CHARACTER, "background": BACKGROUND, "object": OBJECT}
MEANINGS = (*SYNONYMS, *GENERAL)
"""What a sentence can be about."""


def name_something(rng: np.random.Generator) -> tuple[str, int, int]:
    """A sentence, the index of its meaning and that of its colour (``len(COLOURS)`` when it names none)."""
    meaning = int(rng.integers(len(MEANINGS)))
    name = MEANINGS[meaning]
    if name in GENERAL and name != "any":
        return _plain(rng, GENERAL[name]), meaning, len(COLOURS)
    noun = str(rng.choice(SYNONYMS.get(name, ("effect", "glowing effect", "light"))))
    if rng.random() < 0.5:
        colour = int(rng.integers(len(COLOURS)))
        return _say(rng, f"{_alias(rng, COLOURS[colour])} {noun}"), meaning, colour
    noun = CANONICAL[name] if name in CANONICAL and rng.random() < 0.3 else noun
    sentence = _say(rng, noun) if name != "any" else _plain(rng, ANY)
    return sentence, meaning, len(COLOURS)


def _alias(rng: np.random.Generator, colour: str) -> str:
    return str(rng.choice(ALIASES.get(colour, (colour,))))


def _plain(rng: np.random.Generator, sentences: tuple[str, ...]) -> str:
    return _filled(rng, str(rng.choice(sentences)))


def _say(rng: np.random.Generator, noun: str) -> str:
    if noun in DEFAULT_PROMPTS:
        return noun
    return _filled(rng, str(rng.choice(TEMPLATES)).format(noun))


def _filled(rng: np.random.Generator, sentence: str) -> str:
    """Now and then a word that means nothing, known or never seen: such words are learnt to mean nothing."""
    if rng.random() < 0.12:
        return f"{rng.choice(FILLERS)} {sentence}"
    if rng.random() < 0.08:
        letters = "".join(rng.choice(list("abcdefghiklmnoprstuvw"), int(rng.integers(3, 9))))
        return f"{letters} {sentence}" if rng.random() < 0.5 else f"{sentence} {letters}"
    return sentence
