"""Looks stay alike when somebody turns, comes near or walks into the night, and tell people apart."""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.cast.descriptor import BANDS, COLOURS, describe, likeness
from triton_anime.cast.matching import ALIKE

U8 = NDArray[np.uint8]


def lit(rgba: U8, gain: tuple[float, float, float]) -> U8:
    out = rgba.copy()
    out[..., :3] = np.clip(rgba[..., :3] * np.array(gain), 0, 255).astype(np.uint8)
    return out


NIGHT, DUSK, DIM = (0.4, 0.48, 0.66), (0.95, 0.75, 0.62), (0.6, 0.6, 0.6)


@pytest.fixture
def alike(crop: Any) -> Any:
    return lambda a, b: float(likeness(describe(crop(a)), [describe(crop(b))])[0])


def test_the_same_is_wholly_alike(person: Any, alike: Any) -> None:
    assert alike(person("mei"), person("mei")) == pytest.approx(1.0, abs=0.01)


def test_a_mirrored_figure_is_the_same(person: Any, alike: Any) -> None:
    figure = person("kenji")
    assert alike(figure, np.ascontiguousarray(figure[:, ::-1])) > 0.99


@pytest.mark.parametrize("height", [60, 110, 400])
def test_size_does_not_matter(person: Any, alike: Any, height: int) -> None:
    assert alike(person("kenji"), person("kenji", height=height)) > 0.9


@pytest.mark.parametrize("gain", [NIGHT, DUSK, DIM])
@pytest.mark.parametrize("name", ["kenji", "mei", "ran"])
def test_light_does_not_matter(person: Any, crop: Any, name: str, gain: tuple[float, float, float]) -> None:
    day = describe(crop(person(name)))
    other = describe(crop(lit(person(name), gain), light=tuple(250 * value for value in gain)))
    assert likeness(day, [other])[0] > ALIKE
    # whichever of the two is in the dark
    assert likeness(other, [day])[0] == likeness(day, [other])[0]


@pytest.mark.parametrize("gain", [DIM, (0.95, 0.86, 0.8)])
def test_a_picture_without_white_can_be_dim_too(person: Any, alike: Any, gain: Any) -> None:
    assert alike(person("kenji"), lit(person("kenji"), gain)) > ALIKE


def test_people_of_one_night_stay_two(person: Any, crop: Any) -> None:
    light = tuple(250 * value for value in NIGHT)
    kenji, mei = (describe(crop(lit(person(name), NIGHT), light=light)) for name in ("kenji", "mei"))
    assert likeness(kenji, [mei])[0] < 0.6


def test_a_green_wall_is_no_green_light(person: Any, crop: Any) -> None:
    day = describe(crop(person("mei")))
    before_a_wall = describe(crop(person("mei"), light=(90, 235, 90)))
    assert likeness(day, [before_a_wall])[0] > 0.75


def test_a_bust_is_the_whole_figure(person: Any, alike: Any) -> None:
    assert alike(person("kenji"), person("kenji", whole=False)) > ALIKE
    assert alike(person("kenji", whole=False), person("mei")) < ALIKE


def test_others_are_others(person: Any, alike: Any) -> None:
    assert alike(person("kenji"), person("mei")) < 0.6
    # in one uniform it is the hair that tells them apart
    same = alike(person("mei"), person("mei", height=120))
    assert alike(person("mei"), person("ran")) < same - 0.1


def test_thicker_ink_is_no_other_person(person: Any, alike: Any) -> None:
    figure = person("mei")
    inked = figure.copy()
    edges = cv2.dilate(cv2.Canny(np.ascontiguousarray(figure[..., :3]), 80, 160), np.ones((2, 2), np.uint8))
    inked[(edges > 0) & (figure[..., 3] > 0), :3] = (20, 15, 22)
    assert alike(figure, inked) > 0.9


def test_a_look_survives_its_record(person: Any, crop: Any) -> None:
    from triton_anime.cast.descriptor import Look

    rng = np.random.default_rng(0)
    look = describe(crop(person("mei"), 17, 0.5), rng.normal(size=12).astype(np.float32))
    again = Look.from_json(json.loads(json.dumps(look.as_json())))
    assert (again.frame, again.box, again.score) == (17, look.box, 0.5)
    assert np.array_equal(again.colours, look.colours)
    assert np.array_equal(again.places, look.places)
    assert again.embedding is not None
    assert np.array_equal(again.embedding, look.embedding)
    assert np.linalg.norm(again.embedding) == pytest.approx(1)
    assert len(json.dumps(describe(crop(person("mei"))).as_json())) < 1000


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 2), (5, 5)])
def test_scraps_have_looks_too(crop: Any, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    rgba = rng.integers(0, 256, (*shape, 4), dtype=np.uint8)
    rgba[0, 0, 3] = 255
    look = describe(crop(rgba))
    assert 0 < len(look.colours) <= COLOURS
    assert look.places.shape == (len(look.colours), BANDS)
    assert likeness(look, [look])[0] == pytest.approx(1, abs=0.02)


def test_embeddings_decide_where_all_have_them(person: Any, crop: Any) -> None:
    one, other = np.array([1, 0], np.float32), np.array([0, 3], np.float32)
    mei = describe(crop(person("mei")), one)
    assert likeness(
        mei, [describe(crop(person("kenji")), one), describe(crop(person("mei")), other)]
    ).tolist() == [
        1.0,
        0.0,
    ]
    by_colours = likeness(mei, [describe(crop(person("kenji"))), describe(crop(person("mei")), other)])
    assert by_colours[1] > 0.95 > by_colours[0]
