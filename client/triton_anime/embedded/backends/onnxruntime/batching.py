"""From the requests that Triton hands over together to as few runs of the network as they allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Tensors: TypeAlias = Mapping[str, NDArray[Any]]
Answer: TypeAlias = "Tensors | str"
"""The outputs of a request, or why it has none."""


class Runner(Protocol):
    """What runs a batch; `session.Network` in the server."""

    max_batch_size: int
    output_names: tuple[str, ...]

    def check(self, inputs: Tensors) -> str | None:
        """Why ``inputs`` cannot be run; None when they can."""

    def run(self, inputs: Tensors, outputs: Sequence[str]) -> dict[str, NDArray[Any]]:
        """The outputs asked for."""


def run_requests(
    runner: Runner, requests: Sequence[Tensors], wanted: Sequence[Sequence[str]]
) -> list[Answer]:
    """Answer every request; one that fails leaves the others alone.

    Args:
        runner: the network.
        requests: input tensors of each request, the batch axis included where the network has one.
        wanted: names of the outputs that each request asks for.
    """
    answers: list[Answer] = ["the request was not run"] * len(requests)
    usable = []
    for index, inputs in enumerate(requests):
        complaint = runner.check(inputs)
        if complaint is None:
            usable.append(index)
        else:
            answers[index] = complaint
    for group in _groups(runner, requests, wanted, usable):
        _run_group(runner, requests, wanted, group, answers)
    return answers


def _groups(
    runner: Runner, requests: Sequence[Tensors], wanted: Sequence[Sequence[str]], usable: Sequence[int]
) -> Iterator[list[int]]:
    """Indices of requests that fit into one batch: same tensors, same shapes behind the batch axis."""
    by_form: dict[Any, list[int]] = {}
    for index in usable:
        form: Any = index
        if runner.max_batch_size > 0:
            form = (
                tuple(sorted((name, value.shape[1:]) for name, value in requests[index].items())),
                frozenset(wanted[index]),
            )
        by_form.setdefault(form, []).append(index)
    for members in by_form.values():
        batch: list[int] = []
        size = 0
        for index in members:
            rows = _rows(requests[index])
            if batch and size + rows > runner.max_batch_size:
                yield batch
                batch, size = [], 0
            batch.append(index)
            size += rows
        yield batch


def _run_group(
    runner: Runner,
    requests: Sequence[Tensors],
    wanted: Sequence[Sequence[str]],
    group: Sequence[int],
    answers: list[Answer],
) -> None:
    first = requests[group[0]]
    if len(group) == 1:
        inputs = dict(first)
    else:
        inputs = {name: np.concatenate([requests[index][name] for index in group]) for name in first}
    names = [name for name in runner.output_names if name in wanted[group[0]]] or list(runner.output_names)
    try:
        outputs = runner.run(inputs, names)
    except Exception as error:  # whatever the network raises belongs into the answers
        if len(group) == 1:
            answers[group[0]] = f"{type(error).__name__}: {error}"
        else:
            # One of them may be the culprit: each on its own, so that the others still get their answer.
            for index in group:
                _run_group(runner, requests, wanted, [index], answers)
        return
    if len(group) == 1:
        answers[group[0]] = outputs
        return
    start = 0
    for index in group:
        stop = start + _rows(requests[index])
        answers[index] = {name: value[start:stop] for name, value in outputs.items()}
        start = stop


def _rows(inputs: Tensors) -> int:
    return int(next(iter(inputs.values())).shape[0])
