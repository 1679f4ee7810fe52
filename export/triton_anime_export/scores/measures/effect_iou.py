"""Intersection over union of effects by their type, summed over frames.

The per-class index of the PASCAL VOC segmentation task (Everingham et al., IJCV 2010): for each class all
intersections over all unions, so seeing a type where it is not counts against it; then the mean over classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass
class EffectIoU:
    """Sums over frames by type."""

    both: dict[str, int] = field(default_factory=dict)
    either: dict[str, int] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, found: Mask, true: Mask) -> None:
        """One frame of one type, bool [H,W] both."""
        for sums, mask in ((self.both, found & true), (self.either, found | true), (self.shown, true)):
            sums[kind] = sums.get(kind, 0) + int(np.count_nonzero(mask))

    def by_type(self) -> dict[str, float]:
        """IoU of every type that is shown in some frame."""
        return {kind: self.both[kind] / self.either[kind] for kind in sorted(self.shown) if self.shown[kind]}

    def mean(self) -> float:
        """Mean over the types; NaN where none is shown."""
        values = list(self.by_type().values())
        return float(np.mean(values)) if values else float("nan")
