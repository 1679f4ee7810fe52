"""deaot_step over the real server with narrow networks of DeAOT's structure, and over functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.errors import ModelError
from triton_anime.server import FakeServer, Server
from triton_anime.trackers.deaot import MODELS, DeAOTSession, DeAOTTracker
from triton_anime.trackers.deaot_memory import DeAOTPolicy
from triton_anime.trackers.deaot_stepping import deaot_step

torch = pytest.importorskip("torch", reason="needs the extra triton-anime[export]")

U8 = NDArray[np.uint8]
Arrays = dict[str, NDArray[Any]]

SIZE = (90, 160)
SIDES = (97, 161)
"""Of the picture inside the encoder: cells of 16 pixels, one pixel more."""
GRID = (7, 11)
OUTPUTS = ("LOGITS", "KEY", "VALUE", "NEXT_PENDING", "PREVIOUS_VALUE")


@pytest.fixture(scope="module")
def networks() -> dict[str, tuple[Any, Any]]:
    """Descriptions and modules of the four networks, narrow, with weights that hide nothing."""
    from triton_anime_export.frame_io import Normalise
    from triton_anime_export.networks import deaot
    from triton_anime_export.networks._deaot_core import DeAOT, DeAOTWidths
    from triton_anime_export.networks._deaot_propagation import PropagationWidths
    from triton_anime_export.networks._deaot_served import ServedIdentify, ServedPropagate, ServedReference
    from triton_anime_export.random_weights import shake

    narrow = PropagationWidths(layers=2, embed=32, attention=16, reach=2)
    widths = DeAOTWidths(stem=16, planes=(8, 16, 16), blocks=(1, 1, 2), propagation=narrow)
    tensors = deaot._tensors(widths)

    class Encode(torch.nn.Module):  # type: ignore[name-defined, misc]
        """That of the package computes the size of its picture, which a quick trace cannot follow."""

        def __init__(self, core: Any) -> None:
            super().__init__()
            self.core, self.normalise = core, Normalise()

        def forward(self, frame: Any) -> Any:
            picture = frame.permute(0, 3, 1, 2).float() / 255
            return tuple(self.core.see(self.normalise(torch.nn.functional.interpolate(picture, size=SIDES))))

    def described(network: Any) -> Any:
        inputs = tuple(tensors[tensor.name] for tensor in network.inputs)
        outputs = tuple(tensors[tensor.name] for tensor in network.outputs)
        examples = network.example_inputs and partial(deaot._examples, inputs)
        return dataclasses.replace(network, inputs=inputs, outputs=outputs, example_inputs=examples)

    torch.manual_seed(3)
    core = DeAOT(widths)
    known = (
        (deaot.DEAOT_ENCODE, shake(deaot.DEAOT_ENCODE, Encode(core))),
        (deaot.DEAOT_REFERENCE, ServedReference(core).eval()),
        (deaot.DEAOT_PROPAGATE, ServedPropagate(core).eval()),
        (deaot.DEAOT_IDENTIFY, ServedIdentify(core).eval()),
    )
    return {network.name: (described(network), module) for network, module in known}


@pytest.fixture(scope="module")
def beside(networks: dict[str, tuple[Any, Any]], computed: Any) -> FakeServer:
    """The same networks without a server."""
    call = computed(networks)
    return FakeServer({"deaot_step": lambda inputs: deaot_step(inputs, OUTPUTS, call)})


@pytest.fixture(scope="module")
def server(
    networks: dict[str, tuple[Any, Any]], step_server: Callable[..., AbstractContextManager[Server]]
) -> Iterator[Server]:
    """Triton with the graphs of those networks."""
    lengths = {"height": SIZE[0], "width": SIZE[1], "layers": 2, "columns": 70, "h": GRID[0], "w": GRID[1]}
    with step_server("deaot_step", networks, lengths, {"columns"}) as server:
        yield server


def scene(t: int, objects: int = 3) -> tuple[U8, U8]:
    """Noise, and one box an object, four in a row, that drift to the right."""
    frame = np.random.default_rng(t).integers(60, 120, (*SIZE, 3), dtype=np.uint8)
    labels = np.zeros(SIZE, np.uint8)
    for k in range(objects):
        top, left = 4 + 29 * (k // 4), 3 + 38 * (k % 4) + 2 * t
        window = np.s_[top : top + 24, left : left + 28]
        labels[window] = k + 1
        frame[window] = np.random.default_rng(100 + k).integers(0, 256, 3)
    return frame, labels


def follow(server: Server, drawings: int, given: Mapping[int, int]) -> list[NDArray[np.float32]]:
    """Logits of a shot; ``given`` are the drawings with given masks and how many objects there are then.

    What is decided is the truth, so that two servers see the same memory.
    """
    session = DeAOTSession(server, DeAOTPolicy(memory_every=2, most_entries=3))
    found = []
    for t in range(drawings):
        frame, labels = scene(t, max(given.values()))
        known = max(count for when, count in given.items() if when <= t)
        labels = np.where(labels <= known, labels, 0).astype(np.uint8)
        if t == 0:
            session.give(labels, known, frame)
            continue
        found.append(session.look(frame))
        if t in given:
            session.give(labels, known)
        else:
            session.decide(labels)
    return found


@pytest.mark.triton
@pytest.mark.parametrize(
    "given",
    [{0: 3}, {0: 2, 3: 3}, {0: 11}, {0: 9, 2: 12}],
    ids=["three objects", "a third comes late", "two runs", "the second run comes late"],
)
def test_a_shot_is_followed_as_without_a_server(
    server: Server, beside: FakeServer, given: dict[int, int]
) -> None:
    served, wanted = follow(server, 7, given), follow(beside, 7, given)
    for mine, theirs in zip(served, wanted, strict=True):
        assert mine.shape == theirs.shape
        assert mine.shape[0] in (11, 21)
        known = theirs > -1e9  # of identities that no object has
        np.testing.assert_allclose(mine[known], theirs[known], atol=5e-3)
    assert np.ptp(wanted[-1][1]) > 0.1  # there is something to compare


@pytest.mark.triton
def test_the_tracker_runs_over_it(server: Server) -> None:
    assert all(server.is_ready(model) for model in MODELS)
    tracker = DeAOTTracker(server)
    for t in range(3):
        tracks = tracker.step(*scene(t))
        assert tracks.identity.shape == SIZE
    assert tracks.known[:3] == (1, 2, 3)  # weights that nobody trained find more


@pytest.mark.triton
def test_the_server_refuses_in_one_line(server: Server) -> None:
    with pytest.raises(ModelError, match="deaot_step: nothing to follow: send GIVEN with OBJECTS") as raised:
        server.infer("deaot_step", {"FRAME": scene(0)[0]}, ["LOGITS"])
    assert "\n" not in str(raised.value)


# ---------------------------------------------------------------- without a server


def functions(said: dict[str, Arrays]) -> dict[str, Callable[[Arrays], Arrays]]:
    """Networks of one layer on a grid of 2 by 3 that note what they were sent."""

    def answering(name: str, answer: Arrays) -> Callable[[Arrays], Arrays]:
        def network(inputs: Arrays) -> Arrays:
            said[name] = inputs
            return answer

        return network

    key, value, pending = (np.zeros((1, 2, 3, width), np.float32) for width in (4, 8, 6))
    seen = np.zeros((1, 5, 2, 3), np.float32)
    answers: dict[str, Arrays] = {
        "deaot_encode": dict.fromkeys(("CELLS", "SKIP16", "SKIP8", "SKIP4"), seen),
        "deaot_reference": {"KEY": key + 1, "VALUE": value + 2},
        "deaot_propagate": {
            "LOGITS": np.zeros((11, 5, 9), np.float32),
            "KEY": key + 3,
            "PENDING": pending + 4,
        },
        "deaot_identify": {"VALUE": value + 5},
    }
    return {name: answering(name, answer) for name, answer in answers.items()}


def remembered() -> Arrays:
    return {
        "LONG_KEY": np.zeros((1, 1, 7, 4), np.float32),
        "LONG_VALUE": np.zeros((1, 1, 7, 8), np.float32),
        "LONG_VALID": np.array([[1] * 6 + [0]], np.uint8),
        "SHORT_KEY": np.full((1, 1, 2, 3, 4), 9, np.float32),
    }


def test_given_masks_are_taken_in(ensemble: Any) -> None:
    said: dict[str, Arrays] = {}
    labels = np.zeros(SIZE, np.uint8)
    labels[:, 80:] = 11
    found = ensemble("deaot_step", **functions(said))(
        FRAME=scene(0)[0], GIVEN=labels, OBJECTS=np.array([11], np.int32)
    )
    assert found["KEY"].shape == (2, 1, 2, 3, 4)
    assert (found["VALUE"] == 2).all()
    assert [found[name].size for name in ("LOGITS", "NEXT_PENDING", "PREVIOUS_VALUE")] == [0, 0, 0]
    # Of the second run, on the grid of its cells' centres.
    assert said["deaot_reference"]["LABELS"].shape == (17, 33)
    assert np.unique(said["deaot_reference"]["LABELS"]).tolist() == [0, 1]


@pytest.mark.parametrize("lasts", [None, 0, 1])
def test_a_decided_drawing_is_identified_and_read_at_once(ensemble: Any, lasts: int | None) -> None:
    said: dict[str, Arrays] = {}
    more = {} if lasts is None else {"LASTS": np.array([lasts], np.uint8)}
    found = ensemble("deaot_step", **functions(said))(
        FRAME=scene(0)[0],
        PENDING=np.full((1, 1, 2, 3, 6), 8, np.float32),
        LABELS=scene(0)[1],
        **remembered(),
        **more,
    )
    assert (said["deaot_identify"]["PENDING"] == 8).all()
    read = said["deaot_propagate"]
    assert (read["SHORT_VALUE"] == 5).all()
    assert (found["PREVIOUS_VALUE"] == 5).all()
    assert (found["NEXT_PENDING"] == 4).all()
    assert found["VALUE"].size == 0
    if lasts:
        assert read["LONG_KEY"][0, :, 0].tolist() == [9] * 6 + [0] * 7
        assert read["LONG_VALUE"][0, :, 0].tolist() == [5] * 6 + [0] * 7
        assert read["LONG_VALID"].tolist() == [1] * 12 + [0]
    else:
        assert read["LONG_VALID"].tolist() == [1] * 6 + [0]


def test_networks_that_are_not_there(ensemble: Any, refused: type[Exception]) -> None:
    given = {"FRAME": scene(0)[0], "GIVEN": scene(0)[1], "OBJECTS": np.array([3], np.int32)}
    with pytest.raises(refused, match=r"^role tracking is not served: Model deaot_encode"):
        ensemble("deaot_step")(**given)
    broken = functions({}) | {"deaot_reference": "unexpected shape for LABELS"}
    with pytest.raises(refused, match=r"^role tracking failed: unexpected shape for LABELS"):
        ensemble("deaot_step", **broken)(**given)
