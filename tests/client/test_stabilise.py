from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.stabilise import Link, conviction, flashes, stabilise, trust

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


def flow_of(shape: tuple[int, int], dx: float, dy: float) -> F32:
    return np.broadcast_to(np.array([dx, dy], np.float32), (*shape, 2)).copy()


def shifted(image: U8, dx: int, dy: int) -> U8:
    matrix = np.array([[1.0, 0, dx], [0, 1.0, dy]])
    return np.asarray(
        cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def test_an_identical_drawing_keeps_most_of_a_flicker_away(scene: Any) -> None:
    truth = scene(count=1)
    frame, alpha = truth.frames[0], truth.alphas[0]
    flicker = alpha.copy()
    flicker[90:110, 60:80] = 0
    link = trust(frame, frame, flow_of(alpha.shape, 0.3, -0.2), flow_of(alpha.shape, -0.3, 0.2))
    assert not link.flow.any()
    mended = stabilise(flicker, alpha, link)
    assert np.abs(mended.astype(int) - alpha).max() < 80
    assert np.array_equal(stabilise(alpha, alpha, link), alpha)


def test_a_slow_motion_carries_its_mask_along(scene: Any) -> None:
    truth = scene(count=1)
    before, alpha = truth.frames[0], truth.alphas[0]
    after, true = shifted(before, 3, 1), shifted(alpha, 3, 1)
    flicker = true.copy()
    flicker[95:105, 75:85] = 0
    link = trust(before, after, flow_of(alpha.shape, 3, 1), flow_of(alpha.shape, -3, -1))
    inside = (slice(20, 160), slice(20, 300))
    mended = stabilise(flicker, alpha, link)
    assert np.abs(mended[inside].astype(int) - true[inside]).max() < 80


def test_fast_motion_is_never_smeared(scene: Any) -> None:
    truth = scene(count=1)
    before, alpha = truth.frames[0], truth.alphas[0]
    after, true = shifted(before, 60, 0), shifted(alpha, 60, 0)
    link = trust(before, after, flow_of(alpha.shape, 60, 0), flow_of(alpha.shape, -60, 0))
    moving = true > 0
    assert link.weight[moving].mean() < 0.2
    assert np.array_equal(stabilise(true, alpha, link)[80:100, 40:60], true[80:100, 40:60])


def test_a_wrong_flow_is_not_believed(scene: Any) -> None:
    truth = scene(count=2, step=30)
    shape = truth.alphas[0].shape
    link = trust(truth.frames[0], truth.frames[1], flow_of(shape, 5, 0), flow_of(shape, 9, 4))
    now = stabilise(truth.alphas[1], truth.alphas[0], link)
    left_behind = (truth.alphas[0] == 255) & (truth.alphas[1] == 0)
    assert now[left_behind].mean() < 8


def test_weights_work_at_a_smaller_size_than_the_alpha(scene: Any) -> None:
    truth = scene(count=1, height=360, width=640)
    small = cv2.resize(truth.frames[0], (320, 180), interpolation=cv2.INTER_AREA)
    link = trust(small, small, flow_of((180, 320), 0, 0), flow_of((180, 320), 0, 0))
    assert stabilise(truth.alphas[0], truth.alphas[0], link).shape == (360, 640)


def linked(first: U8, second: U8, dx: float = 0) -> Link:
    """The second drawing's link to the first, with the true flow."""
    shape = first.shape[:2]
    return trust(first, second, flow_of(shape, dx, 0), flow_of(shape, -dx, 0))


def suddenly(truth: Any, left: int, colour: tuple[int, int, int]) -> tuple[U8, Link]:
    """The alpha with something 40 wide that is in no neighbour, and the link to each of them."""
    frame, seen = truth.frames[0].copy(), truth.alphas[0].copy()
    frame[10:40, left : left + 40] = colour
    seen[10:40, left : left + 40] = 255
    return seen, linked(truth.frames[0], frame)


def test_what_no_neighbour_knows_is_a_flash(scene: Any) -> None:
    truth = scene(count=1)
    seen, link = suddenly(truth, 250, (255, 250, 200))
    found = flashes(seen, link, link)
    assert found[12:38, 252:288].all()
    assert not found[truth.alphas[0] > 0].any()


def test_somebody_who_comes_in_fast_is_no_flash(scene: Any) -> None:
    seen, link = suddenly(scene(count=1), 280, (200, 40, 30))
    assert flashes(seen, link, link)[12:38, 282:318].all()
    assert not flashes(seen, link, link, seen).any()
    assert flashes(seen, link, link, seen // 2)[12:38, 282:318].all()


def test_somebody_who_moves_is_no_flash(scene: Any) -> None:
    truth = scene(count=1)
    before, alpha = truth.frames[0], truth.alphas[0]
    after, seen = shifted(before, 6, 0), shifted(alpha, 6, 0)
    assert not flashes(seen, linked(before, after, 6), None).any()


def test_the_largest_part_stays_whatever_happens_to_it(scene: Any) -> None:
    truth = scene(count=1)
    frame, alpha = truth.frames[0], truth.alphas[0]
    other = 255 - frame
    assert not flashes(alpha, linked(other, frame), linked(other, frame)).any()


def test_a_part_that_the_next_drawing_knows_is_somebody_who_appears(scene: Any) -> None:
    truth = scene(count=1)
    empty, alpha = truth.frames[0], truth.alphas[0].copy()
    shown = empty.copy()
    shown[10:40, 250:290] = (60, 160, 90)
    alpha[10:40, 250:290] = 255
    assert flashes(alpha, linked(empty, shown), None)[12:38, 252:288].all()
    assert not flashes(alpha, linked(empty, shown), linked(shown, shown)).any()


def test_a_drawing_alone_has_no_flashes(scene: Any) -> None:
    assert not flashes(scene(count=1).alphas[0], None, None).any()


def test_a_neighbour_counts_by_its_share(scene: Any) -> None:
    truth = scene(count=1)
    frame, alpha = truth.frames[0], truth.alphas[0]
    link = linked(frame, frame)
    gone = np.zeros_like(alpha)
    full = alpha == 255
    assert abs(float(stabilise(gone, alpha, link, 0.4)[full].mean()) / 255 - 0.4) < 0.05
    assert np.array_equal(stabilise(gone, alpha, link, 0.0), gone)


def test_a_mistake_of_the_past_does_not_outlive_a_sure_answer() -> None:
    frame = np.full((40, 60, 3), 128, np.uint8)
    still = trust(frame, frame, flow_of((40, 60), 0, 0), flow_of((40, 60), 0, 0))
    now, wrong = np.zeros((40, 60), np.uint8), np.zeros((40, 60), np.uint8)
    wrong[10:30, 10:30] = 255
    chance = np.full((20, 30), 128, np.uint8)
    chance[:, :10] = 0  # nobody is there, says the segmentation of the left third
    sure = conviction(chance, (40, 60))
    mixed, open_to_it = (stabilise(now, wrong, still, sure=said) for said in (sure, None))
    assert mixed[20, 12] < 0.4 * open_to_it[20, 12]
    assert mixed[20, 28] == open_to_it[20, 28]
    # where the past agrees with what is sure, it still mends this drawing
    mended, as_before = (stabilise(wrong, now, still, sure=said) for said in (sure, None))
    assert np.array_equal(mended, as_before)
    assert mended[20, 12] < 60
