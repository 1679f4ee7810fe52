from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.decompose import decompose
from triton_anime.layers import compose, decontaminate, effect_layer, least_alpha, over, recomposition_error

U8 = NDArray[np.uint8]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def picture(rng: np.random.Generator, height: int = 40, width: int = 60) -> U8:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_colours_at_soft_edges_lose_their_background() -> None:
    red, green = np.full((1, 3, 3), (200, 30, 40), np.uint8), np.full((1, 3, 3), (20, 220, 60), np.uint8)
    alpha = np.array([[0, 128, 255]], np.uint8)
    share = alpha[..., None] / 255
    frame = np.rint(red * share + green * (1 - share)).astype(np.uint8)
    layer = decontaminate(frame, alpha, green)
    assert layer[0, 0].tolist() == [0, 0, 0, 0]
    assert np.abs(layer[0, 1, :3].astype(int) - red[0, 0]).max() <= 2
    assert layer[0, 2].tolist() == [200, 30, 40, 255]


def test_any_frame_is_recomposed_over_any_plate(rng: np.random.Generator) -> None:
    frame, plate = picture(rng), picture(rng)
    alpha = rng.integers(1, 256, frame.shape[:2], dtype=np.uint8)
    layer = decontaminate(frame, alpha, plate)
    assert (layer[..., 3] >= alpha).all()
    assert np.abs(over(plate, layer).astype(int) - frame).max() <= 1


def test_alpha_is_raised_only_where_support_allows(rng: np.random.Generator) -> None:
    frame, plate = picture(rng), picture(rng)
    alpha = np.zeros(frame.shape[:2], np.uint8)
    support = np.zeros(alpha.shape, bool)
    support[:, :10] = True
    assert not decontaminate(frame, alpha, plate).any()
    layer = decontaminate(frame, alpha, plate, support)
    assert not layer[:, 10:].any()
    assert np.abs(over(plate, layer)[:, :10].astype(int) - frame[:, :10]).max() <= 1


def test_an_effect_is_as_transparent_as_its_colour_allows(rng: np.random.Generator) -> None:
    under, colour = (picture(rng) // 2).astype(np.uint8), np.array((240, 250, 255), np.float32)
    true = np.zeros(under.shape[:2], np.float32)
    true[10:30, 10:50] = 0.4
    frame = np.rint(under * (1 - true[..., None]) + colour * true[..., None]).astype(np.uint8)
    prior = np.where(true > 0, 1, 0).astype(np.uint8)
    layer = effect_layer(frame, under, prior)
    assert np.abs(over(under, layer).astype(int) - frame).max() <= 3
    assert not layer[prior == 0].any()
    # white light explains the same pixels with no more alpha than was used to draw them
    assert (layer[..., 3] / 255 <= true + 0.01).all()


def test_a_prior_without_an_effect_leaves_nothing(rng: np.random.Generator) -> None:
    frame = picture(rng)
    assert not effect_layer(frame, frame, np.full(frame.shape[:2], 255, np.uint8)).any()


def test_least_alpha_of_known_pixels() -> None:
    def one(frame: tuple[int, ...], under: tuple[int, ...]) -> int:
        return int(least_alpha(np.array([frame], np.uint8), np.array([under], np.uint8))[0])

    assert one((10, 20, 30), (10, 20, 30)) == 0
    assert one((255, 0, 0), (0, 0, 0)) == 255
    assert one((0, 50, 0), (0, 100, 0)) == 128
    assert one((255, 0, 0), (255, 255, 255)) == 255


@pytest.mark.parametrize("overlapping", [False, True])
def test_three_layers_give_the_frame_back(rng: np.random.Generator, overlapping: bool) -> None:
    frame, plate = picture(rng, 80, 90), picture(rng, 80, 90)
    alpha, prior = np.zeros((80, 90), np.uint8), np.zeros((80, 90), np.uint8)
    alpha[20:60, 10:45] = rng.integers(30, 256, (40, 35))
    prior[20:60, 30 if overlapping else 60 : 80] = 180
    known = (alpha == 0) & (prior == 0)
    plate[known] = frame[known]
    layers = decompose(frame, alpha, prior, plate)
    psnr, mae = recomposition_error(frame, compose(layers.background, layers.character, layers.effects))
    assert psnr > 45
    assert mae < 1
    assert layers.effects[..., 3].any()
    assert layers.character[..., 3].any()


def test_a_plate_that_nobody_saw_makes_no_effect_and_nobody() -> None:
    frame = np.full((80, 120, 3), 90, np.uint8)
    frame[20:60, 20:50] = (240, 40, 40)
    invented = np.full_like(frame, 250)
    alpha, prior = np.zeros((80, 120), np.uint8), np.zeros((80, 120), np.uint8)
    alpha[20:60, 20:50] = 255
    alpha[60:64, 20:50] = 30
    prior[20:60, 80:100], prior[20:60, 100:104] = 255, 40
    layers = decompose(frame, alpha, prior, invented)
    # the faint rims and what lies beside them: the frame itself
    rims = np.s_[60:66, 20:50], np.s_[20:60, 100:106]
    for rim in rims:
        assert np.array_equal(layers.background[rim], frame[rim])
        assert layers.character[rim][..., 3].max() <= 30
        assert not layers.effects[rim][..., 3].any()
    assert (layers.background[30:50, 30:40] == 250).all()
    assert (layers.effects[30:50, 85:95, 3] >= 127).all()
    # a line as thin as an outline goes with who has it
    assert (layers.background[30:50, 18] == 250).all()
    # a plate that other drawings showed is true: what differs from it stands in front
    seen = decompose(frame, alpha, prior, invented, np.ones(alpha.shape, bool))
    assert (seen.character[61, 25:45, 3] >= 128).all()
    assert (seen.effects[30:50, 101, 3] >= 64).all()


def test_recomposition_error_is_that_of_the_definition(rng: np.random.Generator) -> None:
    one, other = picture(rng), picture(rng)
    difference = one.astype(float) - other
    expected: Any = 10 * np.log10(255**2 / (difference**2).mean())
    assert recomposition_error(one, other) == pytest.approx((expected, np.abs(difference).mean()))
    assert recomposition_error(one, one) == (99.0, 0.0)
