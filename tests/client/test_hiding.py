"""An effect in front of somebody: paint hides, light does not."""

import cv2
import numpy as np
import pytest

from triton_anime.decompose import decompose
from triton_anime.hiding import hiding
from triton_anime.layers import compose

SIZE = (90, 160)


@pytest.fixture
def scene():
    """(plate, plate with somebody, alpha, prior): an effect lies half on somebody, half beside."""
    rng = np.random.default_rng(0)
    plate = cv2.resize(rng.integers(30, 130, (9, 16, 3), np.uint8), SIZE[::-1])
    alpha = np.zeros(SIZE, np.uint8)
    alpha[20:, 40:90] = 255
    dressed = np.where(alpha[..., None] > 0, np.array([60, 90, 120], np.uint8), plate)
    dressed[50:70, 45:85] = (140, 70, 50)
    prior = np.zeros(SIZE, np.uint8)
    prior[30:60, 60:130] = 255
    return plate, dressed, alpha, prior


def painted(dressed, prior):
    frame = dressed.copy()
    frame[prior > 0] = (230, 120, 40)
    frame[prior > 0][::2] = (250, 200, 90)
    return frame


def lit(dressed, prior):
    light = np.where(prior[..., None] > 0, np.array([100, 80, 30]), 0)
    return np.minimum(dressed + light, 255).astype(np.uint8)


def test_paint_over_somebody_hides_them(scene):
    plate, dressed, alpha, prior = scene
    found = hiding(painted(dressed, prior), alpha, prior, plate, np.ones(SIZE, bool))
    assert (found == ((alpha > 0) & (prior > 0))).all()


def test_light_on_somebody_leaves_them_to_be_seen(scene):
    plate, dressed, alpha, prior = scene
    assert not hiding(lit(dressed, prior), alpha, prior, plate, np.ones(SIZE, bool)).any()


def test_colours_that_the_effect_has_nowhere_else_are_not_the_effect(scene):
    plate, dressed, alpha, prior = scene
    frame = painted(dressed, prior)
    frame[40:50, 65:85] = (20, 20, 90)
    found = hiding(frame, alpha, prior, plate, np.ones(SIZE, bool))
    assert not found[40:50, 65:85].any()
    assert found[31:39, 61:89].all()


def test_nothing_is_known_where_no_drawing_shows_the_background(scene):
    plate, dressed, alpha, prior = scene
    assert not hiding(painted(dressed, prior), alpha, prior, plate, np.zeros(SIZE, bool)).any()


def test_an_effect_that_lies_on_somebody_alone_says_nothing(scene):
    plate, dressed, alpha, prior = scene
    prior[:, 90:] = 0
    assert not hiding(painted(dressed, prior), alpha, prior, plate, np.ones(SIZE, bool)).any()


def test_another_effect_beside_somebody_says_nothing_about_this_one(scene):
    plate, dressed, alpha, prior = scene
    prior[:, 88:94] = 0
    assert not hiding(painted(dressed, prior), alpha, prior, plate, np.ones(SIZE, bool)).any()


@pytest.mark.parametrize("shown", [True, False])
def test_layers_compose_to_the_frame_and_paint_is_in_one_of_them(scene, shown):
    plate, dressed, alpha, prior = scene
    frame = painted(dressed, prior)
    layers = decompose(frame, alpha, prior, plate, np.full(SIZE, shown))
    apart = np.abs(compose(layers.background, layers.character, layers.effects).astype(int) - frame)
    assert apart.max() <= 1
    front = (alpha > 0) & (prior > 0)
    assert (layers.character[front, 3] == 0).all() == shown
    if shown:
        assert (layers.effects[front, 3] == 255).all()
        assert (layers.character[(alpha > 0) & (prior == 0), 3] == 255).all()
