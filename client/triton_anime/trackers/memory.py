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

F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]

_NEWBORN = np.float32(1e-7)  # life of a column that no frame has read yet: upstream's guard against 0/0


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
        aligned: keep the values of late groups with their keys; False reproduces the published code.
    """

    long_term: bool = True
    count_long_term: bool = True
    min_frames: int = 3
    max_frames: int = 6
    prototypes: int = 128
    max_long_term: int = 1024
    aligned: bool = True


PUBLISHED = MemoryPolicy(min_frames=5, max_frames=10, max_long_term=10_000, aligned=False)
"""The defaults of the published evaluation."""


@dataclasses.dataclass
class Store:
    """Columns of one kind of memory.

    Attributes:
        key: ``[CK, N]``.
        shrinkage: ``[1, N]``.
        selection: ``[CK, N]``, or None where it is not kept.
        value: ``[O, CV, N]``; zero where not valid.
        valid: ``[G, N]``, which columns hold values of which group.
        use, life: ``[N]``, how much was read from a column and in how many frames it could have been.
    """

    key: F32
    shrinkage: F32
    selection: F32 | None
    value: F32
    valid: Bools
    use: F32
    life: F32

    @property
    def size(self) -> int:
        """Columns."""
        return int(self.key.shape[1])

    def usage(self) -> F32:
        """Use per frame of life, ``[N]``."""
        usage: F32 = self.use / self.life
        return usage

    def count(self, usage: F32) -> None:
        """Note one read."""
        self.use = self.use + usage
        self.life = self.life + 1

    def take(self, columns: Bools | NDArray[np.intp]) -> Store:
        """Some of the columns."""
        return Store(
            self.key[:, columns],
            self.shrinkage[:, columns],
            None if self.selection is None else self.selection[:, columns],
            self.value[:, :, columns],
            self.valid[:, columns],
            self.use[columns],
            self.life[columns],
        )

    def widened(self, objects: int, groups: int) -> Store:
        """Room for more objects and groups, of which nothing is stored."""
        more, new = objects - self.value.shape[0], groups - self.valid.shape[0]
        if more <= 0 and new <= 0:
            return self
        value = np.pad(self.value, ((0, more), (0, 0), (0, 0)))
        valid = np.pad(self.valid, ((0, new), (0, 0)))
        return dataclasses.replace(self, value=value, valid=valid)

    def joined(self, other: Store) -> Store:
        """These columns, then the other's; both have the same objects and groups."""
        selection = None
        if self.selection is not None and other.selection is not None:
            selection = np.concatenate([self.selection, other.selection], axis=1)
        return Store(
            np.concatenate([self.key, other.key], axis=1),
            np.concatenate([self.shrinkage, other.shrinkage], axis=1),
            selection,
            np.concatenate([self.value, other.value], axis=2),
            np.concatenate([self.valid, other.valid], axis=1),
            np.concatenate([self.use, other.use]),
            np.concatenate([self.life, other.life]),
        )

    def pushed_right(self, group_of: NDArray[np.int32]) -> Store:
        """Each group's values moved to the newest columns, in order: the published pairing."""
        value, valid = np.zeros_like(self.value), np.zeros_like(self.valid)
        for group in range(self.valid.shape[0]):
            columns = np.flatnonzero(self.valid[group])
            if len(columns) == 0:
                continue
            members = np.flatnonzero(group_of == group)
            value[members, :, self.size - len(columns) :] = self.value[members][:, :, columns]
            valid[group, self.size - len(columns) :] = True
        return dataclasses.replace(self, value=value, valid=valid)


class XMemMemory:
    """The memory of one shot. Not thread-safe; bounded by its policy."""

    def __init__(self, policy: MemoryPolicy | None = None) -> None:
        self.policy = policy or MemoryPolicy()
        self.work: Store | None = None
        self.long: Store | None = None
        self.group_of: NDArray[np.int32] = np.zeros(0, np.int32)
        self.log: list[dict[str, object]] = []
        """Consolidations and evictions, newest last, for tests and curious people; at most 64."""
        self._first: Bools = np.zeros(0, bool)
        self._cells = 0

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
        whole = self.work if self.long is None else _bare(self.long).joined(_bare(self.work))
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
            np.full(cells, _NEWBORN, np.float32),
        )
        starts = objects > known
        if self.work is None:
            self.work, self._cells, self._first = new, cells, np.ones(cells, bool)
            return
        self.work = self.work.widened(objects, self.groups).joined(new)
        self._first = np.append(self._first, np.full(cells, starts and self.policy.aligned))
        if self.long is not None:
            self.long = self.long.widened(objects, self.groups)
        # Retained first frames of late groups come on top, or there would soon be nothing to consolidate.
        kept = max(int(self._first.sum()) - cells, 0)
        if self.policy.long_term and self.work.size - kept >= self.policy.max_frames * cells:
            self._make_room()
            self._consolidate()

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
        between &= ~self._first
        candidates = work.take(between)
        if not self.policy.aligned:
            candidates = self._published_candidates(candidates, work)
        usage = candidates.usage()
        best = np.argsort(-usage, kind="stable")[: self.policy.prototypes]
        prototypes = _gather(candidates, best, self.group_of)
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
        self._first = self._first[~between]
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


def _bare(store: Store) -> Store:
    return dataclasses.replace(store, selection=None)


def _gather(candidates: Store, best: NDArray[np.intp], group_of: NDArray[np.int32]) -> Store:
    """Prototypes at the best columns; each gathers values and shrinkage of the candidates like it."""
    assert candidates.selection is not None
    key, selection = candidates.key[:, best], candidates.selection[:, best]
    scores = _similarity(candidates, key, selection)
    value = np.zeros((*candidates.value.shape[:2], len(best)), np.float32)
    valid = np.zeros((candidates.valid.shape[0], len(best)), bool)
    shrinkage = np.ones((1, len(best)), np.float32)
    for group, stored in enumerate(candidates.valid):
        holders = stored[best]
        if not holders.any():
            continue
        weights = _softmax(scores[np.ix_(stored, holders)])
        members = np.flatnonzero(group_of == group)
        value[np.ix_(members, np.arange(value.shape[1]), holders)] = (
            candidates.value[members][:, :, stored] @ weights
        )
        valid[group] = holders
        if group == 0:
            shrinkage[:, holders] = candidates.shrinkage[:, stored] @ weights
    fresh = np.zeros(len(best), np.float32)
    return Store(key, shrinkage, None, value, valid, fresh, fresh + _NEWBORN)


def _similarity(memory: Store, key: F32, selection: F32) -> F32:
    """``[N, P]``: the network's own measure between stored columns and prototype keys."""
    squares = (memory.key**2).T @ selection
    cross = 2 * (memory.key.T @ (key * selection))
    own = (selection * key**2).sum(axis=0, keepdims=True)
    scores: F32 = (-squares + cross - own) * memory.shrinkage.T / np.float32(np.sqrt(key.shape[0]))
    return scores


def _softmax(scores: F32) -> F32:
    raised = np.exp(scores - scores.max(axis=0, keepdims=True))
    weights: F32 = raised / raised.sum(axis=0, keepdims=True)
    return weights
