"""`Server` over gRPC, by tritonclient."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tritonclient.grpc as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from triton_anime.errors import RoleAbsentError, ServerError, ServerTimeoutError
from triton_anime.server import ServedModel, Server, Tensors
from triton_anime.transport.channel import channel_options, is_loopback, token_headers
from triton_anime.transport.control import ModelControl
from triton_anime.transport.failures import ServerLostError, shared_memory_trouble, translate
from triton_anime.transport.packing import Packer, Packet
from triton_anime.transport.tensors import check_tensors

# How often a request is sent again when the server dies under it: the request may be what kills it.
_LOST_AT_MOST = 3
_PAUSE_S = 0.1
_LOAD_S = 120.0


@dataclass(eq=False)
class _Call:
    """One request on its way, sent again as often as the server dies under it."""

    model: str
    inputs: dict[str, NDArray[Any]]
    outputs: tuple[str, ...] | None
    timeout_s: float
    lost: int = 0
    inline: bool = False
    future: Future[dict[str, NDArray[Any]]] = field(default_factory=Future)


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
            the server is back. None gives the server ``retry_s`` seconds to come back.
        retry_s: see ``await_return``.
        known: tells what is known of models by name where the server does not say.
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
        known: Callable[[], Mapping[str, ServedModel]] = dict,
    ) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._headers = token_headers(token)
        self._await_model = await_model
        self._await_return = await_return or self._poll_return
        self._retry_s = retry_s
        self._under_way: set[_Call] = set()
        self._lock = threading.Lock()
        self._waiters = ThreadPoolExecutor(16, thread_name_prefix="triton-wait")
        self._closed = False
        self._client = triton.InferenceServerClient(address, channel_args=channel_options(address))
        self._control = ModelControl(self._client, address, self._headers, known)
        self._packer = Packer(
            self._control.register,
            self._control.unregister,
            is_loopback(address) if shared_memory is None else shared_memory,
        )

    @property
    def shares_memory(self) -> bool:
        """Whether large tensors travel through shared memory, as far as is known by now."""
        return self._packer.enabled

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
        self._begin(call)
        if self._closed:
            self._fail(call, self._closed_error())
        elif self._control.is_described(model):
            self._send(call)
        else:
            self._later(call, self._introduce)
        return call.future

    def infer_once(self, model: str, inputs: Tensors, *, timeout_s: float) -> dict[str, NDArray[Any]]:
        """Run ``model`` without asking ``await_model`` and without a second attempt."""
        call = _Call(model, dict(inputs), None, timeout_s, lost=_LOST_AT_MOST)
        self._begin(call)
        self._send(call)
        return call.future.result()

    def _begin(self, call: _Call) -> None:
        # A request that has been sent cannot be called back.
        call.future.set_running_or_notify_cancel()
        with self._lock:
            self._under_way.add(call)

    def _introduce(self, call: _Call) -> None:
        if self._await_model is not None:
            self._await_model(call.model)
        self._send(call)

    def _send(self, call: _Call) -> None:
        try:
            model = self._control.describe(call.model)
            check_tensors(model, call.inputs, call.outputs)
            packet = self._packer.pack(model, call.inputs, call.outputs, inline=call.inline)
        except ServerLostError as lost:
            self._lost(call, lost)
            return
        except ServerError as error:
            self._fail(call, error)
            return
        try:
            self._client.async_infer(
                call.model,
                packet.inputs,
                callback=lambda result, error: self._answered(call, packet, result, error),
                outputs=packet.outputs,
                client_timeout=call.timeout_s,
                headers=self._headers,
            )
        except InferenceServerException as error:
            self._answered(call, packet, None, error)
        except ValueError:
            # What gRPC raises when the channel was closed meanwhile.
            self._fail(call, self._closed_error())

    def _answered(
        self, call: _Call, packet: Packet, result: Any, error: InferenceServerException | None
    ) -> None:
        # Runs on a thread of gRPC: nothing here may wait.
        if error is None:
            try:
                arrays = self._packer.unpack(packet, result)
            except ServerLostError as lost:
                self._lost(call, lost)
            except Exception as broken:  # an unreadable answer must not hang the one who waits
                self._fail(call, ServerError(f"the answer of {call.model} cannot be read: {broken}"))
            else:
                self._finish(call, arrays)
            self._packer.release(packet)
            return
        ours = translate(error, address=self.address, model=call.model, seconds=call.timeout_s)
        gone = isinstance(ours, ServerLostError | ServerTimeoutError)
        trouble = shared_memory_trouble(error) if packet.arena is not None and not gone else ""
        if trouble and not call.inline:
            self._packer.forget_size(packet)
            self._packer.release(packet, answered=trouble == "slice")
            call.inline = True
            self._later(call, self._send)
            return
        self._packer.release(packet, answered=not gone)
        if isinstance(ours, ServerLostError):
            self._lost(call, ours)
        else:
            self._fail(call, ours)

    def _lost(self, call: _Call, error: ServerLostError) -> None:
        if call.lost >= _LOST_AT_MOST or self._closed:
            self._fail(call, error)
            return
        call.lost += 1
        self._later(call, lambda again: self._send_again(again, error))

    def _send_again(self, call: _Call, reason: ServerLostError) -> None:
        # Every model is a pure function, so asking a second time changes nothing but the answer's time.
        time.sleep(_PAUSE_S * call.lost)
        if not self._await_return():
            raise reason
        self._introduce(call)

    def _poll_return(self) -> bool:
        deadline = time.monotonic() + self._retry_s
        while time.monotonic() < deadline and not self._closed:
            if self.is_live():
                return True
            time.sleep(0.1)
        return False

    def _later(self, call: _Call, step: Callable[[_Call], None]) -> None:
        """Run ``step`` where it may wait, and give its error to the call."""

        def run() -> None:
            try:
                step(call)
            except BaseException as error:  # whatever it is, the one who waits must hear of it
                self._fail(call, error)

        try:
            self._waiters.submit(run)
        except RuntimeError:
            self._fail(call, self._closed_error())

    def _finish(self, call: _Call, arrays: dict[str, NDArray[Any]]) -> None:
        if self._is_last_word(call):
            call.future.set_result(arrays)

    def _fail(self, call: _Call, error: BaseException) -> None:
        if self._is_last_word(call):
            call.future.set_exception(error)

    def _is_last_word(self, call: _Call) -> bool:
        with self._lock:
            known = call in self._under_way
            self._under_way.discard(call)
            return known

    def _closed_error(self) -> ServerError:
        return ServerError(f"the connection to {self.address} is closed")

    # Models

    def models(self) -> list[ServedModel]:
        """Every model of the server's repositories, loaded or not, by name."""
        return self._control.models()

    def is_ready(self, model: str) -> bool:
        """Whether ``model`` can be used; has it loaded first where ``await_model`` does that."""
        if self._await_model is not None:
            try:
                self._await_model(model)
            except RoleAbsentError:
                return False
        return self._control.is_loaded(model)

    def load(self, model: str) -> None:
        """Load ``model``; what it calls is the server's affair, or that of ``await_model``."""
        if self._await_model is not None:
            self._await_model(model)
        elif not self._control.is_loaded(model):
            self.load_one(model)

    def load_one(self, model: str, timeout_s: float = _LOAD_S) -> None:
        """Have the server load ``model`` and nothing else but the steps of an ensemble.

        Raises:
            ModelError: the server could not load it; the message carries its reason.
        """
        self._control.load(model, timeout_s)

    def statistics(self, model: str) -> dict[str, int]:
        """Batch elements answered and batches run since the load."""
        return self._control.statistics(model)

    def forget_models(self) -> None:
        """Ask ``await_model`` again before each model's next use: the server is a new one."""
        self._control.forget()

    # Connection

    def is_live(self) -> bool:
        """Whether the server answers at all."""
        return self._control.is_live()

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
        with self._lock:
            calls = list(self._under_way)
        for call in calls:
            self._fail(call, self._closed_error())
        self._packer.close()
        self._client.close()
