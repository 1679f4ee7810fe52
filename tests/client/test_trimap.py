"""Only what is uncertain is asked about, in squares, and what is sure stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.trimap import SURELY, SURELY_NOT, UNKNOWN, Refinement, squares_of, trimap_of

U8 = NDArray[np.uint8]


def disc(height: int, width: int, radius: int) -> U8:
    ys, xs = np.mgrid[:height, :width]
    return ((np.hypot(ys - height / 2, xs - width / 2) < radius) * 255).astype(np.uint8)


def test_the_band_lies_around_the_edges() -> None:
    alpha = disc(120, 160, 40)
    trimap = trimap_of(alpha, reach=4)
    assert trimap[60, 80] == SURELY
    assert trimap[5, 5] == SURELY_NOT
    band = trimap == UNKNOWN
    ys, xs = np.nonzero(band)
    assert np.abs(np.hypot(ys - 60, xs - 80) - 40).max() <= 6
    assert band[60, 80 - 42]
    assert band[60, 80 + 38]


def test_a_soft_alpha_is_uncertain_all_over_and_the_pictures_edge_is_no_outline() -> None:
    alpha = np.full((60, 80), 130, np.uint8)
    assert (trimap_of(alpha) == UNKNOWN).all()
    assert (trimap_of(np.full((60, 80), 255, np.uint8)) == SURELY).all()


@pytest.mark.parametrize("size", [(100, 90), (64, 64), (65, 300), (1080, 1920)])
def test_squares_cover_the_unknown(size: tuple[int, int]) -> None:
    trimap = np.full(size, UNKNOWN, np.uint8)
    side = 512 if size[0] > 512 else 96
    covered = np.zeros(size, bool)
    for x, y in squares_of(trimap, side):
        assert x + side <= max(size[1], side)
        assert y + side <= max(size[0], side)
        covered[y : y + side, x : x + side] = True
    assert covered.all()


def test_nothing_uncertain_asks_nothing() -> None:
    alpha = np.zeros((50, 50), np.uint8)
    refinement = Refinement(np.zeros((50, 50, 3), np.uint8), alpha)
    assert refinement.calls == []
    assert np.array_equal(refinement.finish([]), alpha)


@pytest.mark.parametrize("size", [(700, 620), (90, 130)])
def test_answers_come_back_to_their_places(size: tuple[int, int]) -> None:
    """The network here reads the alpha out of the picture's red: the right answer in the band, seamlessly."""
    height, width = size
    truth = np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1))
    alpha = disc(height, width, height // 3)
    refinement = Refinement(np.dstack([truth] * 3), alpha, side=256, at_once=3)
    assert len(refinement.calls) >= (2 if height > 256 else 1)
    for pictures, trimaps in refinement.calls:
        assert pictures.shape[1:] == (256, 256, 3)
        assert len(pictures) <= 3
        assert (trimaps == UNKNOWN).any(axis=(1, 2)).all()
    found = refinement.finish([pictures[..., 0] for pictures, _ in refinement.calls])
    band = trimap_of(alpha) == UNKNOWN
    assert np.array_equal(found[~band], alpha[~band])
    assert np.abs(found[band].astype(int) - truth[band]).max() <= 1
