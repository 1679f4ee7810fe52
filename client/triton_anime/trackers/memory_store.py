"""Columns of XMem's memory, and how many of them become a few."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]

NEWBORN = np.float32(1e-7)
"""Life of a column that no frame has read yet: upstream's guard against 0/0."""


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

    def bare(self) -> Store:
        """The same without selections."""
        return dataclasses.replace(self, selection=None)

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


def gather(candidates: Store, best: NDArray[np.intp], group_of: NDArray[np.int32]) -> Store:
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
    return Store(key, shrinkage, None, value, valid, fresh, fresh + NEWBORN)


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
