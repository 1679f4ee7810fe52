"""Trackers that are given the masks of the first frame and carry them through a clip, through the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.server import Server
from triton_anime.trackers.deaot import DeAOTSession, DeAOTTracker
from triton_anime.trackers.xmem import XMemSession, XMemTracker

U8 = NDArray[np.uint8]


def follow_with_xmem(server: Server, frames: Sequence[U8], first: U8) -> list[U8]:
    """Identities [H,W] of every frame [H,W,3], those of the first as they are given."""
    session = XMemSession(server)
    height, width = first.shape
    labels = [first]
    for t, frame in enumerate(frames):
        given, numbers = (first, range(1, int(first.max()) + 1)) if t == 0 else (None, range(0))
        chances = session.step(frame, given, numbers, last=t == len(frames) - 1)
        if t:
            large = [cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR) for part in chances]
            labels.append(np.asarray(np.argmax(large, axis=0), np.uint8))
    return labels


def follow_with_deaot(server: Server, frames: Sequence[U8], first: U8) -> list[U8]:
    """See :func:`follow_with_xmem`."""
    session = DeAOTSession(server)
    labels = [first]
    session.give(first, int(first.max()), frames[0])
    for frame in frames[1:]:
        labels.append(np.asarray(session.look(frame).argmax(axis=0), np.uint8))
        session.decide(labels[-1])
    return labels


FOLLOWERS: Mapping[str, Callable[[Server, Sequence[U8], U8], list[U8]]] = {
    "xmem": follow_with_xmem,
    "deaot": follow_with_deaot,
}
"""By the name of their answer; the first mask shows somebody."""

_MODELS = {"xmem": XMemTracker.MODELS, "deaot": DeAOTTracker.MODELS}


def served_followers(server: Server) -> list[str]:
    """Those whose models the server has."""
    return [name for name in FOLLOWERS if all(server.is_ready(model) for model in _MODELS[name])]
