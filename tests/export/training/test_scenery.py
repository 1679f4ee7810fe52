"""Scenery that is hard to tell from somebody: it is drawn, it differs by seed, it leaves the plate alone."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime_export.training import scenery

U8 = NDArray[np.uint8]
H, W = 180, 320


def plate() -> U8:
    """A quiet slope of colour."""
    ramp = np.linspace(60, 140, W)[None, :, None] * np.array([0.6, 0.8, 1.0])
    return np.broadcast_to(ramp, (H, W, 3)).astype(np.uint8)


def busy() -> U8:
    """Something to cut tiles from."""
    return np.random.default_rng(0).integers(0, 256, (H, W, 3)).astype(np.uint8)


DRAWN: dict[str, Callable[[np.random.Generator, U8], U8]] = {
    "walls": lambda rng, picture: scenery.with_walls(rng, picture, busy()),
    "crowns": scenery.with_crowns,
    "clouds": scenery.with_clouds,
}


@pytest.mark.parametrize("name", DRAWN)
def test_it_covers_a_part_and_a_seed_decides_it(name: str) -> None:
    draw, before = DRAWN[name], plate()
    shares = []
    for seed in range(12):
        out = draw(np.random.default_rng(seed), before)
        assert out.shape == before.shape
        assert out.dtype == np.uint8
        assert np.array_equal(out, draw(np.random.default_rng(seed), before))
        shares.append(float((out != before).any(axis=2).mean()))
    assert np.array_equal(before, plate())
    assert 0.02 < np.mean(shares) < 0.9
    assert len(set(shares)) > 6


def test_walls_repeat_and_are_sharp() -> None:
    flat, wall = plate(), scenery.with_walls(np.random.default_rng(3), plate(), busy())
    sharp = [cv2.Laplacian(picture, cv2.CV_32F).std() for picture in (wall, flat)]
    assert sharp[0] > 4 * sharp[1]


def test_clouds_are_bright_and_above() -> None:
    upper = lower = 0.0
    for seed in range(8):
        out = scenery.with_clouds(np.random.default_rng(seed), plate())
        brighter = out.astype(int).sum(axis=2) - plate().astype(int).sum(axis=2)
        assert brighter.max() > 100
        upper += float((brighter > 60)[: H // 2].mean())
        lower += float((brighter > 60)[H // 2 :].mean())
    assert upper > 3 * lower
