"""DeAOT's memory by its schedule and its bounds, its logits by their arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.trackers.deaot_logits import combine, enlarge, labels_of_run, nearest, runs_for, softmax
from triton_anime.trackers.deaot_memory import (
    PUBLISHED,
    PUBLISHED_SMALL,
    DeAOTMemory,
    DeAOTPolicy,
    tensors_of,
)

F32 = NDArray[np.float32]


def _drawing(number: int) -> tuple[F32, F32]:
    """Keys and values of two layers on a grid of 2 by 3 that carry the drawing's number."""
    return np.full((2, 2, 3, 4), number, np.float32), np.full((2, 2, 3, 8), number, np.float32)


def _after(policy: DeAOTPolicy, drawings: int, given: tuple[int, ...] = (0,)) -> DeAOTMemory:
    memory = DeAOTMemory(policy)
    for t in range(drawings):
        key, value = _drawing(t)
        if t in given:
            memory.give(key, value, t)
        else:
            memory.decide(key, value[..., :6], t)
            memory.settle(value)
    return memory


def _numbers(memory: DeAOTMemory) -> list[int]:
    keys = memory.tensors()["LONG_KEY"]
    assert keys.shape[1] == memory.columns
    return [int(number) for number in keys[0, ::6, 0]]


def test_every_so_many_drawings_one_is_kept_newest_first() -> None:
    memory = _after(PUBLISHED, 12)
    assert _numbers(memory) == [10, 5, 0]
    tensors = memory.tensors()
    assert (tensors["SHORT_KEY"] == 11).all()
    assert (tensors["SHORT_VALUE"] == 11).all()
    assert tensors["LONG_VALUE"].shape == (2, 18, 8)
    assert tensors["LONG_VALID"].tolist() == [1] * 18


def test_a_pending_drawing_has_its_place_and_is_read_with_the_next() -> None:
    memory = _after(PUBLISHED, 5)
    key, value = _drawing(5)
    memory.decide(key, value[..., :6], 5)
    tensors = memory.tensors()
    assert memory.columns == 12
    assert tensors["LONG_KEY"].shape == (
        2,
        6,
        4,
    )  # the first drawing; the server puts the pending one in front
    assert tensors["LASTS"]
    assert "SHORT_VALUE" not in tensors
    memory.settle(value)
    assert _numbers(memory) == [5, 0]
    assert (memory.tensors()["SHORT_VALUE"] == 5).all()
    memory.decide(*_drawing(6), 6)
    assert not memory.tensors()["LASTS"]


def test_what_is_read_is_put_together_once_an_entry() -> None:
    memory = _after(PUBLISHED, 7)
    first = memory.tensors()["LONG_VALUE"]
    memory.decide(*_drawing(7), 7)
    assert memory.tensors()["LONG_VALUE"] is first
    assert (_after(PUBLISHED, 11).tensors()["LONG_VALUE"][:, :6] == 10).all()


def test_shorter_memories_of_later_runs_are_padded() -> None:
    first, second = _after(PUBLISHED, 7), DeAOTMemory(PUBLISHED)
    for t in (6, 7):
        first.give(*_drawing(t), t)
    second.give(*_drawing(7), 7)
    tensors = tensors_of([first, second])
    assert tensors["LONG_KEY"].shape == (2, 2, 24, 4)
    assert tensors["LONG_VALID"].sum(axis=1).tolist() == [24, 6]
    assert (tensors["LONG_VALUE"][1, :, :6] == 7).all()
    assert (tensors["LONG_VALUE"][1, :, 6:] == 0).all()
    assert tensors["SHORT_VALUE"].shape == (2, 2, 2, 3, 8)


def test_given_masks_are_kept_at_once_and_shift_the_schedule() -> None:
    assert _numbers(_after(PUBLISHED, 12, given=(0, 4))) == [9, 4, 0]


def test_the_small_sizes_keep_what_is_given_alone() -> None:
    assert _numbers(_after(PUBLISHED_SMALL, 40, given=(0, 7))) == [7, 0]


def test_a_bound_keeps_the_first_and_the_given() -> None:
    bounded = DeAOTPolicy(memory_every=1, most_entries=4)
    assert _numbers(_after(bounded, 30)) == [29, 28, 27, 0]
    assert _numbers(_after(bounded, 30, given=(0, 12))) == [29, 28, 12, 0]
    assert _numbers(_after(bounded, 30, given=tuple(range(30)))) == [29, 28, 27, 0]
    assert len(_after(DeAOTPolicy(memory_every=1, most_entries=None), 30).long) == 30


def test_memory_is_bounded_unless_asked_otherwise() -> None:
    sizes = [_after(DeAOTPolicy(), n).columns for n in (60, 400)]
    assert sizes[0] == sizes[1] == 8 * 6


@pytest.mark.parametrize("wrong", [{"memory_every": 0}, {"most_entries": 1}])
def test_a_policy_that_forgets_everything_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DeAOTPolicy(**wrong)


def test_corners_stay_where_they_are_when_logits_are_enlarged() -> None:
    small = np.array([[[0, 1, 2], [3, 4, 5]]], np.float32)
    large = enlarge(small, (4, 5))
    assert large[0, 0].tolist() == [0, 0.5, 1, 1.5, 2]
    np.testing.assert_allclose(large[0, :, 0], [0, 1, 2, 3], atol=1e-6)
    np.testing.assert_allclose(large[0, -1, -1], 5)


def test_labels_shrink_by_their_corner() -> None:
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert nearest(labels, (2, 2)).tolist() == [[0, 2], [4, 6]]
    assert nearest(labels, (3, 4)).tolist() == labels.tolist()


def test_one_run_keeps_its_logits_and_knows_nobody_else() -> None:
    logits = np.random.default_rng(0).standard_normal((11, 3, 4)).astype(np.float32)
    combined = combine([logits], 2, (3, 4))
    np.testing.assert_allclose(combined[:3], logits[:3], atol=1e-6)
    assert softmax(combined)[3:].max() == 0


def test_two_runs_share_each_pixel() -> None:
    first, second = np.zeros((2, 11, 2, 2), np.float32)
    first[3, 0, 0] = second[2, 1, 1] = 9  # objects 3 and 12
    combined = combine([first, second], 12, (2, 2))
    assert combined.shape == (21, 2, 2)
    labels = softmax(combined)[:13].argmax(axis=0)
    assert labels[0, 0] == 3
    assert labels[1, 1] == 12
    # Both know nobody at the others: the second run by one of three, the first by one of eleven.
    nobody = np.log((1 / 33) / (1 - 1 / 33))
    np.testing.assert_allclose(combined[0, 0, 1], nobody, atol=1e-5)


def test_objects_are_dealt_out_ten_a_run() -> None:
    labels = np.array([[0, 1, 10], [11, 12, 20]], np.uint8)
    assert [runs_for(n) for n in (0, 1, 10, 11, 20)] == [0, 1, 1, 2, 2]
    assert labels_of_run(labels, 0).tolist() == [[0, 1, 10], [0, 0, 0]]
    assert labels_of_run(labels, 1).tolist() == [[0, 0, 0], [1, 2, 10]]
