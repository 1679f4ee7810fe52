"""Clean background plates: first what other drawings of the shot really show, then what must be invented.

An anime background is a painting that the camera pans over while characters move in front of it, so most
of what a character hides is visible a few drawings earlier or later. Each drawing is placed in the picture
of the shot (:mod:`triton_anime.motion`); a hidden pixel is then copied from the drawing nearest in time that
shows it, from the look-back and the look-ahead, then from the plate carried along, and only the rest is
invented, once: the invention is carried along by the camera motion like any other pixel.

Memory holds the drawings of the two windows and one carried plate, however long the shot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime import fill, motion
from triton_anime.decompose import hole_of, to_invent
from triton_anime.layers import difference

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

T = TypeVar("T")

Inventor = Callable[[U8, U8], "U8 | None"]
"""(frame [h,w,3], mask [h,w]) → plate [h,w,3], or None when nobody can invent."""

# State of a plate's pixel.
UNKNOWN, SEEN, INVENTED = 0, 1, 2

# Levels: beside a character, a pixel this close to the plate is the background itself.
_SAME = 10
# Levels: background pixels around a hole may differ this much before a drawing is no use for it.
_UNLIKE = 14.0
# Working pixels: thinner gaps are interpolated, not sent to a network.
_SLIVER = 2.0
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
    """

    item: T
    image: U8
    foreground: U8
    working: U8
    flow: F32 | None = None


@dataclass(frozen=True)
class Plate:
    """A clean background.

    Attributes:
        image: [H,W,3] RGB; every pixel outside ``hole`` is the frame's own.
        hole: [H,W] bool: hidden by the foreground (with a margin).
        state: [H,W] uint8: ``SEEN`` in some drawing of the shot or ``INVENTED``.
        recovered_share: share of the picture copied from other drawings.
        invented_share: share of the picture that was invented.
    """

    image: U8
    hole: NDArray[np.bool_]
    state: U8
    recovered_share: float
    invented_share: float

    @property
    def quality(self) -> float:
        """Share of the pixels that were really seen somewhere in the shot."""
        return 1.0 - self.invented_share


@dataclass(frozen=True)
class _Placed(Generic[T]):
    """A drawing with its place in the picture of the shot."""

    view: View[T]
    hole: NDArray[np.bool_]
    small_hole: U8
    still: motion.Still
    matrix: F64  # this drawing → picture of the shot
    group: int  # drawings of different groups could not be placed on one another


@dataclass(frozen=True)
class _Carried:
    image: U8
    state: U8
    matrix: F64
    group: int


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


