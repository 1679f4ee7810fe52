"""What DeAOT remembers of a shot: the drawing before, and every so many drawings one for long.

The schedule is the published one (Yang and Yang, NeurIPS 2022). The published long-term memory grows with the
shot; here it is bounded unless that is asked for: the first drawing stays, the oldest of the others goes.

What is remembered of a drawing whose masks were decided needs a network, which runs at the beginning of the
next step: until then the drawing is *pending*, with its place in the long-term memory taken when it is due.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class DeAOTPolicy:
    """How much is remembered.

    Attributes:
        memory_every: drawings between two entries of the long-term memory; None for none after those whose
            masks are given, as DeAOT-T, S and B are used.
        most_entries: drawings in it; None for no limit.
    """

    memory_every: int | None = 5
    most_entries: int | None = 8

    def __post_init__(self) -> None:
        if self.memory_every is not None and self.memory_every < 1:
            raise ValueError("memory_every counts drawings from 1")
        if self.most_entries is not None and self.most_entries < 2:
            raise ValueError("most_entries has to be 2 or more: the first drawing and the newest")


PUBLISHED = DeAOTPolicy(most_entries=None)
"""The published evaluation of the L sizes."""

PUBLISHED_SMALL = DeAOTPolicy(memory_every=None, most_entries=None)
"""That of the sizes T, S and B."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One drawing.

    Attributes:
        key: ``[L, h, w, A]`` of all layers.
        value: ``[L, h, w, V]``, or None while the drawing is pending.
        given: its masks were given rather than decided.
    """

    key: F32
    value: F32 | None
    given: bool


class DeAOTMemory:
    """The memory of one shot for up to ten objects. Not thread-safe; bounded by its policy."""

    def __init__(self, policy: DeAOTPolicy | None = None) -> None:
        self.policy = policy or DeAOTPolicy()
        self.long: tuple[Entry, ...] = ()
        """Newest first."""
        self.short: Entry | None = None
        self.pending: F32 | None = None
        """``[L, h, w, P]`` of the drawing before while it is pending."""
        self.last = 0
        """When the long-term memory was last added to."""
        self._joined: tuple[F32, F32] | None = None

    @property
    def columns(self) -> int:
        """Cells of the long-term memory, those of a pending drawing included."""
        return sum(entry.key.shape[1] * entry.key.shape[2] for entry in self.long)

    def is_due(self, time: int) -> bool:
        """Whether the drawing of that time is one to be remembered for long."""
        every = self.policy.memory_every
        return every is not None and time - self.last >= every

    def give(self, key: F32, value: F32, time: int) -> None:
        """Remember a drawing whose masks are given: for long at once, and as the drawing before.

        Args:
            key: ``[L, h, w, A]``.
            value: ``[L, h, w, V]``.
            time: its number in the shot.
        """
        self.short, self.pending = Entry(key, value, given=True), None
        self._add(self.short, time)

    def decide(self, key: F32, pending: F32, time: int) -> None:
        """Remember a drawing whose masks were decided, for long when that is due; :meth:`settle` is next.

        Args:
            key: ``[L, h, w, A]``.
            pending: ``[L, h, w, P]``, what its values will be made of.
            time: its number in the shot.
        """
        self.short, self.pending = Entry(key, None, given=False), pending
        if self.is_due(time):
            self._add(self.short, time)

    def settle(self, value: F32) -> None:
        """The values ``[L, h, w, V]`` of the pending drawing are known."""
        assert self.short is not None
        settled = dataclasses.replace(self.short, value=value)
        if self._is_newest_pending:
            self.long = (settled, *self.long[1:])
            self._joined = None
        self.short, self.pending = settled, None

    @property
    def _is_newest_pending(self) -> bool:
        return bool(self.long) and self.long[0].value is None

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """What one run reads, under the names of ``deaot_step``, without their first axis."""
        assert self.short is not None
        if self._joined is None:  # the same until the next entry: copies of megabytes
            known = [(entry.key, entry.value) for entry in self.long if entry.value is not None]
            self._joined = _joined([key for key, _ in known]), _joined([value for _, value in known])
        keys, values = self._joined
        tensors: dict[str, NDArray[np.generic]] = {
            "LONG_KEY": keys,
            "LONG_VALUE": values,
            "LONG_VALID": np.ones(keys.shape[1], np.uint8),
            "SHORT_KEY": self.short.key,
        }
        if self.short.value is not None:
            return tensors | {"SHORT_VALUE": self.short.value}
        assert self.pending is not None
        return tensors | {"PENDING": self.pending, "LASTS": np.uint8(self._is_newest_pending).reshape(())}

    def _add(self, entry: Entry, time: int) -> None:
        self.long = (entry, *self.long)
        self.last = time
        self._joined = None
        most = self.policy.most_entries
        if most is None or len(self.long) <= most:
            return
        # Given masks are worth more than decided ones; the first drawing of all always stays.
        between = range(len(self.long) - 2, 0, -1)
        gone = next((i for i in between if not self.long[i].given), len(self.long) - 2)
        self.long = (*self.long[:gone], *self.long[gone + 1 :])


def tensors_of(memories: Sequence[DeAOTMemory]) -> dict[str, NDArray[np.generic]]:
    """What all runs read, under the names of ``deaot_step``; shorter memories are padded."""
    runs = [memory.tensors() for memory in memories]
    columns = max(run["LONG_VALID"].shape[0] for run in runs)
    for run in runs:
        more = columns - run["LONG_VALID"].shape[0]
        if more:
            run["LONG_KEY"] = np.pad(run["LONG_KEY"], ((0, 0), (0, more), (0, 0)))
            run["LONG_VALUE"] = np.pad(run["LONG_VALUE"], ((0, 0), (0, more), (0, 0)))
            run["LONG_VALID"] = np.pad(run["LONG_VALID"], (0, more))
    if len(runs) == 1:
        return {name: value[None] for name, value in runs[0].items()}
    return {name: np.stack([run[name] for run in runs]) for name in runs[0]}


def _joined(parts: Sequence[F32]) -> F32:
    """``[L, h, w, C]`` of several drawings to ``[L, N, C]``."""
    return np.concatenate([part.reshape(len(part), -1, part.shape[-1]) for part in parts], axis=1)
