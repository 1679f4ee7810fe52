"""The measures of perf/video_inpainting.py, and what overlapping windows are good for."""

from __future__ import annotations

import importlib.util
import sys
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.fillers import window
from triton_anime.fillers.networks import WindowInpainter
from triton_anime.fillers.window import Overlap, Shown
from triton_anime.server import FakeServer

U8 = NDArray[np.uint8]
SIZE = (48, 96)
COUNT = 60


@pytest.fixture(scope="module")
def perf() -> Iterator[ModuleType]:
    path = Path(__file__).parents[3] / "perf" / "video_inpainting.py"
    spec = importlib.util.spec_from_file_location("perf_video_inpainting", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


class Given:
    """Answers with given pictures, whatever it is shown."""

    def __init__(self, plates: list[U8]) -> None:
        self.plates = plates

    def fill(self, shot: Iterable[Shown]) -> Iterator[U8]:
        for _, plate in zip(shot, self.plates, strict=True):
            yield plate


def test_the_pan_is_one_painting(perf: ModuleType) -> None:
    clip = perf.pan(COUNT, *SIZE)
    for before, after in pairwise(clip.truth):
        assert np.array_equal(before[:, perf.PAN :], after[:, : -perf.PAN])
    for shown, truth in zip(clip.shown, clip.truth, strict=True):
        inside = shown.hole > 0
        assert 0.05 < inside.mean() < 0.5
        assert np.array_equal(shown.frame[~inside], truth[~inside])
        assert np.abs(shown.frame[inside].astype(int) - truth[inside]).mean() > 20


def test_the_truth_scores_perfectly_and_mistakes_are_counted(perf: ModuleType) -> None:
    clip = perf.pan(COUNT, *SIZE)
    found = perf.run(Given(clip.truth), clip)
    assert (found.psnr, found.changed_outside, found.flicker, found.seam) == (99.0, 0, 0.0, None)
    off = [np.where(truth > 127, truth - 10, truth + 10).astype(np.uint8) for truth in clip.truth]
    found = perf.run(Given(off), clip)
    assert found.psnr == pytest.approx(20 * np.log10(255 / 10), abs=0.01)
    assert found.changed_outside == sum(int((shown.hole == 0).sum()) for shown in clip.shown)
    assert found.flicker == 0


def test_overlap_softens_a_constant_that_differs_from_window_to_window(
    perf: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = perf.pan(COUNT, *SIZE)

    def found() -> Any:
        """By a network that flickers a little, and adds a level of its own to all of a window."""
        levels = np.random.default_rng(0)

        def network(inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
            level = 128 + levels.uniform(-40, 40)
            drawn = []
            for frame in inputs["FRAMES"]:
                noise = np.random.default_rng(zlib.crc32(frame.tobytes()))
                drawn.append(np.rint(level + noise.normal(0, 1, frame.shape)).astype(np.uint8))
            return {"PLATES": np.stack(drawn)}

        server = FakeServer({"inpaint_video": network})
        return perf.run(WindowInpainter(server, "sttn"), clip)

    averaged = found()

    class LastWins(Overlap):
        def add(self, index: int, picture: U8) -> None:
            self._drawn.pop(index, None)
            super().add(index, picture)

    monkeypatch.setattr(window, "Overlap", LastWins)
    blunt = found()
    assert averaged.changed_outside == blunt.changed_outside == 0
    assert blunt.seam > 5
    assert averaged.seam < 0.9 * blunt.seam
    assert averaged.jump < 0.6 * blunt.jump


@pytest.mark.parametrize("stands", [False, True], ids=["walks", "stands"])
def test_the_usual_way_has_no_seams(perf: ModuleType, stands: bool) -> None:
    """Whoever walks on shows everything in time; behind somebody who stands it is invented, but once."""
    asked: list[int] = []

    def paints(inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Never the same twice."""
        asked.append(1)
        noise = np.random.default_rng(len(asked)).integers(-40, 40, inputs["FRAME"].shape)
        return {"PLATE": np.clip(inputs["FRAME"] + noise, 0, 255).astype(np.uint8)}

    clip = perf.pan(40, *SIZE, stands=stands)
    found = perf.run(perf.Usual(FakeServer({"inpaint_background": paints})), clip, side=8)
    assert found.changed_outside == 0
    assert max(found.jump, found.jump_within) < 1
    assert len(asked) == stands
    assert (found.psnr > 40) is not stands


def test_someone_who_stands_hides_the_same_place(perf: ModuleType) -> None:
    clip = perf.pan(12, *SIZE, stands=True)
    for before, after in pairwise(clip.shown):
        here, there = before.hole[:, perf.PAN :] > 0, after.hole[:, : -perf.PAN] > 0
        assert (here & there).sum() > 0.9 * (here | there).sum()


def test_narrow_windows_have_no_inside(perf: ModuleType) -> None:
    clip = perf.pan(12, *SIZE)
    rng = np.random.default_rng(0)
    plates = [rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8) for _ in range(12)]
    assert perf.measure(clip, plates, 1.0, side=1).seam is None
    assert perf.measure(clip, plates, 1.0, side=5).seam == pytest.approx(1, abs=0.05)
