"""Who is who, on drawn discs: mergers, splits, newcomers, returns."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.trackers.association import Association

U8 = NDArray[np.uint8]
SIZE = (120, 200)
COLOURS = {1: (220, 40, 40), 2: (40, 60, 220), 3: (40, 200, 60)}


def disc(x: int, y: int = 60, radius: int = 18) -> NDArray[np.bool_]:
    ys, xs = np.mgrid[: SIZE[0], : SIZE[1]]
    return (xs - x) ** 2 + (ys - y) ** 2 <= radius**2


def scene(**where: int) -> tuple[U8, U8]:
    """Frame and labels of discs at the given x: ``scene(a=40, b=150)``."""
    frame, labels = np.full((*SIZE, 3), 128, np.uint8), np.zeros(SIZE, np.uint8)
    for number, (_, x) in enumerate(sorted(where.items()), 1):
        frame[disc(x)] = COLOURS[number]
        labels[disc(x)] = number
    return frame, labels


def test_first_drawing_names_everybody_at_once() -> None:
    frame, labels = scene(a=40, b=150)
    verdict = Association().judge(frame, np.zeros(SIZE, np.uint8), labels)
    assert verdict.born == (1, 2)
    assert len({verdict.identity[60, 40], verdict.identity[60, 150], 0}) == 3


def test_numbers_of_the_segmenter_mean_nothing() -> None:
    association = Association()
    frame, labels = scene(a=40, b=150)
    first = association.judge(frame, np.zeros(SIZE, np.uint8), labels).identity
    swapped = np.choose(labels, [0, 2, 1]).astype(np.uint8)
    again = association.judge(frame, first, swapped)
    assert (again.identity == first).all()
    assert again.born == ()


def test_merged_instances_keep_the_propagated_border() -> None:
    association = Association()
    frame, labels = scene(a=80, b=112)
    first = association.judge(frame, np.zeros(SIZE, np.uint8), labels).identity
    merged = (labels > 0).astype(np.uint8)
    verdict = association.judge(frame, first, merged)
    assert (verdict.identity == first).all()


def test_split_instances_stay_one() -> None:
    association = Association()
    frame, labels = scene(a=100)
    first = association.judge(frame, np.zeros(SIZE, np.uint8), labels).identity
    split = labels.copy()
    split[60:] *= 2
    verdict = association.judge(frame, first, split)
    assert (verdict.identity == first).all()
    assert verdict.born == ()


def test_newcomer_is_believed_on_the_second_drawing() -> None:
    association = Association()
    frame, labels = scene(a=40)
    first = association.judge(frame, np.zeros(SIZE, np.uint8), labels).identity
    frame, both = scene(a=40, b=150)
    second = association.judge(frame, first, both)
    assert second.born == ()
    assert second.identity.max() == 1
    third = association.judge(frame, second.identity, both)
    assert third.born == (2,)
    assert third.identity[60, 150] == 2


def test_flicker_of_the_segmenter_is_nobody() -> None:
    association = Association()
    frame, labels = scene(a=40)
    identity = association.judge(frame, np.zeros(SIZE, np.uint8), labels).identity
    _, ghost = scene(a=40, b=150)
    for observed in (ghost, labels, ghost, labels):
        identity = association.judge(frame, identity, observed).identity
    assert set(np.unique(identity)) == {0, 1}


def test_returning_character_gets_its_id_back() -> None:
    association = Association()
    both, labels = scene(a=40, b=150)
    identity = association.judge(both, np.zeros(SIZE, np.uint8), labels).identity
    alone, one = scene(a=40)
    for _ in range(6):
        identity = association.judge(alone, np.where(identity == 1, 1, 0).astype(np.uint8), one).identity
    frame, again = scene(a=40, b=90)
    verdict = association.judge(frame, identity, again)
    assert verdict.born == (2,)
    assert verdict.identity[60, 90] == 2


def behind_a_pillar(x: int) -> tuple[U8, U8]:
    """Somebody wide at ``x`` and a pillar at 90 to 110 before him; to the segmenter each side is somebody."""
    wide = disc(x, radius=34)
    columns = np.arange(SIZE[1])
    left, right = wide & (columns < 90), wide & (columns >= 110)
    frame, labels = np.full((*SIZE, 3), 128, np.uint8), np.zeros(SIZE, np.uint8)
    frame[wide] = COLOURS[1]
    frame[:, 90:110] = (90, 60, 30)
    labels[left] = 1
    labels[right] = 2
    return frame, labels


def test_who_comes_out_behind_a_pillar_is_who_went_in() -> None:
    association = Association()
    frame, labels = behind_a_pillar(50)
    identity = association.judge(frame, np.zeros(SIZE, np.uint8), labels).identity
    for x in range(54, 160, 4):
        frame, labels = behind_a_pillar(x)
        # a tracker follows what it has seen: the side where he went in, until nothing is left of it
        seen = (labels > 0) & (cv2.dilate(identity, np.ones((9, 9), np.uint8)) > 0)
        identity = association.judge(frame, seen.astype(np.uint8), labels).identity
        assert set(np.unique(identity)) <= {0, 1}, x
    assert identity[60, 150] == 1
    assert association.issued == 1


def test_somebody_whole_beside_one_who_is_half_hidden_is_somebody_else() -> None:
    association = Association()
    frame, labels = behind_a_pillar(50)
    identity = association.judge(frame, np.zeros(SIZE, np.uint8), labels).identity
    hidden, _ = behind_a_pillar(76)
    twin = disc(160, radius=34)
    hidden[twin] = COLOURS[1]
    left = disc(76, radius=34) & (np.arange(SIZE[1]) < 90)
    labels = np.where(twin, 2, np.where(left, 1, 0)).astype(np.uint8)
    for _ in range(2):
        identity = association.judge(hidden, (labels == 1).astype(np.uint8), labels).identity
    assert identity[60, 60] == 1
    assert identity[60, 160] == 2


def test_melting_mask_is_restored() -> None:
    association = Association()
    frame, labels = scene(a=100)
    association.judge(frame, np.zeros(SIZE, np.uint8), labels)
    rest = disc(100, radius=6).astype(np.uint8)
    verdict = association.judge(frame, rest, labels)
    assert ((verdict.identity == 1) == (labels == 1)).all()
    assert verdict.born == ()


def test_cast_is_limited() -> None:
    association = Association(largest_cast=1)
    frame, labels = scene(a=40, b=150)
    verdict = association.judge(frame, np.zeros(SIZE, np.uint8), labels)
    assert verdict.born == (1,)
    assert set(np.unique(verdict.identity)) == {0, 1}


def test_ids_are_bounded_where_the_segmenter_cannot_make_up_its_mind() -> None:
    """It insists for a while that a disc is two characters, then that it is one, again and again."""
    association = Association(largest_cast=2)
    frame, one = scene(a=100)
    two = one.copy()
    two[:, 100:] *= 2
    identity = association.judge(frame, np.zeros(SIZE, np.uint8), one).identity
    issued = []
    for round_ in range(480):
        identity = association.judge(frame, identity, two if round_ % 40 < 20 else one).identity
        issued.append(association.issued)
    assert issued[40] < issued[80]  # ids are taken back, and new ones issued
    assert issued[-1] == 4 * 2
    assert issued.index(4 * 2) < 400  # there was time for more
    assert set(np.unique(identity)) <= {0, *association.cast}


def test_without_the_segmenter_propagation_stands() -> None:
    association = Association()
    frame, labels = scene(a=40)
    first = association.judge(frame, np.zeros(SIZE, np.uint8), labels).identity
    moved = np.roll(first, 5, axis=1)
    assert (association.judge(frame, moved, None).identity == moved).all()
