"""What the tracking models of ``ensembles/`` share: unpack a request, take a step, pack its answer.

``triton_python_backend_utils`` exists inside the server only, so it is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime.bls import complaint

Arrays = Mapping[str, NDArray[Any]]
Call = Callable[[str, Arrays, Sequence[str]], dict[str, NDArray[Any]]]
"""Model, inputs, names of the outputs asked for, to the outputs."""
Step = Callable[[Arrays, Collection[str], Call], dict[str, NDArray[Any]]]
"""Inputs, names of the outputs asked for, and what runs a network, to the outputs."""

_ROLE = "tracking"


class _NetworkError(Exception):
    """A network behind the model is not served, or failed."""


def answer(utils: Any, request: Any, name: str, step: Step) -> Any:
    """One response to one request; what is wrong with it is the response of this request alone.

    Args:
        utils: ``triton_python_backend_utils``.
        request: Triton's.
        name: of the model, for messages.
        step: raises ValueError with one line for the client.
    """
    inputs = {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}
    wanted = request.requested_output_names()
    try:
        found = step(inputs, wanted, _caller(utils))
    except ValueError as error:
        return utils.InferenceResponse(error=utils.TritonError(f"{name}: {error}"))
    except _NetworkError as error:
        return utils.InferenceResponse(error=utils.TritonError(str(error)))
    return utils.InferenceResponse(output_tensors=[_tensor(utils, one, found[one]) for one in wanted])


def _caller(utils: Any) -> Call:
    def call(model: str, inputs: Arrays, wanted: Sequence[str]) -> dict[str, NDArray[Any]]:
        response = utils.InferenceRequest(
            model_name=model,
            requested_output_names=list(wanted),
            inputs=[_tensor(utils, name, value) for name, value in inputs.items()],
        ).exec()
        if response.has_error():
            raise _NetworkError(complaint(_ROLE, response.error().message()))
        get = utils.get_output_tensor_by_name
        return {name: get(response, name).as_numpy() for name in wanted}

    return call


def _tensor(utils: Any, name: str, value: NDArray[Any]) -> Any:
    return utils.Tensor(name, np.ascontiguousarray(value))
