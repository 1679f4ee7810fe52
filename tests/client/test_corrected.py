"""What a background that was really seen says about an alpha."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.decompose import corrected

U8 = NDArray[np.uint8]
H, W = 120, 200
EVERYWHERE = np.ones((H, W), bool)


def scene() -> tuple[U8, U8, U8]:
    """A frame with somebody before a trunk, an alpha that has both, the wall with the trunk."""
    rng = np.random.default_rng(2)
    wall = cv2.resize(rng.integers(80, 160, (6, 10, 3), dtype=np.uint8), (W, H))
    wall[:, 20:60] = (90, 60, 40)
    frame = wall.copy()
    frame[30:110, 50:90] = (230, 40, 60)
    alpha = np.zeros((H, W), np.uint8)
    alpha[30:110, 20:90] = 220
    return frame, alpha, np.asarray(wall, np.uint8)


def chance(trunk: int) -> U8:
    """Probability of a character, on a grid of half the size."""
    said = np.zeros((H // 2, W // 2), np.uint8)
    said[15:55, 10:45], said[15:55, 10:25] = 250, trunk
    return said


def test_the_trunk_stays_behind_where_nobody_is_surely_there() -> None:
    frame, alpha, wall = scene()
    assert corrected(frame, alpha, wall, EVERYWHERE)[60, 30] == 220
    found = corrected(frame, alpha, wall, EVERYWHERE, chance(150))
    assert not found[35:105, 22:46].any()
    assert found[35:105, 54:88].min() >= 220


def test_somebody_who_is_surely_there_stays_though_the_plate_shows_him() -> None:
    frame, alpha, wall = scene()
    assert corrected(frame, alpha, wall, EVERYWHERE, chance(240))[60, 30] == 220


def test_a_place_that_no_other_drawing_shows_says_nothing() -> None:
    frame, alpha, wall = scene()
    nowhere = np.zeros((H, W), bool)
    assert np.array_equal(corrected(frame, alpha, wall, nowhere, chance(0)), alpha)


def test_a_small_likeness_is_a_coincidence() -> None:
    frame, alpha, wall = scene()
    frame[30:110, 50:90] = (230, 40, 60)
    frame[60:63, 70:73] = wall[60:63, 70:73]
    found = corrected(frame, alpha, wall, EVERYWHERE, np.zeros((H, W), np.uint8))
    assert found[61, 71] > 200
