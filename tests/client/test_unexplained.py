"""What time says about effects."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.cel import Cel
from triton_anime.characters import Segmentation, coarse_mask
from triton_anime.drawings import Drawing
from triton_anime.panoptic import CHARACTER, EFFECT
from triton_anime.stabilise import Link, trust
from triton_anime.steady import linked
from triton_anime.unexplained import left_to_others, more_likely, unexplained, with_evidence
from triton_anime.video import Frame

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

H, W = 144, 256
STILL = np.zeros((H, W, 2), np.float32)
GRAIN = np.random.default_rng(3).integers(0, 255, (H, W, 3)).astype(np.uint8)
PLACE = np.asarray(cv2.GaussianBlur(GRAIN, (0, 0), 2), np.uint8)
FLASH = np.s_[60:90, 100:140]


def links(before: U8, now: U8, after: U8, pan: float = 0.0) -> tuple[Link, Link]:
    """To both neighbours, along a flow that knows nothing but a pan."""
    ahead = STILL + np.array([pan, 0], np.float32)
    return trust(before, now, ahead, -ahead), trust(after, now, -ahead, ahead)


def with_flash(colour: tuple[int, int, int] = (255, 240, 120)) -> U8:
    picture = PLACE.copy()
    picture[FLASH] = colour
    return picture


def classes(character: float, effect: float) -> U8:
    """The same chances everywhere [4,h/2,w/2]."""
    rest = 1 - character - effect
    shares = np.array([rest, character, effect, 0], np.float32)[:, None, None]
    return np.rint(255 * np.broadcast_to(shares, (4, H // 2, W // 2))).astype(np.uint8)


LIGHT = classes(character=0, effect=0.5)


def test_what_only_one_drawing_shows_is_probably_an_effect() -> None:
    evidence = unexplained(*links(PLACE, with_flash(), PLACE), LIGHT)
    assert evidence is not None
    assert evidence[70:80, 110:130].min() > 2
    assert evidence[:, :80].max() == 0


@pytest.mark.parametrize("neighbour", [0, 2])
def test_what_a_neighbour_shows_too_is_explained(neighbour: int) -> None:
    pictures = [PLACE, with_flash(), PLACE]
    pictures[neighbour] = with_flash()
    evidence = unexplained(*links(pictures[0], pictures[1], pictures[2]), LIGHT)
    assert evidence is not None
    assert evidence[FLASH].max() == 0


def test_what_a_pan_brings_in_is_none() -> None:
    wide = np.concatenate([PLACE, PLACE[:, ::-1]], axis=1)
    before, now, after = (np.ascontiguousarray(wide[:, x : x + W]) for x in (0, 6, 12))
    evidence = unexplained(*links(before, now, after, pan=-6), LIGHT)
    assert evidence is not None
    assert evidence.max() < 0.5


def test_one_neighbour_proves_nothing_nor_do_pictures_without_anything_in_common() -> None:
    before, after = links(PLACE, with_flash(), PLACE)
    assert unexplained(before, None, LIGHT) is None
    assert unexplained(None, after, LIGHT) is None
    other = PLACE[::-1].copy()
    assert unexplained(*links(other, PLACE, other), LIGHT) is None


def test_who_does_not_look_like_an_effect_stays_somebody_and_who_moves_along_is_helped() -> None:
    flash = links(PLACE, with_flash(), PLACE)
    told = {share: unexplained(*flash, classes(character=0.5, effect=share)) for share in (0.02, 0.4)}
    assert all(evidence is not None for evidence in told.values())
    somebody, effect = (told[share] for share in (0.02, 0.4))
    assert somebody is not None
    assert effect is not None
    assert effect[75, 120] > 2
    assert somebody[75, 120] == 0
    assert somebody[20, 20] < -0.5


def test_where_nobody_is_what_is_explained_stays_as_likely() -> None:
    evidence = unexplained(*links(PLACE, PLACE, PLACE), classes(character=0.1, effect=0.4))
    assert evidence is not None
    assert not evidence.any()


def test_chances_are_weighed_by_bayes_rule() -> None:
    evidence = np.full((H, W), 2.0, np.float32)
    before = classes(character=0.5, effect=0.2)
    after = with_evidence(before, evidence, left_to_others(before, evidence))
    odds = 0.2 / 0.8 * np.exp(2.0)
    assert after[EFFECT][0, 0] == pytest.approx(255 * odds / (1 + odds), abs=1.5)
    assert after[CHARACTER][0, 0] / after[0][0, 0] == pytest.approx(0.5 / 0.3, rel=0.05)
    assert int(after[:, 0, 0].astype(int).sum()) == pytest.approx(255, abs=2)
    assert np.array_equal(more_likely(before, np.zeros((H, W), np.float32)), before)


def test_the_tracker_gives_way_to_an_effect_before_somebody() -> None:
    identity = np.ones((H, W), np.uint8)
    kept = np.ones((H, W), np.float32)
    kept[FLASH] = 0.1
    coarse = coarse_mask(classes(0.1, 0.2), identity, kept)
    assert coarse is not None
    assert coarse[75, 120] < 64
    assert coarse[20, 20] == 200


def test_a_drawing_is_weighed_once_its_neighbours_are_known() -> None:
    cels = []
    for index, picture in enumerate((PLACE, with_flash(), PLACE)):
        first = Frame(index, index / 12, picture)
        cel = Cel(Drawing(0, first, ((index, first.time),), index == 0, index == 2), picture)
        empty = np.zeros((H, W), np.uint8)
        cel.segmentation = Segmentation(empty, np.zeros(0), np.zeros((0, 4), np.int32), classes(0.3, 0.3))
        cel.effects = {"ALPHA": np.full((1, H // 2, W // 2), 80, np.uint8)}
        cel.flow = None if index == 0 else (STILL, STILL)
        cels.append(cel)
    ends, middle = [], None
    for index, cel in enumerate(linked(cels)):
        cel.look_at_time()
        if index == 1:
            middle = cel
        else:
            ends.append(cel)
    assert middle is not None
    assert middle.probability is not None
    masks, coarse = middle.effect_masks(), middle.coarse()
    assert masks is not None
    assert coarse is not None
    assert middle.probability[EFFECT][37, 60] > 150 > middle.probability[EFFECT][10, 10]
    assert masks[0, 37, 60] > 150 > masks[0, 10, 10]
    assert coarse[37, 60] < 40 < coarse[10, 10]
    for cel in ends:
        assert cel.probability is not None
        assert np.array_equal(cel.probability, classes(0.3, 0.3))
