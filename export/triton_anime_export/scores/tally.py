"""Collects values by measure, answer and set of data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

Key = tuple[str, str, str]
"""(measure, answer, data)."""

Figures = dict[str, dict[str, dict[str, float]]]
"""Measure → answer → data → figure."""


class Source(Protocol):
    """What a value was measured on: a clip of a set of data."""

    @property
    def name(self) -> str:
        """Unique within its set."""

    @property
    def data(self) -> str:
        """The set."""


@dataclass
class Tally:
    """Means of single values, and sums that are already one."""

    values: dict[Key, dict[str, list[float]]] = field(default_factory=dict)
    """By clip."""
    totals: dict[Key, float] = field(default_factory=dict)

    def add(self, measure: str, answer: str, clip: Source, value: float) -> None:
        """One drawing's, pair's or clip's value; NaN (nothing to measure there) is passed over."""
        if not math.isnan(value):
            of_clips = self.values.setdefault((measure, answer, clip.data), {})
            of_clips.setdefault(clip.name, []).append(value)

    def sum(self, measure: str, answer: str, data: str, value: float) -> None:
        """A count that adds up over clips."""
        key = (measure, answer, data)
        self.totals[key] = self.totals.get(key, 0.0) + value

    def put(self, measure: str, answer: str, data: str, value: float) -> None:
        """A finished figure."""
        if not math.isnan(value):
            self.totals[(measure, answer, data)] = value

    def results(self) -> Figures:
        """The means over all values, and the totals."""
        means = {key: float(np.mean(_all(of_clips))) for key, of_clips in self.values.items()}
        return _nested({**means, **self.totals})

    def errors(self, answer: str) -> Figures:
        """Standard errors of one answer's means, of those from two clips or more."""
        return _nested(
            {
                key: standard_error(of_clips)
                for key, of_clips in self.values.items()
                if key[1] == answer and len(of_clips) > 1
            }
        )


def standard_error(of_clips: Mapping[str, list[float]]) -> float:
    """How far the mean over all values is likely to be off, had other clips been drawn.

    Drawings of one clip are alike, so clips count, not drawings: the cluster-robust error of a mean (Liang
    and Zeger 1986) with G / (G - 1) for few clusters.

    Args:
        of_clips: the values of each of two clips or more.
    """
    values = _all(of_clips)
    mean = float(np.mean(values))
    apart = [sum(value - mean for value in of_clip) for of_clip in of_clips.values()]
    share = len(apart) / (len(apart) - 1)
    return math.sqrt(share * sum(each**2 for each in apart)) / len(values)


def _all(of_clips: Mapping[str, list[float]]) -> list[float]:
    return [value for of_clip in of_clips.values() for value in of_clip]


def _nested(figures: Mapping[Key, float]) -> Figures:
    found: Figures = {}
    for (measure, answer, data), value in figures.items():
        found.setdefault(measure, {}).setdefault(answer, {})[data] = value
    return found
