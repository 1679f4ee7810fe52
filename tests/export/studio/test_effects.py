"""Effects: every way of drawing every type moves and knows how it is meant to be shown."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("skia")

from triton_anime_export.studio import effects
from triton_anime_export.studio.source import EFFECT_TYPES

WAYS = [(name, way) for name, ways in effects.DRAWERS.items() for way in range(len(ways))]


def test_every_type_is_drawn() -> None:
    assert tuple(effects.DRAWERS) == EFFECT_TYPES[1:]
    assert set(effects.ADDITIVE_SHARE) == set(EFFECT_TYPES[1:])


@pytest.mark.parametrize(("effect_type", "way"), WAYS)
def test_every_way_moves(effect_type: str, way: int) -> None:
    source = effects.draw_effect(np.random.default_rng(11), effect_type, 120, 3, way)
    assert source.effect_type == effect_type
    assert all(drawing.shape == (120, 120, 4) for drawing in source.drawings)
    assert all(drawing[..., 3].max() > 60 for drawing in source.drawings)
    assert not np.array_equal(source.drawings[0], source.drawings[1])
    assert not np.array_equal(source.drawings[1], source.drawings[2])


def test_a_seed_decides_the_drawings() -> None:
    first, again = (effects.draw_effect(np.random.default_rng(3), "fire", 96, 2) for _ in range(2))
    assert first.name == again.name
    assert all(np.array_equal(a, b) for a, b in zip(first.drawings, again.drawings, strict=True))


def test_what_covers_a_frame_says_so() -> None:
    rain = effects.DRAWERS["water"].index(effects.weather.rain)
    assert effects.draw_effect(np.random.default_rng(1), "water", 96, 1, rain).style.endswith("full frame")
    assert "full frame" not in effects.draw_effect(np.random.default_rng(1), "magic", 96, 1, 0).style


def test_pixel_art_has_square_pixels_and_hard_edges() -> None:
    small = np.random.default_rng(0).integers(0, 256, (24, 24, 4)).astype(np.uint8)
    large = effects.enlarged(small, 96)
    assert np.array_equal(large[::4, ::4], large[3::4, 3::4])
    assert set(np.unique(large[..., 3])) <= {0, 255}
    assert len(np.unique(large[..., :3])) <= 7


def test_an_outline_is_dark_and_grows_the_shape() -> None:
    drawing = np.zeros((130, 130, 4), np.uint8)
    drawing[50:80, 50:80] = (250, 240, 230, 255)
    inked = effects.inked(drawing, (1.0, 0.9, 0.8))
    assert np.array_equal(inked[50:80, 50:80], drawing[50:80, 50:80])
    assert inked[48, 60, 3] == 255
    assert inked[48, 60, :3].max() < 90
    assert inked[40, 60, 3] == 0
