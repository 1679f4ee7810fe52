"""What segmentation and tracker together know of the characters of a drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from triton_anime.characters import coarse_mask, confirmed_by
from triton_anime.panoptic import CHARACTER

U8 = NDArray[np.uint8]
H, W = 72, 128


def said(*parts: tuple[int, slice, slice]) -> U8:
    """Class probabilities with the character's chance on some rectangles."""
    maps = np.zeros((4, H, W), np.uint8)
    for chance, rows, columns in parts:
        maps[CHARACTER, rows, columns] = chance
    return maps


BODY = slice(20, 60), slice(10, 40)
HEAD = slice(20, 40), slice(10, 40)
PALM = slice(10, 60), slice(80, 120)


def test_a_part_that_is_sure_nowhere_is_faint_and_one_that_is_somewhere_stays() -> None:
    mask = coarse_mask(said((130, *BODY), (240, *HEAD), (150, *PALM)), None)
    assert mask is not None
    assert mask[50, 20] == 130
    assert mask[25, 20] == 240
    assert mask[30, 100] < 96


def test_the_tracker_is_believed_where_the_segmentation_is_sure_of_a_share() -> None:
    identity = np.zeros((2 * H, 2 * W), np.uint8)
    identity[40:120, 20:80] = 1
    identity[20:120, 160:240] = 2
    mask = coarse_mask(said((40, *BODY), (240, *HEAD), (150, *PALM)), identity)
    assert mask is not None
    assert mask.shape == identity.shape
    assert mask[100, 40] == 200
    assert mask[50, 40] == 240
    assert mask[60, 200] < 96


def test_somebody_who_was_seen_well_once_stays() -> None:
    identity = np.zeros((2 * H, 2 * W), np.uint8)
    identity[40:120, 20:80], identity[20:120, 160:240] = 1, 2
    well = said((60, *BODY), (250, *HEAD), (150, *PALM))
    assert confirmed_by(well, identity) == {1}
    badly = said((130, *BODY), (150, *PALM))
    assert not confirmed_by(badly, identity)
    mask, forgotten = coarse_mask(badly, identity, {1}), coarse_mask(badly, identity)
    assert mask is not None
    assert forgotten is not None
    assert mask[100, 40] == 200
    assert mask[60, 200] < 96
    assert forgotten[100, 40] < 96


def test_what_is_not_known_is_not_invented() -> None:
    identity = np.zeros((H, W), np.uint8)
    identity[BODY] = 3
    assert coarse_mask(None, None) is None
    only = coarse_mask(None, identity)
    assert only is not None
    assert np.array_equal(only > 0, identity > 0)
    probability = said((150, *PALM))
    before = probability.copy()
    coarse_mask(probability, None)
    assert np.array_equal(probability, before)
