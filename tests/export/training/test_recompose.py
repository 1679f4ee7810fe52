"""Recomposed scenes: the character is another shot's, the truth is exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime_export.studio.bank import Bank
from triton_anime_export.training import recompose

HEIGHT, WIDTH = 96, 160
RED, GREY, BLUE = (200, 40, 30), 120, (20, 60, 180)


@dataclass(frozen=True)
class OneClip:
    """What recomposition reads of a clip, one drawing."""

    frames: NDArray[np.uint8]
    plate: NDArray[np.uint8]
    ids: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    object: NDArray[np.uint8]
    effect: NDArray[np.uint8]
    effect_type: NDArray[np.uint8]


class TwoClips:
    """A red character with a soft edge on grey, and an empty blue backdrop."""

    def __init__(self) -> None:
        zeros = np.zeros((1, HEIGHT, WIDTH), np.uint8)
        alpha = zeros.copy()
        alpha[0, 30:80, 60:100] = 255
        alpha[0, 30:80, 58:60] = 100
        plate = np.full((1, HEIGHT, WIDTH, 3), GREY, np.uint8)
        share = alpha[..., None] / 255
        frame = (share * np.array(RED) + (1 - share) * plate + 0.5).astype(np.uint8)
        blue = np.broadcast_to(np.array(BLUE, np.uint8), plate.shape).copy()
        self.clips = (
            OneClip(frame, plate, (alpha >= 128).astype(np.uint8), alpha, zeros, zeros, zeros),
            OneClip(blue, blue, zeros, zeros, zeros, zeros, zeros),
        )

    def __len__(self) -> int:
        return 2

    def clip(self, index: int) -> Any:
        return self.clips[index]


def test_recomposed_frames_are_alpha_times_character_over_another_plate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recompose, "_recoloured", lambda rng, plate: plate)
    monkeypatch.setattr(recompose, "_cluttered", lambda rng, plate, bank: plate)
    bank = cast(Bank, TwoClips())
    on_blue = 0
    for seed in range(20):
        frame, maps = recompose.draw(np.random.default_rng(seed), bank, share=1.0)
        alpha = maps["alpha"].astype(np.float32)[..., None] / 255
        plate = np.array(BLUE if np.array_equal(frame[0, 0], BLUE) else (GREY,) * 3, np.float32)
        assert np.abs(frame - (alpha * np.array(RED) + (1 - alpha) * plate)).max() <= 4
        assert not (maps["ids"] > 0)[maps["alpha"] < 120].any()
        on_blue += int(np.array_equal(plate, BLUE) and bool((maps["ids"] > 0).any()))
    assert on_blue >= 3


def test_with_no_share_frames_are_as_drawn() -> None:
    bank = TwoClips()
    frame, maps = recompose.draw(np.random.default_rng(0), cast(Bank, bank), share=0.0)
    clip = next(clip for clip in bank.clips if np.array_equal(clip.frames[0], frame))
    assert np.array_equal(maps["alpha"], clip.alpha[0])
