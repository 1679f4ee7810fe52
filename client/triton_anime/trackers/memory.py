"""What XMem remembers of a shot: working memory, long-term prototypes, usage, eviction.

The policy is the published one (Cheng and Schwing, ECCV 2022): the first memory frame and the newest ones
stay as they are; what lies between is reduced to the most used columns, each of which gathers the values of
all that are like it; the least used of those go when the long-term store is full.

Objects that are first given later in a shot form groups: a column has values for the groups that existed when
it was stored. The published code lets the values of later groups slip against their keys once memory has been
consolidated; that is reproduced on request (``aligned=False``), and the default keeps them together.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from triton_anime.trackers.memory_store import F32, NEWBORN, Bools, Store, gather


@dataclasses.dataclass(frozen=True)
class MemoryPolicy:
    """How much is remembered.

    Attributes:
        long_term: consolidate; without it working memory only grows.
        count_long_term: count the usage of long-term columns too, which eviction needs to tell them apart.
        min_frames: frames that stay in working memory when it is consolidated (Tmin).
        max_frames: frames at which it is (Tmax).
        prototypes: columns that one consolidation leaves (P).
        max_long_term: columns of the long-term store.
        late_firsts: groups of late objects whose first frames stay in working memory as the shot's own does;
            beyond that the oldest of them is consolidated like any other frame. Only where ``aligned``.
        aligned: keep the values of late groups with their keys; False reproduces the published code.

    Raises:
        ValueError: sizes that leave nothing to consolidate, or no room for what is consolidated.
    """

    long_term: bool = True
    count_long_term: bool = True
    min_frames: int = 3
    max_frames: int = 6
    prototypes: int = 128
    max_long_term: int = 1024
    late_firsts: int = 4
    aligned: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.min_frames < self.max_frames:
            raise ValueError("min_frames has to be 1 or more, and less than max_frames")
        if not 1 <= self.prototypes <= self.max_long_term:
            raise ValueError("prototypes has to be 1 or more, and max_long_term at least as many")
        if self.late_firsts < 0:
            raise ValueError("late_firsts has to be 0 or more")


PUBLISHED = MemoryPolicy(min_frames=5, max_frames=10, max_long_term=10_000, aligned=False)
"""The defaults of the published evaluation."""


class XMemMemory:
    """The memory of one shot. Not thread-safe; bounded by its policy."""

    def __init__(self, policy: MemoryPolicy | None = None) -> None:
        self.policy = policy or MemoryPolicy()
        self.work: Store | None = None
        self.long: Store | None = None
        self.group_of: NDArray[np.int32] = np.zeros(0, np.int32)
        self.log: list[dict[str, object]] = []
        """Consolidations and evictions, newest last, for tests and curious people; at most 64."""
        self._first_of: NDArray[np.int32] = np.zeros(0, np.int32)
        """For each column of working memory the group whose retained first frame it is part of, or -1."""
        self._cells = 0
        self._whole: Store | None = None

    @property
    def objects(self) -> int:
        """How many objects have been stored."""
        return len(self.group_of)

    @property
    def groups(self) -> int:
        """Groups of objects first given together."""
        return int(self.group_of.max()) + 1 if len(self.group_of) else 0

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """What the network reads, long-term columns first, under the names of ``track_step``."""
        assert self.work is not None
        if self._whole is None:  # the same until the next frame is stored: copies of megabytes
            self._whole = self.work if self.long is None else self.long.bare().joined(self.work.bare())
        whole = self._whole
        return {
            "MEMORY_KEY": whole.key,
            "MEMORY_SHRINKAGE": whole.shrinkage,
            "MEMORY_VALUE": whole.value,
            "MEMORY_VALID": whole.valid.astype(np.uint8),
            "GROUP": self.group_of,
        }

    def count(self, usage: F32) -> None:
        """Note how much each column of :meth:`tensors` was read in a frame."""
        if self.work is None or not self.policy.long_term:
            return
        long_size = 0 if self.long is None else self.long.size
        self.work.count(usage[long_size:])
        if self.long is not None and self.policy.count_long_term:
            self.long.count(usage[:long_size])

    def add(self, key: F32, shrinkage: F32, selection: F32, value: F32) -> None:
        """Store one frame.

        Args:
            key: ``[CK, h, w]``, like ``selection``.
            shrinkage: ``[1, h, w]``.
            selection: see ``key``.
            value: ``[O, CV, h, w]`` of all objects; those not stored before become a new group.
        """
        cells = int(np.prod(key.shape[1:]))
        objects, known = value.shape[0], self.objects
        if objects > known:
            self.group_of = np.append(self.group_of, np.full(objects - known, self.groups, np.int32))
        new = Store(
            key.reshape(key.shape[0], cells),
            shrinkage.reshape(1, cells),
            selection.reshape(selection.shape[0], cells) if self.policy.long_term else None,
            value.reshape(objects, value.shape[1], cells),
            np.ones((self.groups, cells), bool),
            np.zeros(cells, np.float32),
            np.full(cells, NEWBORN, np.float32),
        )
        self._whole = None
        if self.work is None:
            self.work, self._cells, self._first_of = new, cells, np.zeros(cells, np.int32)
            return
        self.work = self.work.widened(objects, self.groups).joined(new)
        starts = objects > known and self.policy.aligned
        group = np.full(cells, self.groups - 1 if starts else -1, np.int32)
        self._first_of = np.append(self._first_of, group)
        self._release_old_firsts()
        if self.long is not None:
            self.long = self.long.widened(objects, self.groups)
        # Retained first frames of late groups come on top, or there would soon be nothing to consolidate.
        kept = int((self._first_of > 0).sum())
        if self.policy.long_term and self.work.size - kept >= self.policy.max_frames * cells:
            self._make_room()
            self._consolidate()

    def _release_old_firsts(self) -> None:
        """However many objects come late, only some of their first frames stay for good."""
        late = np.unique(self._first_of[self._first_of > 0])
        released = late[: max(len(late) - self.policy.late_firsts, 0)]
        self._first_of[np.isin(self._first_of, released)] = -1

    def _make_room(self) -> None:
        target = self.policy.max_long_term - self.policy.prototypes
        if self.long is None or self.long.size <= target:
            return
        usage = self.long.usage()
        # Ties with the last one to go, go too: the published rule.
        limit = np.sort(usage)[self.long.size - target - 1]
        self._note(event="evict", before=self.long.size, usage=usage)
        survivors = self.long.take(usage > limit)
        self.long = survivors if self.policy.aligned else survivors.pushed_right(self.group_of)

    def _consolidate(self) -> None:
        assert self.work is not None
        work, cells = self.work, self._cells
        newest = (self.policy.min_frames - 1) * cells
        between = np.zeros(work.size, bool)
        between[cells : work.size - newest] = True
        between &= self._first_of < 0
        candidates = work.take(between)
        if not self.policy.aligned:
            candidates = self._published_candidates(candidates, work)
        usage = candidates.usage()
        best = np.argsort(-usage, kind="stable")[: self.policy.prototypes]
        prototypes = gather(candidates, best, self.group_of)
        self._note(
            event="consolidate",
            before=work.size,
            candidates=int(between.sum()),
            columns=best,
            usage=usage,
            key=prototypes.key,
            shrinkage=prototypes.shrinkage[0],
            prototypes=[int(row.sum()) or None for row in prototypes.valid],
        )
        if self.policy.aligned:
            self.work = work.take(~between)
        else:
            self.work = self._published_rest(work, between)
        self._first_of = self._first_of[~between]
        self.long = prototypes if self.long is None else self.long.joined(prototypes)
        if not self.policy.aligned:
            self.long = self.long.pushed_right(self.group_of)

    # ------------------------------------------------------------ the published treatment of late groups

    def _published_candidates(self, candidates: Store, work: Store) -> Store:
        """Late groups give their own frames between their own first and newest ones."""
        newest = (self.policy.min_frames - 1) * self._cells
        value, valid = np.zeros_like(candidates.value), np.zeros_like(candidates.valid)
        for group in range(work.valid.shape[0]):
            columns = np.flatnonzero(work.valid[group])
            if len(columns) < work.size and len(columns) <= newest + 2 * self._cells:
                continue  # too young to be consolidated
            mine = columns[self._cells : len(columns) - newest]
            members = np.flatnonzero(self.group_of == group)
            value[members, :, candidates.size - len(mine) :] = work.value[members][:, :, mine]
            valid[group, candidates.size - len(mine) :] = True
        return dataclasses.replace(candidates, value=value, valid=valid)

    def _published_rest(self, work: Store, between: Bools) -> Store:
        """What stays of each group: its own first and newest frames, moved to the newest columns."""
        newest = (self.policy.min_frames - 1) * self._cells
        rest = work.take(~between)
        value, valid = np.zeros_like(rest.value), np.zeros_like(rest.valid)
        for group in range(work.valid.shape[0]):
            columns = np.flatnonzero(work.valid[group])
            if len(columns) >= newest + 2 * self._cells:
                columns = np.append(columns[: self._cells], columns[len(columns) - newest :])
            members = np.flatnonzero(self.group_of == group)
            value[members, :, rest.size - len(columns) :] = work.value[members][:, :, columns]
            valid[group, rest.size - len(columns) :] = True
        return dataclasses.replace(rest, value=value, valid=valid)

    def _note(self, **event: object) -> None:
        self.log = [*self.log[-63:], event]
