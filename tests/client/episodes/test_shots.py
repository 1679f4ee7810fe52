"""Cuts are found; flashes, lightning, changes of light and camera moves are not cuts."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from triton_anime.shots import likeness, shots, structure
from triton_anime.video import Frame, open_video


def starts(images: list[Any], rate: int = 24) -> list[int]:
    frames = [Frame(n, Fraction(n, rate), image) for n, image in enumerate(images)]
    found = list(shots(frames, Fraction(rate)))
    assert [item.frame.index for item in found] == list(range(len(images)))
    first: dict[int, int] = {}
    for item in found:
        first.setdefault(item.shot, item.frame.index)
    assert list(first) == list(range(len(first)))
    return list(first.values())


@pytest.fixture(scope="module")
def place(painted: Any) -> Callable[..., list[Any]]:
    def make(number: int, count: int) -> list[Any]:
        return [painted(number, 0.2 * step, 320, 180) for step in range(count)]

    return make


def test_cuts(place: Any) -> None:
    images = place(1, 20) + place(2, 15) + place(3, 30) + place(1, 12)
    assert starts(images) == [0, 20, 35, 65]


def test_the_rest_of_a_shot_in_front(place: Any) -> None:
    assert starts(place(1, 4) + place(2, 15)) == [0, 4]


def test_a_flash_is_no_cut(place: Any) -> None:
    images = place(1, 48)
    for number in (20, 21, 22):
        images[number] = np.clip(images[number].astype(int) + 190, 0, 255).astype(np.uint8)
    images[33] = np.zeros_like(images[33])
    images[34] = 255 - images[34]
    assert starts(images) == [0]


def test_a_flash_that_hides_a_cut_leaves_one(place: Any) -> None:
    images = place(1, 24) + place(2, 24)
    images[23] = images[24] = np.full_like(images[0], 255)
    found = starts(images)
    assert len(found) == 2
    assert 23 <= found[1] <= 25


def test_light_that_goes_out_is_no_cut(place: Any) -> None:
    images = place(1, 48)
    for number in range(20, 48):
        images[number] = (images[number] * np.array([0.3, 0.35, 0.6])).astype(np.uint8)
    assert starts(images) == [0]


def test_a_pan_on_threes_is_no_cut(painted: Any) -> None:
    wide = cv2.resize(painted(5, 1), (1600, 180), interpolation=cv2.INTER_CUBIC)
    for number in range(60):
        cv2.circle(wide, (number * 27, number * 53 % 180), 12, (number * 4, 255 - number * 4, 90), 2)
    images = [wide[:, offset : offset + 320] for offset in (40 * (n // 3) for n in range(72))]
    assert starts(images) == [0]


def test_black_between_two_places_begins_a_shot(place: Any) -> None:
    fade = np.linspace(1, 0, 12)
    before = [(image * k).astype(np.uint8) for image, k in zip(place(1, 12), fade, strict=True)]
    after = [(image * k).astype(np.uint8) for image, k in zip(place(2, 12), fade[::-1], strict=True)]
    images = place(1, 20) + before + [np.zeros_like(before[0])] * 6 + after + place(2, 20)
    found = starts(images)
    assert len(found) == 2
    assert 31 <= found[1] <= 44


def test_likeness_of_the_same_and_of_other_places(painted: Any) -> None:
    one, moved, other = (structure(painted(*what, 320, 180)) for what in ((1, 0), (1, 6), (2, 0)))
    assert likeness(one, moved) > 0.5
    assert likeness(one, other) < 0.3
    kept = one.copy()
    likeness(one, other)
    assert np.array_equal(one, kept)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("c01_onepiece_demo.mp4", [0, 100]),
        ("c02_konobi_e12_000339.mp4", [0]),
        ("c07_bigbuckbunny_trunk.mp4", [0]),
        ("c08_forest_on_fire.mp4", [0]),
    ],
)
def test_real_clips(shared_media: Path, name: str, expected: list[int]) -> None:
    with open_video(shared_media / "clips" / name) as reader:
        found: dict[int, int] = {}
        for item in shots(reader, reader.frame_rate):
            found.setdefault(item.shot, item.frame.index)
    assert list(found.values()) == expected
