"""Backdrops: opaque, the same for the same seed, and they say what place they show."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("skia")

from triton_anime_export.studio import backdrops
from triton_anime_export.studio.finishing import FINISHES, SHARES
from triton_anime_export.studio.perspective import Blocks, View


@pytest.mark.parametrize("name", [kind.name for kind in backdrops.KINDS])
def test_every_kind_is_an_opaque_picture_of_its_place(name: str) -> None:
    source = backdrops.draw_backdrop(np.random.default_rng(2), 320, 180, name)
    (image,) = source.drawings
    assert image.shape == (180, 320, 4)
    assert image.dtype == np.uint8
    assert (image[..., 3] == 255).all()
    assert image[..., :3].std() > 4
    assert source.scene_type == next(kind.scene_type for kind in backdrops.KINDS if kind.name == name)
    assert source.style.endswith("background")


def test_a_seed_decides_the_picture() -> None:
    first, again, other = (backdrops.draw_backdrop(np.random.default_rng(s), 240, 136) for s in (5, 5, 6))
    assert first.name == again.name != other.name
    assert np.array_equal(first.drawings[0], again.drawings[0])
    assert (first.scene_type, first.mood) == (again.scene_type, again.mood)


def test_night_is_darker_than_day() -> None:
    def mean(name: str) -> float:
        drawn = [backdrops.draw_backdrop(np.random.default_rng(s), 160, 90, name) for s in range(6)]
        return float(np.mean([source.drawings[0][..., :3] for source in drawn]))

    assert mean("night_city") < 0.75 * mean("clouds")


def test_finishes_have_a_share_each() -> None:
    assert len(FINISHES) == len(SHARES)
    assert sum(SHARES) == pytest.approx(1.0)


def test_the_camera_projects_by_the_pinhole_model() -> None:
    view = View(400, 200, horizon=80.0, centre=200.0, focal=300.0, eye=1.5)
    assert view.project((1.0, 0.0, 3.0)) == pytest.approx((300.0, 230.0, 100.0))
    assert view.project((0.0, 1.5, 50.0))[:2] == pytest.approx((200.0, 80.0))


def test_only_sides_that_face_the_eye_are_seen() -> None:
    view = View(400, 200, horizon=80.0, centre=200.0, focal=300.0, eye=1.5)
    blocks = Blocks(view, None)
    seen = {
        name
        for name in ("front", "left", "right", "top", "bottom")
        if blocks.seen((1.0, 0.0, 2.0), (2.0, 1.0, 3.0), name)
    }
    assert seen == {"front", "left", "top"}
