"""Which pictures a video network looks at together, and what becomes of those it draws twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.fillers.window import Overlap, Schedule, Shown, Window, in_windows, put_in, widened

U8 = NDArray[np.uint8]


def as_the_authors_say(count: int) -> list[Window]:
    """Five before, the picture, five after; all others whose number ends in 0 are references."""
    windows = []
    for f in range(count):
        if f % 5 == 0:
            drawn = [i for i in range(count) if abs(i - f) <= 5]
            others = tuple(i for i in range(count) if str(i).endswith("0") and abs(i - f) > 5)
            windows.append(Window(range(drawn[0], drawn[-1] + 1), others))
    return windows


@pytest.mark.parametrize("count", [0, 1, 5, 6, 11, 12, 37, 44, 45])
def test_short_shots_are_looked_at_as_the_authors_do(count: int) -> None:
    windows = [window for window, _ in in_windows(range(count), Schedule())]
    assert windows == as_the_authors_say(count)


@pytest.mark.parametrize("count", [46, 123])
def test_beyond_the_horizon_references_are_near(count: int) -> None:
    found = [window for window, _ in in_windows(range(count), Schedule())]
    for middle, (window, ideal) in enumerate(zip(found, as_the_authors_say(count), strict=True)):
        assert window.drawn == ideal.drawn
        assert window.references == tuple(i for i in ideal.references if abs(i - 5 * middle) <= 40)
    assert found != as_the_authors_say(count)


class Picture:
    """Counts how many of its kind are alive."""

    alive = 0
    most = 0

    def __init__(self, index: int) -> None:
        self.index = index
        Picture.alive += 1
        Picture.most = max(Picture.most, Picture.alive)

    def __del__(self) -> None:
        Picture.alive -= 1


def test_a_long_shot_is_held_in_part_and_read_no_further_than_needed() -> None:
    Picture.alive = Picture.most = read = 0

    def shot() -> Iterator[Picture]:
        nonlocal read
        for index in range(400):
            read = index
            yield Picture(index)

    middle = 0
    for window, held in in_windows(shot(), Schedule()):
        assert {index: picture.index for index, picture in held.items()} == {
            index: index for index in (*window.drawn, *window.references)
        }
        assert read <= middle + 40
        middle += 5
    assert middle == 400
    del held
    # five behind the middle, the middle, forty ahead, four references, and five that the window before named
    assert Picture.most <= 5 + 1 + 40 + 4 + 5
    assert Picture.alive == 0


def test_other_schedules() -> None:
    narrow = [window for window, _ in in_windows(range(4), Schedule(side=1, every=2, reach=3))]
    assert narrow == [
        Window(range(2), (2,)),
        Window(range(3), ()),
        Window(range(1, 4), (0,)),
        Window(range(2, 4), (0,)),
    ]
    with pytest.raises(ValueError, match="at least 1"):
        Schedule(side=0)


def test_pictures_drawn_again_count_half() -> None:
    overlap = Overlap()
    for index, level in ((0, 10), (1, 7), (0, 21), (1, 7), (1, 8), (2, 3)):
        overlap.add(index, np.full((2, 2, 3), level, np.uint8))
    first = list(overlap.take(end=2))
    # (10 + 21) / 2 and ((7 + 7) / 2 + 8) / 2; a half is rounded to the even level
    assert [(index, picture.max()) for index, picture in first] == [(0, 16), (1, 8)]
    assert len(overlap) == 1
    assert [index for index, _ in overlap.take()] == [2]
    assert len(overlap) == 0


def test_holes_grow_by_four_pixels_of_the_networks_picture() -> None:
    hole = np.zeros((40, 60), np.uint8)
    hole[20, 30] = 1
    ys, xs = np.mgrid[:40, :60]
    away = np.abs(ys - 20) + np.abs(xs - 30)
    assert np.array_equal(widened(hole, (40, 60)), np.where(away <= 4, 255, 0))
    # sent at twice the network's size in one direction: as many pixels there as the network sees
    assert np.array_equal(widened(hole, (20, 60)), np.where(away <= 8, 255, 0))
    assert not widened(np.zeros_like(hole), (40, 60)).any()


def test_only_the_hole_is_answered() -> None:
    rng = np.random.default_rng(0)
    frame, plate = (rng.integers(0, 256, (9, 7, 3), dtype=np.uint8) for _ in range(2))
    hole = (rng.random((9, 7)) < 0.5).astype(np.uint8) * np.uint8(255)
    found = put_in(plate, Shown(frame, hole))
    assert np.array_equal(found[hole > 0], plate[hole > 0])
    assert np.array_equal(found[hole == 0], frame[hole == 0])
