"""What perf/published_trackers.py shows to the trackers, and what it takes for an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from triton_anime.tracker import Tracks

SIZE = (64, 36)
PERF = Path(__file__).parents[3] / "perf"


@pytest.fixture(scope="module")
def perf(import_file: Callable[[Path], ModuleType]) -> ModuleType:
    pytest.importorskip("torch")
    pytest.importorskip("pytriton", reason="needs the extra triton-anime[local]")
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(PERF))  # as for a script
        return import_file(PERF / "published_trackers.py")


def test_a_third_object_comes_late(perf: ModuleType) -> None:
    for t in range(2 * perf.LATE):
        frame, labels = perf.drawing(t, SIZE)
        assert frame.shape == (*SIZE[::-1], 3)
        assert np.unique(labels).tolist() == list(range(4 if t >= perf.LATE else 3))


def test_what_is_no_set_of_masks_is_refused(perf: ModuleType) -> None:
    shape = SIZE[::-1]
    right = Tracks(np.ones(shape, np.uint8), np.full(shape, 0.5, np.float32), (1,), (1, 2))
    perf.check(right, SIZE)
    for wrong in (
        replace(right, confidence=np.full(shape, np.nan, np.float32)),
        replace(right, confidence=np.full(shape, 1.5, np.float32)),
        replace(right, identity=np.ones((3, 4), np.uint8)),
        replace(right, ids=(3,)),
    ):
        with pytest.raises(SystemExit, match="an answer is not"):
            perf.check(wrong, SIZE)
