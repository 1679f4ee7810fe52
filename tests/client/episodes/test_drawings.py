"""Holds are found under compression noise, and nothing that moves is lost."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from triton_anime.drawings import LONGEST_HOLD, drawings
from triton_anime.video import Frame, open_video

Clip = Callable[..., Path]


def frames_of(images: list[Any]) -> list[Frame]:
    return [Frame(n, Fraction(n, 24), image) for n, image in enumerate(images)]


def lengths(found: Any) -> list[int]:
    return [len(drawing.frames) for drawing in found]


@pytest.fixture(scope="module")
def face(painted: Any) -> Callable[..., Any]:
    def draw(opening: int) -> Any:
        image = painted(11, 8, 1280, 720)
        cv2.ellipse(image, (640, 360), (150, 190), 0, 0, 360, (250, 215, 190), -1, cv2.LINE_AA)
        cv2.ellipse(image, (640, 460), (6, opening), 0, 0, 360, (120, 40, 50), -1, cv2.LINE_AA)
        return image

    return draw


@pytest.mark.parametrize("crf", ["20", "27"])
def test_small_mouths_under_compression(clip: Clip, face: Any, crf: str) -> None:
    images = [face((1, 5)[n // 3 % 2]) for n in range(36)]
    path = clip("mouth.mp4", images, options={"crf": crf, "preset": "veryfast"})
    with open_video(path) as reader:
        found = list(drawings(reader, reader.frame_rate))
    assert lengths(found) == [3] * 12
    assert [drawing.first.index for drawing in found] == list(range(0, 36, 3))


def test_grain_does_not_hide_a_hold(face: Any) -> None:
    rng = np.random.default_rng(0)
    images = [
        np.clip(face((1, 9)[n // 4 % 2]) + rng.normal(0, 4, (720, 1280, 3)), 0, 255).astype(np.uint8)
        for n in range(12)
    ]
    assert lengths(drawings(frames_of(images))) == [4] * 3


def test_slow_changes_do_not_creep_past(painted: Any) -> None:
    still = painted(3, 2, 320, 180)
    fade = [np.clip(still.astype(int) - n, 0, 255).astype(np.uint8) for n in range(24)]
    assert max(lengths(drawings(frames_of(fade)))) <= 3
    wide = cv2.resize(still, (640, 360), interpolation=cv2.INTER_CUBIC)
    pan = [cv2.warpAffine(wide, np.array([[1, 0, -0.4 * n], [0, 1, 0]]), (600, 360)) for n in range(24)]
    assert max(lengths(drawings(frames_of(pan)))) <= 3


def test_shots_bound_drawings_and_flags_are_right(two_shots: Path) -> None:
    with open_video(two_shots) as reader:
        found = list(drawings(reader, reader.frame_rate))
    assert lengths(found) == [3] * 10
    assert [drawing.shot for drawing in found] == [0] * 5 + [1] * 5
    assert [drawing.is_shot_start for drawing in found] == ([True] + [False] * 4) * 2
    assert [drawing.is_shot_end for drawing in found] == ([False] * 4 + [True]) * 2
    assert [index for drawing in found for index, _ in drawing.frames] == list(range(30))
    assert all(time == Fraction(index, 24) for drawing in found for index, time in drawing.frames)


def test_a_long_hold_comes_in_pieces(painted: Any) -> None:
    image = painted(1, 1)
    found = list(drawings(frames_of([image] * (2 * LONGEST_HOLD + 5))))
    assert lengths(found) == [LONGEST_HOLD, LONGEST_HOLD, 5]
    assert [drawing.continues for drawing in found] == [False, True, True]
    assert [drawing.is_shot_end for drawing in found] == [False, False, True]


def test_one_frame_is_a_whole_shot(painted: Any) -> None:
    (only,) = drawings(frames_of([painted(1, 1)]))
    assert only.is_shot_start
    assert only.is_shot_end


def test_real_holds(shared_media: Path) -> None:
    counts = {}
    for name in ("c01_onepiece_demo.mp4", "c02_konobi_e12_000339.mp4"):
        with open_video(shared_media / "clips" / name) as reader:
            counts[name[:3]] = [d for d in drawings(reader, reader.frame_rate) if not d.continues]
    # 181 frames on threes with a few splits that the worst blocks of a 190 kbit/s file cause
    assert 50 <= len(counts["c01"]) <= 66
    # every mouth movement of the first seconds, one to a drawing
    assert [d.first.index for d in counts["c01"][1:10]] == list(range(1, 28, 3))
    assert len(counts["c02"]) == 21
