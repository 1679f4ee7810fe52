"""The server of a run: somebody's, or one that is started in the background while the video is opened."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from triton_anime.server import Server


class ServerSource:
    """Connects to ``address``, or starts the embedded server when it is ``None``, in the background.

    Args:
        address: ``HOST:PORT`` of a running Triton.
        log_path: where the embedded server writes its log; its own place when ``None``.
        networks: model repository of the embedded server's networks; the package's own when ``None``.
    """

    def __init__(
        self, address: str | None, log_path: Path | None = None, networks: Path | None = None
    ) -> None:
        self._address = address
        self._log_path = log_path
        self._networks = networks
        self._embedded: Any = None
        self._lock = threading.Lock()
        self._closed = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="server-start")
        self._future: Future[Server] = self._pool.submit(self._start)

    def _start(self) -> Server:
        if self._address is not None:
            from triton_anime.server import connect

            return connect(self._address)
        from triton_anime.embedded import EmbeddedServer
        from triton_anime.repository import repositories
        from triton_anime.roles import MODELS

        paths = repositories(networks=self._networks)
        embedded = EmbeddedServer(list(MODELS.values()), repositories=paths, log_path=self._log_path)
        self._embedded = embedded
        embedded.start()
        return embedded.server

    def get(self) -> Server:
        """Wait for the server.

        Raises:
            ServerError: it cannot be reached or started.
        """
        return self._future.result()

    def close(self) -> None:
        """Disconnect; stop the embedded server. Waits for a start that is under way; safe from any thread.

        Whoever waits for an answer gets a ServerError instead.
        """
        self._pool.shutdown(wait=True)
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._embedded is not None:
                self._embedded.close()
            elif self._future.exception() is None:
                self._future.result().close()

    def close_when(self, stop: threading.Event) -> None:
        """Close as soon as ``stop`` is set: after an interruption nobody is to wait for answers."""

        def watch() -> None:
            stop.wait()
            self.close()

        threading.Thread(target=watch, name="server-stop", daemon=True).start()

    def __enter__(self) -> ServerSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
