"""The assignment is the best there is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from triton_anime.cast.assignment import assign


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 3), (4, 6), (5, 5)])
@pytest.mark.parametrize("seed", range(6))
def test_no_permutation_is_better(shape: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    # few levels, so that ties occur
    gain = rng.integers(-3, 4, shape) / 2.0 if seed % 2 else rng.normal(size=shape)
    found = assign(gain)
    assert len(set(found)) == shape[0]
    rows = range(shape[0])

    def total(columns: Sequence[int]) -> float:
        return float(sum(gain[row, column] for row, column in zip(rows, columns, strict=True)))

    every = itertools.permutations(range(shape[1]), shape[0])
    assert total(found) == pytest.approx(max(total(columns) for columns in every))


def test_nothing_to_assign() -> None:
    assert assign(np.zeros((0, 3))) == []


def test_too_few_columns() -> None:
    with pytest.raises(ValueError, match="column"):
        assign(np.zeros((3, 2)))
