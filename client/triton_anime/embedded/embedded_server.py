"""`EmbeddedServer`: a tritonserver of one's own, for as long as a ``with`` block."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

from triton_anime.embedded.canary import check_answers, takes_frames
from triton_anime.embedded.installation import find_installation
from triton_anime.embedded.launch import Endpoints, check_port, free_ports, server_arguments
from triton_anime.embedded.loading import Loader
from triton_anime.embedded.process import PREFIX_MARK, ServerProcess, new_log
from triton_anime.errors import ModelError, ServerError, ServerStartError
from triton_anime.repository import Catalogue
from triton_anime.server import Server
from triton_anime.transport.grpc import GrpcServer
from triton_anime.transport.tokens import write_token

_RESTARTS = 3
_RESTART_WINDOW_S = 120.0
_START_TIMEOUT_S = 60.0
_CANARY_TIMEOUT_S = 60.0


class EmbeddedServer:
    """A real tritonserver over the project's repositories, or over others.

    ::

        with EmbeddedServer(models=["segment_frame"]) as embedded:
            embedded.server.infer("segment_frame", {"FRAME": frame})

    Entering starts the server and begins to load ``models`` in the background, each after what it calls. A
    request for a model waits until it is loaded, and a model that nobody asked for is loaded at its first
    request. Should the server die, it is started again and what was under way is sent again.

    Args:
        models: what to load at once, most urgent first; nothing when None.
        repositories: model repositories; the project's own two when None.
        log_path: where the server's output goes; a new file in the cache folder when None.
        host: address to listen on. This release of Triton is old: leave it on loopback.
        grpc_port: port of the gRPC service; a free one when None.
        http_port: port of the HTTP service; closed when None.
        metrics_port: port of the Prometheus metrics, on loopback; a free one when None.
        shared_memory: whether tensors travel through shared memory; tried when None.
        timeout_s: seconds that a request may take.

    Raises:
        ServerStartError: the server cannot be installed or started here; the message says why.
    """

    def __init__(
        self,
        models: Iterable[str] | None = None,
        *,
        repositories: Iterable[Path] | None = None,
        log_path: Path | None = None,
        host: str = "127.0.0.1",
        grpc_port: int | None = None,
        http_port: int | None = None,
        metrics_port: int | None = None,
        shared_memory: bool | None = None,
        timeout_s: float = 120.0,
    ) -> None:
        self.catalogue = Catalogue(repositories)
        self._wanted = list(models or ())
        self._log_path = log_path
        self._host = host
        self._ports = {"--grpc-port": grpc_port, "--http-port": http_port, "--metrics-port": metrics_port}
        self._shared_memory = shared_memory
        self._timeout_s = timeout_s
        self._token = secrets.token_hex(16)
        self._process: ServerProcess | None = None
        self._server: GrpcServer | None = None
        self._loader: Loader | None = None
        self._back = threading.Event()
        self._closed = False
        self._failure: ServerError | None = None
        self._token_file: Path | None = None
        self._restart = threading.Lock()
        self._restarts: list[float] = []
        known = (self.catalogue[name] for name in self._wanted if name in self.catalogue)
        self._canary = next((model.name for model in known if takes_frames(model)), None)
        self.endpoints: Endpoints
        """Where the server listens, once it has been started."""

    @property
    def address(self) -> str:
        """Host and port of the gRPC service, as "host:port"."""
        return self.endpoints.address

    @property
    def server(self) -> Server:
        """The connected client.

        Raises:
            ServerError: the server has not been started.
        """
        if self._server is None:
            raise ServerError("the embedded server is not running; use it in a with block")
        return self._server

    @property
    def log_path(self) -> Path:
        """Where the server's output is."""
        return self._running.log

    @property
    def pid(self) -> int:
        """Process id of tritonserver."""
        return self._running.pid

    def start(self) -> EmbeddedServer:
        """Start the server and begin to load; what entering the ``with`` block does."""
        installation = find_installation()
        for option, port in self._ports.items():
            if port is not None:
                check_port(self._host, port, option)
        log = new_log(self._log_path)
        self._loader = Loader(self.catalogue, self._load_one)
        self._installation = installation
        for attempt in range(3):
            self._choose_ports()
            try:
                self._launch(log)
                break
            except ServerStartError:
                # Somebody else may have taken a free port between the choice and the start.
                if attempt == 2 or "already in use" not in self._running.output():
                    self.close()
                    raise
            except BaseException:
                self.close()
                raise
        self._back.set()
        self._token_file = write_token(self.endpoints.grpc_port, self._token)
        self.load_in_order(self._wanted)
        return self

    def load_in_order(self, models: Sequence[str]) -> None:
        """Begin to load ``models``, most urgent first, and come back at once.

        A model that cannot be loaded raises where it is used; `wait_for` tells earlier.
        """
        self._loading.want(models)

    def wait_for(self, models: Iterable[str]) -> None:
        """Wait until ``models`` are ready.

        Raises:
            ModelError: one of them failed to load; the message carries the server's reason.
        """
        for model in models:
            self._loading.wait(model)

    def is_loaded(self, model: str) -> bool:
        """Whether ``model`` is ready, without waiting.

        Raises:
            ModelError: it failed to load; the message carries the server's reason.
        """
        return self._loading.ready(model)

    def check(self) -> None:
        """Raise what ended the server, when it is gone for good.

        Raises:
            ServerError: it died too often, or could not be started again.
        """
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Stop the server; afterwards no process and no shared memory of it is left."""
        self._closed = True
        self._back.set()
        if self._loader is not None:
            self._loader.fail(ServerError("the embedded server is closed"))
        if self._server is not None:
            self._server.close()
        if self._process is not None:
            self._process.stop()
        if self._token_file is not None:
            self._token_file.unlink(missing_ok=True)

    def __enter__(self) -> EmbeddedServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _running(self) -> ServerProcess:
        if self._process is None:
            raise ServerError("the embedded server is not running; use it in a with block")
        return self._process

    @property
    def _loading(self) -> Loader:
        if self._loader is None:
            raise ServerError("the embedded server is not running; use it in a with block")
        return self._loader

    def _choose_ports(self) -> None:
        grpc, metrics = free_ports(self._host, 2)
        self.endpoints = Endpoints(
            self._host,
            self._ports["--grpc-port"] or grpc,
            self._ports["--http-port"],
            self._ports["--metrics-port"] or metrics,
        )

    def _launch(self, log: Path) -> None:
        """Start the process and wait until it answers."""
        arguments = server_arguments(
            self.catalogue.paths,
            self._installation.backends,
            self.endpoints,
            token=self._token,
            shm_prefix=PREFIX_MARK,
        )
        self._process = ServerProcess(self._installation, arguments, log, self._died)
        if self._server is None or self._server.address != self.address:
            self._server = GrpcServer(
                self.address,
                timeout_s=self._timeout_s,
                shared_memory=self._shared_memory,
                token=self._token,
                await_model=lambda model: self._loading.wait(model),
                await_return=self._await_return,
                known=self.catalogue.served,
            )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._server.is_live():
            if not self._process.alive:
                reason = self._process.reason() or "it said nothing"
                raise ServerStartError(f"the Triton server did not start: {reason}; its log is {log}")
            if time.monotonic() > deadline:
                raise ServerStartError(
                    f"the Triton server did not answer in {_START_TIMEOUT_S:.0f} s; its log is {log}"
                )
            time.sleep(0.02)

    def _load_one(self, model: str) -> None:
        """Load one model; the first that was asked for and takes frames must also answer a canary."""
        if self._server is None:
            raise ServerError("the embedded server is not running; use it in a with block")
        try:
            self._server.load_one(model)
        except ModelError as error:
            if "failed to poll" not in str(error):
                raise
            reason = self._running.reason(model) or "its config.pbtxt cannot be read"
            raise ModelError(f"the model {model} could not be loaded: {reason}") from error
        if model == self._canary:
            check_answers(self._server, self.catalogue[model], _CANARY_TIMEOUT_S)

    def _died(self, code: int) -> None:
        """Start the server again; runs on the thread that noticed its end."""
        with self._restart:
            # A server that dies while it starts is the affair of whoever starts it.
            if not self._closed and self._back.is_set():
                self._start_again(code)

    def _start_again(self, code: int) -> None:
        self._back.clear()
        self._loading.suspend()
        if self._server is not None:
            self._server.forget_models()
        now = time.monotonic()
        self._restarts = [when for when in self._restarts if now - when < _RESTART_WINDOW_S] + [now]
        try:
            if len(self._restarts) > _RESTARTS:
                raise ServerStartError(
                    f"the Triton server keeps dying (exit code {code}); see {self.log_path}"
                )
            self._launch(self.log_path)
            self._back.set()
            self._loading.reload()
        except ServerError as error:
            self._failure = error
            self._loading.fail(error)
            self._closed = True
        finally:
            self._back.set()

    def _await_return(self) -> bool:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and self._server is not None:
            self._back.wait(_START_TIMEOUT_S)
            if self._closed:
                self.check()
                return False
            # The connection breaks a moment before the end of the process is noticed.
            if self._server.is_live():
                return True
            time.sleep(0.05)
        return False
