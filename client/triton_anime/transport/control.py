"""What a Triton is asked besides inference: its models, their state, its shared memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tritonclient.utils import InferenceServerException

from triton_anime.errors import ServerError
from triton_anime.server import ServedModel
from triton_anime.transport.failures import ServerLostError, translate
from triton_anime.transport.model_config import model_config

_QUESTION_S = 20.0


class ModelControl:
    """Questions to one server; every one has a deadline, and its errors are ours.

    Args:
        client: tritonclient's.
        address: "host:port", for messages.
        headers: sent along with every question.
        known: tells what is known of models by name where the server does not say.
    """

    def __init__(
        self,
        client: Any,
        address: str,
        headers: dict[str, str] | None,
        known: Callable[[], Mapping[str, ServedModel]],
    ) -> None:
        self._client = client
        self._address = address
        self._headers = headers
        self._known = known
        self._described: dict[str, ServedModel] = {}
        self._lock = threading.Lock()

    def models(self) -> list[ServedModel]:
        """Every model of the server's repositories, loaded or not, by name."""
        known: Mapping[str, ServedModel] = {}
        try:
            index = self._ask(lambda limits: self._client.get_model_repository_index(**limits))
        except ServerLostError:
            raise
        except ServerError:
            # The index is among what our own server restricts; whether a model is ready is not.
            known = self._known()
            ready = {name: self.is_loaded(name) for name in sorted(known)}
        else:
            ready = dict.fromkeys(sorted(entry.name for entry in index.models), False)
            ready.update((entry.name, True) for entry in index.models if entry.state == "READY")
        if not all(ready.values()):
            known = known or self._known()
        absent = ServedModel("", "", False, (), ())
        return [
            self.describe(name) if ready[name] else replace(known.get(name, absent), name=name, ready=False)
            for name in ready
        ]

    def describe(self, model: str) -> ServedModel:
        """What the server says of a loaded model; asked once."""
        described = self._described.get(model)
        if described is None:
            answer = self._ask(lambda limits: self._client.get_model_config(model, **limits), model)
            config = model_config(answer.config)
            role = config.parameters.get("role", "")
            described = ServedModel(model, role, True, config.inputs, config.outputs)
            with self._lock:
                self._described[model] = described
        return described

    def is_described(self, model: str) -> bool:
        """Whether `describe` would answer without asking."""
        return model in self._described

    def forget(self) -> None:
        """Ask about every model again: the server is a new one."""
        with self._lock:
            self._described.clear()

    def is_loaded(self, model: str) -> bool:
        """Whether the server has the model ready."""
        return bool(self._ask(lambda limits: self._client.is_model_ready(model, **limits), model))

    def load(self, model: str, timeout_s: float) -> None:
        """Load ``model`` and the steps of an ensemble, and return when it is ready."""
        self._ask(lambda limits: self._client.load_model(model, **limits), model, timeout_s)
        with self._lock:
            self._described.pop(model, None)

    def statistics(self, model: str) -> dict[str, int]:
        """Batch elements answered and batches run since the load."""
        answer = self._ask(lambda limits: self._client.get_inference_statistics(model, **limits), model)
        return {
            "inferences": sum(version.inference_count for version in answer.model_stats),
            "executions": sum(version.execution_count for version in answer.model_stats),
        }

    def is_live(self) -> bool:
        """Whether the server answers at all."""
        try:
            return bool(self._client.is_server_live(headers=self._headers, client_timeout=2.0))
        except (InferenceServerException, ValueError):
            return False

    def register(self, name: str, key: str, size: int) -> None:
        """Have the server map a region of system shared memory."""
        self._ask(lambda limits: self._client.register_system_shared_memory(name, key, size, **limits))

    def unregister(self, name: str) -> None:
        """Have the server let go of it."""
        self._ask(lambda limits: self._client.unregister_system_shared_memory(name, **limits), timeout_s=2.0)

    def _ask(
        self,
        question: Callable[[dict[str, Any]], Any],
        model: str | None = None,
        timeout_s: float = _QUESTION_S,
    ) -> Any:
        try:
            return question({"headers": self._headers, "client_timeout": timeout_s})
        except InferenceServerException as error:
            raise translate(error, address=self._address, model=model, seconds=timeout_s) from error
        except ValueError as error:
            # What gRPC raises when the channel was closed meanwhile.
            raise ServerError(f"the connection to {self._address} is closed") from error
