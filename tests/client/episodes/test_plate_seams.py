"""The measure of perf/plate_seams.py: what it calls a step, and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from triton_anime.episode import Job, process_episode
from triton_anime.settings import Settings


@pytest.fixture(scope="module")
def perf(import_file: Callable[[Path], ModuleType]) -> ModuleType:
    return import_file(Path(__file__).parents[3] / "perf" / "plate_seams.py")


def test_a_pan_is_no_change_and_another_level_is(perf: ModuleType) -> None:
    rng = np.random.default_rng(0)
    wide = cv2.GaussianBlur(rng.integers(0, 200, (90, 180, 3), dtype=np.uint8), (0, 0), 3)
    wide = cv2.normalize(wide, None, 0, 200, cv2.NORM_MINMAX)
    before, after = (np.ascontiguousarray(wide[:, x : x + 160]) for x in (0, 3))
    both = np.zeros(before.shape[:2], np.bool_)
    both[30:60, 40:120] = True
    still = np.abs(after.astype(float) - before)[both].mean()
    assert perf.change(before, after, both) < 0.2 * still
    after[both] += 40
    assert perf.change(before, after, both) == pytest.approx(40, abs=6)


def test_steps_are_told_by_where_the_plate_is_made_anew(
    perf: ModuleType, two_shots: Path, keyed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "episode"
    process_episode(Job(two_shots, folder, Settings()), keyed)
    assert [len(frames) for frames in perf.shots(folder)] == [5, 5]
    monkeypatch.setattr(perf, "LEAST", 1)
    monkeypatch.setattr(perf, "EDGE", 0)
    usual = perf.steps(folder, 2)
    assert usual[True]
    assert usual[False]
    for frames in perf.shots(folder):
        for frame in frames[1:3]:  # lighter from the renewal on, and as before after the next
            path = folder / "layers" / "background" / f"{frame}_bg.jpg"
            plate = cv2.imread(str(path))
            path.unlink()  # frames that hold a drawing share its file
            cv2.imwrite(str(path), cv2.add(plate, (30, 30, 30, 0)))
    lighter = perf.steps(folder, 2)
    assert np.mean(lighter[True]) > np.mean(usual[True]) + 15
    assert np.mean(lighter[False]) == pytest.approx(np.mean(usual[False]), abs=3)


def test_a_folder_without_an_episode_is_one_line(perf: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"temporal_mapping\.json is missing; name the folder"):
        list(perf.shots(tmp_path))
