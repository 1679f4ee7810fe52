"""A backdrop is taken apart into sheets, which a pan moves at paces of their own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("skia")

from triton_anime_export.studio.backdrops import draw_backdrop, footed
from triton_anime_export.studio.director import multiplane, parallax
from triton_anime_export.studio.finishing import FINISHES, SHARES, edged, finished
from triton_anime_export.studio.flow_truth import flow_between
from triton_anime_export.studio.scene import Matrix, Scene, draw_frame
from triton_anime_export.studio.source import Source
from triton_anime_export.studio.variety import cluttered, out_of_focus, recoloured

SIZE = (64, 48)


def _laid(layers: tuple[NDArray[np.uint8], ...]) -> NDArray[np.float64]:
    picture = layers[0][..., :3].astype(np.float64)
    for layer in layers[1:]:
        share = layer[..., 3:] / 255.0
        picture = picture * (1 - share) + layer[..., :3] * share
    return picture


def _sheets() -> Source:
    """Sky, a post in the middle distance, a post nearby."""
    sky = np.full((48, 64, 4), (200, 220, 255, 255), np.uint8)
    far, near = sky.copy(), sky.copy()
    far[..., :3] = (0, 90, 0)
    near[..., :3] = (90, 40, 0)
    far[..., 3] = near[..., 3] = 0
    far[:, 18:24, 3] = 255
    near[:, 40:46, 3] = 255
    whole = np.dstack([_laid((sky, far, near)).astype(np.uint8), sky[..., 3]])
    return Source("backdrop", "posts", (whole,), layers=(sky, far, near))


def _pan(count: int = 3, step: float = 6.0) -> list[Matrix]:
    return [np.array([[1, 0, step * t], [0, 1, 0], [0, 0, 1]], np.float64) for t in range(count)]


@pytest.mark.parametrize("kind", ["meadow", "forest", "rooftop", "castle", "home", "street", "ruins"])
def test_sheets_laid_over_one_another_give_the_picture(kind: str) -> None:
    source = draw_backdrop(np.random.default_rng(2), 320, 180, kind)
    assert len(source.layers) >= 2
    assert (source.layers[0][..., 3] == 255).all()
    assert all(0.01 < (layer[..., 3] > 0).mean() < 1.0 for layer in source.layers[1:])
    assert np.abs(_laid(source.layers) - source.drawings[0][..., :3]).mean() < 3.0


def test_a_ground_without_depth_is_one_sheet() -> None:
    assert draw_backdrop(np.random.default_rng(2), 160, 90, "flat_meadow").layers == ()


def test_a_pan_moves_near_sheets_faster_and_the_flow_knows_it() -> None:
    camera = _pan()
    ground, *planes = multiplane(_sheets(), np.eye(3), camera, 0.5, SIZE)
    scene = Scene(ground, planes, camera, SIZE)
    frames = [draw_frame(scene, t) for t in range(3)]
    assert np.array_equal(frames[0].picture, _sheets().drawings[0][..., :3])
    # Paces 0.5, 0.75 and 1 of twelve pixels.
    assert np.flatnonzero(frames[2].picture[20, :, 0] == 0).tolist() == list(range(18 + 9, 24 + 9))
    assert np.flatnonzero(frames[2].picture[20, :, 0] == 90).tolist() == list(range(40 + 12, 46 + 12))
    assert all(np.array_equal(frame.plate, frame.picture) for frame in frames)
    assert not frames[1].ids.any()
    flow = flow_between(scene, (frames[0].top, frames[2].top), 0, 2)
    assert flow.vectors[:, 20, [5, 20, 42]].T.tolist() == [[6, 0], [9, 0], [12, 0]]
    assert flow.seen[20, [5, 20, 42]].all()
    assert not flow.seen[20, 48]  # sky that the near post passes over


def test_a_zoom_about_the_middle_grows_far_sheets_less() -> None:
    zoom = np.array([[1.44, 0, 32 * (1 - 1.44)], [0, 1.44, 24 * (1 - 1.44)], [0, 0, 1]])
    camera = [np.eye(3), zoom]
    shown = camera[1] @ parallax(camera, 0.5, SIZE)[1]
    assert shown[0, 0] == pytest.approx(1.2)
    assert shown @ [32, 24, 1] == pytest.approx([32, 24, 1])


def test_a_resting_camera_and_no_depth_need_one_sheet_only() -> None:
    assert len(multiplane(_sheets(), np.eye(3), [np.eye(3)] * 3, 0.5, SIZE)) == 1
    assert len(multiplane(_sheets(), np.eye(3), _pan(), 1.0, SIZE)) == 1


def test_feet_go_on_behind_what_stands_before_them() -> None:
    sky, far, near = (layer.copy() for layer in _sheets().layers)
    far[..., 3] = near[..., 3] = 0
    far[10:20, :, 3] = 255
    far[19, :, 0] = 77
    near[18:, :32, 3] = 255
    _, drawn_on, _ = footed([sky, far, near])
    assert (drawn_on[20:25, :32] == (77, 90, 0, 255)).all()  # an eighth of the height
    assert not drawn_on[26:, :32, 3].any()
    assert not drawn_on[20:, 32:, 3].any()  # there it would be seen


def test_an_edge_is_finished_by_the_hand_that_finishes_the_picture() -> None:
    alpha = np.zeros((60, 80), np.uint8)
    alpha[:, 40:] = 255
    picture = np.dstack([alpha] * 3)
    met = set()
    for seed in range(60):
        edge = edged(np.random.default_rng(seed), alpha)
        image, name = finished(np.random.default_rng(seed), picture)
        if name in ("wobble", "soft", "oil"):
            met.add(name)
            assert np.abs(edge.astype(int) - image[..., 0]).max() <= 1
    assert met == {"wobble", "soft", "oil"}
    assert len(FINISHES) == len(SHARES)


def test_variety_changes_all_sheets_alike() -> None:
    source = _sheets()
    other = next(
        changed
        for changed in (recoloured(np.random.default_rng(seed), source) for seed in range(9))
        if changed is not source
    )
    assert np.abs(_laid(other.layers) - other.drawings[0][..., :3]).max() <= 1
    assert out_of_focus(np.random.default_rng(0), source).layers[1][20, 17, 3] not in (0, 255)
    assert cluttered(np.random.default_rng(0), source, [source]).layers == ()
