"""A clip to be scored: what of it can be judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("skia", reason="needs the extra triton-anime[export]")

from triton_anime_export.scores.clip import EFFECT_HIDES, Clip, held
from triton_anime_export.studio.scene import Actor, Matrix, Scene, draw_shot
from triton_anime_export.studio.source import Source

WIDTH, HEIGHT = 96, 64


def at(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def box(kind: str, w: int, h: int, x: int, y: int) -> Actor:
    return Actor(Source(kind, kind, (np.full((h, w, 4), 255, np.uint8),)), [at(x, y)], [0])


@pytest.fixture
def lit() -> Clip:
    """Somebody at x 10 to 30 and y 12 to 52, in bright light down to y 30, in faint light below."""
    scene = Scene(
        box("backdrop", 200, 120, -30, -20), [box("character", 20, 40, 10, 12)], [at(0, 0)], (WIDTH, HEIGHT)
    )
    shot = draw_shot(scene)
    effect = np.full((1, HEIGHT, WIDTH), EFFECT_HIDES - 1, np.uint8)
    effect[:, :30] = EFFECT_HIDES
    shot = replace(shot, effect=effect)
    return Clip("lit", "studio", "staged", shot, held(shot), np.zeros((1, HEIGHT, WIDTH), bool))


def test_a_character_is_unseen_where_light_hides_it_and_only_there(lit: Clip) -> None:
    unseen = lit.unseen(0)
    assert unseen[14:30, 12:28].all()
    assert not unseen[30:].any()
    assert not unseen[:, 40:].any()
    assert not (unseen & (lit.classes(0)[0] == 1)).any()


def test_what_is_unseen_is_neither_right_nor_wrong(lit: Clip) -> None:
    true = np.asarray(lit.shot.alpha[0])
    nothing = lit.excused(0, np.zeros_like(true))
    assert np.array_equal(nothing[14:30, 12:28], true[14:30, 12:28])
    assert not nothing[30:].any()
    everything = lit.excused(0, np.full_like(true, 255))
    assert (everything[:, 40:] == 255).all()
    assert np.array_equal(lit.excused(0, true), true)
