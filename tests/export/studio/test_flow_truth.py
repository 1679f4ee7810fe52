"""Flow of what changes its drawing: loose hair and cloth, sprites of others, opaque effects."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("skia")
import skia

from triton_anime_export.studio.bending import bend, outline_points
from triton_anime_export.studio.characters import draw_character
from triton_anime_export.studio.flow_truth import BENT, EXACT, UNKNOWN, Flow, flow_between
from triton_anime_export.studio.scene import Actor, Frame, Scene, draw_frame, similarity
from triton_anime_export.studio.source import Source

SIZE = (160, 120)


def _two_frames(source: Source, step: float = 0.0) -> tuple[Frame, Frame, Flow]:
    h, w = source.drawings[0].shape[:2]
    ground = Source("backdrop", "grey", (np.full((SIZE[1], SIZE[0], 4), 200, np.uint8),))
    motion = [similarity(80 + step * t, 60, 1.0, 0.0, False, (w, h)) for t in (0, 1)]
    still = [np.eye(3)] * 2
    scene = Scene(Actor(ground, still, [0, 0]), [Actor(source, motion, [0, 1])], still, SIZE)
    now, then = (draw_frame(scene, t) for t in (0, 1))
    return now, then, flow_between(scene, (now.top, then.top), 0, 1)


def test_loose_hair_and_cloth_follow_their_outlines() -> None:
    """Pulling the next drawing back by the flow gives this drawing, much closer than leaving it still."""
    errors, known = [], []
    for seed, action in ((42, "run"), (48, "run"), (60, "run"), (61, "kick"), (52, "jump")):
        source = draw_character(np.random.default_rng(seed), 110, 2, action)
        now, then, flow = _two_frames(source)
        ys, xs = np.mgrid[0 : SIZE[1], 0 : SIZE[0]].astype(np.float32)
        pulled = cv2.remap(then.picture, xs + flow.vectors[0], ys + flow.vectors[1], cv2.INTER_LINEAR)
        bent = (flow.sure == BENT) & (flow.seen > 0)
        assert bent.any()
        still = np.abs(then.picture.astype(int) - now.picture)[bent].mean()
        errors.append(np.abs(pulled.astype(int) - now.picture)[bent].mean() / still)
        known.append((flow.sure[now.top > 0] != UNKNOWN).mean())
    assert max(errors) < 0.6
    assert np.mean(known) > 0.9


def test_a_bend_goes_through_the_outline_and_says_where_it_does_not() -> None:
    outline = np.array([(x, y) for x in range(0, 40, 8) for y in range(0, 60, 8)], np.float32)
    sway = outline + np.stack([0.003 * outline[:, 1] ** 2, 0 * outline[:, 1]], 1).astype(np.float32)
    points = np.array([[10.0, 33.0, 1.0], [20.0, 50.0, 1.0]]).T
    moved = bend(outline, sway, points, 0.1)
    assert moved is not None
    assert np.allclose(moved[:2].T, [[10 + 0.003 * 33**2, 33], [20 + 0.003 * 2500, 50]], atol=1e-3)
    mirrored = outline * np.array([-1, 1], np.float32)
    assert bend(outline, mirrored, points, 0.1) is None
    torn = outline + np.random.default_rng(0).normal(0, 3, outline.shape).astype(np.float32)
    assert bend(outline, torn, points, 0.1) is None
    assert bend(outline, outline[1:], points, 0.1) is None


def test_points_lie_on_the_outline_whatever_it_is_made_of() -> None:
    path = skia.Path()
    path.addOval(skia.Rect.MakeLTRB(-1, -1, 1, 1))
    path.moveTo(5, 0)
    path.lineTo(6, 0)
    path.cubicTo(7, 0, 7, 1, 6, 1)
    path.close()
    points = outline_points(path, skia.Matrix.Scale(2, 2))
    assert np.abs(np.hypot(*points[:16].T) - 2).max() < 0.2
    assert points[16:20].tolist() == [[10.5, 0], [11, 0], [11.5, 0], [12, 0]]
    assert points[23].tolist() == [12, 2]


def _face(x: int, **more: object) -> Source:
    """A sheet whose second drawing moves a small mark."""
    drawings = np.full((2, 40, 40, 4), (180, 90, 60, 255), np.uint8)
    drawings[0, 10:14, x : x + 4, :3] = 0
    drawings[1, 10:14, x + 8 : x + 12, :3] = 0
    return Source(str(more.pop("kind", "character")), "face", tuple(drawings), **more)  # type: ignore[arg-type]


def test_of_a_sprite_that_changes_only_what_stays_is_known() -> None:
    _, _, flow = _two_frames(_face(6), step=5.0)
    assert flow.sure[60, 80] == EXACT
    assert flow.vectors[:, 60, 80].tolist() == [5, 0]
    assert flow.sure[52, 68] == flow.sure[52, 76] == UNKNOWN  # the mark, here and there
    assert not flow.seen[52, 68]


def test_a_sprite_that_is_drawn_anew_is_unknown_altogether() -> None:
    other = np.random.default_rng(0).integers(0, 255, (2, 40, 40, 4)).astype(np.uint8)
    other[..., 3] = 255
    now, _, flow = _two_frames(Source("character", "noise", tuple(other)))
    assert not flow.sure[now.top > 0].any()


def test_opaque_effects_hide_what_is_behind_them_and_light_does_not() -> None:
    smoke = _face(6, kind="effect", effect_type="smoke")
    now, _, flow = _two_frames(smoke, step=5.0)
    assert now.top[60, 80] == 1
    assert flow.vectors[:, 60, 80].tolist() == [5, 0]
    assert not flow.seen[60, 102]  # ground that the smoke drifts over
    light = _face(6, kind="effect", effect_type="fire", additive=True)
    now, _, flow = _two_frames(light, step=5.0)
    assert not now.top.any()
    assert flow.vectors[:, 60, 80].tolist() == [0, 0]
