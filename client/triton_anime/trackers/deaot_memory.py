"""What DeAOT remembers of a shot: the drawing before, and every so many drawings one for long.

The schedule is the published one (Yang and Yang, NeurIPS 2022). The published long-term memory grows with the
shot; here it is bounded unless that is asked for: the first drawing stays, the oldest of the others goes.
"""

from __future__ import annotations

import dataclasses

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
        value: ``[L, h, w, V]``.
        given: its masks were given rather than decided.
    """

    key: F32
    value: F32
    given: bool


class DeAOTMemory:
    """The memory of one shot for up to ten objects. Not thread-safe; bounded by its policy."""

    def __init__(self, policy: DeAOTPolicy | None = None) -> None:
        self.policy = policy or DeAOTPolicy()
        self.long: tuple[Entry, ...] = ()
        """Newest first."""
        self.short: Entry | None = None
        self.last = 0
        """When the long-term memory was last added to."""

    @property
    def columns(self) -> int:
        """Cells of the long-term memory."""
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
        self.short = Entry(key, value, given=True)
        self._add(self.short, time)

    def decide(self, key: F32, value: F32, time: int) -> None:
        """Remember a drawing whose masks were decided, for long when that is due; see :meth:`give`."""
        self.short = Entry(key, value, given=False)
        if self.is_due(time):
            self._add(self.short, time)

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """What the network reads, under the names of ``deaot_propagate``."""
        assert self.short is not None
        keys, values = (
            np.concatenate([part.reshape(len(part), -1, part.shape[-1]) for part in parts], axis=1)
            for parts in ([entry.key for entry in self.long], [entry.value for entry in self.long])
        )
        return {
            "LONG_KEY": keys,
            "LONG_VALUE": values,
            "LONG_VALID": np.ones(keys.shape[1], np.uint8),
            "SHORT_KEY": self.short.key,
            "SHORT_VALUE": self.short.value,
        }

    def _add(self, entry: Entry, time: int) -> None:
        self.long = (entry, *self.long)
        self.last = time
        most = self.policy.most_entries
        if most is None or len(self.long) <= most:
            return
        # Given masks are worth more than decided ones; the first drawing of all always stays.
        between = range(len(self.long) - 2, 0, -1)
        gone = next((i for i in between if not self.long[i].given), len(self.long) - 2)
        self.long = (*self.long[:gone], *self.long[gone + 1 :])
