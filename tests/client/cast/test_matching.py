"""Persons keep their numbers over shots, and two people of one picture are never one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from triton_anime.cast.descriptor import Look, describe
from triton_anime.cast.gallery import SIZE, Person
from triton_anime.cast.matching import Appearance, Matcher

Seen = Callable[..., Appearance]


@pytest.fixture
def seen(person: Any, crop: Any) -> Seen:
    """``seen(2, "mei", frames=(0, 4), height=90)``: a character of a shot by its number."""

    def make(number: int, name: str, frames: tuple[int, ...] = (0,), **how: Any) -> Appearance:
        return Appearance(number, (describe(crop(person(name, **how), frames[0])),), frozenset(frames))

    return make


def persons(matcher: Matcher, *characters: Appearance) -> list[int]:
    found = matcher.shot(characters)
    return [found[character.id].person for character in characters]


def test_everybody_is_known_again(seen: Seen) -> None:
    matcher = Matcher()
    assert persons(matcher, seen(1, "kenji"), seen(2, "mei")) == [1, 2]
    assert persons(matcher, seen(1, "mei", height=100), seen(2, "kenji", height=300)) == [2, 1]
    assert persons(matcher) == []
    assert persons(matcher, seen(4, "kenji", whole=False)) == [1]
    assert len(matcher.persons) == 2


def test_the_likeness_is_told(seen: Seen) -> None:
    matcher = Matcher()
    assert matcher.shot([seen(1, "mei")])[1].likeness is None
    again = matcher.shot([seen(1, "mei", height=120)])[1].likeness
    assert again is not None
    assert 0.8 < again <= 1.001


def test_who_is_unlike_all_is_new(seen: Seen) -> None:
    matcher = Matcher()
    assert persons(matcher, seen(1, "kenji")) == [1]
    assert persons(matcher, seen(1, "mei")) == [2]
    # and the threshold alone decides that
    lenient = Matcher(alike=0.1)
    assert persons(lenient, seen(1, "kenji")) == [1]
    assert persons(lenient, seen(1, "mei")) == [1]


def test_twins_in_one_picture_are_two(seen: Seen) -> None:
    matcher = Matcher()
    assert persons(matcher, seen(1, "mei"), seen(2, "mei", height=120)) == [1, 2]
    assert sorted(persons(matcher, seen(1, "mei"), seen(2, "mei", height=120))) == [1, 2]


def test_the_better_match_gets_the_person(seen: Seen) -> None:
    # whatever the order: ran wears the uniform of mei and would pass for her with a low threshold
    for order in (("mei", "ran"), ("ran", "mei")):
        matcher = Matcher(alike=0.5)
        assert persons(matcher, seen(1, "mei")) == [1]
        found = dict(
            zip(order, persons(matcher, *(seen(n, name) for n, name in enumerate(order, 1))), strict=True)
        )
        assert found == {"mei": 1, "ran": 2}


def test_a_character_that_was_lost_and_found_in_a_shot_is_one(seen: Seen) -> None:
    matcher = Matcher()
    assert persons(matcher, seen(1, "mei", frames=(0, 2)), seen(2, "mei", frames=(8, 10), height=120)) == [
        1,
        1,
    ]
    assert persons(matcher, seen(1, "mei", frames=(20,)), seen(2, "mei", frames=(30,))) == [1, 1]


def test_who_was_never_large_enough_is_nobody(seen: Seen) -> None:
    matcher = Matcher()
    found = matcher.shot([Appearance(1, (), frozenset({0})), seen(2, "mei")])
    assert list(found) == [2]
    assert matcher.shot([Appearance(1, (), frozenset({0}))]) == {}


def test_the_same_every_time(seen: Seen) -> None:
    def run() -> list[Any]:
        matcher = Matcher()
        shots = [
            [seen(1, "mei"), seen(2, "ran")],
            [seen(1, "ran", height=90), seen(3, "kenji")],
            [seen(1, "mei")],
        ]
        return [matcher.shot(shot) for shot in shots]

    assert run() == run()


def test_a_gallery_is_small_and_varied(person: Any, crop: Any) -> None:
    gallery = Person(1)
    rare = describe(crop(person("mei", whole=False), 0, 0.5))
    gallery.add((rare,))
    for frame in range(1, 20):
        gallery.add((describe(crop(person("mei", height=150 + frame), frame, 0.6)),))
    assert len(gallery.looks) == SIZE
    assert rare in gallery.looks


def test_scraps_leave_the_gallery_when_there_is_better(person: Any, crop: Any) -> None:
    gallery = Person(1)
    scrap, good = describe(crop(person("mei"), 0, 0.05)), describe(crop(person("mei"), 9, 0.7))
    gallery.add((scrap,))
    assert gallery.looks == [scrap]
    gallery.add((good, scrap))
    assert gallery.looks == [good]
    assert gallery.likeness((scrap,)) > 0.95


def test_embeddings_have_a_threshold_of_their_own() -> None:
    def embedded(*values: float) -> tuple[Look, ...]:
        empty = np.zeros((1, 3), np.uint8), np.full((1, 6), 104, np.uint8)
        vector = np.array(values, np.float32)
        return (Look(0, (0, 0, 9, 9), 0.8, *empty, vector / np.linalg.norm(vector)),)

    matcher = Matcher()
    one = frozenset({0})
    assert matcher.shot([Appearance(1, embedded(1, 0), one)])[1].person == 1
    assert matcher.shot([Appearance(1, embedded(1, 1), one)])[1].person == 1  # a cosine of 0.71
    assert matcher.shot([Appearance(1, embedded(-1, 0.9), one)])[1].person == 2
