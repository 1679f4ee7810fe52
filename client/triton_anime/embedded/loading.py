"""Models in the order of need, loaded in the background."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from triton_anime.errors import ServerError
from triton_anime.repository import Catalogue
from triton_anime.transport.failures import ServerLostError

# Most of a load is a Python process that starts and keeps a core busy. More at a time than there are cores
# would delay the first, which is the most urgent.
_AT_ONCE = max(2, min(8, len(os.sched_getaffinity(0))))
# The death of a server is noticed long before.
_NOTICED_S = 20.0


class Loader:
    """Loads each model once, after those that it calls.

    Args:
        catalogue: which models there are and what they need.
        load_one: has the server load one model; returns when it is ready, raises ServerError when it failed.
    """

    def __init__(self, catalogue: Catalogue, load_one: Callable[[str], None]) -> None:
        self._catalogue = catalogue
        self._load_one = load_one
        self._lock = threading.RLock()
        self._loads: dict[str, Future[None]] = {}
        self._refused: dict[str, ServerError] = {}
        # A server that is started again gets a new pool: tasks of the old one may still wait for its answer.
        self._pool = self._new_pool()
        self._closed = False

    def want(self, models: Iterable[str]) -> None:
        """Begin to load ``models`` and what they need, in this order; those under way stay as they are."""
        for model in models:
            try:
                order = self._catalogue.load_order([model])
            except ServerError as error:
                self._refused[model] = error
                continue
            with self._lock:
                for name in order:
                    if name not in self._loads:
                        self._begin(name, Future())

    def wait(self, model: str) -> None:
        """Wait until ``model`` is ready; begins its load when nobody asked for it yet.

        Raises:
            ServerError: it failed to load.
        """
        if model not in self._loads and model not in self._refused:
            self.want([model])
        if model in self._refused:
            raise self._refused[model]
        self._loads[model].result()

    def ready(self, model: str) -> bool:
        """Whether ``model`` is loaded, without waiting.

        Raises:
            ServerError: it failed to load.
        """
        if model in self._refused:
            raise self._refused[model]
        load = self._loads.get(model)
        if load is None or not load.done():
            return False
        load.result()
        return True

    def suspend(self) -> None:
        """The server died: whatever was loaded is to be waited for again."""
        with self._lock:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = self._new_pool()
            for name, load in self._loads.items():
                if load.done():
                    self._loads[name] = Future()

    def reload(self) -> None:
        """Load everything again, in the order of before, after `suspend`: the server is a new one."""
        with self._lock:
            for name, load in list(self._loads.items()):
                self._begin(name, load)

    def fail(self, error: ServerError) -> None:
        """Nothing will be loaded any more: whoever waits gets ``error``."""
        with self._lock:
            self._closed = True
            self._pool.shutdown(wait=False, cancel_futures=True)
            for name, load in self._loads.items():
                if load.done():
                    self._loads[name] = load = Future()
                load.set_exception(error)

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="triton-load")

    def _begin(self, name: str, load: Future[None]) -> None:
        if self._closed:
            load.set_exception(ServerError("the embedded server is closed"))
            return
        model = self._catalogue[name]
        needs = [self._loads[need] for need in model.needs]
        wants = [self._loads[want] for want in model.wants if want in self._loads]
        self._loads[name] = load
        self._pool.submit(self._run, self._pool, name, load, needs, wants)

    def _run(
        self,
        pool: ThreadPoolExecutor,
        name: str,
        load: Future[None],
        needs: list[Future[None]],
        wants: list[Future[None]],
    ) -> None:
        error: BaseException | None = None
        try:
            # The pool starts tasks in order and callees come first, so a task waits only for tasks that run.
            for need in needs:
                need.result()
            for want in wants:
                want.exception()
            self._load_one(name)
        except ServerLostError as lost:
            # The server died under it: it is started again or given up, and either finishes this load.
            error = lost
            deadline = time.monotonic() + _NOTICED_S
            while pool is self._pool and not load.done() and time.monotonic() < deadline:
                time.sleep(0.1)
        except BaseException as failure:
            error = failure
        with self._lock:
            if pool is not self._pool or load.done():
                return
            if error is None:
                load.set_result(None)
            else:
                load.set_exception(error)
