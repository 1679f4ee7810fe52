"""Measures of clips, pictures, lines and flow, by cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="needs the extra triton-anime[export]")

from triton_anime_export.scores.measures.chamfer import chamfer, lines_of
from triton_anime_export.scores.measures.clip_jf import clip_jf
from triton_anime_export.scores.measures.endpoint_error import endpoint_error
from triton_anime_export.scores.measures.flicker import flicker, strict_flicker
from triton_anime_export.scores.measures.identity_switches import identity_switches
from triton_anime_export.scores.measures.psnr import HIGHEST, psnr
from triton_anime_export.scores.measures.recomposition import recomposition_psnr
from triton_anime_export.scores.measures.ssim import ssim, ssim_map

U8 = NDArray[np.uint8]


def people(*places: tuple[int, int]) -> U8:
    """A map 60x60 with squares of 10; each place is (number, x)."""
    labels = np.zeros((60, 60), np.uint8)
    for number, x in places:
        labels[20:30, x : x + 10] = number
    return labels


def test_jf_matches_each_character_with_one_answer_for_the_whole_clip() -> None:
    true = [people((1, 5), (2, 40)), people((1, 10), (2, 35))]
    renamed = [people((2, 5), (7, 40)), people((2, 10), (7, 35))]
    assert clip_jf(renamed, true).jf == 1
    # an answer that swaps names half way is right in one half only
    swapped = [people((1, 5), (2, 40)), people((2, 10), (1, 35))]
    assert clip_jf(swapped, true).j == pytest.approx(0.5)


def test_jf_with_given_numbers_matches_nothing() -> None:
    true = [people((1, 5), (2, 40))]
    assert clip_jf([people((2, 5), (1, 40))], true, same_numbers=True).jf == 0
    assert clip_jf(true, true, same_numbers=True).jf == 1


def test_jf_of_a_character_that_nobody_saw_is_right_only_where_it_is_hidden() -> None:
    true = [people((1, 5)), people(), people((1, 9)), people((1, 9))]
    score = clip_jf([people()] * 4, true)
    assert (score.j, score.f) == (0.25, 0.25)
    assert np.isnan(clip_jf([people((1, 5))], [people()]).jf)


def test_switches_are_counted_against_the_last_match_however_long_ago() -> None:
    true = [people((1, 5))] * 6
    found = [people((n, 5)) if n else people() for n in (3, 3, 4, 0, 4, 3)]
    assert identity_switches(found, true) == 2
    assert identity_switches([people((n, 5)) if n else people() for n in (3, 0, 0, 3, 3, 3)], true) == 0


def test_a_number_that_covers_half_or_less_matches_nobody() -> None:
    true = [people((1, 5)), people((1, 5))]
    assert identity_switches([people((1, 5)), people((2, 9))], true) == 0  # IoU 6/14
    assert identity_switches([people((1, 5)), people((2, 8))], true) == 1  # IoU 7/13


def test_psnr_of_one_level_is_48_decibels_and_only_the_region_counts() -> None:
    one = np.full((8, 8, 3), 100, np.uint8)
    other = one + np.uint8(1)
    assert psnr(other, one) == pytest.approx(48.1308, abs=1e-4)
    assert psnr(one, one) == HIGHEST
    spoilt = one.copy()
    spoilt[:4] = 0
    region = np.zeros((8, 8), bool)
    region[4:] = True
    assert psnr(spoilt, one, region) == HIGHEST
    assert np.isnan(psnr(one, one, np.zeros((8, 8), bool)))


def test_ssim_of_flat_pictures_is_the_luminance_term() -> None:
    one, other = np.full((20, 20, 3), 100, np.uint8), np.full((20, 20, 3), 120, np.uint8)
    c1 = (0.01 * 255) ** 2
    wanted = (2 * 100 * 120 + c1) / (100**2 + 120**2 + c1)
    assert ssim(other, one) == pytest.approx(wanted)
    assert ssim(one, one) == pytest.approx(1)
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    assert ssim(np.invert(noise), noise) < -0.9
    region = np.zeros((40, 40), bool)
    region[15:20, 22:30] = True
    spoilt = (noise // 2).astype(np.uint8)
    assert ssim(spoilt, noise, region) == pytest.approx(ssim_map(spoilt, noise)[region].mean())


def test_lines_are_dark_and_thin() -> None:
    picture = np.full((40, 80, 3), 230, np.uint8)
    picture[:, 10:12] = 20
    picture[:, 40:60] = 20
    lines = lines_of(picture)
    assert lines[:, 10:12].all()
    assert not lines[:, 12:].any()


def test_chamfer_distance_of_parallel_lines_is_what_lies_between() -> None:
    one, other, none = (np.zeros((30, 60), bool) for _ in range(3))
    one[:, 10] = True
    other[:, 13] = True
    assert chamfer(other, one) == 3
    assert chamfer(one, one) == chamfer(none, none) == 0
    assert chamfer(none, one, farthest=9) == chamfer(one, none, farthest=9) == 9
    # there: all on the line; back: half of the points are 3 away
    assert chamfer(one, one | other) == pytest.approx((0 + 1.5) / 2)


def test_endpoint_error_and_outliers_by_both_rules() -> None:
    true = np.zeros((1, 3, 2), np.float32)
    true[0, 1, 0] = 200
    found = true.copy()
    found[0, :2] += (3, 4)
    everywhere = np.ones((1, 3), bool)
    error, outliers = endpoint_error(found, true, everywhere)
    # 5 pixels are an outlier where nothing moves, and 2.5 % of 200 pixels
    assert (error, outliers) == pytest.approx((10 / 3, 1 / 3))
    assert endpoint_error(found, true, np.array([[False, False, True]])) == (0, 0)
    assert np.isnan(endpoint_error(found, true, ~everywhere)[0])


def square(x: int) -> U8:
    alpha = np.zeros((60, 80), np.uint8)
    alpha[20:40, x : x + 20] = 255
    return alpha


def test_what_moves_with_the_truth_does_not_flicker_even_when_it_is_wrong() -> None:
    flow = np.zeros((60, 80, 2), np.float32)
    flow[..., 0] = 4
    valid = np.ones((60, 80), bool)
    valid[:, -4:] = False
    true = square(20), square(24)
    assert flicker(true, true, flow, valid) == 0
    assert flicker((square(25), square(29)), true, flow, valid) == 0
    assert flicker((square(20), square(20)), true, flow, valid) > 0.05


def test_flicker_is_the_unexplained_change_over_what_may_flicker() -> None:
    still, valid = np.zeros((60, 80, 2), np.float32), np.ones((60, 80), bool)
    true = square(20), square(20)
    weaker = (square(20) * 0.8).astype(np.uint8)
    found = flicker((square(20), weaker), true, still, valid, reach=0)
    assert found == pytest.approx(0.2)  # every pixel of the square changes by a fifth
    wider = flicker((square(20), weaker), true, still, valid, reach=5)
    assert wider == pytest.approx(0.2 * 20 * 20 / (30 * 30))


def drifting(x: float, *, narrower: int = 0) -> U8:
    """A disc whose centre is at x, its edge soft, a few pixels narrower."""
    ys, xs = np.mgrid[0:80, 0:120].astype(np.float32)
    distance = np.hypot(ys - 40, xs - x)
    return np.rint(np.clip(20.5 - narrower - distance, 0, 1) * 255).astype(np.uint8)


def test_a_matte_that_is_always_a_pixel_narrower_does_not_flicker() -> None:
    true = drifting(40), drifting(47.5)
    # a grid of cells of two pixels: at the outline the motion of the wrong side
    cells = np.zeros((40, 60, 2), np.float32)
    cells[..., 0][true[0][1::2, 1::2] >= 128] = 7.5
    flow = cells.repeat(2, axis=0).repeat(2, axis=1)
    # what the disc covers next is not visible then
    valid = (true[0] >= 128) | (true[1] == 0)
    steady = drifting(40, narrower=1), drifting(47.5, narrower=1)
    changing = drifting(40, narrower=1), drifting(47.5)
    strict, there = strict_flicker(steady, true, flow, valid), flicker(changing, true, flow, valid)
    assert flicker(steady, true, flow, valid) < min(0.3 * strict, 0.15 * there)
    # and what does change is counted by both
    assert there > 0.6 * strict_flicker(changing, true, flow, valid)


def test_recomposition_is_effects_over_character_over_background() -> None:
    background = np.full((4, 4, 3), 200, np.uint8)
    character, effects = np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8)
    character[:2] = (100, 100, 100, 255)
    effects[:, :2] = (50, 50, 50, 51)
    frame = background.copy()
    frame[:2] = 100
    frame[:2, :2] = 90  # 100 · 0.8 + 50 · 0.2
    frame[2:, :2] = 170  # 200 · 0.8 + 50 · 0.2
    assert recomposition_psnr(frame, background, character, effects) == HIGHEST
    assert recomposition_psnr(frame + np.uint8(1), background, character, effects) == pytest.approx(
        48.13, abs=0.01
    )
