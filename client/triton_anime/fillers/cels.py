"""The pipeline's drawings as a filler sees them, and as they wait for its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.cel import Cel
from triton_anime.fillers.waiting import answered, pack, unpack
from triton_anime.fillers.window import Inpainter, Shown
from triton_anime.plates import hidden, shrunk

U8 = NDArray[np.uint8]


def with_answers(cels: Iterable[Cel], inpainter: Inpainter) -> Iterator[tuple[Cel, U8]]:
    """Drawings of one shot, each with what ``inpainter`` draws behind its foreground, [h,w,3].

    The filler sees working frames, with all of the foreground and of the doubt as their hole.

    Args:
        cels: drawings with settled alphas.
        inpainter: see :func:`triton_anime.fillers.networks.open_inpainter`.

    Raises:
        ServerError: the server failed.
    """
    return answered(cels, inpainter, shown, put_away, take_out)


def shown(cel: Cel) -> Shown:
    """The working frame with its hole."""
    hole = hidden(cv2.max(cel.alpha, cel.prior), cel.doubt())
    size = cel.working.shape[0], cel.working.shape[1]
    return Shown(cel.working, shrunk(hole, size) * np.uint8(255))


@dataclass(frozen=True)
class Waiting:
    """A drawing without its large pictures, and these packed."""

    cel: Cel
    image: bytes
    alpha: bytes
    prior: bytes


def put_away(cel: Cel) -> Waiting:
    """The drawing as it waits; ``cel`` itself is left alone, as others may be looking at it."""
    nothing = np.zeros((0, 0), np.uint8)
    first = replace(cel.drawing.first, image=np.zeros((0, 0, 3), np.uint8))
    light = replace(cel, drawing=replace(cel.drawing, first=first), alpha=nothing, prior=nothing)
    if cel.flow is not None:  # of the flow only the way back is still wanted
        light.flow = (np.zeros((0, 0, 2), np.float32), cel.flow[1])
    return Waiting(light, pack(cel.image), pack(cel.alpha), pack(cel.prior))


def take_out(waiting: Waiting) -> Cel:
    """The drawing again."""
    cel = waiting.cel
    first = replace(cel.drawing.first, image=unpack(waiting.image))
    drawing = replace(cel.drawing, first=first)
    return replace(cel, drawing=drawing, alpha=unpack(waiting.alpha), prior=unpack(waiting.prior))
