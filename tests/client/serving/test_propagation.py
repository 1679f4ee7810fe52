"""Windows over a video of any length: what they see, what they answer for, and what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.serving.calls import AbsentError, FailedError, NotServedError, RefusedError
from triton_anime.serving.propagation import (
    FLOW_CONTEXT,
    IMAGE_CONTEXT,
    Propagated,
    Windows,
    margin,
    parts,
    propagate_video,
)

Tensors = Mapping[str, NDArray[Any]]
PUBLISHED = Windows()


class Graphs:
    """Three networks of fixed windows whose answers inside a hole tell which window gave them.

    Frame i is i everywhere, the flow from it (i, 1), back (-i, 1). Inside the hole a completed flow is (first
    frame that the window shows, place in the window), a found colour (that frame, place, 9).
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.calls: list[tuple[str, Tensors]] = []

    async def ask(self, model: str, inputs: Tensors, outputs: Sequence[str]) -> dict[str, NDArray[Any]]:
        self.calls.append((model, inputs))
        answer: Tensors = getattr(self, model)(inputs)
        return {name: answer[name] for name in outputs}

    def serves(self, model: str) -> bool:
        return hasattr(self, model)

    def estimate_flow(self, given: Tensors) -> Tensors:
        first, second = given["FRAME0"], given["FRAME1"]
        assert len(first) == len(second) <= 8
        assert (second.astype(int) - first == 1).all()
        flow = np.stack([first[..., 0], np.ones_like(first[..., 0])], axis=-1).astype(np.float32)
        return {"FORWARD": flow, "BACKWARD": flow * [-1, 1]}

    def propainter_complete(self, given: Tensors) -> Tensors:
        count, masks = self.windows.complete, given["MASKS"]
        assert len(masks) == count
        completed = {}
        for way, hidden in (("FORWARD", masks[:-1]), ("BACKWARD", masks[1:])):
            flow = given[f"FLOW_{way}"]
            assert len(flow) == count - 1
            told = np.empty_like(flow)
            told[..., 0] = abs(flow[0, 0, 0, 0])
            told[..., 1] = np.arange(count - 1)[:, None, None]
            completed[f"COMPLETED_{way}"] = np.where(hidden[..., None] > 0, told, flow)
        return completed

    def propainter_propagate(self, given: Tensors) -> Tensors:
        frames, masks = given["FRAMES"], given["MASKS"]
        count = self.windows.propagate
        assert len(frames) == len(masks) == count
        assert len(given["FLOW_FORWARD"]) == len(given["FLOW_BACKWARD"]) == count - 1
        told = np.full_like(frames, 9)
        told[..., 0] = frames[0, 0, 0, 0]
        told[..., 1] = np.arange(count)[:, None, None]
        hidden = masks > 0
        return {
            "FOUND": np.where(hidden[..., None], told, frames),
            "UNKNOWN": np.where(hidden & (np.arange(masks.shape[2]) % 2 > 0), 255, 0).astype(np.uint8),
        }


def video(count: int, holes: slice = slice(None)) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    frames = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 4, 6, 3)).copy()
    masks = np.zeros((count, 4, 6), np.uint8)
    masks[holes, 1:3, 2:5] = 1
    return frames, masks


def propagate(
    frames: NDArray[np.uint8], masks: NDArray[np.uint8], windows: Windows = PUBLISHED
) -> tuple[Propagated, Graphs]:
    graphs = Graphs(windows)
    return asyncio.run(propagate_video(graphs, frames, masks, windows)), graphs


# ---------------------------------------------------------------- windows on a row


