"""The order in which the masks of a shot are corrected."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.cel import Cel
from triton_anime.drawings import Drawing
from triton_anime.plates import Plate
from triton_anime.stabilise import EFFECT_PAST, NEXT, PAST
from triton_anime.steady import linked, settled, steadied
from triton_anime.video import Frame

U8 = NDArray[np.uint8]

SIZE = (64, 96)
BODY = (slice(10, 54), slice(8, 48))
HOLE = (slice(20, 30), slice(20, 30))
SPOT = (slice(20, 28), slice(70, 78))


@pytest.fixture
def cels() -> list[Cel]:
    """Three drawings of one still picture with a body in it, and the flow between them."""
    image = np.random.default_rng(0).integers(60, 90, (*SIZE, 3)).astype(np.uint8)
    found = []
    for index in range(3):
        first = Frame(index, Fraction(index, 12), image.copy())
        drawing = Drawing(0, first, ((index, first.time),), index == 0, index == 2)
        cel = Cel(drawing, first.image, alpha=np.zeros(SIZE, np.uint8), prior=np.zeros(SIZE, np.uint8))
        cel.alpha[BODY] = 255
        if index > 0:
            cel.flow = (np.zeros((*SIZE, 2), np.float32), np.zeros((*SIZE, 2), np.float32))
        found.append(cel)
    return found


def plate(cel: Cel, copied: bool = False) -> Plate:
    """The frame as its own background, all of it shown by another drawing or nothing."""
    where = np.full(SIZE, copied)
    return Plate(cel.image, where, where.astype(np.uint8), where, 0.0, 0.0)


def test_each_drawing_is_linked_to_its_neighbours(cels: list[Cel]) -> None:
    links = [(cel.before is not None, cel.after is not None) for cel in steadied(linked(cels))]
    assert links == [(False, True), (True, True), (True, False)]


def test_both_links_lead_to_where_the_neighbour_has_it(cels: list[Cel]) -> None:
    for index, cel in enumerate(cels):
        cel.working[:] = np.roll(cels[0].working, 3 * index, axis=1)
        cel.flow = (
            None
            if index == 0
            else (np.full((*SIZE, 2), (3, 0), np.float32), np.full((*SIZE, 2), (-3, 0), np.float32))
        )
    middle = list(steadied(linked(cels)))[1]
    assert middle.before is not None
    assert middle.after is not None
    for link, dx in ((middle.before, -3), (middle.after, 3)):
        inside = np.s_[8:-8, 8:-8]
        moved = (link.flow[inside] == (dx, 0)).all(axis=2)
        assert moved.mean() > 0.5
        assert link.weight[inside][moved].min() > 0.5


def test_without_flow_nothing_is_linked_and_nothing_changes(cels: list[Cel]) -> None:
    cels[1].flow = cels[2].flow = None
    cels[1].alpha[HOLE] = 0
    before = [cel.alpha.copy() for cel in cels]
    out = list(settled((cel, plate(cel)) for cel in steadied(linked(cels))))
    assert all(done.cel.before is None and done.cel.after is None for done in out)
    for done, alpha in zip(out, before, strict=True):
        assert np.array_equal(done.alpha, alpha)


def test_a_hole_is_filled_from_the_drawing_before(cels: list[Cel]) -> None:
    cels[1].alpha[HOLE] = 0
    cels[1].prior[SPOT] = 100
    alphas = [cel.alpha for cel in steadied(linked(cels))]
    assert (alphas[0][BODY] == 255).all()
    assert np.abs(alphas[1][HOLE] - 255.0 * PAST).max() <= 1
    # the third is held against the second as it was corrected, not as it came
    assert np.abs(alphas[2][HOLE] - (255 + PAST * (255 * PAST - 255))).max() <= 2
    assert np.abs(cels[1].prior[SPOT] - 100.0 * (1 - EFFECT_PAST)).max() <= 1


def test_what_no_neighbour_knows_becomes_an_effect(cels: list[Cel]) -> None:
    cels[1].working[SPOT] = 250
    cels[1].alpha[SPOT] = 255
    out = list(steadied(linked(cels)))
    assert (out[1].alpha[SPOT] == 0).all()
    assert (out[1].prior[SPOT] == 255).all()
    assert (out[1].alpha[BODY] == 255).all()


def test_both_neighbours_are_asked_once_the_plates_are_there(cels: list[Cel]) -> None:
    steady = list(steadied(linked(cels)))
    steady[0].alpha[HOLE] = 0
    out = list(settled((cel, plate(cel)) for cel in steady))
    first = 255.0 * NEXT
    second = 255 + PAST * (first - 255)
    assert np.abs(out[0].alpha[HOLE] - (first + NEXT * (second - first))).max() <= 2
    assert (out[0].alpha[BODY] == 255).sum() == 44 * 40 - 10 * 10


def test_a_bare_background_stays_bare(cels: list[Cel]) -> None:
    steady = list(steadied(linked(cels)))
    steady[0].alpha[HOLE] = 0
    out = list(settled((cel, plate(cel, copied=True)) for cel in steady))
    assert (out[0].alpha[HOLE] == 0).all()


def test_what_the_next_two_say_overrules_the_first(cels: list[Cel]) -> None:
    cels[0].alpha[HOLE] = 0
    alphas = [cel.alpha.copy() for cel in steadied(linked(cels))]
    assert np.abs(alphas[0][HOLE] - 255.0 * PAST).max() <= 2
    assert all(alpha[HOLE].min() >= 255 * PAST for alpha in alphas[1:])


def test_what_the_next_alone_says_does_not(cels: list[Cel]) -> None:
    cels[1].alpha[HOLE] = 0
    assert (next(steadied(linked(cels))).alpha[HOLE] == 255).all()
    cels[0].alpha[HOLE] = 0
    assert (next(steadied(linked(cels[:2]))).alpha[HOLE] == 0).all()


def test_what_two_of_three_say_is_not_overruled_by_the_past(cels: list[Cel]) -> None:
    steady = steadied(linked(cels))
    next(steady).alpha[HOLE] = 0
    assert (next(steady).alpha[HOLE] == 255).all()


def test_a_mistake_of_the_first_drawing_is_mended(cels: list[Cel]) -> None:
    cels[0].alpha[HOLE] = 0
    first = next(iter(settled((cel, plate(cel)) for cel in steadied(linked(cels)))))
    assert first.alpha[HOLE].min() >= 224
