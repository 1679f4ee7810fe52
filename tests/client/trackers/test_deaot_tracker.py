"""The DeAOT tracker against networks of arithmetic: what is sent, when, and what comes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime.server import FakeServer
from triton_anime.tracker import open_tracker
from triton_anime.trackers.deaot import MODELS, DeAOTSession, DeAOTTracker
from triton_anime.trackers.deaot_memory import DeAOTPolicy
from triton_anime.trackers.flow import FlowTracker

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
    logits = 20 * inputs["LONG_VALUE"][0][distance.argmin(axis=2)].transpose(2, 0, 1)
    return {"LOGITS": logits.astype(np.float32), "KEY": key[None], "PENDING": key[None]}


def _server() -> FakeServer:
    known = (_encode, _reference, _propagate, lambda inputs: {"VALUE": _value(inputs["LABELS"])})
    return FakeServer(dict(zip(MODELS, known, strict=True)))


def _scene(*boxes: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Boxes of two cells a side in red and blue at cells (row, column)."""
    colours = [(230, 30, 30), (30, 30, 230)]
    frame, labels = np.full((*SIZE, 3), 120, np.uint8), np.zeros(SIZE, np.uint8)
    for number, (row, column) in enumerate(boxes, 1):
        top, left = max(0, 16 * row - 8), max(0, 16 * column - 8)
        window = (slice(top, 16 * row + 24), slice(left, 16 * column + 24))
        frame[window], labels[window] = colours[number - 1], number
    return frame, labels


def _models(server: FakeServer) -> list[str]:
    return [model.removeprefix("deaot_") for model, _ in server.calls]


def test_two_characters_swap_places_and_keep_their_ids() -> None:
    tracker = DeAOTTracker(_server())
    first = tracker.step(*_scene((0, 0), (3, 5)))
    for boxes in (((0, 3), (3, 2)), ((1, 5), (2, 0)), ((3, 5), (0, 0))):
        frame, _ = _scene(*boxes)
        tracks = tracker.step(frame, None)
        for (row, column), (y, x) in zip(boxes, ((0, 0), (48, 80)), strict=True):
            assert tracks.identity[16 * row, 16 * column] == first.identity[y, x] > 0
        assert tracks.confidence[16 * boxes[0][0], 16 * boxes[0][1]] > 0.9


def test_a_late_character_is_given_where_the_others_were_read() -> None:
    server = _server()
    tracker = DeAOTTracker(server)
    tracker.step(*_scene((0, 0)))
    assert _models(server) == ["encode", "reference"]
    frame, labels = _scene((0, 0), (3, 5))
    for _ in range(2):  # it has to be seen twice
        tracks = tracker.step(frame, labels)
    assert tracks.known == (1, 2)
    assert _models(server)[2:] == ["encode", "propagate", "identify", "encode", "propagate", "reference"]
    tracks = tracker.step(frame, None)
    assert tracks.identity[48, 80] == 2
    assert server.calls[-2][1]["LONG_KEY"].shape == (1, 2 * 35, 3)


def test_the_drawing_before_is_sent_as_it_was_decided() -> None:
    server = _server()
    session = DeAOTSession(server, DeAOTPolicy(memory_every=2))
    frame, labels = _scene((0, 0))
    session.give(labels, 1, frame)
    for t in range(1, 5):
        session.look(frame)
        session.decide(np.full(SIZE, t, np.uint8))
    session.look(frame)
    sent = server.calls[-1][1]
    assert (sent["SHORT_VALUE"].argmax(axis=3) == 4).all()
    assert sent["LONG_VALUE"].argmax(axis=2)[0, ::35].tolist() == [4, 2, 1]


def test_eleven_objects_take_two_runs() -> None:
    server = _server()
    session = DeAOTSession(server)
    frame, labels = _scene((0, 0), (3, 5))
    session.give(np.where(labels == 2, 11, labels).astype(np.uint8), 11, frame)
    found = session.look(frame)
    assert _models(server) == ["encode", "reference", "reference", "encode", "propagate", "propagate"]
    assert found.shape == (21, *SIZE)
    assert found[:12].argmax(axis=0)[48, 80] == 11
    assert found[:12].argmax(axis=0)[0, 0] == 1


def test_reset_forgets() -> None:
    server = _server()
    tracker = DeAOTTracker(server)
    tracker.step(*_scene((0, 0)))
    tracker.reset(1)
    asked = len(server.calls)
    assert tracker.step(_scene((0, 0))[0], None).ids == ()
    assert len(server.calls) == asked


def test_it_is_opened_by_name_where_it_is_served() -> None:
    assert isinstance(open_tracker(_server(), "deaot"), DeAOTTracker)
    assert isinstance(open_tracker(FakeServer({}), "deaot"), FlowTracker)
