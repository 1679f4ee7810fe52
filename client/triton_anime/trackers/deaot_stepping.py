"""One step of DeAOT on the server's side: the drawing before identified, this one encoded, read, decoded.

Pure arithmetic on arrays plus calls of networks through a function, so that it runs inside the server
(``ensembles/deaot_step``) and in tests alike. R is the number of runs, ten objects each.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime.trackers.deaot_logits import labels_of_run, nearest, runs_for
from triton_anime.trackers.served import Arrays, Call

_STRIDE = 16
_LARGEST = 255
"""Objects that labels of one byte can tell apart."""

_SEEN = ("CELLS", "SKIP16", "SKIP8", "SKIP4")
_MEMORY = ("LONG_KEY", "LONG_VALUE", "LONG_VALID", "SHORT_KEY")
_ANSWERS = {"LOGITS": 4, "KEY": 5, "VALUE": 5, "NEXT_PENDING": 5, "PREVIOUS_VALUE": 5}
"""Outputs and their ranks."""


def deaot_step(inputs: Arrays, wanted: Collection[str], call: Call) -> dict[str, NDArray[Any]]:
    """Read one drawing out of a memory, or take in the masks that are given for it.

    Args:
        inputs: as the README of ``ensembles/deaot_step`` lists them.
        wanted: outputs to give; those that this kind of step has nothing for are empty.
        call: runs one of the networks deaot_encode, deaot_reference, deaot_propagate, deaot_identify.

    Raises:
        ValueError: neither given masks nor a memory, both, or an incomplete one; one line for the client.
    """
    is_given = "GIVEN" in inputs
    _check(inputs, is_given)
    seen = call("deaot_encode", {"FRAME": inputs["FRAME"][None]}, _SEEN)
    seen = {name: value[0] for name, value in seen.items()}
    if is_given:
        found = _take(seen, inputs["GIVEN"], runs_for(int(inputs["OBJECTS"][0])), call)
    else:
        found = _read(seen, inputs, call)
    return {name: found.get(name, np.zeros((0,) * _ANSWERS[name], np.float32)) for name in wanted}


def _check(inputs: Arrays, is_given: bool) -> None:
    sent = [name for name in _MEMORY if name in inputs]
    if is_given and sent:
        raise ValueError("send GIVEN or a memory, not both: a drawing is read first and given afterwards")
    if is_given:
        objects = int(inputs["OBJECTS"][0]) if "OBJECTS" in inputs and inputs["OBJECTS"].size else 0
        if not 1 <= objects <= _LARGEST:
            raise ValueError(f"OBJECTS says how many objects GIVEN shows: send a number from 1 to {_LARGEST}")
        return
    if not sent:
        raise ValueError("nothing to follow: send GIVEN with OBJECTS, or a memory")
    missing = [name for name in _MEMORY if name not in inputs]
    if missing:
        raise ValueError(f"the memory is incomplete: send {', '.join(missing)} too, or GIVEN with OBJECTS")
    undecided = "PENDING" in inputs and "LABELS" in inputs
    if undecided == ("SHORT_VALUE" in inputs):
        raise ValueError("of the drawing before send either SHORT_VALUE, or PENDING with LABELS")
    stacked = (*_MEMORY, "SHORT_VALUE", "PENDING", "LASTS")
    runs = {name: inputs[name].shape[0] for name in stacked if name in inputs}
    if len(set(runs.values())) > 1:
        said = ", ".join(f"{name} {count}" for name, count in runs.items())
        raise ValueError(f"the memory disagrees about the number of runs: {said}")


def _take(seen: Arrays, labels: NDArray[np.uint8], runs: int, call: Call) -> dict[str, NDArray[Any]]:
    """What is remembered of given masks."""
    answers = [
        call(
            "deaot_reference",
            {"CELLS": seen["CELLS"], "LABELS": _on_grid(labels, run, seen["CELLS"].shape[1:])},
            ("KEY", "VALUE"),
        )
        for run in range(runs)
    ]
    return {name: _stacked(answers, name) for name in ("KEY", "VALUE")}


def _read(seen: Arrays, inputs: Arrays, call: Call) -> dict[str, NDArray[Any]]:
    """Logits of this drawing, after the one before has got the values of what was decided about it."""
    runs = range(inputs["LONG_KEY"].shape[0])
    found: dict[str, NDArray[Any]] = {}
    if "LABELS" in inputs:
        grid = inputs["SHORT_KEY"].shape[2:4]
        identified = [
            call(
                "deaot_identify",
                {"PENDING": inputs["PENDING"][run], "LABELS": _on_grid(inputs["LABELS"], run, grid)},
                ("VALUE",),
            )
            for run in runs
        ]
        found["PREVIOUS_VALUE"] = _stacked(identified, "VALUE")
    values = found.get("PREVIOUS_VALUE", inputs.get("SHORT_VALUE"))
    assert values is not None
    lasts = inputs.get("LASTS", np.zeros(len(runs), np.uint8))
    answers = []
    for run in runs:
        memory = {name: inputs[name][run] for name in _MEMORY} | {"SHORT_VALUE": values[run]}
        if lasts[run]:
            memory |= _with_newest(memory)
        answers.append(call("deaot_propagate", {**seen, **memory}, ("LOGITS", "KEY", "PENDING")))
    return found | {
        "LOGITS": _stacked(answers, "LOGITS"),
        "KEY": _stacked(answers, "KEY"),
        "NEXT_PENDING": _stacked(answers, "PENDING"),
    }


def _with_newest(memory: Arrays) -> dict[str, NDArray[Any]]:
    """The long-term memory with the drawing before in front, where the newest entry is."""
    joined = {
        f"LONG_{name}": np.concatenate(
            [
                memory[f"SHORT_{name}"].reshape(
                    len(memory[f"SHORT_{name}"]), -1, memory[f"LONG_{name}"].shape[2]
                ),
                memory[f"LONG_{name}"],
            ],
            axis=1,
        )
        for name in ("KEY", "VALUE")
    }
    cells = joined["LONG_KEY"].shape[1] - memory["LONG_KEY"].shape[1]
    return joined | {"LONG_VALID": np.concatenate([np.ones(cells, np.uint8), memory["LONG_VALID"]])}


def _on_grid(labels: NDArray[np.uint8], run: int, grid: Sequence[int]) -> NDArray[np.uint8]:
    """A run's labels where first and last cells share their centres with the outermost pixels."""
    h, w = grid
    return nearest(labels_of_run(labels, run), (_STRIDE * (h - 1) + 1, _STRIDE * (w - 1) + 1))


def _stacked(answers: Sequence[Arrays], name: str) -> NDArray[Any]:
    if len(answers) == 1:
        return answers[0][name][None]
    return np.stack([answer[name] for answer in answers])
