"""The studio's drawings: same seed same pixels, exact alpha, true kinds."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("skia")

from triton_anime_export.studio import characters, effects, props
from triton_anime_export.studio.source import EFFECT_TYPES


def test_a_character_is_the_same_for_the_same_seed_and_other_for_another() -> None:
    first = characters.draw_character(np.random.default_rng(4), 200, 3)
    again = characters.draw_character(np.random.default_rng(4), 200, 3)
    other = characters.draw_character(np.random.default_rng(5), 200, 3)
    assert first.name == again.name != other.name
    assert all(np.array_equal(a, b) for a, b in zip(first.drawings, again.drawings, strict=True))
    assert len({drawing.shape for drawing in first.drawings}) == 1


@pytest.mark.parametrize("seed", range(12))
def test_a_character_lies_whole_on_its_sheet_and_fills_its_height(seed: int) -> None:
    source = characters.draw_character(np.random.default_rng(seed), 240, 3)
    covered = np.max([drawing[..., 3] for drawing in source.drawings], axis=0) > 127
    rows = np.flatnonzero(covered.any(axis=1))
    assert source.kind == "character"
    assert rows[0] <= 24
    assert rows[-1] >= 216
    # A bust alone runs out of its sheet, and only downwards.
    border = np.concatenate([covered[0], covered[:-1, 0], covered[:-1, -1]])
    assert not border.any()
    assert rows[-1] < 239 or covered[-1].mean() > 0.1


def test_a_character_moves_between_drawings_and_is_mostly_opaque() -> None:
    moved = 0
    for seed in range(8):
        source = characters.draw_character(np.random.default_rng(seed), 200, 2)
        moved += not np.array_equal(source.drawings[0], source.drawings[1])
        alpha = source.drawings[0][..., 3]
        inside = alpha > 0
        assert (alpha[inside] == 255).mean() > 0.75
        assert np.any((alpha > 0) & (alpha < 255))
    assert moved == 8


def test_straight_alpha_keeps_full_colour_at_soft_edges() -> None:
    drawing = effects.draw_effect(np.random.default_rng(3), "energy_glow", 128, 1).drawings[0]
    faint = (drawing[..., 3] > 10) & (drawing[..., 3] < 60)
    assert faint.any()
    # Premultiplied colour could not exceed alpha.
    assert (drawing[..., :3].max(axis=2)[faint] > drawing[..., 3][faint]).all()


@pytest.mark.parametrize("effect_type", EFFECT_TYPES[1:])
def test_every_effect_type_draws_something_that_evolves(effect_type: str) -> None:
    source = effects.draw_effect(np.random.default_rng(1), effect_type, 160, 4)
    assert (source.kind, source.effect_type) == ("effect", effect_type)
    assert all(drawing.shape == (160, 160, 4) and drawing[..., 3].max() > 100 for drawing in source.drawings)
    assert not np.array_equal(source.drawings[0], source.drawings[-1])


def test_an_unknown_effect_is_refused() -> None:
    with pytest.raises(ValueError, match="no effect 'none'"):
        effects.draw_effect(np.random.default_rng(0), "none")


def test_objects_are_drawn_on_a_transparent_sheet() -> None:
    names = set()
    for seed in range(30):
        source = props.draw_object(np.random.default_rng(seed), 96)
        names.add(source.name.split(":")[1].split("-")[0])
        alpha = source.drawings[0][..., 3]
        assert source.kind == "object"
        assert alpha.max() == 255
        assert alpha.min() == 0
    assert len(names) >= 7
