"""Means over drawings, and how far they may be off by the luck of the clips."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from triton_anime_export.scores.tally import Tally, standard_error


@dataclass(frozen=True)
class Named:
    """All that a tally reads of a clip."""

    name: str
    data: str = "art"


def test_means_are_over_drawings_and_totals_are_kept() -> None:
    tally = Tally()
    for clip, value in (("a", 1.0), ("a", 1.0), ("b", 0.4), ("b", math.nan)):
        tally.add("iou", "product", Named(clip), value)
    tally.add("iou", "product", Named("a", "fresh"), 0.5)
    tally.sum("switches", "product", "art", 1)
    tally.sum("switches", "product", "art", 2)
    assert tally.results() == {
        "iou": {"product": {"art": pytest.approx(0.8), "fresh": 0.5}},
        "switches": {"product": {"art": 3}},
    }


def test_errors_are_of_one_answer_and_need_two_clips() -> None:
    tally = Tally()
    for clip, value in (("a", 1.0), ("a", 1.0), ("b", 0.4)):
        for answer in ("product", "grab_cut"):
            tally.add("iou", answer, Named(clip), value)
    tally.add("iou", "product", Named("a", "fresh"), 0.5)
    tally.put("iou", "product", "broadcast", 0.7)
    # apart from 0.8 by 0.2 + 0.2 and by -0.4: sqrt(2 * 0.32) / 3
    assert tally.errors("product") == {"iou": {"product": {"art": pytest.approx(0.64**0.5 / 3)}}}


def test_one_value_a_clip_gives_the_usual_standard_error() -> None:
    values = np.random.default_rng(0).normal(0, 1, 20)
    usual = values.std(ddof=1) / 20**0.5
    assert standard_error({str(i): [value] for i, value in enumerate(values)}) == pytest.approx(usual)


def test_drawings_that_are_alike_count_as_one() -> None:
    few = standard_error({"a": [0.2], "b": [0.6], "c": [0.7]})
    assert standard_error({"a": [0.2] * 8, "b": [0.6] * 8, "c": [0.7] * 8}) == pytest.approx(few)
