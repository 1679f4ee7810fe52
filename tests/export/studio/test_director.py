"""Cameras do what they are called, and shots have a bit of everything."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from triton_anime_export.studio.director import CAMERA_MOVES, Cast, draw_camera, plan
from triton_anime_export.studio.layout import LAYOUTS
from triton_anime_export.studio.source import Source

SIZE = (128, 96)


def _cast() -> Cast:
    body = np.zeros((40, 20, 4), np.uint8)
    body[2:38, 4:16] = (200, 40, 40, 255)
    ground = np.full((96, 160, 4), 120, np.uint8)
    ground[..., 3] = 255
    far = ground.copy()
    far[..., 3] = 0
    far[60:, :, 3] = 255
    return Cast(
        [Source("character", "red", (body, body[::-1].copy()))],
        [Source("backdrop", "hill", (ground,), scene_type="field", layers=(ground, far, far))],
        [
            Source("effect", "fog", (body,), effect_type="smoke"),
            Source("effect", "glow", (body,), True, "fire"),
            Source("effect", "rain", (body,), effect_type="water", style="soft, full frame"),
        ],
        [Source("object", "post", (body[:20].copy(),))],
    )


def test_cameras_do_what_they_are_called() -> None:
    met = Counter[str]()
    for seed in range(60):
        name, matrices = draw_camera(np.random.default_rng(seed), SIZE, 6)
        met[name] += 1
        zooms = np.array([matrix[0, 0] for matrix in matrices])
        middle = np.array([(matrix @ [SIZE[0] / 2, SIZE[1] / 2, 1])[:2] for matrix in matrices])
        steps = np.diff(middle, axis=0)
        if name == "locked":
            assert (np.array(matrices) == np.eye(3)).all()
        elif name == "pan":
            assert (zooms == 1).all()
            assert np.allclose(steps, steps[0])
            assert np.abs(steps[0]).max() > 0.01
        elif name == "zoom":
            assert np.allclose(np.diff(np.log(zooms)), np.log(zooms[1]))
            assert zooms[-1] != 1
        else:
            assert name == "shake"
            assert (zooms == 1).all()
            assert (np.diff(np.sign(steps), axis=0) != 0).any()  # to and fro
    assert set(met) == set(CAMERA_MOVES)


def test_shots_differ_in_depth_layout_timing_and_cover() -> None:
    cast, planes, layouts, over = _cast(), Counter[int](), set(), Counter[str]()
    for seed in range(120):
        scene = plan(np.random.default_rng(seed), cast, SIZE, 5)
        layouts.add(scene.layout)
        sheets = scene.of_kind("backdrop")
        planes[len(sheets)] += 1
        assert scene.actors[: len(sheets)] == sheets  # behind everybody
        if sheets:
            assert scene.camera_move in ("pan", "zoom")
        kinds = [actor.source.kind for actor in scene.actors]
        people = [place for place, kind in enumerate(kinds) if kind == "character"]
        if people:
            over.update(kinds[people[0] + 1 :])
    assert layouts == set(LAYOUTS)
    assert set(planes) == {0, 2}
    assert planes[2] >= 10
    assert over["object"] >= 5
    assert over["effect"] >= 20


@pytest.mark.parametrize("layout", ["crossing", "crowd"])
def test_a_layout_may_be_asked_for(layout: str) -> None:
    scene = plan(np.random.default_rng(3), _cast(), SIZE, 4, layout)
    assert scene.layout == layout
    assert len(scene.of_kind("character")) >= 2
