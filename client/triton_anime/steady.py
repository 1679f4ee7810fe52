"""Stage 3: the masks of a shot corrected along the flow, by the drawing before and then by both neighbours.

The arithmetic of two drawings is in :mod:`triton_anime.stabilise`; here is the order in which the drawings of
a shot come by, the next one awaited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from triton_anime import decompose
from triton_anime.cel import Cel
from triton_anime.panoptic import CHARACTER
from triton_anime.plates import Plate
from triton_anime.stabilise import EFFECT_PAST, NEXT, PAST, conviction, flashes, stabilise, trust

U8 = NDArray[np.uint8]
T = TypeVar("T")


class Settled(NamedTuple):
    """A drawing with its plate, and its final alpha and effect prior, both [H,W]."""

    cel: Cel
    plate: Plate
    alpha: U8
    prior: U8


def linked(cels: Iterable[Cel]) -> Iterator[Cel]:
    """Drawings of one shot in order, with links to their neighbours as far as their flow is known."""
    before: Cel | None = None
    for cel, after in _with_next(cels):
        if before is not None and cel.flow is not None:
            cel.before = trust(before.working, cel.working, *cel.flow, cel.identity)
        if after is not None and after.flow is not None:
            cel.after = trust(after.working, cel.working, after.flow[1], after.flow[0], cel.identity)
        yield cel
        before = cel


def steadied(cels: Iterable[Cel]) -> Iterator[Cel]:
    """Drawings of :func:`linked` in order, alpha and prior corrected by the drawing before.

    Two of three are right: what a drawing and the next one say alike is not overruled by the drawing before,
    and the first is overruled by what the next two say alike: else its mistakes would last for the shot.
    """
    before: Cel | None = None
    for (cel, after), following in _with_next(_with_next(cels)):
        if cel.probability is not None:
            height, width = cel.working.shape[:2]
            cel.sure = conviction(cel.probability[CHARACTER], (height, width))
        _move_flashes(cel, cel.alpha, cel.prior)
        if before is not None and cel.before is not None:
            ahead = None if after is None or cel.after is None else (after.alpha, cel.after)
            cel.alpha = stabilise(cel.alpha, before.alpha, cel.before, PAST, cel.sure, ahead)
            cel.prior = stabilise(cel.prior, before.prior, cel.before, EFFECT_PAST)
        elif before is None and following is not None:
            cel.alpha = _by_next_two(cel, *following)
        yield cel
        before = cel


def _by_next_two(cel: Cel, after: Cel, third: Cel | None) -> U8:
    """The alpha [H,W] of a first drawing, with what the next two say alike."""
    if third is None or cel.after is None or after.after is None:
        return cel.alpha
    seen_again = stabilise(after.alpha, third.alpha, after.after, 1.0)
    said = (stabilise(cel.alpha, alpha, cel.after, PAST, cel.sure) for alpha in (after.alpha, seen_again))
    return np.median((cel.alpha, *said), axis=0).astype(np.uint8)


def settled(plated: Iterable[tuple[Cel, Plate]]) -> Iterator[Settled]:
    """Masks corrected by both neighbours once more, after what the plates said: it flickers too.

    Twice over, so that what both neighbours of a neighbour say counts as well. Drawings without links (see
    :func:`linked`) only get what their own plate says.
    """
    return _by_neighbours(_by_neighbours(_corrected(plated)))


def _by_neighbours(drawings: Iterable[Settled]) -> Iterator[Settled]:
    """Each alpha corrected by that of the next drawing and by the corrected one of the drawing before."""
    past: U8 | None = None
    for (cel, plate, now, prior), after in _with_next(drawings):
        alpha = now
        if after is not None and cel.after is not None:
            alpha = stabilise(alpha, after.alpha, cel.after, NEXT, cel.sure)
        if past is not None and cel.before is not None:
            alpha = stabilise(alpha, past, cel.before, PAST, cel.sure)
        if alpha is not now:
            # the bare background is in plain sight there: no neighbour knows better
            alpha[plate.copied & (now == 0) & (prior == 0)] = 0
        yield Settled(cel, plate, alpha, prior)
        past = alpha


def _corrected(plated: Iterable[tuple[Cel, Plate]]) -> Iterator[Settled]:
    """The masks with what each drawing alone says about them, its plate included."""
    for cel, plate in plated:
        prior = cel.prior.copy()
        chance = None if cel.probability is None else cel.probability[CHARACTER]
        alpha = decompose.corrected(cel.image, cel.alpha, plate.image, plate.copied & (prior == 0), chance)
        _move_flashes(cel, alpha, prior)
        yield Settled(cel, plate, alpha, prior)


def _move_flashes(cel: Cel, alpha: U8, prior: U8) -> None:
    """Parts of the alpha that no neighbour knows become parts of an effect, in place."""
    chance = None if cel.probability is None else cel.probability[CHARACTER]
    gone = flashes(alpha, cel.before, cel.after, chance)
    prior[gone] = np.maximum(prior[gone], alpha[gone])
    alpha[gone] = 0


def _with_next(items: Iterable[T]) -> Iterator[tuple[T, T | None]]:
    """Everything with what comes after it."""
    held: T | None = None
    for item in items:
        if held is not None:
            yield held, item
        held = item
    if held is not None:
        yield held, None
