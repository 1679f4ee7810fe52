"""A figure is found again where it went, whatever its size, and at the border of the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.stabilise import trust
from triton_anime.whole_shift import whole_shift

U8 = NDArray[np.uint8]
H, W = 180, 320


def picture(x: int, y: int, side: int) -> tuple[U8, U8]:
    """A patterned figure before a patterned wall, and its mask."""
    rng = np.random.default_rng(4)
    wall = cv2.resize(rng.integers(0, 200, (23, 40, 3), dtype=np.uint8), (W, H))
    figure = cv2.resize(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8), (side, side))
    large = cv2.copyMakeBorder(wall, H, H, W, W, cv2.BORDER_REFLECT)
    mask = np.zeros(large.shape[:2], np.uint8)
    here = (slice(H + y, H + y + side), slice(W + x, W + x + side))
    large[here], mask[here] = figure, 1
    inside = (slice(H, 2 * H), slice(W, 2 * W))
    return large[inside].copy(), mask[inside].copy()


@pytest.mark.parametrize("side", [12, 40, 70, 165])
def test_a_shift_is_found(side: int) -> None:
    before, _ = picture(60, 5, side)
    after, mask = picture(60 + 23, 5 + 6, side)
    found = whole_shift(after, mask > 0, before, 29)
    assert found is not None
    assert np.abs(np.add(found, (23, 6))).max() <= (0 if side < 160 else 1)


def test_a_figure_half_outside_is_found() -> None:
    before, _ = picture(-10, 60, 50)
    after, mask = picture(-20, 60, 50)
    assert whole_shift(after, mask > 0, before, 29) == (10, 0)


def test_a_speck_is_not_looked_for() -> None:
    after, _ = picture(60, 60, 40)
    mask = np.zeros((H, W), bool)
    mask[50:53, 50:53] = True
    assert whole_shift(after, mask, after, 20) is None


def test_a_figure_that_flow_has_lost_is_trusted_where_it_went() -> None:
    before, _ = picture(100, 60, 24)
    after, mask = picture(118, 60, 24)
    lost = np.zeros((H, W, 2), np.float32)
    inside = cv2.erode(mask, np.ones((5, 5), np.uint8)) > 0
    assert trust(before, after, lost, lost).weight[inside].mean() < 0.1
    link = trust(before, after, lost, lost, mask)
    assert link.weight[inside].min() > 0.5
    assert (link.flow[inside] == (-18, 0)).all()


@pytest.mark.parametrize("shift", [0.25, 0.5, 0.8])
def test_parts_of_a_pixel_count(shift: float) -> None:
    before, _ = picture(100, 60, 40)
    after, mask = picture(110, 60, 40)
    moved = np.array([[1.0, 0, shift], [0, 1.0, 0]])
    inside = (slice(55, 105), slice(105, 155))
    after[inside] = cv2.warpAffine(after, moved, (W, H))[inside]
    found = whole_shift(after, mask > 0, before, 20)
    assert found is not None
    assert found[0] == pytest.approx(-10 - shift, abs=0.2)
    assert found[1] == pytest.approx(0, abs=0.2)


def test_the_background_beside_somebody_moves_with_the_camera() -> None:
    before, _ = picture(100, 60, 60)
    wall, _ = picture(-200, -200, 10)
    after, mask = picture(100, 60, 60)
    pan = np.array([[1.0, 0, 7], [0, 1.0, 0]])
    after[mask == 0] = cv2.warpAffine(wall, pan, (W, H))[mask == 0]
    # the flow has blurred the standing figure into the background beside it
    blurred = cv2.dilate(mask, np.ones((41, 41), np.uint8)) > 0
    backward = np.where(blurred[..., None], 0, np.array([-7, 0])).astype(np.float32)
    beside = (cv2.dilate(mask, np.ones((35, 35), np.uint8)) > 0) & (mask == 0)
    beside[:, :169] = False  # what the figure hides there before
    assert trust(before, after, -backward, backward).weight[beside].mean() < 0.3
    assert trust(before, after, -backward, backward, mask).weight[beside].mean() > 0.6
