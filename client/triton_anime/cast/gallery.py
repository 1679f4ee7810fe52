"""What is remembered of a person of the episode: a few looks that differ."""

from __future__ import annotations

from dataclasses import dataclass, field

from triton_anime.cast.descriptor import Look, likeness

SIZE = 8
"""Looks that a person is known by at most."""
# A look worth less than this (a hand, a figure far away) is only kept where there is nothing better.
_LEAST_SCORE = 0.2


@dataclass
class Person:
    """One person of the episode.

    Attributes:
        number: from 1, in the order of first sight.
        looks: at most :data:`SIZE`.
    """

    number: int
    looks: list[Look] = field(default_factory=list)

    def likeness(self, looks: tuple[Look, ...]) -> float:
        """How alike the most alike look of a character is to the gallery, 1 for the same."""
        return max(float(likeness(look, self.looks).max()) for look in looks)

    def add(self, looks: tuple[Look, ...]) -> None:
        """Remember a character's looks; of too many, those that say what others say are forgotten."""
        good = [look for look in looks if look.score >= _LEAST_SCORE]
        if good and all(look.score < _LEAST_SCORE for look in self.looks):
            self.looks = []
        self.looks += good if self.looks else good or [*looks]
        while len(self.looks) > SIZE:
            self.looks.remove(self._most_repeated())

    def _most_repeated(self) -> Look:
        """Of the two looks that are most alike, the one with the lower score."""
        closest, worse = -1.0, self.looks[-1]
        for index, look in enumerate(self.looks[:-1]):
            alike = likeness(look, self.looks[index + 1 :])
            if float(alike.max()) > closest:
                closest = float(alike.max())
                other = self.looks[index + 1 + int(alike.argmax())]
                worse = look if look.score < other.score else other
        return worse
