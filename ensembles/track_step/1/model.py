"""Stage 3 on the server: unpack, run XMem's networks, pack. Features never leave the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime.trackers.stepping import track_step

CALLS = ("xmem_encode", "xmem_decode", "xmem_value")

_INPUTS = (
    "FRAME",
    "MEMORY_KEY",
    "MEMORY_SHRINKAGE",
    "MEMORY_VALUE",
    "MEMORY_VALID",
    "GROUP",
    "HIDDEN",
    "GIVEN",
    "GIVEN_NUMBERS",
)


class TritonPythonModel:
    """The contract stands in ensembles/track_step/README.md."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        del args
        cv2.setNumThreads(1)

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return [_answer(request) for request in requests]


def _answer(request: Any) -> Any:
    inputs = {}
    for name in _INPUTS:
        tensor = pb_utils.get_input_tensor_by_name(request, name)
        if tensor is not None:
            inputs[name] = tensor.as_numpy()
    wanted = request.requested_output_names()
    try:
        answer = track_step(inputs, wanted, _call)
    except (ValueError, _NetworkError) as error:
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(f"track_step: {error}"))
    return pb_utils.InferenceResponse(output_tensors=[_tensor(name, answer[name]) for name in wanted])


class _NetworkError(Exception):
    """A network behind this model is not served, or failed."""


def _call(model: str, inputs: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    called = pb_utils.InferenceRequest(
        model_name=model,
        requested_output_names=list(wanted),
        inputs=[_tensor(name, value) for name, value in inputs.items()],
    ).exec()
    if called.has_error():
        raise _NetworkError(f"role tracking is not served or failed: {called.error().message()}")
    return {name: pb_utils.get_output_tensor_by_name(called, name).as_numpy() for name in wanted}


def _tensor(name: str, value: Any) -> Any:
    return pb_utils.Tensor(name, np.ascontiguousarray(value))