class _Placer(Generic[T]):
    """Places each drawing on a key drawing of the shot, which does not let errors add up."""

    def __init__(self) -> None:
        self._key: _Placed[T] | None = None
        self._last: _Placed[T] | None = None
        self._group = 0

    def place(self, view: View[T]) -> _Placed[T]:
        height, width = view.foreground.shape
        h, w = view.working.shape[:2]
        hole = hole_of(view.foreground)
        # area averaging: any hidden part makes the working pixel hidden
        small = (cv2.resize(hole.astype(np.uint8) * 255, (w, h), interpolation=cv2.INTER_AREA) > 0).astype(
            np.uint8
        )
        still = motion.Still.of(view.working, small, height, width)
        matrix = self._matrix(view, still)
        here = _Placed(view, hole, small, still, matrix, self._group)
        if (
            self._key is None
            or self._key.group != self._group
            or _overlap(motion.chain(motion.inverse(self._key.matrix), matrix), height, width) < _KEY_OVERLAP
        ):
            self._key = here
        self._last = here
        return here

    def _matrix(self, view: View[T], still: motion.Still) -> F64:
        key, last = self._key, self._last
        if key is None or last is None:
            return motion.IDENTITY
        step = motion.from_flow(still, view.flow) if view.flow is not None else None
        guesses = [last.matrix] if step is None else [motion.chain(last.matrix, step), last.matrix]
        if not still.background.any():
            return guesses[0]  # nothing to see: the best guess must do
        for target in (key, last):
            back = motion.inverse(target.matrix)
            found = motion.register(still, target.still, [motion.chain(back, guess) for guess in guesses])
            if found.found:
                whole = motion.chain(target.matrix, found.matrix)
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
        here = placed[index]
        image = here.view.image
        out = image.copy()
        state = np.where(here.hole, UNKNOWN, SEEN).astype(np.uint8)
        if here.hole.any():
            others = sorted(
                (i for i in range(len(placed)) if i != index and placed[i].group == here.group),
                key=lambda i: (abs(i - index), i),
            )
            self._recover(here, [(abs(i - index), placed[i]) for i in others], out, state)
            if self._carried is not None and self._carried.group == here.group:
                _paint_carried(here, self._carried, out, state)
        recovered = int((here.hole & (state == SEEN)).sum())
        missing = state == UNKNOWN
        invented_now = bool(missing.any())
        if invented_now:
            out = self._fill(out, missing, here)
            state[missing] = INVENTED
        _keep_frame(here, out, state)
        self._since += 1
        carried = self._carried
        if invented_now or carried is None or carried.group != here.group or self._since >= self._look_back:
            self._carried = _Carried(out, state, here.matrix, here.group)
            self._since = 0
        area = float(state.size)
        invented = int((state == INVENTED).sum())
        return here.view.item, Plate(out, here.hole, state, recovered / area, invented / area)

    def _recover(self, here: _Placed[T], others: list[tuple[int, _Placed[T]]], out: U8, state: U8) -> None:
        """Copy hidden pixels from the drawings that show most of them, near ones before far ones."""
        h, w = here.small_hole.shape
        height, width = state.shape
        x, y, bw, bh = cv2.boundingRect(here.small_hole)
        box = _grow((x, y, bw, bh), 2, w, h)
        missing = here.small_hole[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] > 0
        sources: list[tuple[int, _Placed[T], F64, NDArray[np.bool_]]] = []
        for distance, other in others:
            matrix = motion.snap(motion.chain(motion.inverse(here.matrix), other.matrix), height, width)
            hidden = _warp(
                np.uint8(1) - other.small_hole, motion.rescaled(matrix, here.still), box, cv2.INTER_NEAREST
            )
            sources.append((distance, other, matrix, hidden > 0))
        while sources:
            gains = [np.count_nonzero(missing & seen) / (1 + 0.15 * dt) for dt, _, _, seen in sources]
            best = int(np.argmax(gains))
            _, other, matrix, seen = sources.pop(best)
            if np.count_nonzero(missing & seen) < 2:
                return
            ux, uy, uw, uh = cv2.boundingRect((missing & seen).astype(np.uint8))
            part = _grow((ux + box[0], uy + box[1], uw, uh), 6, w, h)
            offset = _colour_offset(here, other, motion.rescaled(matrix, here.still), part)
            if offset is None:
                continue
            sx, sy = width / w, height / h
            x0, y0 = int(np.floor(part[0] * sx)), int(np.floor(part[1] * sy))
            x1 = min(width, int(np.ceil((part[0] + part[2]) * sx)))
            y1 = min(height, int(np.ceil((part[1] + part[3]) * sy)))
            large = (x0, y0, x1 - x0, y1 - y0)
            _paint(other.view.image, ~other.hole, matrix, large, out, state, SEEN, offset)
            missing &= ~seen

    def _fill(self, out: U8, missing: NDArray[np.bool_], here: _Placed[T]) -> U8:
        scale = here.still.scale[0]
        h, w = here.small_hole.shape
        if fill.thickness(missing) * scale > _SLIVER and not missing.all():
            answer = self._invent(*to_invent(out, missing, (h, w)))
            if answer is not None:
                return fill.blend_in(out, missing, answer)
        return fill.smooth_fill(out, ~missing)


def _keep_frame(here: _Placed[T], out: U8, state: U8) -> None:
    """Beside the foreground, a pixel that looks like the plate is the frame's own background."""
    beside = here.hole & (here.view.foreground == 0)
    if not beside.any():
        return
    x, y, w, h = cv2.boundingRect(beside.astype(np.uint8))
    box = (slice(y, y + h), slice(x, x + w))
    frame = here.view.image[box]
    same = beside[box] & (difference(frame, out[box]) <= _SAME)
    out[box][same] = frame[same]
    state[box][same] = SEEN


