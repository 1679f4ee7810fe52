"""Sentences made of the facts of a scene, as a person would describe the frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .scene import Frame, Scene
from .truth import EFFECT_SEEN, Person

_DOING = {
    "idle": "stands", "talk": "talks", "walk": "walks", "run": "runs", "kick": "kicks", "punch": "punches",
    "wave": "waves", "jump": "jumps", "cast": "casts a spell", "hips": "stands with hands on the hips",
    "crossed": "stands with folded arms", "cheer": "cheers", "gesture": "gestures", "point": "points",
    "guard": "stands on guard", "sit": "sits", "fly": "flies", "slash": "strikes", "bow": "bows",
    "fall": "falls",
}  # fmt: skip
_LOOKING = {
    "smile": "smiling", "angry": "angry", "sad": "sad", "surprised": "surprised", "happy": "happy",
    "smirk": "smirking", "laugh": "laughing", "closed": "with closed eyes", "shout": "shouting", "shy": "shy",
}  # fmt: skip
_NUMBER = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SMALL = 60.0  # visible pixels below which a caption leaves a character out


def style_of(scene: Scene) -> str:
    """How most of the scene's figures are drawn, or its backdrop where there are none; may be empty."""
    styles = Counter(actor.source.style for actor in scene.actors if actor.source.style)
    return styles.most_common(1)[0][0] if styles else scene.backdrop.source.style


def caption(scene: Scene, frame: Frame, people: Sequence[Person]) -> str:
    """One sentence on who does what where, what burns or glows, and how it is drawn."""
    sources = [actor.source for actor in scene.of_kind("character")]
    seen = [person for person in people if person.visible >= _SMALL]
    if not seen:
        subject = "An empty scene"
    elif len(seen) > 3:
        subject = f"A group of {_NUMBER[len(seen)] if len(seen) < len(_NUMBER) else len(seen)} characters"
    else:
        told = []
        for person in seen:
            phrase = sources[person.id - 1].words or "a character"
            look = _LOOKING.get(person.expression)
            doing = _DOING.get(person.action)
            told.append(f"{phrase} {doing}" if doing else phrase)
            if look:
                told[-1] += f", {look}"
        subject = "; ".join(told)
    place = scene.backdrop.source
    where = ""
    if place.scene_type:
        name = place.scene_type.replace("_", " ")
        where = f", in {'an' if name[0] in 'aeiou' else 'a'} {name} scene"
    if place.mood:
        where += f" ({place.mood})"
    glowing = sorted(
        {
            actor.source.effect_type.replace("_", " ")
            for number, actor in enumerate(scene.of_kind("effect"), start=1)
            if ((frame.effect_ids == number) & (frame.effect >= EFFECT_SEEN)).any()
        }
    )
    sentence = subject + where
    if glowing:
        sentence += f", with {' and '.join(glowing)}"
    style = style_of(scene)
    if style:
        sentence += f"; {style} style"
    return sentence[0].upper() + sentence[1:] + "."
