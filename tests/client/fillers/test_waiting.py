"""Things that wait for a filler's answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.fillers.waiting import answered, pack, unpack
from triton_anime.fillers.window import Shown

U8 = NDArray[np.uint8]


@pytest.mark.parametrize("shape", [(1, 1), (37, 53), (1, 1, 3), (37, 53, 3)])
def test_a_packed_picture_comes_back_as_it_was(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    for picture in (rng.integers(0, 256, shape, dtype=np.uint8), np.full(shape, 7, np.uint8)):
        found = unpack(pack(picture))
        assert found.dtype == np.uint8
        assert np.array_equal(found, picture)


def test_flat_colours_and_masks_take_little_room() -> None:
    ys, xs = np.mgrid[:360, :640]
    mask = ((np.hypot(ys - 180, xs - 320) < 100) * 255).astype(np.uint8)
    assert len(pack(mask)) < mask.size / 50
    assert len(pack(np.dstack([mask, mask // 2, 255 - mask]))) < mask.size / 10


class Late:
    """Answers when it has seen two more pictures, with the number of the picture."""

    def __init__(self, drop: int = 0) -> None:
        self.drop = drop

    def fill(self, shot: Iterable[Shown]) -> Iterator[U8]:
        held: list[U8] = []
        for shown in shot:
            held.append(shown.frame)
            if len(held) > 2:
                yield held.pop(0)
        yield from held[: len(held) - self.drop]


def show(number: int) -> Shown:
    return Shown(np.full((2, 2, 3), number, np.uint8), np.zeros((2, 2), np.uint8))


def test_each_item_comes_with_its_own_answer_and_is_packed_meanwhile() -> None:
    packed: list[int] = []

    def put_away(number: int) -> str:
        packed.append(number)
        return str(number)

    found = answered(iter(range(9)), Late(), show, put_away, int)
    assert [next(found)[0] for _ in range(2)] == [0, 1]
    assert packed == [0, 1, 2, 3]
    for number, answer in found:
        assert (answer == number).all()
    assert packed == list(range(9))


def test_a_filler_that_leaves_pictures_out_is_noticed() -> None:
    with pytest.raises(AssertionError, match="left 1 pictures without an answer"):
        list(answered(iter(range(9)), Late(drop=1), show, str, int))
