"""The XMem tracker against a server of arithmetic: what is sent, when, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.server import FakeServer
from triton_anime.trackers.memory import MemoryPolicy
from triton_anime.trackers.merging import compete, merge_given
from triton_anime.trackers.stepping import track_step
from triton_anime.trackers.xmem import XMemSession, XMemTracker

SIZE = (64, 96)
GRID = (4, 6)
CK, CV = 8, 4


def _colour_network(model: str, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Networks that tell objects apart by colour: key = colour of a cell, value = share of the mask."""
    if model == "xmem_encode":
        cells = inputs["FRAME"][0].reshape(GRID[0], 16, GRID[1], 16, 3).mean(axis=(1, 3)) / 255
        key = np.zeros((1, CK, *GRID), np.float32)
        key[0, :3] = cells.transpose(2, 0, 1)
        ones = np.ones((1, 1, *GRID), np.float32)
        return {"KEY": key, "SHRINKAGE": ones, "SELECTION": ones.repeat(CK, 1)} | dict.fromkeys(
            ("F16", "F8", "F4"), ones
        )
    if model == "xmem_value":
        share = inputs["PROB"].reshape(-1, GRID[0], 16, GRID[1], 16).mean(axis=(2, 4))
        return {"VALUE": share[:, None].repeat(CV, 1), "NEXT_HIDDEN": inputs["HIDDEN"] + 1}
    key = inputs["KEY"].reshape(CK, -1)
    scores = -((inputs["MEMORY_KEY"][:, :, None] - key[:, None]) ** 2).sum(0) * 200
    weights = []
    for valid in inputs["MEMORY_VALID"]:
        masked = np.where(valid[:, None] > 0, scores, -1e9)
        raised = np.exp(masked - masked.max(0))
        weights.append(raised / raised.sum(0))
    objects = [inputs["MEMORY_VALUE"][o, 0] @ weights[g] for o, g in enumerate(inputs["GROUP"])]
    small = np.stack(objects).reshape(-1, *GRID).astype(np.float32)
    full = compete(np.clip(small.repeat(16, 1).repeat(16, 2), 0, 1))
    return {"PROB": full, "NEXT_HIDDEN": inputs["HIDDEN"] * 0, "USAGE": weights[0].sum(1).astype(np.float32)}


def _call(model: str, given: Mapping[str, NDArray[Any]], wanted: Sequence[str]) -> dict[str, NDArray[Any]]:
    answer = _colour_network(model, dict(given))
    return {name: answer[name] for name in wanted}


