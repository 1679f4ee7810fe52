"""Performances: what is asked for is played, with poses in between, and limbs carry their flow."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("skia")

import cv2

from triton_anime_export.studio.acting import ACTION_SHARE, perform
from triton_anime_export.studio.characters import draw_character
from triton_anime_export.studio.design import draw_design
from triton_anime_export.studio.face import EXPRESSIONS
from triton_anime_export.studio.flow_truth import flow_between
from triton_anime_export.studio.keypoints import PARTS
from triton_anime_export.studio.pose import ACTIONS
from triton_anime_export.studio.scene import Actor, Scene, draw_frame, similarity
from triton_anime_export.studio.source import Source


def test_all_actions_are_played() -> None:
    assert set(ACTION_SHARE) == set(ACTIONS)
    assert min(ACTION_SHARE.values()) > 0


@pytest.mark.parametrize("action", ["walk", "kick", "jump", "talk"])
def test_a_performance_moves_little_from_pose_to_pose(action: str) -> None:
    rng = np.random.default_rng(3)
    design = draw_design(rng, 240)
    moments = perform(rng, design, 40, action)
    assert len(moments) == 40
    assert moments[0].action == action
    assert len({moment.action for moment in moments}) > 1
    assert {moment.expression for moment in moments} <= set(EXPRESSIONS)
    lifts = [moment.pose.lift for moment in moments]
    assert max(abs(after - before) for before, after in pairwise(lifts)) < 0.45


def test_talking_mouths_take_shapes() -> None:
    rng = np.random.default_rng(1)
    design = draw_design(rng, 240)
    spoken = {moment.pose.vowel for moment in perform(rng, design, 6, "talk")}
    assert spoken - {""}


def test_walkers_travel_the_way_they_face() -> None:
    for seed in range(6):
        source = draw_character(np.random.default_rng(seed), 96, 2, "walk")
        assert len(source.travel) == 2
        assert source.travel[0] == pytest.approx(source.travel[1])
        assert source.travel[0] != 0
    assert not any(draw_character(np.random.default_rng(0), 96, 2, "idle").travel)


def test_key_points_lie_on_their_parts() -> None:
    expected = {0: "head", 11: "trunk", 12: "trunk"}
    hits = total = 0
    for seed in range(8):
        source = draw_character(np.random.default_rng(seed), 160, 1, "idle")
        for index, part in expected.items():
            x, y, v = source.key_points[0][index]
            if v == 2:
                around = source.parts[0][round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3]
                total += 1
                hits += bool(np.isin(around, [PARTS.index(part), PARTS.index("skirt")]).any())
    assert total >= 12
    assert hits / total > 0.7


def test_limbs_carry_their_flow() -> None:
    """Pulling the next drawing back by the flow gives this drawing, much closer than leaving it still."""
    errors = []
    for seed, action in ((40, "run"), (41, "kick"), (43, "punch")):
        source = draw_character(np.random.default_rng(seed), 200, 2, action)
        h, w = source.drawings[0].shape[:2]
        ground = Source("backdrop", "grey", (np.full((240, 320, 4), 200, np.uint8),))
        place = [similarity(160, 110, 1.0, 0.0, False, (w, h))] * 2
        still = [np.eye(3)] * 2
        scene = Scene(Actor(ground, still, [0, 0]), [Actor(source, place, [0, 1])], still, (320, 240))
        now, then = (draw_frame(scene, t) for t in (0, 1))
        flow = flow_between(scene, (now.top, then.top), 0, 1)
        ys, xs = np.mgrid[0:240, 0:320].astype(np.float32)
        pulled = cv2.remap(then.picture, xs + flow.vectors[0], ys + flow.vectors[1], cv2.INTER_LINEAR)
        seen = (flow.seen > 0) & (now.top > 0)
        assert seen.mean() > 0.01
        still_error = np.abs(then.picture.astype(int) - now.picture)[seen].mean()
        errors.append(np.abs(pulled.astype(int) - now.picture)[seen].mean() / still_error)
    assert max(errors) < 0.5
