"""A region of system shared memory that client and server both map, handed out in slices."""

from __future__ import annotations

import mmap
import os
import secrets
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_FOLDER = Path("/dev/shm")
_ALIGNMENT = 64
_STEP = 4 * 2**20


class Arena:
    """One region; slices are taken first-fit and given back in any order.

    Its file lives in /dev/shm only until the server has mapped it too (`unlink`): from then on nothing is
    left behind, however either side ends. Its pages are reserved a few megabytes at a time, as far as the
    slices have ever reached, so that a small /dev/shm is noticed here and not by a bus error.

    Args:
        size: bytes at most.

    Raises:
        OSError: there is no /dev/shm, or it is full.
    """

    def __init__(self, size: int) -> None:
        # The name begins as the embedded server's does, so that one sweep finds both.
        self.name = f"triton_anime_{os.getpid()}_client_{secrets.token_hex(6)}"
        self.size = size
        self._path = _FOLDER / self.name
        self._file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        try:
            os.ftruncate(self._file, size)
            self._map = mmap.mmap(self._file, size)
        except OSError:
            os.close(self._file)
            self.unlink()
            raise
        self._bytes: NDArray[np.uint8] | None = np.frombuffer(self._map, dtype=np.uint8)
        self._reserved = 0
        self._gaps = [(0, size)]
        self._lock = threading.Lock()
        self.in_use = 0
        """Slices that are out."""

    @property
    def key(self) -> str:
        """The name as ``shm_open`` takes it."""
        return f"/{self.name}"

    def take(self, nbytes: int) -> tuple[int, int] | None:
        """A slice of at least ``nbytes`` as (offset, length), or None when there is no room now."""
        length = max(_ALIGNMENT, -(-nbytes // _ALIGNMENT) * _ALIGNMENT)
        with self._lock:
            for index, (start, room) in enumerate(self._gaps):
                if room < length:
                    continue
                if not self._reserve(start + length):
                    return None
                self._gaps[index : index + 1] = [(start + length, room - length)] if room > length else []
                self.in_use += 1
                return start, length
        return None

    def give_back(self, piece: tuple[int, int]) -> None:
        """Return a slice to the arena."""
        with self._lock:
            self.in_use -= 1
            merged: list[tuple[int, int]] = []
            for start, room in sorted([*self._gaps, piece]):
                if merged and sum(merged[-1]) == start:
                    merged[-1] = (merged[-1][0], merged[-1][1] + room)
                else:
                    merged.append((start, room))
            self._gaps = merged

    def array(self, offset: int, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """The bytes from ``offset`` on as an array; valid while the slice is out."""
        assert self._bytes is not None
        count = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        return self._bytes[offset : offset + count].view(dtype).reshape(shape)

    def unlink(self) -> None:
        """Take the name out of /dev/shm; the memory stays until both sides have let go of it."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the memory."""
        self.unlink()
        if self._bytes is not None:
            self._bytes = None
            os.close(self._file)
            try:
                self._map.close()
            except BufferError:
                # A view is still alive in a caller that is about to drop it; the map goes with it.
                return

    def _reserve(self, end: int) -> bool:
        if end > self._reserved:
            step = min(self.size, -(-end // _STEP) * _STEP)
            try:
                os.posix_fallocate(self._file, self._reserved, step - self._reserved)
            except OSError:
                return False
            self._reserved = step
        return True
