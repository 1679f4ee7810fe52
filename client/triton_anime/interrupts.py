"""SIGINT and SIGTERM as one exception that leaves time to put things in order."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from triton_anime.errors import Interrupted

_MESSAGE = "stopped; finished shots are kept, run the same command again to go on"


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Raise :class:`Interrupted` in the main thread on SIGINT (exit code 130) or SIGTERM (143).

    Gives an event that is set at that moment, for threads that should stop too. A second signal is ignored,
    so that files in flight are finished and the server is stopped; the third ends the process at once.
    """
    stop = threading.Event()
    count = 0

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count == 1:
            stop.set()
            error = Interrupted(_MESSAGE)
            error.exit_code = 128 + number
            raise error
        if count > 2:
            os._exit(128 + number)

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for watched in (signal.SIGINT, signal.SIGTERM):
            before[watched] = signal.signal(watched, handle)
    try:
        yield stop
    finally:
        for watched_before, handler in before.items():
            signal.signal(watched_before, handler)
