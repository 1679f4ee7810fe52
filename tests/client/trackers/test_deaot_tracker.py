"""The DeAOT tracker against networks of arithmetic: what is sent, when, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.server import FakeServer
from triton_anime.tracker import open_tracker
from triton_anime.trackers.deaot import MODELS, DeAOTSession, DeAOTTracker
from triton_anime.trackers.deaot_memory import DeAOTPolicy
from triton_anime.trackers.deaot_stepping import deaot_step
from triton_anime.trackers.flow import FlowTracker

OUTPUTS = ("LOGITS", "KEY", "VALUE", "NEXT_PENDING", "PREVIOUS_VALUE")
SIZE = (65, 97)
GRID = (5, 7)

Arrays = dict[str, NDArray[Any]]


def _cells(plane: NDArray[Any]) -> NDArray[np.float32]:
    return plane[::16, ::16].astype(np.float32)


def _encode(inputs: Arrays) -> Arrays:
    """A cell is the colour of its middle pixel."""
    cells = (_cells(inputs["FRAME"][0]) / 255).transpose(2, 0, 1)[None]
    return {"CELLS": cells} | dict.fromkeys(("SKIP16", "SKIP8", "SKIP4"), np.zeros((1, 1, 1, 1), np.float32))


def _value(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.eye(11, dtype=np.float32)[_cells(labels).astype(int)][None]


def _reference(inputs: Arrays) -> Arrays:
    return {"KEY": inputs["CELLS"].transpose(1, 2, 0)[None], "VALUE": _value(inputs["LABELS"])}


def _propagate(inputs: Arrays) -> Arrays:
    """Whoever had that colour, in the memory's cells that count."""
    key = inputs["CELLS"].transpose(1, 2, 0)
    distance = ((key[:, :, None] - inputs["LONG_KEY"][0]) ** 2).sum(axis=3)
    distance = np.where(inputs["LONG_VALID"] > 0, distance, np.inf)
    assert inputs["SHORT_VALUE"].shape == (1, *GRID, 11)
    logits = 20 * inputs["LONG_VALUE"][0][distance.argmin(axis=2)].transpose(2, 0, 1)
    return {"LOGITS": logits.astype(np.float32), "KEY": key[None], "PENDING": key[None]}


class Step(FakeServer):
    """A server of deaot_step that notes which networks it called."""

    def __init__(self) -> None:
        known = (_encode, _reference, _propagate, lambda inputs: {"VALUE": _value(inputs["LABELS"])})
        networks = dict(zip(MODELS[1:], known, strict=True))
        self.networks: list[str] = []

        def call(
            model: str, inputs: Mapping[str, NDArray[Any]], wanted: Sequence[str]
        ) -> dict[str, NDArray[Any]]:
            self.networks.append(model.removeprefix("deaot_"))
            answer = networks[model](dict(inputs))
            return {name: answer[name] for name in wanted}

        super().__init__(
            {"deaot_step": lambda inputs: deaot_step(inputs, OUTPUTS, call)}
            | dict.fromkeys(MODELS[1:], lambda inputs: {})
        )


