"""Shared memory handed out in slices."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from triton_anime.transport.arena import Arena


def test_slices_do_not_overlap_and_come_back() -> None:
    arena = Arena(1 << 16)
    pieces = [arena.take(size) for size in (100, 1, 4000, 64)]
    spans = sorted(piece for piece in pieces if piece)
    assert len(spans) == 4
    assert all(start + length <= following for (start, length), (following, _) in pairwise(spans))
    for piece in spans[::2] + spans[1::2]:
        arena.give_back(piece)
    assert arena.in_use == 0
    # Everything has grown together again: the whole arena fits.
    assert arena.take(1 << 16) == (0, 1 << 16)
    assert arena.take(1) is None
    arena.close()


def test_bytes_are_those_that_others_see_until_the_name_is_gone() -> None:
    arena = Arena(1 << 16)
    piece = arena.take(24)
    assert piece
    arena.array(piece[0], (2, 3), np.float32)[:] = np.arange(6).reshape(2, 3)
    file = Path("/dev/shm", arena.name)
    np.testing.assert_array_equal(
        np.frombuffer(file.read_bytes()[piece[0] : piece[0] + 24], np.float32), np.arange(6)
    )
    arena.unlink()
    assert not file.exists()
    assert arena.array(piece[0], (2, 3), np.float32)[1, 2] == 5
    arena.close()
