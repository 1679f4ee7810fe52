"""How a measure goes over the frames of a sequence: its mean, how often it passes, what it loses.

Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation" (DAVIS), CVPR
2016, section 4.3, with the quarters of the official evaluation, which share the frames at their ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PASSED = 0.5


@dataclass(frozen=True)
class Course:
    """One measure of one object over a sequence.

    Attributes:
        mean: over the frames.
        recall: share of frames above one half.
        decay: mean of the first quarter less that of the last; negative where it gains.
    """

    mean: float
    recall: float
    decay: float


def course(values: Sequence[float]) -> Course:
    """The course of one value a frame, in their order.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("a course needs at least one frame")
    series = np.asarray(values, float)
    # Frames are counted from 1, quarters end in the middle of a frame by rounding half to even.
    ends = np.round(np.linspace(1, len(series), 5) + 1e-10).astype(int) - 1
    first, last = series[ends[0] : ends[1] + 1], series[ends[3] : ends[4] + 1]
    return Course(float(series.mean()), float((series > PASSED).mean()), float(first.mean() - last.mean()))
