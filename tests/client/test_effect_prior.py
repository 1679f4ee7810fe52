"""Which of the places that look like an effect become one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.effect_prior import effect_prior
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
    frame = FRAME.copy()
    frame[disc(255, (480, 200), 45) > 0] = (250, 200, 90)
    cloud = disc(105, (120, 120), 60)
    prior = effect_prior(None, said(disc(230, (480, 200), 30, disc(105, (480, 200), 45, cloud))), frame)
    assert not prior[:, :300].any()
    assert prior[200, 480] == 255
    assert prior[200, 480 + 38] > 128


def test_colours_end_where_the_effect_does() -> None:
    """The network is unsure of the lower half of a flame, and takes a piece of the wall beside it along."""
    frame = FRAME.copy()
    frame[100:260, 280:360] = (255, 170, 40)
    effect = np.zeros((H, W), np.uint8)
    effect[100:180, 280:360] = 240
    effect[180:260, 280:360] = 90
    effect[100:260, 360:390] = 120
    prior = effect_prior(None, said(effect), frame)
    assert prior[110:250, 290:350].min() > 180
    assert prior[110:250, 370:].max() < 128


def test_like_colours_far_away_are_no_effect() -> None:
    frame = FRAME.copy()
    frame[100:260, 80:160] = frame[100:260, 480:560] = (255, 170, 40)
    effect = np.zeros((H, W), np.uint8)
    effect[100:260, 80:160] = 200
    assert not effect_prior(None, said(effect), frame)[:, 470:].any()


def test_where_colours_say_nothing_the_network_is_believed() -> None:
    prior = effect_prior(None, said(disc(180, (320, 180), 50)), FRAME)
    assert prior[180, 320] == 255


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
