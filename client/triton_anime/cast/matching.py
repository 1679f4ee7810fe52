"""Characters of the shots, in order, matched with the persons seen before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from triton_anime.cast.assignment import assign
from triton_anime.cast.descriptor import Look
from triton_anime.cast.gallery import Person

ALIKE = 0.66
"""Likeness of colours from which two characters are one person; see perf/README.md."""
ALIKE_EMBEDDED = 0.6
"""The same for the cosine of a network's embeddings: a guess, as none has been measured."""


@dataclass(frozen=True)
class Appearance:
    """One character of one shot.

    Attributes:
        id: its number in the shot.
        looks: its best crops, described; none where it was never large enough.
        frames: numbers of the first frames of the drawings that show it.
    """

    id: int
    looks: tuple[Look, ...]
    frames: frozenset[int]


@dataclass(frozen=True)
class Match:
    """Who a character is.

    Attributes:
        person: number in the episode, from 1.
        likeness: to what was known of the person; None at the first sight.
    """

    person: int
    likeness: float | None


class Matcher:
    """Gives the characters of each shot their persons; shots come in order, each once.

    Args:
        alike: likeness from which a character is somebody who was seen before; by default :data:`ALIKE`, or
            :data:`ALIKE_EMBEDDED` where a network describes the crops.
    """

    def __init__(self, alike: float | None = None) -> None:
        self.persons: list[Person] = []
        self._alike = alike

    def shot(self, characters: Sequence[Appearance]) -> dict[int, Match]:
        """The persons of a shot by the characters' numbers; without looks there is none.

        The assignment is the best of all that give no person twice. Then those that nobody was found for
        are compared with the persons of this very shot, as a tracker that loses somebody numbers anew; who
        was visible at the same time is never taken for one.
        """
        known = [character for character in characters if character.looks]
        found: dict[int, Match] = {}
        if not known:
            return found
        present: dict[int, set[int]] = {}
        rest: list[Appearance] = []
        for character, match in zip(known, self._assigned(known), strict=True):
            if match is None:
                rest.append(character)
                continue
            found[character.id] = match
            present.setdefault(match.person, set()).update(character.frames)
        for character in known:
            if character.id in found:
                self.persons[found[character.id].person - 1].add(character.looks)
        for character in rest:
            match = self._again(character, present) or self._new()
            found[character.id] = match
            present.setdefault(match.person, set()).update(character.frames)
            self.persons[match.person - 1].add(character.looks)
        return found

    def _assigned(self, characters: Sequence[Appearance]) -> list[Match | None]:
        """For each character the person seen before, None where it is nobody of them."""
        if not self.persons:
            return [None] * len(characters)
        alike = np.array([[person.likeness(one.looks) for person in self.persons] for one in characters])
        above = alike - np.array([[self._threshold(one)] for one in characters])
        # As many columns of nobody as there are characters: worth nothing, which is more than what is unlike.
        gain = np.hstack([np.maximum(above, -1e-9), np.zeros((len(characters), len(characters)))])
        found: list[Match | None] = []
        for row, column in enumerate(assign(gain)):
            is_known = column < len(self.persons) and above[row, column] >= 0
            found.append(Match(column + 1, float(alike[row, column])) if is_known else None)
        return found

    def _again(self, character: Appearance, present: dict[int, set[int]]) -> Match | None:
        """The person of this shot that the character is, seen at other times."""
        best: Match | None = None
        for number in sorted(present):
            if present[number] & character.frames:
                continue
            alike = self.persons[number - 1].likeness(character.looks)
            if alike >= self._threshold(character) and (best is None or alike > (best.likeness or 0)):
                best = Match(number, alike)
        return best

    def _new(self) -> Match:
        self.persons.append(Person(len(self.persons) + 1))
        return Match(len(self.persons), None)

    def _threshold(self, character: Appearance) -> float:
        if self._alike is not None:
            return self._alike
        return ALIKE if character.looks[0].embedding is None else ALIKE_EMBEDDED