class Step(FakeServer):
    """A server of track_step that notes which outputs were asked for."""

    def __init__(self) -> None:
        super().__init__({"track_step": self._step} | dict.fromkeys(XMemTracker.MODELS[1:], lambda i: {}))
        self.asked: list[tuple[str, ...]] = []

    def infer_async(self, model: str, inputs: Any, outputs: Any = None, **keywords: Any) -> Any:
        self.asked.append(tuple(outputs))
        return super().infer_async(model, inputs, outputs, **keywords)

    def _step(self, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return track_step(
            inputs, self.asked[-1], lambda model, given, wanted: _colour_network(model, dict(given))
        )


def _scene(*boxes: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Boxes of two cells a side in red, blue, ... at cells (row, column)."""
    colours = [(230, 30, 30), (30, 30, 230), (30, 230, 30)]
    frame, labels = np.full((*SIZE, 3), 120, np.uint8), np.zeros(SIZE, np.uint8)
    for number, (row, column) in enumerate(boxes, 1):
        window = (slice(16 * row, 16 * row + 32), slice(16 * column, 16 * column + 32))
        frame[window], labels[window] = colours[number - 1], number
    return frame, labels


def test_two_characters_swap_places_and_keep_their_ids() -> None:
    tracker = XMemTracker(Step(), memory_every=2)
    frame, labels = _scene((0, 0), (2, 4))
    first = tracker.step(frame, labels)
    for boxes in (((0, 2), (2, 2)), ((1, 4), (1, 0)), ((2, 4), (0, 0))):
        frame, labels = _scene(*boxes)
        tracks = tracker.step(frame, None)
        for (row, column), number in zip(boxes, (1, 2), strict=True):
            expected = first.identity[8, 8] if number == 1 else first.identity[40, 72]
            assert tracks.identity[16 * row + 16, 16 * column + 16] == expected


def test_late_character_becomes_a_group_of_its_own() -> None:
    server = Step()
    tracker = XMemTracker(server, memory_every=5)
    frame, labels = _scene((0, 0))
    tracker.step(frame, labels)
    frame, labels = _scene((0, 0), (2, 4))
    for _ in range(2):
        tracks = tracker.step(frame, labels)
    assert tracks.known == (1, 2)
    tracks = tracker.step(frame, None)
    assert tracks.identity[40, 72] == 2
    sent = server.calls[-1][1]
    assert sent["GROUP"].tolist() == [0, 1]
    assert sent["MEMORY_VALID"].sum(axis=1).tolist() == [48, 24]
    assert sent["HIDDEN"].shape == (2, CK, *GRID)


def test_memory_schedule_and_what_is_asked() -> None:
    server = Step()
    session = XMemSession(server, MemoryPolicy(), memory_every=3)
    frame, labels = _scene((0, 0))
    session.step(frame, labels, [1])
    for _ in range(6):
        session.step(frame)
    session.step(frame, last=True)
    assert ["VALUE" in asked for asked in server.asked] == [
        True,
        False,
        False,
        True,
        False,
        False,
        True,
        False,
    ]
    assert session.memory.work is not None
    assert session.memory.work.size == 3 * 24


def test_hidden_state_comes_from_the_value_encoder_on_memory_drawings() -> None:
    server = Step()
    session = XMemSession(server, memory_every=3)
    frame, labels = _scene((0, 0))
    session.step(frame, labels, [1])
    session.step(frame)
    assert (server.calls[-1][1]["HIDDEN"] == 1).all()
    session.step(frame)
    assert (server.calls[-1][1]["HIDDEN"] == 0).all()


@pytest.mark.parametrize("wanted", [("NEXT_HIDDEN",), ("NEXT_HIDDEN", "VALUE")])
@pytest.mark.parametrize(("width", "channels"), [(None, CK), (3, 3)])
def test_a_first_drawing_has_a_hidden_state_of_its_width(
    wanted: tuple[str, ...], width: int | None, channels: int
) -> None:
    frame, labels = _scene((0, 0), (2, 4))
    inputs = {"FRAME": frame, "GIVEN": labels, "GIVEN_NUMBERS": np.array([1, 2])}
    answer = track_step(inputs, wanted, _call, hidden_width=width)
    assert answer["NEXT_HIDDEN"].shape == (2, channels, *GRID)


def test_the_memory_stays_where_it_is_when_nothing_is_read() -> None:
    server = Step()
    tracker = XMemTracker(server, memory_every=2)
    frame, labels = _scene((0, 0), (2, 4))
    for _ in range(3):
        tracks = tracker.step(frame, labels)
    looked, memorised = server.calls[-2][1], server.calls[-1][1]
    assert "MEMORY_VALUE" in looked
    assert set(memorised) == {"FRAME", "HIDDEN", "GIVEN", "GIVEN_NUMBERS"}
    assert (memorised["HIDDEN"] == 0).all()  # the state of the drawing before, which the decoder gave
    assert tracks.known == (1, 2)


def test_reset_forgets() -> None:
    server = Step()
    tracker = XMemTracker(server)
    tracker.step(*_scene((0, 0)))
    tracker.reset(1)
    frame, _ = _scene((0, 0))
    tracks = tracker.step(frame, None)
    assert tracks.ids == ()
    assert len(server.calls) == 1  # nobody to follow, nothing to ask


def test_given_masks_take_their_place() -> None:
    predicted = compete(np.full((2, 2, 4), 0.9, np.float32))
    labels = np.array([[2, 2, 0, 0], [0, 0, 0, 0]], np.uint8)
    merged = merge_given(predicted, labels, [2], 3)
    assert merged.shape == (4, 2, 4)
    assert (merged[:, 0, :2].argmax(axis=0) == 2).all()
    assert merged[2, 1].max() < 1e-3  # object 2 is only where it was given
    assert (merged[1, 1] > 0.4).all()  # object 1 keeps its prediction elsewhere
    assert merged[3].max() < 1e-3
    np.testing.assert_allclose(merged.sum(axis=0), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "nothing to follow"),
        ({"GIVEN": np.zeros(SIZE, np.uint8), "GIVEN_NUMBERS": np.array([0, 1])}, "count from 1"),
        ({"GIVEN": np.zeros(SIZE, np.uint8), "GIVEN_NUMBERS": np.array([2])}, "every object's mask"),
        ({"GIVEN": np.zeros(SIZE, np.uint8)}, "GIVEN and GIVEN_NUMBERS together"),
        ({"HIDDEN": np.zeros((1, CK, *GRID), np.float32)}, "incomplete"),
        (
            {
                "MEMORY_KEY": np.zeros((CK, 1), np.float32),
                "GIVEN": np.zeros(SIZE, np.uint8),
                "GIVEN_NUMBERS": np.array([1]),
            },
            "send MEMORY_SHRINKAGE",
        ),
    ],
)
def test_unusable_requests_say_why(inputs: dict[str, NDArray[Any]], message: str) -> None:
    frame, _ = _scene((0, 0))
    with pytest.raises(ValueError, match=message):
        track_step(
            {"FRAME": frame} | inputs,
            ("PROB",),
            lambda model, given, wanted: _colour_network(model, dict(given)),
        )
