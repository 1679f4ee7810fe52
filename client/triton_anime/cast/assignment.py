"""The best one-to-one assignment of a small matrix, without scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def assign(gain: NDArray[Any]) -> list[int]:
    """For each row the column that it gets, so that the sum of the gains is the largest possible.

    Kuhn, "The Hungarian Method for the Assignment Problem", 1955, with shortest augmenting paths and
    potentials (Jonker & Volgenant 1987): O(rows² · columns).

    Args:
        gain: [R,C], finite, R ≤ C.

    Raises:
        ValueError: there are more rows than columns.
    """
    rows, columns = gain.shape
    if rows > columns:
        raise ValueError("every row must get a column; transpose the matrix")
    cost = -np.asarray(gain, np.float64)
    of_row, of_column = np.zeros(rows), np.zeros(columns)
    holder = np.full(columns, -1)
    for row in range(rows):
        shortest = np.full(columns, np.inf)
        came_from = np.full(columns, -1)
        done = np.zeros(columns, bool)
        current, last = row, -1
        reached: list[int] = []
        distance = 0.0
        while True:
            through = distance + cost[current] - of_row[current] - of_column
            better = ~done & (through < shortest)
            shortest[better] = through[better]
            came_from[better] = last
            last = int(np.where(done, np.inf, shortest).argmin())
            distance = float(shortest[last])
            done[last] = True
            if holder[last] < 0:
                break
            reached.append(last)
            current = int(holder[last])
        of_row[row] += distance
        for column in reached:
            of_row[holder[column]] += distance - shortest[column]
            of_column[column] -= distance - shortest[column]
        while last >= 0:
            before = int(came_from[last])
            holder[last] = holder[before] if before >= 0 else row
            last = before
    found = [-1] * rows
    for column in np.flatnonzero(holder >= 0):
        found[int(holder[column])] = int(column)
    return found
