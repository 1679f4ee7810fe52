"""A Triton server as this project sees it: named models that turn tensors into tensors.

`connect` gives a `Server` that speaks gRPC to any Triton, this package's own (`triton_anime.embedded`) or
a container's. `FakeServer` has the same face and needs no server: it is for tests, of anybody's code.

Only this module's helpers in `triton_anime.transport` import tritonclient.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from triton_anime.errors import RoleAbsentError, TritonAnimeError

__all__ = ["FakeServer", "ServedModel", "Server", "TensorDescription", "Tensors", "connect"]

Tensors: TypeAlias = Mapping[str, NDArray[Any]]
"""Tensors by name. BYTES tensors are object arrays of ``bytes``."""


@dataclass(frozen=True)
class TensorDescription:
    """What a model says about one of its tensors."""

    name: str
    dtype: str
    """Triton's word: UINT8, INT32, FP32, BYTES, ..."""
    shape: tuple[int, ...]
    """Sizes, the batch axis included; -1 is any size."""
    optional: bool = False

    def __str__(self) -> str:
        sizes = ",".join("?" if size < 0 else str(size) for size in self.shape)
        return f"{self.name} {self.dtype}[{sizes}]{' (optional)' * self.optional}"


@dataclass(frozen=True)
class ServedModel:
    """One model of a server."""

    name: str
    role: str
    """What it is for, from its configuration; empty where it does not say."""
    ready: bool
    inputs: tuple[TensorDescription, ...]
    outputs: tuple[TensorDescription, ...]


class Server(abc.ABC):
    """Something that runs models. Every method may be called from any thread.

    Raises (any method):
        RoleAbsentError: no model of that name is served.
        ModelError: the model refused its tensors, or failed.
        ServerTimeoutError: no answer in time.
        ServerError: the server cannot be reached or died.
    """

    @abc.abstractmethod
    def infer_async(
        self,
        model: str,
        inputs: Tensors,
        outputs: Sequence[str] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Future[dict[str, NDArray[Any]]]:
        """Send a request and return at once; the future holds the outputs, or raises as `infer` does.

        Args:
            model: the model's name.
            inputs: tensors by name, the batch axis included where the model has one. They are not copied
                before they are sent: leave them alone until the future is done.
            outputs: names to ask for; all when None.
            timeout_s: seconds to wait for the answer; the server's default when None.
        """

    def infer(
        self,
        model: str,
        inputs: Tensors,
        outputs: Sequence[str] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> dict[str, NDArray[Any]]:
        """Run ``model`` and wait for its outputs; the arguments are those of `infer_async`."""
        return self.infer_async(model, inputs, outputs, timeout_s=timeout_s).result()

    @abc.abstractmethod
    def models(self) -> list[ServedModel]:
        """Every model that the server knows, loaded or not, by name."""

    @abc.abstractmethod
    def is_ready(self, model: str) -> bool:
        """Whether ``model`` can be used. The embedded server loads it for the purpose if need be.

        A model that is there but cannot be loaded raises: it is broken, not absent.
        """

    @abc.abstractmethod
    def load(self, model: str) -> None:
        """Load ``model`` and everything that it calls; return when all is ready."""

    @abc.abstractmethod
    def statistics(self, model: str) -> dict[str, int]:
        """Counts since the load: ``inferences`` (batch elements) and ``executions`` (batches run)."""

    @abc.abstractmethod
    def close(self) -> None:
        """Give back connections and shared memory. Requests in flight end with ServerError."""

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(
    address: str, *, timeout_s: float = 60.0, shared_memory: bool | None = None, token: str | None = None
) -> Server:
    """Connect to the Triton at ``address`` ("host:port" of its gRPC service) and wait until it is live.

    Args:
        address: host and port.
        timeout_s: how long to wait for the server now, and for the answer to each request later.
        shared_memory: whether tensors travel through system shared memory; None tries it where the address
            is this host's loopback, and sends them inside the messages where the server does not allow it.
        token: the secret of an embedded server, which unlocks loading and shared memory; that of a server of
            the same user on this host is found by itself.

    Raises:
        ServerError: nothing answers there.
    """
    from triton_anime.repository import Catalogue
    from triton_anime.transport.grpc import GrpcServer
    from triton_anime.transport.tokens import read_token

    server = GrpcServer(
        address,
        timeout_s=timeout_s,
        shared_memory=shared_memory,
        token=read_token(address) if token is None else token,
        known=lambda: Catalogue().served(),
    )
    try:
        server.wait_until_live(timeout_s)
    except BaseException:
        server.close()
        raise
    return server


class FakeServer(Server):
    """A server made of functions, for tests: ``FakeServer({"double": lambda i: {"OUT": i["IN"] * 2}})``.

    Args:
        functions: by model name, what turns inputs into outputs. A function may raise any exception of
            `triton_anime.errors` to play a failing model.
        roles: by model name, the role to report.
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[[dict[str, NDArray[Any]]], Mapping[str, NDArray[Any]]]],
        roles: Mapping[str, str] | None = None,
    ) -> None:
        self._functions = dict(functions)
        self._roles = dict(roles or {})
        self.calls: list[tuple[str, dict[str, NDArray[Any]]]] = []
        """Every request so far: the model and its inputs."""

    def infer_async(
        self,
        model: str,
        inputs: Tensors,
        outputs: Sequence[str] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> Future[dict[str, NDArray[Any]]]:
        """Run the function at once; the future is done when it comes back."""
        del timeout_s
        future: Future[dict[str, NDArray[Any]]] = Future()
        given = {name: np.asarray(value) for name, value in inputs.items()}
        self.calls.append((model, given))
        try:
            self._check(model)
            answer = {name: np.asarray(value) for name, value in self._functions[model](given).items()}
            future.set_result(answer if outputs is None else {name: answer[name] for name in outputs})
        except TritonAnimeError as error:
            future.set_exception(error)
        return future

    def models(self) -> list[ServedModel]:
        """One entry per function, without tensors."""
        return [
            ServedModel(name, self._roles.get(name, ""), True, (), ()) for name in sorted(self._functions)
        ]

    def is_ready(self, model: str) -> bool:
        """Whether there is a function for it."""
        return model in self._functions

    def load(self, model: str) -> None:
        """Check that there is a function for it."""
        self._check(model)

    def statistics(self, model: str) -> dict[str, int]:
        """How often the function was called."""
        self._check(model)
        count = sum(1 for name, _ in self.calls if name == model)
        return {"inferences": count, "executions": count}

    def close(self) -> None:
        """Nothing to give back."""

    def _check(self, model: str) -> None:
        if model not in self._functions:
            raise RoleAbsentError(f"the model {model} is not served; its role is absent")
