"""What every filler of a shot's holes asks and answers, and which pictures a network looks at together.

The published video networks (STTN, E2FGVI-HQ, ProPainter) are run by their authors in the same way: for every
fifth picture f the eleven from f-5 to f+5 are drawn, as far as the shot has them, and every tenth picture of
the rest of the video is looked at as a reference; what is drawn more than once is averaged half and half, in
the order in which it is drawn. Masks are widened by four steps of a 3x3 cross at the network's resolution.

A shot may have any length, so references here come from a horizon: those within ``Schedule.reach`` pictures
of the middle one, 40 as ProPainter has it for videos of more than 80 frames. A shot of up to 45 pictures is
looked at exactly as the authors would, and a longer one in the memory of about fifty pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

T = TypeVar("T")
S = TypeVar("S", bound="Seen")

_WIDENED = 4
"""Steps of a 3x3 cross by which the authors widen masks."""


@dataclass(frozen=True)
class Shown:
    """A picture of a shot as a filler gets it.

    Attributes:
        frame: [h,w,3] RGB; all pictures of a shot have the same size.
        hole: [h,w] 255 where something hides the background, else 0.
    """

    frame: U8
    hole: U8


class Seen(Protocol):
    """What a filler makes of a picture before it is drawn."""

    @property
    def shown(self) -> Shown:
        """As it was given."""
        ...


class Inpainter(Protocol):
    """Fills the holes of a shot, all pictures together. Several shots may be filled at once, by threads."""

    def fill(self, shot: Iterable[Shown]) -> Iterator[U8]:
        """The pictures of ``shot`` with their holes filled, in order, one answer for each.

        ``shot`` is read no further than an answer needs, and a bounded number of pictures is held however
        long it is.

        Yields:
            uint8 [h,w,3]; outside the hole the very bytes of the frame.

        Raises:
            ServerError: the server failed, or does not serve what is needed.
        """
        ...


@dataclass(frozen=True)
class Window:
    """Pictures of a shot that go to a network together, by their number from 0.

    Attributes:
        drawn: consecutive ones, whose holes are filled.
        references: others, ascending, that are only looked at; there may be none.
    """

    drawn: range
    references: tuple[int, ...]


@dataclass(frozen=True)
class Schedule:
    """Which pictures of a shot go to a network together.

    Attributes:
        side: pictures drawn before and after the middle of a window; the next middle is as many further on.
        every: references are the pictures whose number is a multiple of this.
        reach: pictures between the middle of a window and its furthest reference.

    Raises:
        ValueError: a value is out of its range.
    """

    side: int = 5
    every: int = 10
    reach: int = 40

    def __post_init__(self) -> None:
        if self.side < 1 or self.every < 1 or self.reach < 0:
            raise ValueError(f"{self}: side and every must be at least 1, reach at least 0")

    def window(self, middle: int, count: int) -> Window:
        """The window around picture ``middle`` of a shot of ``count`` pictures."""
        drawn = range(max(0, middle - self.side), min(count, middle + self.side + 1))
        near = range(max(0, middle - self.reach), min(count, middle + self.reach + 1))
        return Window(drawn, tuple(i for i in near if i % self.every == 0 and i not in drawn))

    def last_needed(self, middle: int) -> int:
        """The last picture that decides what the window around ``middle`` is."""
        return middle + max(self.side, self.reach)

    def keeps(self, index: int, middle: int) -> bool:
        """Whether the window around ``middle``, or one after it, may want picture ``index``."""
        return index >= middle - self.side or (index % self.every == 0 and index >= middle - self.reach)


def in_windows(shot: Iterable[T], schedule: Schedule) -> Iterator[tuple[Window, Mapping[int, T]]]:
    """The windows of a shot in order, each with the pictures that it names.

    At most ``schedule.side`` (or the references within reach) pictures behind a window's middle are held, and
    those up to :meth:`Schedule.last_needed`.
    """
    pictures = enumerate(shot)
    held: dict[int, T] = {}
    count, middle, more = 0, 0, True
    while True:
        while more and count <= schedule.last_needed(middle):
            found = next(pictures, None)
            if found is None:
                more = False
            else:
                held[found[0]] = found[1]
                count += 1
            del found  # or the last picture would be held by this name too
        if middle >= count:
            return
        window = schedule.window(middle, count)
        yield window, {index: held[index] for index in (*window.drawn, *window.references)}
        middle += schedule.side
        for index in [index for index in held if not schedule.keeps(index, middle)]:
            del held[index]


class Overlap:
    """Answers for pictures that are drawn in several windows, averaged as the authors do.

    Each further answer counts half, all before it together the other half; nothing is rounded in between.
    """

    def __init__(self) -> None:
        self._drawn: dict[int, F32] = {}

    def __len__(self) -> int:
        return len(self._drawn)

    def add(self, index: int, picture: U8) -> None:
        """Take an answer [h,w,3] for picture ``index``."""
        before, new = self._drawn.get(index), picture.astype(np.float32)
        self._drawn[index] = new if before is None else before * np.float32(0.5) + new * np.float32(0.5)

    def take(self, end: int | None = None) -> Iterator[tuple[int, U8]]:
        """Hand out, in order, the pictures before ``end`` (all when None); they are forgotten."""
        for index in sorted(self._drawn):
            if end is None or index < end:
                yield index, np.rint(self._drawn.pop(index)).astype(np.uint8)


def filled(
    pictures: Iterable[S], schedule: Schedule, draw: Callable[[Window, Mapping[int, S]], Iterable[U8]]
) -> Iterator[U8]:
    """The pictures of a shot with their holes filled, in order, window by window.

    Args:
        pictures: each with the :class:`Shown` that it was.
        schedule: which of them are looked at together.
        draw: a window, and the pictures that it names, to [h,w,3] of each that is drawn.
    """
    overlap = Overlap()
    for number, (window, held) in enumerate(in_windows(pictures, schedule)):
        for index, plate in zip(window.drawn, draw(window, held), strict=True):
            overlap.add(index, put_in(plate, held[index].shown))
        del held
        # the next window begins where this one has its middle
        for _, finished in overlap.take(number * schedule.side):
            yield finished
    for _, finished in overlap.take():
        yield finished


def widened(hole: U8, grid: tuple[int, int]) -> U8:
    """``hole`` [h,w] widened as the authors of a network do, 0/255.

    Args:
        hole: above 0 inside.
        grid: height and width of the network's picture, where the widening is four pixels along both axes.
    """
    steps = max(1, math.ceil(_WIDENED * max(hole.shape[0] / grid[0], hole.shape[1] / grid[1])))
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inside = (hole > 0).astype(np.uint8) * np.uint8(255)
    return np.asarray(cv2.dilate(inside, cross, iterations=steps), np.uint8)


def put_in(plate: U8, shown: Shown) -> U8:
    """``plate`` [h,w,3] inside the hole, the frame's own bytes everywhere else."""
    return np.where((shown.hole > 0)[..., None], plate, shown.frame)
