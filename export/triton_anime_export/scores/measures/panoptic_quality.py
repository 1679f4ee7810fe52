"""Panoptic quality: how well classes and instances are segmented together.

Kirillov et al., "Panoptic Segmentation", CVPR 2019, section 4: segments of one class match where their
intersection over union exceeds one half, and PQ = Σ IoU of matches / (TP + FP/2 + FN/2), by class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]


@dataclass
class PanopticQuality:
    """Sums over frames.

    Attributes:
        classes: names, by class index.
        things: indices of classes whose instances count one by one; each other class is one segment.
    """

    classes: Sequence[str]
    things: frozenset[int]
    matched: dict[int, float] = field(default_factory=dict)
    weight: dict[int, float] = field(default_factory=dict)

    def add(self, found: tuple[U8, U8], true: tuple[U8, U8]) -> None:
        """One frame: (class map, instance map) of the answer and of the truth, all uint8 [H,W]."""
        ours, theirs = self._segments(*found), self._segments(*true)
        mine, areas = np.unique(ours, return_counts=True)
        area = dict(zip(mine.tolist(), areas.tolist(), strict=True))
        mine, areas = np.unique(theirs, return_counts=True)
        true_area = dict(zip(mine.tolist(), areas.tolist(), strict=True))
        pairs, common = np.unique(theirs.astype(np.int64) << 32 | ours, return_counts=True)
        met_true, met_found = set(), set()
        for pair, both in zip(pairs.tolist(), common.tolist(), strict=True):
            wanted, given = pair >> 32, pair & 0xFFFFFFFF
            if wanted // 256 != given // 256:
                continue
            overlap = both / (true_area[wanted] + area[given] - both)
            if overlap > 0.5:
                met_true.add(wanted)
                met_found.add(given)
                self._count(wanted // 256, overlap, 1.0)
        for segment in true_area.keys() - met_true:
            self._count(segment // 256, 0.0, 0.5)
        for segment in area.keys() - met_found:
            self._count(segment // 256, 0.0, 0.5)

    def _segments(self, classes: U8, instances: U8) -> NDArray[np.int64]:
        """Class · 256 + instance."""
        is_thing = np.isin(classes, list(self.things))
        segments: NDArray[np.int64] = classes.astype(np.int64) * 256 + np.where(is_thing, instances, 0)
        return segments

    def _count(self, index: int, overlap: float, weight: float) -> None:
        self.matched[index] = self.matched.get(index, 0.0) + overlap
        self.weight[index] = self.weight.get(index, 0.0) + weight

    def by_class(self) -> dict[str, float]:
        """PQ of every class that was shown or claimed."""
        return {self.classes[i]: self.matched[i] / self.weight[i] for i in sorted(self.weight)}

    def mean(self) -> float:
        """PQ, the mean over those classes; NaN before the first frame."""
        found = list(self.by_class().values())
        return float(np.mean(found)) if found else float("nan")
