"""A bank gives back the shots that were staged, resumes, and refuses other settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from triton_anime_export.errors import DataError
from triton_anime_export.studio.bank import Bank, draw_bank
from triton_anime_export.studio.director import Cast, stage
from triton_anime_export.studio.source import Source


def _cast() -> Cast:
    rng = np.random.default_rng(0)
    ground = np.dstack([rng.integers(0, 255, (60, 100, 3)), np.full((60, 100), 255)]).astype(np.uint8)
    body = np.zeros((40, 20, 4), np.uint8)
    body[5:35, 5:15] = (200, 40, 40, 255)
    return Cast(
        [Source("character", "red", (body, body[::-1].copy()))],
        [Source("backdrop", "noise", (ground,))],
        [Source("effect", "smoke", (body // 2,), effect_type="smoke")],
        [],
    )


def test_what_is_read_is_what_was_staged(tmp_path: Path) -> None:
    draw_bank(tmp_path, "train", 2, _cast(), seed=5, workers=1)
    bank = Bank(tmp_path)
    assert len(bank) == 2
    staged = stage(np.random.default_rng([5, 1]), _cast())
    clip = bank.clip(1)
    for name in ("frames", "plate", "ids", "alpha", "objects", "effect", "effect_type", "flow", "flow_valid"):
        assert np.array_equal(getattr(clip, name), getattr(staged, name)), name
    assert np.array_equal(clip.object, clip.objects)


def test_a_drawn_bank_is_kept_and_other_settings_are_refused(tmp_path: Path) -> None:
    draw_bank(tmp_path, "train", 1, _cast(), seed=5, workers=1)
    written = (tmp_path / "train" / "frames.npy").stat().st_mtime_ns
    draw_bank(tmp_path, "train", 1, _cast(), seed=5, workers=1)
    assert (tmp_path / "train" / "frames.npy").stat().st_mtime_ns == written
    with pytest.raises(DataError, match="other settings"):
        draw_bank(tmp_path, "train", 1, _cast(), seed=6, workers=1)
    with pytest.raises(DataError, match="no val bank"):
        Bank(tmp_path, "val")
