"""What the pipeline asks of a tracker: which character is which, from drawing to drawing of a shot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from triton_anime.server import Server

U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Tracks:
    """The characters of one drawing.

    Attributes:
        identity: uint8 ``[H, W]``, 0 none, otherwise an id that is stable inside the shot (1, 2, ... in the
            order of appearance; one that vanishes and returns keeps its id).
        confidence: float32 ``[H, W]`` 0..1, how sure the tracker is of what ``identity`` says there.
        ids: the ids that are visible in this drawing, ascending.
        known: every id of the shot so far, ascending.
    """

    identity: U8
    confidence: NDArray[np.float32]
    ids: tuple[int, ...]
    known: tuple[int, ...]


class Tracker(Protocol):
    """Follows the characters of one shot at a time; drawings come in order. Not thread-safe."""

    def reset(self, shot: int) -> None:
        """Forget everything: a new shot begins."""
        ...

    def step(
        self, frame: U8, observed: U8 | None = None, backward: NDArray[np.float32] | None = None
    ) -> Tracks:
        """Follow the characters into the next drawing.

        Args:
            frame: RGB uint8 ``[H, W, 3]``; all drawings of a shot have the same size.
            observed: uint8 ``[H, W]``, the segmenter's instances in this drawing (0 none, numbers mean
                nothing from one drawing to the next), or None when it was not asked; of any size.
            backward: float32 ``[H, W, 2]``, the flow in pixels from this drawing to the one before where it
                is known already; a tracker that needs it and lacks it makes its own.

        Raises:
            ServerError: the server failed.
        """
        ...


TRACKERS = ("xmem", "deaot", "flow")
"""Names of the trackers. ``flow`` carries masks along the flow and needs no model; the others remember."""


def open_tracker(
    server: Server, name: str = "xmem", *, memory_every: int = 5, largest_cast: int = 8
) -> Tracker:
    """The tracker called ``name``; ``flow`` stands in for one whose models are not served.

    Args:
        server: where to ask.
        name: one of ``TRACKERS``. On held-out clips XMem is ahead, hence the default.
        memory_every: drawings between two entries of the tracker's memory.
        largest_cast: characters that are followed at the same time in one shot.
    """
    from triton_anime.trackers.deaot import DeAOTTracker
    from triton_anime.trackers.deaot_memory import DeAOTPolicy
    from triton_anime.trackers.flow import FlowTracker
    from triton_anime.trackers.xmem import XMemTracker

    if name == "xmem" and all(server.is_ready(model) for model in XMemTracker.MODELS):
        return XMemTracker(server, memory_every=memory_every, largest_cast=largest_cast)
    if name == "deaot" and all(server.is_ready(model) for model in DeAOTTracker.MODELS):
        return DeAOTTracker(server, DeAOTPolicy(memory_every), largest_cast=largest_cast)
    return FlowTracker(memory_every=memory_every, largest_cast=largest_cast)
