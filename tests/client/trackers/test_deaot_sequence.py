"""DeAOT's memory against recorded runs of the original, with the published networks computed by PyTorch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.server import FakeServer
from triton_anime.trackers.deaot import DeAOTSession
from triton_anime.trackers.deaot_logits import RUN, softmax
from triton_anime.trackers.deaot_memory import PUBLISHED, PUBLISHED_SMALL, DeAOTPolicy
from triton_anime.trackers.deaot_stepping import deaot_step

torch = pytest.importorskip("torch")

# Published networks on a CPU: on purpose only.
GOLDEN = Path(os.environ.get("TRITON_ANIME_GOLDEN", "")) / "deaot"

pytestmark = [
    pytest.mark.skipif(
        not os.environ.get("TRITON_ANIME_GOLDEN"),
        reason="slow; set TRITON_ANIME_GOLDEN to the golden vectors",
    ),
    pytest.mark.slow,
    pytest.mark.timeout(1800),
]

U8 = NDArray[np.uint8]
Recording = Mapping[str, NDArray[Any]]


@pytest.fixture(scope="module")
def sequence() -> Recording:
    with np.load(GOLDEN / "golden_sequence.npz") as archive:
        return dict(archive)


def _server(computed: Any, size: str, keys: str, gain: float) -> FakeServer:
    """deaot_step over the four networks of a published size at the recorded frames' own size."""
    from triton_anime_export.golden import fill
    from triton_anime_export.networks import find_all

    shapes = json.loads((GOLDEN / keys).read_text("utf-8"))
    state = fill({key: tuple(shape) for key, shape in shapes.items()}, gain)
    networks: dict[str, Any] = {}
    for network in find_all("deaot"):
        module: Any = network.sizes[size]().eval()
        module.core.load_state_dict(state)
        if network.name == "deaot_encode":
            module.long_side = 112
        networks[network.name] = network, module
    call = computed(networks)
    outputs = ("LOGITS", "KEY", "VALUE", "NEXT_PENDING", "PREVIOUS_VALUE")
    return FakeServer({"deaot_step": lambda inputs: deaot_step(inputs, outputs, call)})


@pytest.fixture(scope="module")
def large(computed: Any) -> FakeServer:
    return _server(computed, "R50-DeAOT-L", "state_dict.json", 1.0)


def _follow(
    session: DeAOTSession, frames: U8, labels: U8, objects: int, log: list[list[int]], late: int | None = None
) -> tuple[list[NDArray[np.float32]], list[U8]]:
    """Logits and decided labels of every drawing; the third object is given at ``late``."""
    logits: list[NDArray[np.float32]] = []
    decided: list[U8] = []
    for t, frame in enumerate(frames):
        if t == 0:
            session.give(np.where(labels[0] <= objects, labels[0], 0).astype(np.uint8), objects, frame)
            logits.append(np.zeros(0, np.float32))
            decided.append(np.where(labels[0] <= objects, labels[0], 0).astype(np.uint8))
        else:
            logits.append(session.look(frame))
            chosen = softmax(logits[-1])[: session.objects + 1].argmax(axis=0).astype(np.uint8)
            if t == late:
                chosen = np.where(labels[t] == 3, 3, chosen).astype(np.uint8)
                session.give(chosen, 3)
            else:
                session.decide(chosen)
            decided.append(chosen)
        memory = session.memories[0]
        log.append([t, t, memory.last, memory.columns])
    return logits, decided


def _agrees(decided: list[U8], recorded: U8) -> bool:
    wrong = sum(int((mine != theirs).sum()) for mine, theirs in zip(decided, recorded, strict=True))
    print(f"{wrong} of {recorded.size} labels differ")
    return wrong <= 1e-4 * recorded.size


def _close(mine: NDArray[np.float32], recorded: NDArray[np.float32], step: int) -> None:
    error = np.abs(mine[: recorded.shape[1], ::step, ::step] - recorded[0]).max()
    print(f"logits within {error:.2e}")
    assert error < 1e-4


def _replay(
    session: DeAOTSession,
    sequence: Recording,
    recorded: Recording,
    run: str,
    times: tuple[int, ...] = (1, 6, 11),
    step: int = 2,
    late: int | None = None,
) -> None:
    """Two objects are followed as in the recorded run, of which the logits of ``times`` are there."""
    log: list[list[int]] = []
    logits, decided = _follow(session, sequence["frames"], sequence["labels"], 2, log, late)
    for t in times:
        _close(logits[t], recorded[f"{run}_logits{t}"], step)
    assert log == recorded[f"{run}_log"].tolist()
    assert _agrees(decided, recorded[f"{run}_argmax"])


def test_two_objects(large: FakeServer, sequence: Recording) -> None:
    _replay(DeAOTSession(large, PUBLISHED), sequence, sequence, "seq")


def test_an_object_that_is_given_late(large: FakeServer, sequence: Recording) -> None:
    _replay(DeAOTSession(large, PUBLISHED), sequence, sequence, "late", times=(4, 11), step=4, late=4)


def test_twelve_objects_take_two_runs(large: FakeServer, sequence: Recording) -> None:
    session = DeAOTSession(large, PUBLISHED)
    logits, decided = _follow(session, sequence["frames12"], sequence["labels12"], 12, [])
    assert logits[2].shape[0] == 1 + 2 * RUN
    _close(logits[2], sequence["twelve_logits2"], 4)
    assert _agrees(decided, sequence["twelve_argmax"])


def test_the_small_size_keeps_one_drawing(sequence: Recording, computed: Any) -> None:
    recorded = np.load(GOLDEN / "golden_deaott.npz")
    server = _server(computed, "DeAOT-T", "state_dict_deaott.json", float(recorded["gain"]))
    _replay(DeAOTSession(server, PUBLISHED_SMALL), sequence, recorded, "out_seq")


def test_the_bound_differs_only_where_it_is_reached(
    large: FakeServer, sequence: Mapping[str, NDArray[Any]]
) -> None:
    session = DeAOTSession(large, DeAOTPolicy(most_entries=2))
    log: list[list[int]] = []
    logits, _ = _follow(session, sequence["frames"], sequence["labels"], 2, log)
    _close(logits[6], sequence["seq_logits6"], 2)
    assert [columns for *_, columns in log] == [48] * 5 + [96] * 7
