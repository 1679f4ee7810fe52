"""XMem's memory by its sizes, its alignment and its bounds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from triton_anime.trackers.memory import MemoryPolicy, XMemMemory

CELLS = (2, 3)
POLICY = MemoryPolicy(min_frames=3, max_frames=5, prototypes=4, max_long_term=10)


def _add(memory: XMemMemory, number: int, objects: int) -> None:
    """Store a frame whose columns carry its number: keys and values can be matched afterwards."""
    cell = np.arange(6, dtype=np.float32).reshape(1, *CELLS) / 100
    key = np.broadcast_to(number + cell, (3, *CELLS)).astype(np.float32)
    value = np.broadcast_to((number + cell)[None], (objects, 2, *CELLS)).astype(np.float32)
    memory.add(key, np.ones((1, *CELLS), np.float32), np.full((3, *CELLS), 50, np.float32), value)


def _read(memory: XMemMemory, column: int = -1) -> None:
    tensors = memory.tensors()
    usage = np.full(tensors["MEMORY_KEY"].shape[1], 0.1, np.float32)
    usage[column] = 1
    memory.count(usage)


def test_working_memory_keeps_the_first_and_the_newest_frames() -> None:
    memory = XMemMemory(POLICY)
    for number in range(5):
        _add(memory, number, 2)
        _read(memory)
    assert memory.work is not None
    assert memory.long is not None
    frames = np.floor(memory.work.key[0, ::6])
    assert frames.tolist() == [0, 3, 4]
    assert memory.long.size == POLICY.prototypes
    assert set(np.floor(memory.long.key[0])) <= {1.0, 2.0}


def test_memory_is_bounded_however_long_the_shot() -> None:
    memory = XMemMemory(POLICY)
    sizes = []
    for number in range(200):
        _add(memory, number, 1)
        _read(memory, number % 7)
        sizes.append(memory.tensors()["MEMORY_KEY"].shape[1])
    assert max(sizes[100:]) <= POLICY.max_frames * 6 + POLICY.max_long_term
    assert max(sizes[100:]) == max(sizes[40:100])
    assert len(memory.log) <= 64


def test_eviction_drops_the_least_used() -> None:
    memory = XMemMemory(POLICY)
    memory_sizes = []
    for number in range(30):
        _add(memory, number, 1)
        _read(memory)
        if memory.long is not None:
            memory.long.use[: memory.long.size // 2] += 1
            memory_sizes.append(memory.long.size)
    evictions = [event for event in memory.log if event["event"] == "evict"]
    assert evictions
    assert max(memory_sizes) <= POLICY.max_long_term


@pytest.mark.parametrize("late", [2, 4, 7])
def test_values_of_late_objects_stay_with_their_keys(late: int) -> None:
    memory = XMemMemory(POLICY)
    for number in range(20):
        _add(memory, number, 1 if number < late else 2)
        _read(memory)
        tensors = memory.tensors()
        keys, values, valid = (tensors[f"MEMORY_{name}"] for name in ("KEY", "VALUE", "VALID"))
        for group in range(memory.groups):
            columns = np.flatnonzero(valid[group])
            member = int(np.flatnonzero(memory.group_of == group)[0])
            # A prototype's value gathers its like, that is cells of its own frame, 0.05 apart at most.
            np.testing.assert_allclose(values[member, 0, columns], keys[0, columns], atol=0.06)
            assert (keys[0, columns] >= (0 if group == 0 else late)).all()
    assert memory.groups == 2
    assert np.flatnonzero(tensors["MEMORY_VALID"][1]).size > 0


def test_the_first_frame_of_a_late_object_stays_as_it_is() -> None:
    memory = XMemMemory(POLICY)
    for number in range(100):
        _add(memory, number, 1 if number < 4 else 2)
        _read(memory)
    assert memory.work is not None
    assert np.floor(memory.work.key[0, ::6]).tolist()[:2] == [0, 4]


@pytest.mark.parametrize("aligned", [True, False])
def test_memory_is_bounded_however_many_objects_come_late(aligned: bool) -> None:
    policy = dataclasses.replace(POLICY, aligned=aligned)
    memory = XMemMemory(policy)
    largest = (policy.max_frames + policy.late_firsts) * 6 + policy.max_long_term
    for number in range(150):
        _add(memory, number, 1 + number // 5)
        _read(memory, number % 7)
        tensors = memory.tensors()
        assert tensors["MEMORY_KEY"].shape[1] <= largest
        valid = tensors["MEMORY_VALID"]
        assert valid.shape[0] == memory.groups == 1 + number // 5
        assert valid.any(axis=1).all()  # everybody is remembered somewhere
        if aligned:
            for group, columns in enumerate(valid > 0):
                keys, values = tensors["MEMORY_KEY"][0, columns], tensors["MEMORY_VALUE"][group, 0, columns]
                np.testing.assert_allclose(values, keys, atol=0.06)
                assert keys.min() >= 5 * group
    assert memory.work is not None
    if aligned:
        # The shot's own first frame, and those of the four that came last.
        firsts = [0, 130, 135, 140, 145]
        assert [n for n in np.floor(memory.work.key[0, ::6]).tolist() if n % 5 == 0] == firsts


def test_what_is_read_is_put_together_once_a_frame() -> None:
    memory = XMemMemory(POLICY)
    for number in range(6):
        _add(memory, number, 1)
        _read(memory)
    first = memory.tensors()["MEMORY_VALUE"]
    _read(memory)
    assert memory.tensors()["MEMORY_VALUE"] is first
    _add(memory, 6, 1)
    assert memory.tensors()["MEMORY_VALUE"][0, 0, -1] == pytest.approx(6.05)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"min_frames": 6}, "less than max_frames"),
        ({"prototypes": 2000}, "max_long_term at least as many"),
        ({"late_firsts": -1}, "late_firsts"),
    ],
)
def test_policies_without_room_are_refused(wrong: dict[str, int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        MemoryPolicy(**wrong)


def test_published_bookkeeping_lets_late_values_slip() -> None:
    memory = XMemMemory(
        MemoryPolicy(min_frames=3, max_frames=5, prototypes=4, max_long_term=100, aligned=False)
    )
    for number in range(12):
        _add(memory, number, 1 if number < 3 else 2)
        _read(memory)
    tensors = memory.tensors()
    columns = np.flatnonzero(tensors["MEMORY_VALID"][1])
    slip = np.abs(tensors["MEMORY_VALUE"][1, 0, columns] - tensors["MEMORY_KEY"][0, columns])
    assert slip.max() > 0.5


def test_without_long_term_everything_is_kept() -> None:
    memory = XMemMemory(MemoryPolicy(long_term=False))
    for number in range(15):
        _add(memory, number, 1)
    assert memory.tensors()["MEMORY_KEY"].shape[1] == 15 * 6
    assert memory.long is None
