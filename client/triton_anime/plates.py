"""Clean background plates: first what other drawings of the shot really show, then what must be invented.

An anime background is a painting that the camera pans over while characters move in front of it, so most
of what a character hides is visible a few drawings earlier or later. Each drawing is placed in the picture
of the shot (:mod:`triton_anime.motion`); a hidden pixel is then copied from the drawing nearest in time that
shows it, from the look-back and the look-ahead, then from the plate carried along, and only the rest is
invented, once: the invention is carried along by the camera motion like any other pixel. Where a video
network was asked (:mod:`triton_anime.fillers`), what it drew there takes the place of an invention.

Memory holds the drawings of the two windows and one carried plate, however long the shot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime import fill, motion
from triton_anime.boxes import Box, enlarge, grow
from triton_anime.decompose import hole_of, to_invent
from triton_anime.layers import difference
from triton_anime.recover import (
    INVENTED,
    SEEN,
    UNKNOWN,
    Picture,
    meet,
    paint,
    pieces,
    visible,
)

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

T = TypeVar("T")

Inventor = Callable[[U8, U8], "U8 | None"]
"""(frame [h,w,3], mask [h,w]) → plate [h,w,3], or None when nobody can invent."""

# Levels: beside a character, a pixel this close to the plate is the background itself.
_SAME = 10
# Working pixels: thinner gaps are interpolated, not sent to a network.
_SLIVER = 2.0
# Share of a drawing that must lie on the key drawing; below it the drawing becomes the next key.
_KEY_OVERLAP = 0.6


@dataclass(frozen=True)
class View(Generic[T]):
    """One drawing as the plates need it.

    Attributes:
        item: what the caller wants back with the plate.
        image: [H,W,3] RGB.
        foreground: [H,W] largest alpha of character and effects, 0..255.
        working: [h,w,3] the working frame.
        flow: [h,w,2] flow from this drawing to the one before, in working pixels, if known.
        doubt: [h,w] true where there may be foreground that ``foreground`` misses: nothing is copied from
            there to other drawings, and what others show there is preferred.
        answer: [h,w,3] what a video network draws behind the foreground, if one was asked; nobody is then
            asked to invent.
    """

    item: T
    image: U8
    foreground: U8
    working: U8
    flow: F32 | None = None
    doubt: NDArray[np.bool_] | None = None
    answer: U8 | None = None


@dataclass(frozen=True)
class Plate:
    """A clean background.

    Attributes:
        image: [H,W,3] RGB; every pixel outside ``hole`` is the frame's own.
        hole: [H,W] bool: hidden by the foreground (with a margin), or in doubt.
        state: [H,W] uint8: ``SEEN`` in some drawing of the shot or ``INVENTED``.
        copied: [H,W] bool: shown by another drawing of the shot.
        recovered_share: share of the picture copied from other drawings.
        invented_share: share of the picture that was invented.
    """

    image: U8
    hole: NDArray[np.bool_]
    state: U8
    copied: NDArray[np.bool_]
    recovered_share: float
    invented_share: float

    @property
    def quality(self) -> float:
        """Share of the pixels that were really seen somewhere in the shot."""
        return 1.0 - self.invented_share


@dataclass(frozen=True)
class _Placed(Generic[T]):
    """A drawing with its place in the picture of the shot."""

    item: T
    foreground: U8
    picture: Picture
    answer: U8 | None


@dataclass(frozen=True)
class _Carried:
    """A finished plate that travels along, complete."""

    picture: Picture
    state: U8


def plates(
    views: Iterable[View[T]], invent: Inventor, look_back: int, look_ahead: int
) -> Iterator[tuple[T, Plate]]:
    """Plates of the drawings of one shot, in order.

    Args:
        views: the drawings, in order.
        invent: fills what was never seen; asked at the working resolution.
        look_back: earlier drawings to keep.
        look_ahead: later drawings to wait for.
    """
    placed: deque[_Placed[T]] = deque()
    placer: _Placer[T] = _Placer()
    shot: _Shot[T] = _Shot(invent, look_back)
    current = 0
    for view in views:
        placed.append(placer.place(view))
        while len(placed) - current > look_ahead:
            yield shot.plate(placed, current)
            current += 1
            while current > look_back:
                placed.popleft()
                current -= 1
    while current < len(placed):
        yield shot.plate(placed, current)
        current += 1


def hidden(foreground: U8, doubt: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """[H,W] where a drawing does not show its background for sure; see :class:`View`."""
    height, width = foreground.shape
    hole = hole_of(foreground)
    if doubt is not None:
        hole |= cv2.resize(doubt.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return hole


def shrunk(hole: NDArray[np.bool_], size: tuple[int, int]) -> U8:
    """``hole`` [H,W] at a smaller size (height, width), 0/1: any hidden part makes a pixel hidden."""
    # area averaging: no part is skipped
    share = cv2.resize(hole.astype(np.uint8) * 255, size[::-1], interpolation=cv2.INTER_AREA)
    return (share > 0).astype(np.uint8)


class _Placer(Generic[T]):
    """Places each drawing on a key drawing of the shot, which does not let errors add up."""

    def __init__(self) -> None:
        self._key: Picture | None = None
        self._last: Picture | None = None
        self._group = 0

    def place(self, view: View[T]) -> _Placed[T]:
        (height, width), (h, w) = view.foreground.shape, view.working.shape[:2]
        hole = hidden(view.foreground, view.doubt)
        small = shrunk(hole, (h, w))
        still = motion.Still.of(view.working, small, height, width)
        matrix = self._matrix(view, still)
        here = Picture(view.image, hole, view.working, small, still, matrix, self._group)
        key = self._key
        if key is None or key.group != self._group or _overlap(key, here) < _KEY_OVERLAP:
            self._key = here
        self._last = here
        return _Placed(view.item, view.foreground, here, view.answer)

    def _matrix(self, view: View[T], still: motion.Still) -> F64:
        key, last = self._key, self._last
        if key is None or last is None:
            return motion.IDENTITY
        step = motion.from_flow(still, view.flow) if view.flow is not None else None
        guesses = [last.matrix] if step is None else [motion.chain(last.matrix, step), last.matrix]
        guesses = [guess for guess in guesses if motion.is_plausible(guess)] or [motion.IDENTITY]
        if not still.background.any():
            return guesses[0]  # nothing to see: the best guess must do
        for target in (key, last):
            back = motion.inverse(target.matrix)
            found = motion.register(still, target.still, [motion.chain(back, guess) for guess in guesses])
            if found.found:
                whole = motion.chain(target.matrix, found.matrix)
                if not motion.is_plausible(whole):
                    continue
                if target is last and last is not key:
                    self._key = last
                return motion.snap(whole, *view.foreground.shape)
        self._group += 1
        return motion.IDENTITY


class _Shot(Generic[T]):
    """Recovers and invents, drawing by drawing, and carries the result along."""

    def __init__(self, invent: Inventor, look_back: int) -> None:
        self._invent = invent
        self._look_back = look_back
        self._carried: _Carried | None = None
        self._since = 0

    def plate(self, placed: deque[_Placed[T]], index: int) -> tuple[T, Plate]:
        here = placed[index].picture
        out = here.image.copy()
        state = np.where(here.hole, UNKNOWN, SEEN).astype(np.uint8)
        if here.hole.any():
            others = sorted(
                (abs(i - index), i)
                for i, other in enumerate(placed)
                if i != index and other.picture.group == here.group
            )
            self._recover(here, [(distance, placed[i].picture) for distance, i in others], out, state)
            self._paint_carried(here, out, state)
        copied = here.hole & (state == SEEN)
        recovered = float(copied.mean())
        # what is only in doubt, and shown by no other drawing, gets the benefit of it, here alone
        doubted = (state == UNKNOWN) & ~hole_of(placed[index].foreground)
        state[doubted] = SEEN
        missing = state == UNKNOWN
        invented_now = bool(missing.any())
        if invented_now:
            out = self._fill(out, missing, here, placed[index].answer)
            state[missing] = INVENTED
        _keep_frame(here, placed[index].foreground, out, state, copied)
        self._carry(here, out, np.where(doubted, UNKNOWN, state).astype(np.uint8), invented_now)
        invented = float((state == INVENTED).mean())
        return placed[index].item, Plate(out, here.hole, state, copied, recovered, invented)

    def _recover(self, here: Picture, others: list[tuple[int, Picture]], out: U8, state: U8) -> None:
        """Copy hidden pixels from the drawings that show most of them, near ones before far ones."""
        h, w = here.small_hole.shape
        box = grow(cv2.boundingRect(here.small_hole), 2, w, h)
        missing = here.small_hole[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] > 0
        sources = [(distance, other, visible(here, other, box)) for distance, other in others]
        while sources:
            gains = [
                np.count_nonzero(missing & seen) / (1 + 0.15 * distance) for distance, _, seen in sources
            ]
            _, other, seen = sources.pop(int(np.argmax(gains)))
            useful = missing & seen
            if np.count_nonzero(useful) < 2:
                return
            x, y, bw, bh = cv2.boundingRect(useful.astype(np.uint8))
            part = grow((x + box[0], y + box[1], bw, bh), 6, w, h)
            for piece in pieces(here, other, part):
                if not missing[_inside(piece, box)].any():
                    continue
                found = meet(here, other, piece)
                if found is None:
                    continue
                matrix, offset = found
                large = enlarge(piece, (h, w), (state.shape[0], state.shape[1]))
                paint(other.image, ~other.hole, matrix, large, out, state, SEEN, offset)
                missing[_inside(piece, box)] &= ~seen[_inside(piece, box)]

    def _paint_carried(self, here: Picture, out: U8, state: U8) -> None:
        """Fill with what was seen, then what was invented, before the look-back."""
        carried = self._carried
        missing = state == UNKNOWN
        if carried is None or carried.picture.group != here.group or not missing.any():
            return
        height, width = state.shape
        box = grow(cv2.boundingRect(missing.astype(np.uint8)), 0, width, height)
        h, w = here.small_hole.shape
        small = enlarge(box, (height, width), (h, w))
        found = meet(here, carried.picture, small)
        if found is None:
            return
        matrix, offset = found
        image = carried.picture.image
        for mark in (SEEN, INVENTED):
            paint(image, carried.state == mark, matrix, box, out, state, mark, offset)
        # pixels between seen and invented ones belong to neither alone
        paint(image, carried.state != UNKNOWN, matrix, box, out, state, INVENTED, offset)

    def _carry(self, here: Picture, out: U8, state: U8, invented_now: bool) -> None:
        self._since += 1
        carried = self._carried
        fresh = carried is not None and carried.picture.group == here.group and self._since < self._look_back
        if fresh and not invented_now:
            return
        h, w = here.small_hole.shape
        working = cv2.resize(out, (w, h), interpolation=cv2.INTER_AREA) if (h, w) != state.shape else out
        nowhere = np.zeros_like(here.small_hole)
        still = motion.Still.of(working, nowhere, *state.shape)
        picture = Picture(out, np.zeros_like(here.hole), working, nowhere, still, here.matrix, here.group)
        self._carried = _Carried(picture, state)
        self._since = 0

    def _fill(self, out: U8, missing: NDArray[np.bool_], here: Picture, answer: U8 | None) -> U8:
        scale = here.still.scale[0]
        h, w = here.small_hole.shape
        if fill.thickness(missing) * scale > _SLIVER and not missing.all():
            if answer is None:
                answer = self._invent(*to_invent(out, missing, (h, w)))
            if answer is not None:
                return fill.blend_in(out, missing, answer)
        return fill.smooth_fill(out, ~missing)


def _keep_frame(here: Picture, foreground: U8, out: U8, state: U8, copied: NDArray[np.bool_]) -> None:
    """Beside the foreground, a pixel that looks like the plate is the frame's own background."""
    beside = here.hole & (foreground == 0)
    if not beside.any():
        return
    x, y, w, h = cv2.boundingRect(beside.astype(np.uint8))
    box = (slice(y, y + h), slice(x, x + w))
    frame = here.image[box]
    same = beside[box] & (difference(frame, out[box]) <= _SAME)
    out[box][same] = frame[same]
    state[box][same] = SEEN
    copied[box][same] = False


def _inside(piece: Box, box: Box) -> tuple[slice, slice]:
    """Where a piece lies in an array that covers ``box``."""
    x, y, w, h = piece
    left, top = max(0, x - box[0]), max(0, y - box[1])
    return slice(top, max(top, y + h - box[1])), slice(left, max(left, x + w - box[0]))


def _overlap(one: Picture, other: Picture) -> float:
    """Share of the other picture that lies inside the first."""
    height, width = one.hole.shape
    matrix = motion.chain(motion.inverse(one.matrix), other.matrix)
    x, y = np.meshgrid(np.linspace(0, width - 1, 24), np.linspace(0, height - 1, 24))
    to_x = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    to_y = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    return float(((to_x >= 0) & (to_x < width) & (to_y >= 0) & (to_y < height)).mean())
