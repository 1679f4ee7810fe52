"""The peers do what their names say, on pictures whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="needs the extra triton-anime[export]")

from triton_anime_export.scores import peers
from triton_anime_export.scores.measures.mask_iou import mask_iou
from triton_anime_export.scores.measures.psnr import psnr

U8 = NDArray[np.uint8]
H, W, SIDE = 72, 128, 24


def ground() -> U8:
    """A place with a pattern coarse enough to be followed."""
    ys, xs = np.mgrid[0:H, 0:W]
    wave = 40 * np.sin(xs / 7.0) * np.cos(ys / 6.0) + 20 * np.sin((xs + 2 * ys) / 11.0)
    return np.dstack([70 + wave / 2, 120 + wave, 90 - wave / 2]).astype(np.uint8)


def stage(x: int, y: int = 24) -> tuple[U8, U8]:
    """A red patch with a pattern of its own before the place: picture and identities."""
    picture, labels = ground(), np.zeros((H, W), np.uint8)
    ys, xs = np.mgrid[0:SIDE, 0:SIDE]
    tone = 30 * np.sin(xs / 3.0) * np.sin(ys / 4.0)
    picture[y : y + SIDE, x : x + SIDE] = np.dstack([210 + tone, 40 + tone, 50 + tone]).astype(np.uint8)
    labels[y : y + SIDE, x : x + SIDE] = 1
    return picture, labels


def test_grab_cut_needs_no_more_than_the_box_of_each() -> None:
    picture, labels = stage(30)
    other, more = stage(90)
    both = np.where(more[..., None] > 0, other, picture)
    found = peers.grab_cut(both, (labels + 2 * more).astype(np.uint8))
    assert mask_iou(found > 0, (labels + more) > 0) > 0.9
    assert peers.grab_cut(picture, np.ones((H, W), np.uint8)).min() == 255
    assert not peers.grab_cut(picture, np.zeros((H, W), np.uint8)).any()


def test_background_subtraction_finds_what_moves_and_what_stays() -> None:
    clip = [stage(2 + SIDE * (t % 5), 4 + 36 * (t // 5)) for t in range(10)]
    moving = peers.background_subtraction([picture for picture, _ in clip])
    quality = [mask_iou(mask > 0, labels > 0) for mask, (_, labels) in zip(moving.masks, clip, strict=True)]
    assert np.mean(quality[1:]) > 0.6
    assert psnr(moving.background, ground()) > 25


@pytest.mark.parametrize("fill", [peers.telea, peers.navier_stokes])
def test_inpainting_changes_the_hole_alone_and_goes_on_with_what_is_around(fill: object) -> None:
    assert callable(fill)
    slope = np.repeat(np.linspace(40, 200, W)[None, :, None], H, axis=0).repeat(3, axis=2).astype(np.uint8)
    hole = np.zeros((H, W), np.uint8)
    hole[30:42, 50:62] = 255
    seen = slope.copy()
    seen[hole > 0] = (255, 0, 255)
    found = fill(seen, hole)
    assert np.array_equal(found[hole == 0], slope[hole == 0])
    assert psnr(found, slope, hole > 0) > 28


def test_dis_sees_a_shift() -> None:
    before, labels = stage(40)
    after, _ = stage(44)
    flow = peers.dis(before, after)
    inside = labels.astype(bool)
    assert np.median(flow[inside], axis=0) == pytest.approx([4, 0], abs=0.5)
    assert np.abs(np.median(flow[labels == 0], axis=0)).max() < 0.3


def test_masks_are_carried_along_by_the_flow() -> None:
    clip = [stage(20 + 3 * t) for t in range(8)]
    carried = peers.warped_masks([picture for picture, _ in clip], clip[0][1])
    assert np.array_equal(carried[0], clip[0][1])
    assert mask_iou(carried[-1] > 0, clip[-1][1] > 0) > 0.4
    assert mask_iou(carried[0] > 0, clip[-1][1] > 0) < 0.1
    assert set(np.unique(carried[-1])) == {0, 1}


def test_bright_is_a_matter_of_grey_levels() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0] = 255
    picture[1, 1] = (255, 0, 0)
    assert peers.bright(picture).tolist() == [[True, False], [False, False]]
