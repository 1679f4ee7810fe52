"""J&F of a whole clip: region similarity and contour accuracy of every character over time.

Pont-Tuset et al., "The 2017 DAVIS Challenge on Video Object Segmentation" (J and F averaged over frames, then
objects), and for answers whose numbers mean nothing Caelles et al., "The 2019 DAVIS Challenge on VOS:
Unsupervised Multi-Object Segmentation": each true object gets one answer for the whole clip, chosen so that
the mean of J&F is largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from triton_anime_export.scores.measures.boundary_f import Outline, meeting
from triton_anime_export.scores.measures.mask_iou import mask_iou

U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class ClipScore:
    """Means over the objects of a clip, 0..1; NaN for a clip without any."""

    j: float
    f: float

    @property
    def jf(self) -> float:
        """The mean of J and F."""
        return (self.j + self.f) / 2


def clip_jf(found: Sequence[U8], true: Sequence[U8], *, same_numbers: bool = False) -> ClipScore:
    """Compare label maps over the frames of a clip.

    Args:
        found: uint8 [H,W] each, 0 nobody.
        true: the same of the truth.
        same_numbers: numbers mean the same in both (the first masks were given), so nothing is matched.

    Returns:
        An object that the answer never shows scores what an empty mask would.
    """
    wanted = _numbers(true)
    if not wanted:
        return ClipScore(float("nan"), float("nan"))
    given = wanted if same_numbers else _numbers(found)
    table = np.zeros((2, len(wanted), max(len(given), len(wanted))))
    for answer, truth in zip(found, true, strict=True):
        ours = [answer == number for number in given]
        lines = [Outline.of(mask) for mask in ours]
        for row, number in enumerate(wanted):
            mask = truth == number
            line = Outline.of(mask)
            table[:, row, :] += 0.0 if mask.any() else 1.0  # columns without an answer are empty masks
            for column in range(len(given)):
                if same_numbers and column != row:
                    continue
                table[0, row, column] += mask_iou(ours[column], mask) - (not mask.any())
                table[1, row, column] += meeting(lines[column], line) - (not mask.any())
    table /= len(true)
    if same_numbers:
        rows = columns = np.arange(len(wanted))
    else:
        rows, columns = linear_sum_assignment(-table.sum(axis=0))
    return ClipScore(float(table[0, rows, columns].mean()), float(table[1, rows, columns].mean()))


def _numbers(maps: Sequence[U8]) -> list[int]:
    seen = np.zeros(256, bool)
    for labels in maps:
        seen[np.unique(labels)] = True
    return [int(number) for number in np.flatnonzero(seen) if number]
