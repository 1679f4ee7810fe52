"""Keeping several things in flight while they stay in order and memory stays bounded."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Generic, TypeVar, cast

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE_S = 0.1


def in_flight(items: Iterable[T], start: Callable[[T], Callable[[], R]], depth: int) -> Iterator[R]:
    """Results of ``start(item)()`` in order, with up to ``depth`` items started ahead of the one awaited.

    ``start`` sends the work off and returns at once with the function that waits for its result.
    """
    waiting: deque[Callable[[], R]] = deque()
    for item in items:
        waiting.append(start(item))
        if len(waiting) > depth:
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()


class Channel(Generic[T]):
    """A bounded queue between one writer thread and one reader thread; either may leave.

    The reader iterates. The writer calls :meth:`put`, and at the end :meth:`end` or :meth:`fail`.
    """

    def __init__(self, depth: int) -> None:
        self._queue: queue.Queue[tuple[str, T | BaseException | None]] = queue.Queue(maxsize=max(1, depth))
        self._closed = threading.Event()

    def put(self, item: T) -> bool:
        """Wait for room and hand over; false when the reader has left."""
        return self._send("item", item)

    def end(self) -> None:
        """Nothing more will come."""
        self._send("end", None)

    def fail(self, error: BaseException) -> None:
        """The reader is to raise ``error`` once it has read what came before."""
        self._send("error", error)

    def close(self) -> None:
        """The reader leaves: whoever writes stops waiting."""
        self._closed.set()

    def __iter__(self) -> Iterator[T]:
        while True:
            try:
                kind, value = self._queue.get(timeout=_PATIENCE_S)
            except queue.Empty:
                if self._closed.is_set():
                    return
                continue
            if kind == "end":
                return
            if isinstance(value, BaseException) and kind == "error":
                raise value
            yield cast(T, value)

    def _send(self, kind: str, value: T | BaseException | None) -> bool:
        while not self._closed.is_set():
            try:
                self._queue.put((kind, value), timeout=_PATIENCE_S)
            except queue.Full:
                continue
            return True
        return False


class Pump(Generic[T]):
    """Runs an iterable in a thread of its own, at most ``depth`` items ahead of whoever reads.

    The order is kept, an exception of the iterable is raised at the reader, and :meth:`close` stops the
    thread, which closes the iterable, even when the reader leaves early.
    """

    def __init__(self, items: Iterable[T], depth: int, name: str) -> None:
        self._items = items
        self._channel: Channel[T] = Channel(depth)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        try:
            yield from self._channel
        finally:
            self.close()

    def close(self) -> None:
        """Stop the thread and wait for it; harmless when it has ended already."""
        self._channel.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=60)

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._channel.put(item):
                    return
            self._channel.end()
        except BaseException as error:
            self._channel.fail(error)
        finally:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()


def overlapped(
    items: Iterable[T],
    is_start: Callable[[T], bool],
    work: Callable[[Iterable[T]], Iterator[R]],
    groups: int,
    depth: int,
) -> Generator[R, None, None]:
    """``work`` applied to each run of items, up to ``groups`` runs at once, results in order.

    Args:
        items: read by a thread of its own.
        is_start: whether an item begins a new run.
        work: turns the items of one run into results; runs in one thread per run.
        groups: runs worked on at the same time.
        depth: items that wait before a run, and results that wait behind it.
    """
    stop = threading.Event()
    free = threading.Semaphore(groups)
    runs: Channel[tuple[Channel[T], Pump[R]]] = Channel(groups)
    live: list[tuple[Channel[T], Pump[R]]] = []

    def feed() -> None:
        channel: Channel[T] | None = None
        try:
            for item in items:
                if channel is None or is_start(item):
                    if channel is not None:
                        channel.end()
                    while not free.acquire(timeout=_PATIENCE_S):
                        if stop.is_set():
                            return
                    channel = Channel(depth)
                    run = (channel, Pump(work(channel), depth, "shot"))
                    live.append(run)
                    if not runs.put(run):
                        return
                if not channel.put(item) and stop.is_set():
                    return
            if channel is not None:
                channel.end()
            runs.end()
        except BaseException as error:
            if channel is not None:
                channel.end()
            runs.fail(error)

    feeder = threading.Thread(target=feed, name="feed", daemon=True)
    feeder.start()
    try:
        for run in runs:
            channel, pump = run
            yield from pump
            channel.close()
            live.remove(run)
            free.release()
    finally:
        stop.set()
        runs.close()
        for channel, pump in live:
            channel.close()
            pump.close()
        feeder.join(timeout=60)
        for channel, pump in live:
            channel.close()
            pump.close()
