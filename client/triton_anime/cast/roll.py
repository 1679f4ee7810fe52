"""The roll of an episode: all its persons, found from the records of its shots once all are there.

The records hold the looks, and the shots are matched in their order, so that the roll does not depend on how
often the run that made them was interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from triton_anime.cast.descriptor import Look
from triton_anime.cast.matching import Appearance, Match, Matcher

if TYPE_CHECKING:
    from triton_anime.writers.records import Records


@dataclass
class Member:
    """One person of the episode.

    Attributes:
        person: number from 1, in the order of first sight.
        best: the look with the highest score.
        best_shot: the shot that it is from.
        characters: (shot, number in the shot) of every appearance.
        frame_count: frames that show the person.
    """

    person: int
    best: Look
    best_shot: int
    characters: list[tuple[int, int]] = field(default_factory=list)
    frame_count: int = 0


@dataclass(frozen=True)
class Roll:
    """Who is who in the episode.

    Attributes:
        matches: by (shot, number in the shot); a character that was never large enough is not in it.
        members: one entry a person, by number.
    """

    matches: dict[tuple[int, int], Match]
    members: list[Member]


def call_roll(records: Records) -> Roll:
    """Match the characters of all finished shots, in order."""
    # One shot without embeddings (the network came or went between two runs): then colours decide everywhere.
    embedded = all(
        look.embedding is not None
        for shot in records.shots()
        for character, _ in _appearances(records, shot)
        for look in character.looks
    )
    matcher = Matcher()
    roll = Roll({}, [])
    for shot in records.shots():
        characters = list(_appearances(records, shot))
        if not embedded:
            characters = [(_by_colours(character), count) for character, count in characters]
        found = matcher.shot([character for character, _ in characters])
        for character, count in characters:
            match = found.get(character.id)
            if match is None:
                continue
            roll.matches[shot, character.id] = match
            best = max(character.looks, key=lambda look: look.score)
            if match.person > len(roll.members):
                roll.members.append(Member(match.person, best, shot))
            member = roll.members[match.person - 1]
            if best.score > member.best.score:
                member.best, member.best_shot = best, shot
            member.characters.append((shot, character.id))
            member.frame_count += count
    return roll


def _appearances(records: Records, shot: int) -> Iterator[tuple[Appearance, int]]:
    """The characters of a shot by number, each with the number of frames that show it."""
    looks: dict[int, tuple[Look, ...]] = {}
    drawings: dict[int, set[int]] = {}
    counts: dict[int, int] = {}
    for record in records.of_shot(shot):
        for view in record["characters"] or ():
            drawings.setdefault(view["id"], set()).add(record["frames"][0][0])
            counts[view["id"]] = counts.get(view["id"], 0) + len(record["frames"])
        for number, found in record.get("looks", {}).items():
            looks[int(number)] = tuple(Look.from_json(look) for look in found)
    for number in sorted(drawings):
        yield Appearance(number, looks.get(number, ()), frozenset(drawings[number])), counts[number]


def _by_colours(character: Appearance) -> Appearance:
    return replace(character, looks=tuple(replace(look, embedding=None) for look in character.looks))