def _scene(*boxes: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Boxes of two cells a side in red and blue at cells (row, column)."""
    colours = [(230, 30, 30), (30, 30, 230)]
    frame, labels = np.full((*SIZE, 3), 120, np.uint8), np.zeros(SIZE, np.uint8)
    for number, (row, column) in enumerate(boxes, 1):
        top, left = max(0, 16 * row - 8), max(0, 16 * column - 8)
        window = (slice(top, 16 * row + 24), slice(left, 16 * column + 24))
        frame[window], labels[window] = colours[number - 1], number
    return frame, labels


def test_two_characters_swap_places_and_keep_their_ids() -> None:
    tracker = DeAOTTracker(Step())
    first = tracker.step(*_scene((0, 0), (3, 5)))
    for boxes in (((0, 3), (3, 2)), ((1, 5), (2, 0)), ((3, 5), (0, 0))):
        frame, _ = _scene(*boxes)
        tracks = tracker.step(frame, None)
        for (row, column), (y, x) in zip(boxes, ((0, 0), (48, 80)), strict=True):
            assert tracks.identity[16 * row, 16 * column] == first.identity[y, x] > 0
        assert tracks.confidence[16 * boxes[0][0], 16 * boxes[0][1]] > 0.9


def test_a_late_character_is_given_where_the_others_were_read() -> None:
    server = Step()
    tracker = DeAOTTracker(server)
    tracker.step(*_scene((0, 0)))
    assert server.networks == ["encode", "reference"]
    frame, labels = _scene((0, 0), (3, 5))
    for _ in range(2):  # it has to be seen twice
        tracks = tracker.step(frame, labels)
    assert tracks.known == (1, 2)
    # Masks given after a look are a call more; what was decided is identified with the next drawing.
    looked, given = ["encode", "identify", "propagate"], ["encode", "reference"]
    assert server.networks[2:] == ["encode", "propagate", *looked, *given]
    assert len(server.calls) == 4
    tracks = tracker.step(frame, None)
    assert tracks.identity[48, 80] == 2
    assert server.calls[-1][1]["LONG_KEY"].shape == (1, 1, 2 * 35, 3)


def test_the_drawing_before_is_read_as_it_was_decided() -> None:
    server = Step()
    session = DeAOTSession(server, DeAOTPolicy(memory_every=2))
    frame, labels = _scene((0, 0))
    session.give(labels, 5, frame)
    read = []
    for t in range(1, 6):
        read.append(session.look(frame).argmax(axis=0))
        session.decide(np.full(SIZE, t, np.uint8))
    # The newest entry comes first, so it wins where colours tie: 2 and 4 were due, and read at once.
    assert [labels[0, 0] for labels in read] == [1, 1, 2, 2, 4]
    sent = server.calls[-1][1]
    assert (sent["LABELS"] == 4).all()
    assert sent["LASTS"].tolist() == [1]
    assert session.memories[0].columns == 3 * 35
    assert (session.memories[0].long[0].value.argmax(axis=3) == 4).all()


def _begun(server: Step, policy: DeAOTPolicy) -> DeAOTSession:
    """One box was given, seen and decided."""
    session = DeAOTSession(server, policy)
    frame, labels = _scene((0, 0))
    session.give(labels, 1, frame)
    session.look(frame)
    session.decide(labels)
    return session


def test_masks_given_without_a_look_lose_nothing() -> None:
    session = _begun(Step(), DeAOTPolicy(memory_every=1))
    frame, labels = _scene((0, 0))
    session.give(labels, 1, frame)
    assert [entry.value is None for entry in session.memories[0].long] == [False] * 3


def test_eleven_objects_take_two_runs() -> None:
    server = Step()
    session = DeAOTSession(server)
    frame, labels = _scene((0, 0), (3, 5))
    session.give(np.where(labels == 2, 11, labels).astype(np.uint8), 11, frame)
    for _ in range(2):
        found = session.look(frame)
        assert found.shape == (21, *SIZE)
        assert found[:12].argmax(axis=0)[48, 80] == 11
        assert found[:12].argmax(axis=0)[0, 0] == 1
        session.decide(found[:12].argmax(axis=0).astype(np.uint8))
    assert len(server.calls) == 3
    assert server.networks[:6] == ["encode", "reference", "reference", "encode", "propagate", "propagate"]
    assert server.networks[6:] == ["encode", "identify", "identify", "propagate", "propagate"]


def test_a_run_that_begins_late_is_read_beside_the_first() -> None:
    server = Step()
    session = _begun(server, DeAOTPolicy(memory_every=1))
    frame, labels = _scene((0, 0), (3, 5))
    session.look(frame)
    session.give(np.where(labels == 2, 11, labels).astype(np.uint8), 11)
    assert [memory.columns for memory in session.memories] == [3 * 35, 35]
    found = session.look(frame)[:12].argmax(axis=0)
    assert server.calls[-1][1]["LONG_VALID"].sum(axis=1).tolist() == [3 * 35, 35]
    assert found[48, 80] == 11
    assert found[0, 0] == 1


def test_features_stay_where_they_are() -> None:
    """What crosses is memory, what is pending, labels and logits."""
    server = Step()
    session = _begun(server, DeAOTPolicy())
    session.look(_scene((0, 0))[0])
    crossed = {name for model, inputs in server.calls for name in inputs if model == "deaot_step"}
    assert {model for model, _ in server.calls} == {"deaot_step"}
    assert crossed == {
        *("FRAME", "GIVEN", "OBJECTS", "LABELS", "LASTS", "PENDING"),
        *("LONG_KEY", "LONG_VALUE", "LONG_VALID", "SHORT_KEY", "SHORT_VALUE"),
    }


_GRID = (1, 1, *GRID)
_MEMORY = {
    "LONG_KEY": np.zeros((1, 1, 35, 3), np.float32),
    "LONG_VALUE": np.zeros((1, 1, 35, 11), np.float32),
    "LONG_VALID": np.ones((1, 35), np.uint8),
    "SHORT_KEY": np.zeros((*_GRID, 3), np.float32),
}

_DECIDED = {**_MEMORY, "PENDING": np.zeros((*_GRID, 3), np.float32), "LABELS": np.zeros(SIZE, np.uint8)}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "nothing to follow: send GIVEN"),
        ({"GIVEN": np.zeros(SIZE, np.uint8)}, "OBJECTS says how many"),
        ({"GIVEN": np.zeros(SIZE, np.uint8), "OBJECTS": np.array([0])}, "from 1 to 255"),
        ({"GIVEN": np.zeros(SIZE, np.uint8), "OBJECTS": np.array([1]), **_MEMORY}, "not both"),
        ({"LONG_KEY": _MEMORY["LONG_KEY"]}, "send LONG_VALUE, LONG_VALID, SHORT_KEY too"),
        (_MEMORY, "either SHORT_VALUE, or PENDING"),
        ({**_MEMORY, "PENDING": np.zeros((*_GRID, 3), np.float32)}, "either SHORT_VALUE, or PENDING"),
        ({**_MEMORY, "SHORT_VALUE": np.zeros((2, 1, *GRID, 11), np.float32)}, "SHORT_VALUE 2"),
        ({**_DECIDED, "LASTS": np.zeros(2, np.uint8)}, "LASTS 2"),
    ],
)
def test_unusable_requests_say_why(inputs: Arrays, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        Step().infer("deaot_step", {"FRAME": _scene((0, 0))[0], **inputs}, ["LOGITS"])
    assert "\n" not in str(raised.value)


def test_reset_forgets() -> None:
    server = Step()
    tracker = DeAOTTracker(server)
    tracker.step(*_scene((0, 0)))
    tracker.reset(1)
    asked = len(server.calls)
    assert tracker.step(_scene((0, 0))[0], None).ids == ()
    assert len(server.calls) == asked


def test_it_is_opened_by_name_where_it_is_served() -> None:
    assert isinstance(open_tracker(Step(), "deaot"), DeAOTTracker)
    assert isinstance(open_tracker(FakeServer({}), "deaot"), FlowTracker)
