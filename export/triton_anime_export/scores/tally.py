"""Collects values by measure, answer and set of data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

Key = tuple[str, str, str]
"""(measure, answer, data)."""


@dataclass
class Tally:
    """Means of single values, and sums that are already one."""

    values: dict[Key, list[float]] = field(default_factory=dict)
    totals: dict[Key, float] = field(default_factory=dict)

    def add(self, measure: str, answer: str, data: str, value: float) -> None:
        """One drawing's, pair's or clip's value; NaN (nothing to measure there) is passed over."""
        if not math.isnan(value):
            self.values.setdefault((measure, answer, data), []).append(value)

    def sum(self, measure: str, answer: str, data: str, value: float) -> None:
        """A count that adds up over clips."""
        key = (measure, answer, data)
        self.totals[key] = self.totals.get(key, 0.0) + value

    def put(self, measure: str, answer: str, data: str, value: float) -> None:
        """A finished figure."""
        if not math.isnan(value):
            self.totals[(measure, answer, data)] = value

    def results(self) -> dict[str, dict[str, dict[str, float]]]:
        """Measure → answer → data → figure."""
        found: dict[str, dict[str, dict[str, float]]] = {}
        means = {key: float(np.mean(values)) for key, values in self.values.items()}
        for (measure, answer, data), value in {**means, **self.totals}.items():
            found.setdefault(measure, {}).setdefault(answer, {})[data] = value
        return found
