"""Flow-guided correction of masks: what did not change keeps its mask, what moved carries it along.

A network answers every drawing anew, so edges flicker where nothing moves. The alpha of the previous
drawing, warped along the flow, is mixed in exactly where two independent signs say that the flow is
right: the warped picture looks like this one, and the flow there and back agrees (the occlusion test of
Sundaram, Brox & Keutzer, "Dense point trajectories", 2010). Where flow loses a character or the background
beside one, these are looked for as a whole. Fast motion gets no weight at all: there a stale mask would be
seen as a smear, and flicker is not seen.

The same trust, asked of both neighbours, tells drawn light from people: somebody moves, and most of him is
found again in the drawing before or after; an explosion is another shape each time. A part of the mask that
neither neighbour knows is an effect (:func:`flashes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.boxes import Box, grow
from triton_anime.whole_shift import whole_shift

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
V = TypeVar("V", np.uint8, np.float32)

PAST, NEXT = 0.9, 0.6
"""Weight of the drawing before, and of the one after, where everything agrees. The rest keeps an early
mistake from lasting for the shot."""

EFFECT_PAST = 0.6
"""The same for effects and the drawing before: they last shorter than people, and so should mistakes."""

# Levels of colour difference at which the past has lost 63 % of its weight; compression noise is below 3.
_COLOUR_SIGMA = 9.0
# Share of the diagonal that a point may move per drawing before its past mask is ignored.
_FAST = 0.06
# Pixels of a character below which it is not looked for, share of the width within which it is, and share of
# its longer side by which its mask may be too small.
_FEWEST, _REACH, _RIM = 30, 0.09, 0.08
# Every so many pixels and rows of the background say how it moves.
_SPARSE = 4
# Mean trust below which a part of a mask is nobody's; larger parts than this share of the largest may be
# somebody who moved out of every recognition, and stay.
_UNKNOWN, _SMALL = 0.5, 0.3
# Mean probability of a character, of 255, from which a part is somebody. Flashes of the scored clips have 150
# at most, somebody who runs into the picture of the demo has 185.
_SOMEBODY = 160
# Alpha from which pixels hang together as one part.
_PART = 32
# Difference of alpha with which two of three drawings outvote the third.
_OUTVOTED = 128
# Distance of a probability from one half at which the segmentation begins to be sure, at which it is, and the
# share of its weight that a neighbour keeps who says the opposite.
_BEGINS, _SURE, _LEFT = 0.3, 0.47, 0.3


@dataclass(frozen=True)
class Link:
    """How a drawing hangs together with one of its neighbours.

    Attributes:
        weight: [h,w] in 0..1, how far the neighbour's mask may be trusted at each pixel.
        flow: [h,w,2] flow to the neighbour, pixels of this grid, to sample it with.
        known: [h,w] in 0..1, how far the neighbour explains each pixel, however fast it moved.
    """

    weight: F32
    flow: F32
    known: F32


def trust(previous: U8, current: U8, forward: F32, backward: F32, identity: U8 | None = None) -> Link:
    """How far a neighbour, mostly the drawing before, may be trusted at each pixel of the present.

    Args:
        previous: [h,w,3] RGB of the drawing before.
        current: [h,w,3] RGB of this drawing.
        forward: [h,w,2] flow previous→current in pixels of this grid.
        backward: [h,w,2] flow current→previous.
        identity: [h,w] number of the character at each pixel of this drawing, 0 none, if known.

    Returns:
        The weights, and as flow ``backward``; in its place the shift of a character, or of the background, as
        a whole where that explains the colours better, and exactly zero where standing still explains them as
        well (so that a still picture is copied and not resampled).
    """
    flow = backward.copy()
    still = _difference(previous, current)
    moved = _difference(_sample(previous, flow), current)
    there_and_back = flow + _sample(forward, flow)
    disagree = np.sqrt((there_and_back**2).sum(axis=2)) > 1.0 + 0.1 * np.sqrt((flow**2).sum(axis=2))
    if identity is not None:
        known = _Candidate(previous, current, flow, moved, disagree)
        known.shift_background(identity == 0)
        for number in np.unique(identity[identity > 0]).tolist():
            known.shift_character(identity == number)
    standing = still <= moved + 1.0
    flow[standing] = 0
    colour = np.where(standing, still, moved)
    length = np.sqrt((flow**2).sum(axis=2))
    disagree &= ~standing
    h, w = length.shape
    slow = np.clip(1.5 - length / (_FAST * float(np.hypot(h, w))), 0, 1)
    known = np.exp(-((colour / _COLOUR_SIGMA) ** 2)).astype(np.float32)
    known[disagree] = 0
    known *= inside(flow)
    return Link((known * slow).astype(np.float32), flow, known)


@dataclass(frozen=True)
class _Candidate:
    """Flow current→previous as it is known so far, and what speaks against it; arrays are changed in place.

    Attributes:
        previous: [h,w,3].
        current: [h,w,3].
        flow: [h,w,2].
        moved: [h,w] difference of colour that the flow leaves.
        disagree: [h,w] where it contradicts itself.
    """

    previous: U8
    current: U8
    flow: F32
    moved: F32
    disagree: Mask

    def shift_background(self, background: Mask) -> None:
        """Take the shift of the background [h,w] as a whole: flow is blurred beside who stands before it."""
        some = np.zeros_like(background)
        some[::_SPARSE, ::_SPARSE] = True
        found = self.flow[background & some]
        if len(found) < _FEWEST:
            return
        height, width = background.shape
        dx, dy = np.median(found, axis=0).tolist()
        self._take((dx, dy), (0, 0, width, height), np.ones(background.shape, bool))

    def shift_character(self, mask: Mask) -> None:
        """Take the shift of a character [h,w] of the current drawing as a whole."""
        if np.count_nonzero(mask) < _FEWEST:
            return
        shift = whole_shift(self.current, mask, self.previous, round(_REACH * mask.shape[1]))
        if shift is None:
            return
        height, width = mask.shape
        box = cv2.boundingRect(mask.view(np.uint8))
        rim = max(4, round(_RIM * max(box[2:])))
        x, y, w, h = grow(box, rim, width, height)
        part = mask[y : y + h, x : x + w].view(np.uint8)
        around = cv2.dilate(part, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)) > 0
        self._take(shift, (x, y, w, h), around)

    def _take(self, shift: tuple[float, float], box: Box, where: Mask) -> None:
        """The shift in place of the flow wherever it explains the colours better, inside a box."""
        x, y, w, h = box
        here = (slice(y, y + h), slice(x, x + w))
        shifted = np.full((h, w, 2), shift, np.float32)
        there = _sample(self.previous, shifted, origin=(x, y))
        unlike = _difference(there, self.current[here])
        better = where & (unlike + 1.0 < np.where(self.disagree[here], 255, self.moved[here]))
        self.flow[here][better] = shift
        self.moved[here][better] = unlike[better]
        self.disagree[here][better] = False


def flashes(alpha: U8, before: Link | None, after: Link | None, chance: U8 | None = None) -> Mask:
    """Parts of a mask that neither the drawing before nor the one after knows.

    Args:
        alpha: [H,W].
        before: link to the drawing before, on any (working) grid; None where there is none.
        after: the same to the next drawing.
        chance: [any,any] probability · 255 of a character: a part where it is high is somebody, however fast
            he comes in.

    Returns:
        [H,W], true on such parts and their soft rims. Empty without any neighbour: a single drawing says
        nothing about time.
    """
    height, width = alpha.shape
    known = [link.weight for link in (before, after) if link is not None]
    if not known or not alpha.any():
        return np.zeros(alpha.shape, bool)
    support = cv2.max(known[0], known[-1])
    h, w = support.shape
    small = cv2.resize(alpha, (w, h), interpolation=cv2.INTER_AREA)
    count, parts, stats, _ = cv2.connectedComponentsWithStats((small >= _PART).astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    if count < 2:
        return np.zeros(alpha.shape, bool)
    mean = np.bincount(parts.ravel(), support.ravel(), count) / areas
    gone = (mean < _UNKNOWN) & (areas < _SMALL * areas[1:].max())
    if chance is not None:
        likely = cv2.resize(chance, (w, h), interpolation=cv2.INTER_LINEAR)
        gone &= np.bincount(parts.ravel(), likely.ravel(), count) / areas < _SOMEBODY
    gone[0] = False
    if not gone.any():
        return np.zeros(alpha.shape, bool)
    kept = ~gone
    kept[0] = False
    rims = cv2.dilate(gone[parts].view(np.uint8), np.ones((7, 7), np.uint8))
    rims[kept[parts]] = 0
    return cast(Mask, cv2.resize(rims, (width, height), interpolation=cv2.INTER_NEAREST) > 0)


def conviction(probability: U8, size: tuple[int, int]) -> F32:
    """How sure the segmentation of a drawing is that somebody is there, or that nobody is.

    Args:
        probability: [any,any] probability · 255 of a character.
        size: (height, width) of the grid asked for.

    Returns:
        [h,w] from -1, surely nobody, to 1, surely somebody; 0 where it is not sure.
    """
    chance = cv2.resize(probability, size[::-1], interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    apart = chance - np.float32(0.5)
    sure = np.clip((np.abs(apart) - _BEGINS) / (_SURE - _BEGINS), 0, 1)
    return (np.sign(apart) * sure).astype(np.float32)


def stabilise(
    alpha: U8,
    past: U8,
    link: Link,
    share: float = PAST,
    sure: F32 | None = None,
    ahead: tuple[U8, Link] | None = None,
) -> U8:
    """The alpha of a drawing, corrected by a neighbour's where it can be trusted.

    Args:
        alpha: [H,W] answer for this drawing.
        past: [H,W] alpha of the neighbour, mostly the stabilised one of the drawing before.
        link: to that neighbour, on any (working) grid.
        share: weight of the neighbour where it is trusted entirely, 0..1.
        sure: [h,w] of :func:`conviction` on the link's grid. A neighbour has little to say against it: a
            mistake of one drawing must not live on in the next ones.
        ahead: alpha [H,W] of the neighbour on the other side, and the link to it: what it says as this
            drawing does outvotes the first, two of three.

    Returns:
        [H,W] uint8; ``alpha`` itself where the weight is zero.
    """
    box = cv2.boundingRect(cv2.max(alpha, past))
    x, y, w, h = (int(v) for v in box)
    out = alpha.copy()
    if w == 0:
        return out
    height, width = alpha.shape
    gh, gw = link.weight.shape
    here = slice(y, y + h), slice(x, x + w)
    grid = _grid(x, y, w, h, gw / width, gh / height)
    before, weight = _neighbour(past, link, here, grid)
    now = alpha[here].astype(np.float32)
    if sure is not None:
        sure_here = cv2.remap(sure, *grid, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        against = np.clip(sure_here * np.sign(now - before), 0, 1)
        weight = weight * (1 - np.float32(1 - _LEFT) * against)
    if ahead is not None:
        after, trusted = _neighbour(*ahead, here, grid)
        alike = np.minimum((now - before) * (after - before), np.square(now - before))
        weight = weight * (1 - trusted * np.clip(alike / np.float32(_OUTVOTED**2), 0, 1))
    out[here] = np.rint(now + np.float32(share) * weight * (before - now)).astype(np.uint8)
    return out


def _neighbour(alpha: U8, link: Link, here: tuple[slice, slice], grid: tuple[F32, F32]) -> tuple[F32, F32]:
    """(a neighbour's alpha where it lies in a rectangle of this drawing, how far it may be trusted there).

    Args:
        alpha: [H,W] of the neighbour.
        link: to it.
        here: rows and columns of the rectangle.
        grid: its pixels on the link's grid, see :func:`_grid`.
    """
    (height, width), (gh, gw) = alpha.shape, link.weight.shape
    flow, weight = (
        cv2.remap(values, *grid, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for values in (link.flow, link.weight)
    )
    if not flow.any():
        return alpha[here].astype(np.float32), weight
    flow = flow * np.array([width / gw, height / gh], np.float32)
    flow[..., 0] += np.arange(here[1].start, here[1].stop, dtype=np.float32)
    flow[..., 1] += np.arange(here[0].start, here[0].stop, dtype=np.float32)[:, None]
    moved = cv2.remap(alpha, flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return moved.astype(np.float32), weight


def _grid(x: int, y: int, w: int, h: int, scale_x: float, scale_y: float) -> tuple[F32, F32]:
    """Positions in the working grid of the pixels of a full-resolution rectangle (pixel centres meet)."""
    columns = (np.arange(x, x + w, dtype=np.float32) + 0.5) * np.float32(scale_x) - 0.5
    rows = (np.arange(y, y + h, dtype=np.float32) + 0.5) * np.float32(scale_y) - 0.5
    return np.tile(columns, (h, 1)), np.tile(rows[:, None], (1, w))


def _sample(values: NDArray[V], flow: F32, origin: tuple[int, int] = (0, 0)) -> NDArray[V]:
    """``values`` where ``flow`` [h,w,2] points from a rectangle of its size at ``origin`` (x, y)."""
    h, w = flow.shape[:2]
    map_x = flow[..., 0] + np.arange(origin[0], origin[0] + w, dtype=np.float32)
    map_y = flow[..., 1] + np.arange(origin[1], origin[1] + h, dtype=np.float32)[:, None]
    moved = cv2.remap(values, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cast(NDArray[V], moved)


def _difference(one: U8, other: U8) -> F32:
    """Mean absolute colour difference in levels, averaged over 3×3 pixels: one grain must not decide."""
    difference = cv2.absdiff(one, other)
    grey = cv2.transform(difference.astype(np.float32), np.full((1, 3), 1 / 3, np.float32))
    return cast(F32, cv2.blur(grey.reshape(one.shape[:2]), (3, 3)))


def inside(flow: F32) -> Mask:
    """Where a flow [h,w,2] stays inside the picture, [h,w]."""
    h, w = flow.shape[:2]
    to_x = flow[..., 0] + np.arange(w, dtype=np.float32)
    to_y = flow[..., 1] + np.arange(h, dtype=np.float32)[:, None]
    return (to_x >= 0) & (to_x <= w - 1) & (to_y >= 0) & (to_y <= h - 1)
