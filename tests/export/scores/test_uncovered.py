"""Hidden background that another drawing shows: on sheets, under a camera, behind what stands still."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("skia", reason="needs the extra triton-anime[export]")

from triton_anime_export.scores.uncovered import uncovered
from triton_anime_export.studio.scene import Actor, Matrix, Scene, draw_shot
from triton_anime_export.studio.source import Source

WIDTH, HEIGHT = 96, 64


def at(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def box(kind: str, w: int, h: int, where: list[Matrix]) -> Actor:
    return Actor(Source(kind, kind, (np.full((h, w, 4), 255, np.uint8),)), where, [0] * len(where))


def scene(actors: list[Actor], camera: list[Matrix]) -> Scene:
    backdrop = box("backdrop", 200, 120, [at(-30, -20)] * len(camera))
    return Scene(backdrop, actors, camera, (WIDTH, HEIGHT))


@pytest.mark.parametrize("pan", [0, 7])
def test_what_somebody_leaves_is_uncovered_whatever_the_camera_does(pan: int) -> None:
    walker = box("character", 20, 40, [at(10, 12), at(60, 12)])
    plan = scene([walker], [at(0, 0), at(pan, 0)])
    found = uncovered(plan, draw_shot(plan))
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[12:52, 10:30] = True
    # the warp of the drawing leaves a soft pixel around it
    assert (found[0] != expected).sum() <= 2 * (20 + 40) + 4
    assert found[1][13:51, 61 + pan : 79 + pan].all()


def test_what_stays_hidden_or_leaves_the_picture_is_not() -> None:
    still = box("character", 20, 40, [at(10, 12)] * 2)
    plan = scene([still], [at(0, 0)] * 2)
    assert not uncovered(plan, draw_shot(plan)).any()
    walker = box("character", 20, 40, [at(70, 12), at(10, 12)])
    plan = scene([walker], [at(0, 0), at(60, 0)])  # what it hid at first is out of sight
    assert not uncovered(plan, draw_shot(plan))[0].any()


def test_an_object_that_moves_in_hides_the_wall_behind_it() -> None:
    walker = box("character", 20, 40, [at(10, 12), at(60, 12)])
    crate = box("object", 20, 20, [at(40, 0), at(10, 32)])
    plan = scene([crate, walker], [at(0, 0)] * 2)
    found = uncovered(plan, draw_shot(plan))[0]
    assert found[14:28, 12:28].all()
    assert not found[34:50, 12:28].any()
