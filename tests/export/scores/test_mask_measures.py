"""Measures of masks and mattes, by cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="needs the extra triton-anime[export]")

from triton_anime_export.scores.measures.alpha_connectivity import alpha_connectivity
from triton_anime_export.scores.measures.alpha_error import mae, mse, sad
from triton_anime_export.scores.measures.alpha_gradient import alpha_gradient
from triton_anime_export.scores.measures.boundary_f import boundary_f, outline
from triton_anime_export.scores.measures.effect_iou import EffectIoU
from triton_anime_export.scores.measures.mask_iou import mask_iou
from triton_anime_export.scores.measures.panoptic_quality import PanopticQuality

U8 = NDArray[np.uint8]


def box(x: int, y: int, w: int, h: int, size: int = 100) -> NDArray[np.bool_]:
    mask = np.zeros((size, size), bool)
    mask[y : y + h, x : x + w] = True
    return mask


def matte(*boxes: tuple[int, int, int, int], value: int = 255) -> U8:
    alpha = np.zeros((100, 100), np.uint8)
    for x, y, w, h in boxes:
        alpha[y : y + h, x : x + w] = value
    return alpha


def test_iou_of_two_squares_that_share_a_half_is_one_third() -> None:
    assert mask_iou(box(0, 0, 4, 4), box(2, 0, 4, 4)) == pytest.approx(1 / 3)
    assert mask_iou(box(0, 0, 4, 4), box(50, 50, 4, 4)) == 0
    assert mask_iou(box(0, 0, 0, 0), box(0, 0, 0, 0)) == 1


def test_an_outline_lies_between_a_pixel_and_its_neighbours_right_and_below() -> None:
    line = outline(box(2, 2, 1, 1, size=5))
    assert sorted(zip(*np.nonzero(line), strict=True)) == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_boundary_f_allows_what_lies_within_the_bound_and_nothing_more() -> None:
    true = box(20, 20, 40, 40)
    # 0.008 of a diagonal of 141 is 1.13 pixels, rounded up to 2
    assert boundary_f(box(22, 20, 40, 40), true) == 1
    assert boundary_f(box(23, 20, 40, 40), true) < 0.8
    assert boundary_f(box(0, 0, 0, 0), true) == 0
    assert boundary_f(box(0, 0, 0, 0), box(0, 0, 0, 0)) == 1


def test_boundary_f_is_the_harmonic_mean_of_precision_and_recall() -> None:
    one, other = box(5, 5, 20, 20), box(60, 60, 20, 20)
    assert boundary_f(one, one | other) == pytest.approx(2 / 3)  # precision 1, recall 1/2
    assert boundary_f(one | other, one) == pytest.approx(2 / 3)


def test_panoptic_quality_counts_matches_misses_and_inventions() -> None:
    classes = np.zeros((100, 100), np.uint8)
    true_people, people = classes.copy(), classes.copy()
    true_people[:10, :10] = 1
    true_people[50:60, :10] = 2
    people[:8, :10] = 7  # IoU 0.8 with the first
    people[80:, 80:] = 9  # nobody
    quality = PanopticQuality(("background", "character"), frozenset({1}))
    quality.add(((people > 0).astype(np.uint8), people), ((true_people > 0).astype(np.uint8), true_people))
    found = quality.by_class()
    assert found["character"] == pytest.approx(0.8 / (1 + 0.5 + 0.5))
    either = 100 * 100 - 80
    assert found["background"] == pytest.approx((either - 100 - 20 - 400 + 0) / either)
    assert quality.mean() == pytest.approx(sum(found.values()) / 2)


def test_an_overlap_of_exactly_one_half_is_no_match() -> None:
    true, people = np.zeros((10, 10), np.uint8), np.zeros((10, 10), np.uint8)
    true[0, :4] = 1
    people[0, :2] = 1
    quality = PanopticQuality(("background", "character"), frozenset({1}))
    quality.add((people, people), (true, true))
    assert quality.by_class()["character"] == 0


def test_errors_of_one_wrong_pixel_in_a_hundred() -> None:
    true = np.zeros((10, 10), np.uint8)
    found = true.copy()
    found[3, 4] = 255
    assert (sad(found, true), mae(found, true), mse(found, true)) == pytest.approx((0.001, 0.01, 0.01))
    found[3, 4] = 51  # a fifth
    assert (sad(found, true), mae(found, true), mse(found, true)) == pytest.approx((0.0002, 0.002, 0.0004))


def test_the_gradient_error_of_one_pixel_is_the_energy_of_both_filters() -> None:
    dot = np.zeros((41, 41), np.uint8)
    dot[20, 20] = 255
    assert alpha_gradient(dot, np.zeros_like(dot)) == pytest.approx(2 / 1000)
    assert alpha_gradient(dot, dot) == 0
    corner = np.zeros((41, 41), np.uint8)
    corner[0, 0] = 255  # as if it went on beyond the border
    assert alpha_gradient(corner, np.zeros_like(corner)) > 2 / 1000
    # what is everywhere wrong by as much has the right edges
    assert alpha_gradient(np.full_like(dot, 90), np.zeros_like(dot)) == pytest.approx(0, abs=1e-12)


def test_the_gradient_error_grows_with_the_square_of_the_missing_steepness() -> None:
    true, nothing = matte((30, 30, 40, 40)), matte()
    fifth = matte((30, 30, 40, 40), value=204)
    assert alpha_gradient(fifth, true) == pytest.approx(alpha_gradient(nothing, true) / 25)


def test_the_connectivity_error_counts_what_does_not_hang_together() -> None:
    body, island = (10, 10, 30, 30), (60, 60, 2, 3)
    whole = matte(body, island)
    assert alpha_connectivity(whole, whole) == 0
    # six pixels of the island are fully unconnected in the truth and not there in the answer
    assert alpha_connectivity(matte(body), whole) == pytest.approx(0.006)
    assert alpha_connectivity(whole, matte(body)) == pytest.approx(0.006)


def test_the_connectivity_error_forgives_less_than_its_threshold() -> None:
    assert alpha_connectivity(matte((10, 10, 30, 30), value=230), matte((10, 10, 30, 30))) == 0
    # at 0.5 the body falls from the shared part: level 0.5, and the truth stands 0.5 above it
    half = alpha_connectivity(matte((10, 10, 30, 30), value=128), matte((10, 10, 30, 30)))
    assert half == pytest.approx(0.9 * 0.5)


def test_effect_iou_sums_over_frames_and_counts_what_is_seen_where_it_is_not() -> None:
    sums = EffectIoU()
    sums.add("fire", box(0, 0, 10, 10), box(0, 0, 10, 20))
    sums.add("fire", box(0, 0, 10, 10), box(0, 0, 0, 0))
    sums.add("smoke", box(0, 0, 5, 5), box(0, 0, 5, 5))
    sums.add("water", box(0, 0, 5, 5), box(0, 0, 0, 0))  # never shown: no index
    assert sums.by_type() == {"fire": pytest.approx(100 / 300), "smoke": 1.0}
    assert sums.mean() == pytest.approx((1 / 3 + 1) / 2)