def _paint(
    image: U8,
    usable: NDArray[np.bool_],
    matrix: F64,
    box: tuple[int, int, int, int],
    out: U8,
    state: U8,
    mark: int,
    offset: F32 | None = None,
) -> None:
    """Copy what is still unknown inside ``box`` from another picture that ``matrix`` places on this one."""
    x, y, w, h = box
    here = (slice(y, y + h), slice(x, x + w))
    seen = _warp(usable.view(np.uint8) * np.uint8(255), matrix, box, cv2.INTER_LINEAR) == 255
    take = seen & (state[here] == UNKNOWN)
    if not take.any():
        return
    colours = _warp(image, matrix, box, cv2.INTER_CUBIC)[take]
    if offset is not None and np.abs(offset).max() >= 1:
        colours = np.clip(np.rint(colours + offset), 0, 255).astype(np.uint8)
    out[here][take] = colours
    state[here][take] = mark


def _paint_carried(here: _Placed[T], carried: _Carried, out: U8, state: U8) -> None:
    missing = state == UNKNOWN
    if not missing.any():
        return
    height, width = state.shape
    matrix = motion.snap(motion.chain(motion.inverse(here.matrix), carried.matrix), height, width)
    box = _grow(cv2.boundingRect(missing.astype(np.uint8)), 0, width, height)
    for mark in (SEEN, INVENTED):
        _paint(carried.image, carried.state == mark, matrix, box, out, state, mark)
    # pixels between seen and invented ones belong to neither alone
    _paint(carried.image, carried.state != UNKNOWN, matrix, box, out, state, INVENTED)


def _warp(values: U8, matrix: F64, box: tuple[int, int, int, int], interpolation: int) -> U8:
    """The part ``box`` (x, y, w, h) of ``values`` moved by ``matrix``; zero where nothing lands.

    Whole shifts copy; nothing is resampled.
    """
    x, y, w, h = box
    shift = matrix[:, 2]
    if np.array_equal(matrix[:, :2], np.eye(2)) and np.array_equal(shift, np.rint(shift)):
        height, width = values.shape[:2]
        left, top = x - int(shift[0]), y - int(shift[1])
        out = np.zeros((h, w, *values.shape[2:]), values.dtype)
        x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + w), min(height, top + h)
        if x1 > x0 and y1 > y0:
            out[y0 - top : y1 - top, x0 - left : x1 - left] = values[y0:y1, x0:x1]
        return out
    local = motion.chain(np.array([[1.0, 0, -x], [0, 1.0, -y]]), matrix)
    return cast(
        U8, cv2.warpAffine(values, local, (w, h), flags=interpolation, borderMode=cv2.BORDER_CONSTANT)
    )


def _colour_offset(
    here: _Placed[T], other: _Placed[T], small: F64, box: tuple[int, int, int, int]
) -> F32 | None:
    """Colour to add to the other drawing so that it meets this one around a hole; ``None``: unlike."""
    h, w = here.small_hole.shape
    x, y, bw, bh = _grow(box, 12, w, h)
    rows, columns = slice(y, y + bh), slice(x, x + bw)
    visible = _warp(np.uint8(1) - other.small_hole, small, (x, y, bw, bh), cv2.INTER_NEAREST)
    both = np.flatnonzero((visible > 0) & (here.small_hole[rows, columns] == 0))
    if both.size < 16:
        return np.zeros(3, np.float32)
    both = both[:: max(1, both.size // 2000)]
    theirs = _warp(other.view.working, small, (x, y, bw, bh), cv2.INTER_LINEAR).reshape(-1, 3)[both]
    ours = here.view.working[rows, columns].reshape(-1, 3)[both]
    apart = ours.astype(np.float32) - theirs
    offset = cast(F32, np.median(apart, axis=0).astype(np.float32))
    unlike = float(np.median(np.abs(apart - offset).mean(axis=1)))
    if unlike > _UNLIKE or float(np.abs(offset).max()) > 40:
        return None
    return offset


def _grow(box: tuple[int, int, int, int], by: int, width: int, height: int) -> tuple[int, int, int, int]:
    x, y, w, h = (int(v) for v in box)
    x0, y0, x1, y1 = max(0, x - by), max(0, y - by), min(width, x + w + by), min(height, y + h + by)
    return x0, y0, x1 - x0, y1 - y0


def _overlap(matrix: F64, height: int, width: int) -> float:
    """Share of a frame that lies inside the other after ``matrix``."""
    x, y = np.meshgrid(np.linspace(0, width - 1, 24), np.linspace(0, height - 1, 24))
    to_x = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    to_y = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    return float(((to_x >= 0) & (to_x < width) & (to_y >= 0) & (to_y < height)).mean())
