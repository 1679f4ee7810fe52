from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.stabilise import stabilise, trust

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
    weight, flow = trust(frame, frame, flow_of(alpha.shape, 0.3, -0.2), flow_of(alpha.shape, -0.3, 0.2))
    assert not flow.any()
    mended = stabilise(flicker, alpha, weight, flow)
    assert np.abs(mended.astype(int) - alpha).max() < 80
    assert np.array_equal(stabilise(alpha, alpha, weight, flow), alpha)


def test_a_slow_motion_carries_its_mask_along(scene: Any) -> None:
    truth = scene(count=1)
    before, alpha = truth.frames[0], truth.alphas[0]
    after, true = shifted(before, 3, 1), shifted(alpha, 3, 1)
    flicker = true.copy()
    flicker[95:105, 75:85] = 0
    weight, flow = trust(before, after, flow_of(alpha.shape, 3, 1), flow_of(alpha.shape, -3, -1))
    inside = (slice(20, 160), slice(20, 300))
    mended = stabilise(flicker, alpha, weight, flow)
    assert np.abs(mended[inside].astype(int) - true[inside]).max() < 80


def test_fast_motion_is_never_smeared(scene: Any) -> None:
    truth = scene(count=1)
    before, alpha = truth.frames[0], truth.alphas[0]
    after, true = shifted(before, 60, 0), shifted(alpha, 60, 0)
    weight, flow = trust(before, after, flow_of(alpha.shape, 60, 0), flow_of(alpha.shape, -60, 0))
    moving = true > 0
    assert weight[moving].mean() < 0.2
    assert np.array_equal(stabilise(true, alpha, weight, flow)[80:100, 40:60], true[80:100, 40:60])


def test_a_wrong_flow_is_not_believed(scene: Any) -> None:
    truth = scene(count=2, step=30)
    shape = truth.alphas[0].shape
    weight, flow = trust(truth.frames[0], truth.frames[1], flow_of(shape, 5, 0), flow_of(shape, 9, 4))
    now = stabilise(truth.alphas[1], truth.alphas[0], weight, flow)
    left_behind = (truth.alphas[0] == 255) & (truth.alphas[1] == 0)
    assert now[left_behind].mean() < 8


def test_weights_work_at_a_smaller_size_than_the_alpha(scene: Any) -> None:
    truth = scene(count=1, height=360, width=640)
    small = cv2.resize(truth.frames[0], (320, 180), interpolation=cv2.INTER_AREA)
    weight, flow = trust(small, small, flow_of((180, 320), 0, 0), flow_of((180, 320), 0, 0))
    assert stabilise(truth.alphas[0], truth.alphas[0], weight, flow).shape == (360, 640)
