"""`Server` over gRPC, by tritonclient."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tritonclient.grpc as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException, np_to_triton_dtype, triton_to_np_dtype

from triton_anime.errors import ServerError, ServerTimeoutError
from triton_anime.server import ServedModel, Server, TensorDescription, Tensors
from triton_anime.transport.failures import ServerLostError, translate
from triton_anime.transport.model_config import model_config
from triton_anime.transport.tensors import check_tensors

# The header of a restricted protocol is "triton-grpc-protocol-" and the key of the server's own setting.
TOKEN_KEY = "triton-anime"
_TOKEN_HEADER = f"triton-grpc-protocol-{TOKEN_KEY}"
_MESSAGE_LIMIT = 2**31 - 1


@dataclass(eq=False)
class _Call:
    """One request on its way, sent again as often as the server dies under it."""

    model: str
    inputs: dict[str, NDArray[Any]]
    outputs: tuple[str, ...] | None
    timeout_s: float
    future: Future[dict[str, NDArray[Any]]] = field(default_factory=Future)
    lost: int = 0


class GrpcServer(Server):
    """A connection to one Triton.

    Args:
        address: "host:port" of the gRPC service.
        timeout_s: how long a request may take when it does not say itself.
        shared_memory: True and False are orders; None tries it on loopback.
        token: unlocks restricted protocols.
        await_model: called with a model's name before its first use, from a thread that may wait there; it
            returns when the model is ready and raises when it never will be. None asks nobody.
        await_return: called when the connection broke, from a thread that may wait there; returns whether
            the server is back. None gives the server `retry_s` seconds to come back.
        retry_s: see ``await_return``.
    """

    def __init__(
        self,
        address: str,
        *,
        timeout_s: float = 60.0,
        shared_memory: bool | None = None,
        token: str | None = None,
        await_model: Callable[[str], None] | None = None,
        await_return: Callable[[], bool] | None = None,
        retry_s: float = 10.0,
    ) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._headers = {_TOKEN_HEADER: token} if token else None
        self._await_model = await_model
        self._await_return = await_return or self._poll_return
        self._retry_s = retry_s
        self._described: dict[str, ServedModel] = {}
        self._lock = threading.Lock()
        self._waiters = ThreadPoolExecutor(8, thread_name_prefix="triton-wait")
        self._closed = False
        self._client = triton.InferenceServerClient(address, channel_args=_channel_options(address))

    # Requests

    def infer_async(
        self,
        model: str,
        inputs: Tensors,
        outputs: Sequence[str] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Future[dict[str, NDArray[Any]]]:
        """Send a request and return at once; see `Server.infer_async`."""
        call = _Call(
            model,
            {name: np.ascontiguousarray(value) for name, value in inputs.items()},
            None if outputs is None else tuple(outputs),
            self._timeout_s if timeout_s is None else timeout_s,
        )
        if model in self._described:
            self._send(call)
        else:
            self._later(call, self._introduce)
        return call.future

    def _later(self, call: _Call, step: Callable[[_Call], None]) -> None:
        """Run ``step`` where it may wait, and give its error to the call."""

        def run() -> None:
            try:
                step(call)
            except BaseException as error:  # noqa: BLE001 - whatever it is, the one who waits must hear of it
                call.future.set_exception(error)

        try:
            self._waiters.submit(run)
        except RuntimeError:
            call.future.set_exception(ServerError(f"the connection to {self.address} is closed"))

    def _introduce(self, call: _Call) -> None:
        if self._await_model is not None:
            self._await_model(call.model)
        self._describe(call.model)
        self._send(call)

    def _send(self, call: _Call) -> None:
        if self._closed:
            call.future.set_exception(ServerError(f"the connection to {self.address} is closed"))
            return
        try:
            check_tensors(self._described[call.model], call.inputs, call.outputs)
            inputs = [_input(name, value) for name, value in call.inputs.items()]
            outputs = (
                None if call.outputs is None else [triton.InferRequestedOutput(name) for name in call.outputs]
            )
            self._client.async_infer(
                call.model,
                inputs,
                callback=lambda result, error: self._answered(call, result, error),
                outputs=outputs,
                client_timeout=call.timeout_s,
                headers=self._headers,
            )
        except ServerError as error:
            call.future.set_exception(error)
        except InferenceServerException as error:
            self._failed(call, error)

    def _answered(self, call: _Call, result: Any, error: InferenceServerException | None) -> None:
        # Runs on a thread of gRPC: nothing here may wait.
        if error is not None:
            self._failed(call, error)
            return
        try:
            names = [output.name for output in result.get_response().outputs]
            call.future.set_result({name: result.as_numpy(name) for name in names})
        except Exception as broken:  # noqa: BLE001 - an unreadable answer must not hang the one who waits
            call.future.set_exception(ServerError(f"the answer of {call.model} cannot be read: {broken}"))

    def _failed(self, call: _Call, error: InferenceServerException) -> None:
        ours = translate(error, address=self.address, model=call.model, seconds=call.timeout_s)
        if isinstance(ours, ServerLostError) and call.lost < 3 and not self._closed:
            call.lost += 1
            self._later(call, lambda again: self._send_again(again, ours))
        else:
            call.future.set_exception(ours)

    def _send_again(self, call: _Call, reason: ServerLostError) -> None:
        # Every model is a pure function, so asking a second time changes nothing but the answer's time.
        if not self._await_return():
            raise reason
        if self._await_model is not None:
            self._await_model(call.model)
        self._send(call)

    def _poll_return(self) -> bool:
        deadline = time.monotonic() + self._retry_s
        while time.monotonic() < deadline and not self._closed:
            if self.is_live():
                return True
            time.sleep(0.1)
        return False

    # Models

    def models(self) -> list[ServedModel]:
        """Every model of the server's repositories, loaded or not, by name."""
        index = self._ask(
            lambda: self._client.get_model_repository_index(headers=self._headers, client_timeout=20.0)
        )
        ready: dict[str, bool] = {}
        for entry in index.models:
            ready[entry.name] = ready.get(entry.name, False) or entry.state == "READY"
        nothing: tuple[TensorDescription, ...] = ()
        return [
            self._describe(name) if ready[name] else ServedModel(name, "", False, nothing, nothing)
            for name in sorted(ready)
        ]

    def is_ready(self, model: str) -> bool:
        """Whether ``model`` can be used now; waits for the end of a load under way."""
        if self._await_model is not None:
            try:
                self._await_model(model)
            except ServerError:
                return False
        return bool(
            self._ask(
                lambda: self._client.is_model_ready(model, headers=self._headers, client_timeout=20.0), model
            )
        )

    def load(self, model: str) -> None:
        """Load ``model``; what it calls is the server's affair, or that of ``await_model``."""
        if self._await_model is not None:
            self._await_model(model)
        elif not self.is_ready(model):
            self.load_one(model)

    def load_one(self, model: str, timeout_s: float = 120.0) -> None:
        """Have the server load ``model`` and nothing else but the steps of an ensemble.

        Raises:
            ModelError: the server could not load it; the message carries its reason.
        """
        self._ask(
            lambda: self._client.load_model(model, headers=self._headers, client_timeout=timeout_s),
            model,
            timeout_s,
        )
        with self._lock:
            self._described.pop(model, None)

    def statistics(self, model: str) -> dict[str, int]:
        """Batch elements answered and batches run since the load."""
        answer = self._ask(
            lambda: self._client.get_inference_statistics(model, headers=self._headers, client_timeout=20.0),
            model,
        )
        return {
            "inferences": sum(version.inference_count for version in answer.model_stats),
            "executions": sum(version.execution_count for version in answer.model_stats),
        }

    def _describe(self, model: str) -> ServedModel:
        with self._lock:
            if model in self._described:
                return self._described[model]
        answer = self._ask(
            lambda: self._client.get_model_config(model, headers=self._headers, client_timeout=20.0), model
        )
        config = model_config(answer.config)
        described = ServedModel(model, config.parameters.get("role", ""), True, config.inputs, config.outputs)
        with self._lock:
            return self._described.setdefault(model, described)

    # Connection

    def is_live(self) -> bool:
        """Whether the server answers at all."""
        try:
            return bool(self._client.is_server_live(headers=self._headers, client_timeout=2.0))
        except InferenceServerException:
            return False

    def wait_until_live(self, timeout_s: float) -> None:
        """Wait until the server answers.

        Raises:
            ServerTimeoutError: it did not within ``timeout_s``.
        """
        deadline = time.monotonic() + timeout_s
        while not self.is_live():
            if time.monotonic() > deadline:
                raise ServerTimeoutError(
                    f"no Triton answers at {self.address}; start one, for instance with `triton-anime serve`"
                )
            time.sleep(0.05)

    def close(self) -> None:
        """Close the connection; requests in flight end with ServerError."""
        if self._closed:
            return
        self._closed = True
        self._waiters.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _ask(
        self, question: Callable[[], Any], model: str | None = None, seconds: float | None = None
    ) -> Any:
        try:
            return question()
        except InferenceServerException as error:
            raise translate(error, address=self.address, model=model, seconds=seconds) from error


def _input(name: str, value: NDArray[Any]) -> triton.InferInput:
    tensor = triton.InferInput(name, value.shape, np_to_triton_dtype(value.dtype))
    tensor.set_data_from_numpy(value)
    return tensor


def _channel_options(address: str) -> list[tuple[str, int]]:
    options = [
        ("grpc.max_send_message_length", _MESSAGE_LIMIT),
        ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
        # A server that was restarted is to be found again at once, not after gRPC's usual minutes.
        ("grpc.initial_reconnect_backoff_ms", 50),
        ("grpc.min_reconnect_backoff_ms", 50),
        ("grpc.max_reconnect_backoff_ms", 500),
    ]
    if is_loopback(address):
        # http_proxy in the environment is not meant for this host.
        options.append(("grpc.enable_http_proxy", 0))
    return options


def is_loopback(address: str) -> bool:
    """Whether ``address`` ("host:port") is this host by its loopback interface."""
    host = address.rpartition(":")[0].strip("[]")
    return host in {"localhost", "::1"} or host.startswith("127.")


__all__ = ["GrpcServer", "is_loopback", "triton_to_np_dtype"]
