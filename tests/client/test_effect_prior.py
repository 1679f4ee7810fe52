"""Which of the places that look like an effect become one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.decompose import effect_prior
from triton_anime.panoptic import EFFECT

U8 = NDArray[np.uint8]
H, W = 360, 640
FRAME = np.full((H, W, 3), 60, np.uint8)


def said(effect: U8) -> U8:
    """Class probabilities on the segmentation's grid of half its working size."""
    maps = np.zeros((4, 144, 256), np.uint8)
    maps[EFFECT] = cv2.resize(effect, (256, 144), interpolation=cv2.INTER_AREA)
    maps[0] = 255 - maps[EFFECT]
    return maps


def disc(value: int, centre: tuple[int, int], radius: int, into: U8 | None = None, width: int = -1) -> U8:
    out = np.zeros((H, W), np.uint8) if into is None else into
    return np.asarray(cv2.circle(out, centre, radius, value, width, cv2.LINE_AA), np.uint8)


def test_a_faint_cloud_is_none_and_a_faint_rim_of_something_sure_is() -> None:
    cloud = disc(105, (120, 120), 60)
    prior = effect_prior(None, said(disc(230, (480, 200), 30, disc(105, (480, 200), 45, cloud))), FRAME)
    assert not prior[:, :300].any()
    assert prior[200, 480] == 255
    assert prior[200, 480 + 38] > 60


def test_a_spark_is_one_and_a_cell_is_not() -> None:
    sparks = disc(250, (200, 100), 9)
    sparks[300:304, 500:504] = 250
    prior = effect_prior(None, said(sparks), FRAME)
    assert prior[100, 200] > 200
    assert not prior[280:, 480:].any()


def test_a_ring_stays_open() -> None:
    frame = FRAME.copy()
    ring = disc(240, (320, 180), 60, width=12)
    frame[ring > 0] = (250, 240, 180)
    prior = effect_prior(None, said(ring), frame)
    assert prior[180, 380] > 200
    assert not prior[150:210, 290:350].any()


def test_the_segmentation_says_more_than_the_prompts() -> None:
    masks = np.stack([disc(255, (120, 120), 60), disc(60, (480, 200), 40)])
    small = np.stack([cv2.resize(mask, (512, 288), interpolation=cv2.INTER_AREA) for mask in masks])
    prior = effect_prior(small, said(disc(240, (480, 200), 40)), FRAME)
    assert not prior[:, :300].any()
    assert prior[200, 480] > 200
    assert effect_prior(small, None, FRAME)[120, 120] == 255
    assert not effect_prior(None, None, FRAME).any()
