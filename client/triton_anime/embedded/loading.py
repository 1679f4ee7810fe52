"""Models in the order of need, loaded in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from triton_anime.errors import ServerError
from triton_anime.repository import Catalogue

_AT_ONCE = 4


class Loader:
    """Loads each model once, after those that it calls.

    Args:
        catalogue: which models there are and what they need.
        load_one: has the server load one model; returns when it is ready, raises ServerError when it failed.
    """

    def __init__(self, catalogue: Catalogue, load_one: Callable[[str], None]) -> None:
        self._catalogue = catalogue
        self._load_one = load_one
        self._lock = threading.Lock()
        self._loads: dict[str, Future[None]] = {}
        # Most of a load is a Python process that starts: a few at a time keep the cores busy.
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="triton-load")

    def want(self, models: Iterable[str]) -> None:
        """Begin to load ``models`` and what they need, in this order; those under way stay as they are."""
        for model in models:
            try:
                order = self._catalogue.load_order([model])
            except ServerError as error:
                self._loads.setdefault(model, Future()).set_exception(error)
                continue
            with self._lock:
                for name in order:
                    if name not in self._loads:
                        needs = [self._loads[need] for need in self._catalogue[name].needs]
                        self._loads[name] = self._pool.submit(self._run, name, needs)

    def wait(self, model: str) -> None:
        """Wait until ``model`` is ready; begins its load when nobody asked for it yet.

        Raises:
            ServerError: it failed to load.
        """
        if model not in self._loads:
            self.want([model])
        self._loads[model].result()

    def reload(self) -> None:
        """Load everything again that was loaded: the server is a new one."""
        with self._lock:
            names = list(self._loads)
            self._loads.clear()
        self.want(names)

    def fail(self, error: ServerError) -> None:
        """Nothing will be loaded any more."""
        with self._lock:
            for name in self._loads:
                self._loads[name] = Future()
                self._loads[name].set_exception(error)

    def close(self) -> None:
        """Begin nothing new."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, name: str, needs: list[Future[None]]) -> None:
        # The pool starts tasks in order and callees come first, so a task waits only for tasks that run.
        for need in needs:
            need.result()
        self._load_one(name)
