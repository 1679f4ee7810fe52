"""Few crops are kept, and the right ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.cast.crops import KEPT, LONG_SIDE, BestCrops, Crop, crop_of, light_of
from triton_anime.characters import CharacterView, views

U8 = NDArray[np.uint8]


def staged(rgba: U8, x: int, y: int, size: tuple[int, int] = (240, 320)) -> tuple[U8, U8, CharacterView]:
    """(character layer, identity map, view) of a figure at a place of a frame."""
    layer = np.zeros((*size, 4), np.uint8)
    h, w = rgba.shape[:2]
    part = layer[max(0, y) : y + h, max(0, x) : x + w]
    part[:] = rgba[max(0, -y) : max(0, -y) + part.shape[0], max(0, -x) : max(0, -x) + part.shape[1]]
    identity = (layer[..., 3] > 127).astype(np.uint8) * np.uint8(5)
    (view,) = views(identity, None)
    return layer, identity, view


def kept(frame: int, score: float) -> Crop:
    return Crop(frame, (0, 0, 9, 9), np.zeros((9, 9, 4), np.uint8), (False,) * 4, score)


def test_a_crop_shows_one_character_alone(person: Any) -> None:
    layer, identity, view = staged(person("mei"), 40, 20)
    layer[30:60, 150:200] = (10, 20, 250, 255)
    identity[30:60, 150:200] = 6
    crop = crop_of(layer, identity, view, 7)
    assert crop is not None
    assert (crop.frame, crop.box) == (7, view.bbox)
    assert crop.rgba.shape == (view.bbox[3], view.bbox[2], 4)
    assert not (crop.rgba[..., :3] == (10, 20, 250)).all(axis=2).any()


def test_a_large_crop_keeps_its_colours_at_the_rim(person: Any) -> None:
    layer, identity, view = staged(person("mei", height=900), 10, 10, (1000, 600))
    crop = crop_of(layer, identity, view, 0)
    assert crop is not None
    assert max(crop.rgba.shape[:2]) == LONG_SIDE
    coat = crop.rgba[100, crop.rgba.shape[1] // 2, :3].astype(int)
    assert np.abs(coat - (70, 160, 90)).max() <= 2
    # half-covered pixels have the figure's colours, not the black around it
    rim = (crop.rgba[..., 3] > 20) & (crop.rgba[..., 3] < 200)
    assert rim.any()
    assert (crop.rgba[rim][:, :3].max(axis=1) > 20).all()


@pytest.mark.parametrize(
    ("x", "y", "edges"), [(-20, 30, (0,)), (40, -60, (1,)), (60, 150, (3,)), (40, 30, ())]
)
def test_what_the_frame_cuts_off_is_worth_less(person: Any, x: int, y: int, edges: tuple[int, ...]) -> None:
    whole = crop_of(*staged(person("mei"), 100, 30), 0)
    crop = crop_of(*staged(person("mei"), x, y), 0)
    assert whole is not None
    assert crop is not None
    assert tuple(np.flatnonzero(crop.cut)) == edges
    assert (crop.score < whole.score) == bool(edges)


def test_larger_clearer_and_surer_crops_are_worth_more(person: Any) -> None:
    import cv2

    def score(rgba: U8, quality: float | None = None) -> float:
        crop = crop_of(*staged(rgba, 40, 20), 0, quality)
        assert crop is not None
        return crop.score

    large, small = person("mei", height=180), person("mei", height=90)
    blurred = cv2.GaussianBlur(large, (0, 0), 3)
    blurred[..., 3] = large[..., 3]
    veiled = large.copy()
    veiled[..., 3] = np.where(large[..., 3] > 0, 150, 0)
    assert score(large) > score(small)
    assert score(large) > score(blurred)
    assert score(large) > score(veiled)
    assert score(large, 0.9) > score(large, 0.3)


def test_the_light_of_a_frame() -> None:
    picture = np.full((360, 640, 3), 60, np.uint8)
    picture[:180] = (200, 190, 120)
    picture[0, 0] = 255  # one bright pixel is a reflection
    assert light_of(picture) == (200, 190, 120)
    assert light_of(picture[:1, :1]) == (255, 255, 255)


def test_a_speck_is_nobody(person: Any) -> None:
    assert crop_of(*staged(person("mei", height=20), 40, 20), 0) is None


def test_no_more_than_three_and_the_best() -> None:
    best = BestCrops()
    for frame in range(0, 2000, 20):
        best.add([(1, kept(frame, (frame * 37 % 1000) / 1000))])
    found = best.take()[1]
    assert len(found) == KEPT
    every = sorted((frame * 37 % 1000) / 1000 for frame in range(0, 2000, 20))
    assert sorted(crop.score for crop in found) == every[-KEPT:]
    assert [crop.frame for crop in found] == sorted(crop.frame for crop in found)
    assert best.take() == {}


def test_neighbours_count_once() -> None:
    best = BestCrops()
    for frame, score in ((0, 0.5), (3, 0.9), (6, 0.8), (40, 0.2)):
        best.add([(2, kept(frame, score)), (1, kept(frame, 0.1))])
    found = best.take()
    assert list(found) == [1, 2]
    assert [crop.frame for crop in found[2]] == [3, 40]
