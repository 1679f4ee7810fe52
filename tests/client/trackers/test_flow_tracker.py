"""The tracker without a memory on moving discs: no id changes hands."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.server import FakeServer
from triton_anime.tracker import open_tracker
from triton_anime.trackers.flow import FlowTracker
from triton_anime.trackers.xmem import XMemTracker

U8 = NDArray[np.uint8]
SIZE = (144, 256)


def _shot(length: int = 12) -> tuple[list[U8], list[U8]]:
    """Two textured discs that cross a textured background towards one another, then one leaves."""
    rng = np.random.default_rng(0)
    backdrop = np.kron(rng.integers(60, 120, (18, 32, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    skins = [
        np.kron(rng.integers(0, 255, (20, 20, 3)), np.ones((3, 3, 1))).astype(np.uint8) for _ in range(2)
    ]
    ys, xs = np.mgrid[:60, :60]
    disc = (xs - 30) ** 2 + (ys - 30) ** 2 < 26**2
    frames, truths = [], []
    for t in range(length):
        frame, truth = backdrop.copy(), np.zeros(SIZE, np.uint8)
        for number, (x, y) in enumerate([(10 + 5 * t, 20), (186 - 5 * t, 70)], 1):
            window = (slice(y, y + 60), slice(x, x + 60))
            frame[window][disc] = skins[number - 1][disc]
            truth[window][disc] = number
        frames.append(frame)
        truths.append(truth)
    return frames, truths


def _overlap(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_ids_hold_while_the_segmenter_renumbers_and_misses() -> None:
    frames, truths = _shot()
    tracker = FlowTracker()
    tracker.reset(0)
    rng = np.random.default_rng(1)
    names: dict[int, int] = {}
    for t, (frame, truth) in enumerate(zip(frames, truths, strict=True)):
        observed = np.array([0, *(rng.permutation(2) + 1)], np.uint8)[truth] if t % 3 != 2 else None
        tracks = tracker.step(frame, observed)
        for number in (1, 2):
            best = max(tracks.ids, key=lambda k: _overlap(tracks.identity == k, truth == number))
            assert names.setdefault(number, best) == best
            assert _overlap(tracks.identity == best, truth == number) > 0.8
    assert tracks.known == (1, 2)


def test_reset_begins_a_new_count() -> None:
    frames, truths = _shot(2)
    tracker = FlowTracker()
    tracker.step(frames[0], truths[0])
    tracker.reset(1)
    tracks = tracker.step(frames[1], (truths[1] == 2).astype(np.uint8))
    assert tracks.known == (1,)


def test_without_the_network_masks_follow_the_flow() -> None:
    assert isinstance(open_tracker(FakeServer({}), "xmem"), FlowTracker)


def test_the_tracker_that_is_asked_for_follows() -> None:
    server = FakeServer({model: lambda inputs: {} for model in XMemTracker.MODELS})
    assert isinstance(open_tracker(server), XMemTracker)
    assert isinstance(open_tracker(server, "flow"), FlowTracker)


def test_a_flow_that_is_known_is_used() -> None:
    frames, truths = _shot(2)
    tracker = FlowTracker(lambda first, second: pytest.fail("the flow was given"))
    first = tracker.step(frames[0], truths[0])
    from_the_left = np.zeros((*SIZE, 2), np.float32)
    from_the_left[..., 0] = -4
    second = tracker.step(frames[0], None, from_the_left)
    assert (second.identity[:, 4:] == first.identity[:, :-4]).all()