@pytest.mark.parametrize("context", [0, 1, 3])
@pytest.mark.parametrize("window", [7, 10])
@pytest.mark.parametrize("count", [1, 6, 7, 8, 10, 11, 23, 61])
def test_every_item_is_answered_for_once_with_what_is_around_it(
    count: int, window: int, context: int
) -> None:
    found = parts(count, window, context)
    assert [i for part in found for i in range(part.first, part.last)] == list(range(count))
    for part in found:
        seen = range(part.begin, min(part.begin + window, count))
        assert len(seen) == min(window, count)
        assert seen.start <= max(0, part.first - context)
        assert seen.stop >= min(count, part.last + context)
    # no more windows than it takes: one for each stretch between two contexts, and the ends
    assert len(found) == (1 if count <= window else -(-(count - 2 * context) // (window - 2 * context)))


def test_context_is_the_authors_or_a_third() -> None:
    assert margin(80 + 2 * FLOW_CONTEXT, FLOW_CONTEXT) == 5
    assert margin(PUBLISHED.complete - 1, FLOW_CONTEXT) == 3
    assert margin(PUBLISHED.propagate, IMAGE_CONTEXT) == 10
    assert margin(2, IMAGE_CONTEXT) == 0


# ---------------------------------------------------------------- a video


def test_a_video_of_one_window_is_one_call_of_each_graph() -> None:
    frames, masks = video(11)
    windows = Windows(11, 11)
    found, graphs = propagate(frames, masks, windows)
    assert [model for model, _ in graphs.calls if model != "estimate_flow"] == [
        "propainter_complete",
        "propainter_propagate",
    ]
    (_, completing), (_, propagating) = graphs.calls[-2:]
    flow = np.concatenate([i["FRAME0"] for model, i in graphs.calls if model == "estimate_flow"])
    assert (completing["FLOW_FORWARD"][..., 0] == flow[..., 0]).all()
    alone = graphs.propainter_complete(completing)
    np.testing.assert_array_equal(found.forward, alone["COMPLETED_FORWARD"])
    np.testing.assert_array_equal(found.backward, alone["COMPLETED_BACKWARD"])
    np.testing.assert_array_equal(propagating["FLOW_BACKWARD"], found.backward)
    alone = graphs.propainter_propagate(propagating)
    np.testing.assert_array_equal(found.found, alone["FOUND"])
    np.testing.assert_array_equal(found.unknown, alone["UNKNOWN"])


@pytest.mark.parametrize("count", [2, 5, 10])
def test_a_shorter_video_stands_still_at_its_end(count: int) -> None:
    frames, masks = video(count)
    found, graphs = propagate(frames, masks, Windows(11, 11))
    asked = dict(graphs.calls[-2:])
    assert len(graphs.calls) == -(-(count - 1) // 8) + 2
    for model in ("propainter_complete", "propainter_propagate"):
        assert (asked[model]["FLOW_FORWARD"][count - 1 :] == 0).all()
        assert (asked[model]["FLOW_BACKWARD"][count - 1 :] == 0).all()
        assert (asked[model]["MASKS"][count:] == masks[-1]).all()
    assert (asked["propainter_propagate"]["FRAMES"][count:] == frames[-1]).all()
    assert found.found.shape == frames.shape
    assert found.unknown.shape == masks.shape
    assert found.forward.shape == found.backward.shape == (count - 1, 4, 6, 2)


@pytest.mark.parametrize("windows", [PUBLISHED, Windows(4, 3), Windows(2, 2)])
@pytest.mark.parametrize("count", [12, 33, 64, 100])
def test_a_longer_video_is_answered_window_by_window(count: int, windows: Windows) -> None:
    """Held against a walk over the items one by one: whose window is it, and how far in."""
    frames, masks = video(count)
    found, graphs = propagate(frames, masks, windows)
    hole = (slice(None), 1, 2)
    rows = (
        (found.forward[hole], count - 1, windows.complete - 1, FLOW_CONTEXT),
        (found.backward[hole], count - 1, windows.complete - 1, FLOW_CONTEXT),
        (found.found[hole], count, windows.propagate, IMAGE_CONTEXT),
    )
    for said, items, window, usual in rows:
        around = min(usual, window // 3)
        begin = 0
        for item in range(items):
            # past what this window may answer for, and not at the end of the row: the next one
            if item >= begin + window - around and begin + window < items:
                begin = min(item - around, items - window)
            assert said[item, :2].tolist() == [begin, item - begin]
    for name, given in graphs.calls:
        if name == "propainter_propagate":
            first = int(given["FRAMES"][0, 0, 0, 0])
            length = min(windows.propagate, count) - 1
            np.testing.assert_array_equal(given["FLOW_FORWARD"][:length], found.forward[first:][:length])


def test_what_is_known_comes_back_as_it_was() -> None:
    frames, masks = video(50)
    masks[:, 0] = 0
    masks[3:9, 3, 1:] = 200
    found, _ = propagate(frames, masks)
    outside = masks == 0
    np.testing.assert_array_equal(found.found[outside], frames[outside])
    assert not found.unknown[outside].any()
    assert found.unknown[masks > 0].any()
    raw = np.stack([frames[:-1, ..., 0], np.ones_like(frames[:-1, ..., 0])], axis=-1).astype(np.float32)
    np.testing.assert_array_equal(found.forward[outside[:-1]], raw[outside[:-1]])
    np.testing.assert_array_equal(found.backward[outside[1:]], (raw * [-1, 1])[outside[1:]])
    # and what is hidden does not
    assert not np.array_equal(found.forward[~outside[:-1]], raw[~outside[:-1]])
    assert not np.array_equal(found.found[~outside], frames[~outside])


def test_stretches_without_holes_ask_nobody() -> None:
    frames, masks = video(100, slice(70, 75))
    found, graphs = propagate(frames, masks)
    whole, _ = propagate(*video(100))
    inside = masks > 0
    np.testing.assert_array_equal(found.found[inside], whole.found[inside])
    np.testing.assert_array_equal(found.forward[inside[:-1]], whole.forward[inside[:-1]])
    np.testing.assert_array_equal(found.backward[inside[1:]], whole.backward[inside[1:]])
    asked = [model for model, _ in graphs.calls]
    assert 1 <= asked.count("propainter_complete") <= 4
    assert 1 <= asked.count("propainter_propagate") <= 2


def test_wide_frames_go_to_the_flow_in_smaller_batches() -> None:
    class Wide(Graphs):
        def estimate_flow(self, given: Tensors) -> Tensors:
            shape = (*given["FRAME0"].shape[:3], 2)
            return {"FORWARD": np.zeros(shape, np.float32), "BACKWARD": np.zeros(shape, np.float32)}

    for width, pairs in ((720, 8), (721, 4), (1280, 4), (1281, 2)):
        graphs = Wide(PUBLISHED)
        frames, masks = np.zeros((12, 1, width, 3), np.uint8), np.zeros((12, 1, width), np.uint8)
        asyncio.run(propagate_video(graphs, frames, masks, PUBLISHED))
        sizes = [len(given["FRAME0"]) for _, given in graphs.calls]
        assert max(sizes) == pairs
        assert sum(sizes) == 11


# ---------------------------------------------------------------- what cannot be answered


@pytest.mark.parametrize(
    ("frames", "masks", "windows", "says"),
    [
        ((1, 4, 6, 3), (1, 4, 6), PUBLISHED, r"FRAMES is \[1, 4, 6, 3\]; send two frames or more"),
        ((3, 4, 0, 3), (3, 4, 0), PUBLISHED, "send two frames or more"),
        ((3, 4, 6, 3), (2, 4, 6), PUBLISHED, r"MASKS is \[2, 4, 6\]; send one for each frame: \[3, 4, 6\]"),
        ((3, 4, 6, 3), (3, 4, 6), Windows(1, 31), "WINDOWS is 1, 31"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    frames: tuple[int, ...], masks: tuple[int, ...], windows: Windows, says: str
) -> None:
    with pytest.raises(RefusedError, match=says):
        propagate(np.zeros(frames, np.uint8), np.zeros(masks, np.uint8), windows)


@pytest.mark.parametrize(
    ("model", "error", "kind", "says"),
    [
        ("estimate_flow", AbsentError("not found"), NotServedError, "role optical flow is not served"),
        ("propainter_complete", AbsentError("not found"), NotServedError, "role video inpainting is not ser"),
        ("propainter_propagate", FailedError("no memory"), RefusedError, "inpainting failed: no memory"),
    ],
)
def test_a_network_that_does_not_answer(
    model: str, error: Exception, kind: type[Exception], says: str
) -> None:
    class Broken(Graphs):
        async def ask(self, name: str, inputs: Tensors, outputs: Sequence[str]) -> dict[str, NDArray[Any]]:
            if name == model:
                raise error
            return await super().ask(name, inputs, outputs)

    with pytest.raises(kind, match=says):
        asyncio.run(propagate_video(Broken(PUBLISHED), *video(5), PUBLISHED))
