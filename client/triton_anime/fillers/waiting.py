"""Things that wait, packed, until a filler has answered for them.

A network that looks at many pictures answers for one when it has seen dozens after it. What waits meanwhile
is whole drawings at full resolution, so they are packed without loss: a drawing of anime takes about a third
of its bytes, a mask next to none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.fillers.window import Inpainter, Shown

U8 = NDArray[np.uint8]

T = TypeVar("T")
P = TypeVar("P")

# The quickest of PNG's levels: higher ones gain a tenth.
_QUICK = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def pack(picture: U8) -> bytes:
    """A picture [H,W] or [H,W,3] in fewer bytes."""
    _, packed = cv2.imencode(".png", picture, _QUICK)
    return bytes(packed)


def unpack(packed: bytes) -> U8:
    """The very picture that :func:`pack` was given."""
    return np.asarray(cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)


def answered(
    items: Iterable[T],
    inpainter: Inpainter,
    show: Callable[[T], Shown],
    put_away: Callable[[T], P],
    take_out: Callable[[P], T],
) -> Iterator[tuple[T, U8]]:
    """The items of one shot, in order, each with the answer [h,w,3] of ``inpainter``.

    Args:
        items: read as far as the next answer needs.
        inpainter: fills the holes of what is shown to it.
        show: what it is shown of an item.
        put_away: an item as it waits.
        take_out: the item again.

    Raises:
        ServerError: the server failed.
    """
    waiting: deque[P] = deque()

    def shown() -> Iterator[Shown]:
        for item in items:
            picture = show(item)
            waiting.append(put_away(item))
            del item  # it waits packed only
            yield picture

    for answer in inpainter.fill(shown()):
        yield take_out(waiting.popleft()), answer
    if waiting:
        raise AssertionError(f"the filler left {len(waiting)} pictures without an answer")
