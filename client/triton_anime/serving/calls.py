"""What models inside the server share: calls of networks and how they go wrong, requests, parameters.

``triton_python_backend_utils`` exists inside the server only, so it is handed in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from triton_anime.bls import is_absent

Answer = dict[str, NDArray[Any]]


class AbsentError(Exception):
    """A network is not served; the message is Triton's."""


class FailedError(Exception):
    """A network is served and failed; the message is Triton's."""


class RefusedError(Exception):
    """The request cannot be answered; the message is the whole answer to its client."""


class NotServedError(RefusedError):
    """No network of the role is served."""


class Caller(Protocol):
    """Whatever reaches the networks: Triton, or functions in a test."""

    async def ask(self, model: str, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str]) -> Answer:
        """The named outputs of one call.

        Raises:
            AbsentError: the network is not served.
            FailedError: it is, and failed.
        """
        ...

    def serves(self, model: str) -> bool:
        """Whether the network is served now."""
        ...


class Networks:
    """A :class:`Caller` over Triton.

    Args:
        utils: ``triton_python_backend_utils``.
    """

    def __init__(self, utils: Any) -> None:
        self._utils = utils

    async def ask(self, model: str, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str]) -> Answer:
        """See :class:`Caller`."""
        tensor = self._utils.Tensor
        sent = [tensor(name, np.ascontiguousarray(value)) for name, value in inputs.items()]
        # Triton before 26.07 reads both on a thread of its own without holding them: they outlive the answer
        request = self._utils.InferenceRequest(
            model_name=model, requested_output_names=list(outputs), inputs=sent
        )
        response = await request.async_exec()
        if response.has_error():
            message = response.error().message()
            raise (AbsentError if is_absent(message) else FailedError)(message)
        found = {name: self._utils.get_output_tensor_by_name(response, name) for name in outputs}
        missing = [name for name, value in found.items() if value is None]
        if missing:
            # worded as Triton words it, so that clients ask again
            raise FailedError(f"Stub process '{model}' is not healthy: no {', '.join(missing)} in its answer")
        return {name: value.as_numpy() for name, value in found.items()}

    def serves(self, model: str) -> bool:
        """See :class:`Caller`."""
        return bool(self._utils.is_model_ready(model))


def tensor_of(utils: Any, request: Any, name: str) -> Any:
    """A tensor of a request as an array, ``None`` where the request left it out."""
    sent = utils.get_input_tensor_by_name(request, name)
    return None if sent is None else sent.as_numpy()


def parameters_of(args: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a model's configuration, from what its ``initialize`` is given."""
    said = json.loads(args["model_config"]).get("parameters", {})
    return {name: value.get("string_value", "") for name, value in said.items()}


def names_of(utils: Any, request: Any, name: str) -> tuple[str, ...] | None:
    """The words in a tensor of a request, ``None`` where the request left it out."""
    sent = tensor_of(utils, request, name)
    return (
        None if sent is None else tuple(bytes(word).decode("utf-8", "replace") for word in sent.reshape(-1))
    )


def listed(text: str) -> tuple[str, ...]:
    """Names in a parameter of a configuration, separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
