"""Tracking with DeAOT: the server computes, this side remembers."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.server import Server
from triton_anime.tracker import Tracks
from triton_anime.trackers.association import Association, carry
from triton_anime.trackers.deaot_logits import combine, labels_of_run, nearest, runs_for, softmax
from triton_anime.trackers.deaot_memory import DeAOTMemory, DeAOTPolicy
from triton_anime.trackers.xmem import tracks_of

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]

MODELS = ("deaot_encode", "deaot_reference", "deaot_propagate", "deaot_identify")

_STRIDE = 16
_SEEN = ("CELLS", "SKIP16", "SKIP8", "SKIP4")


class DeAOTSession:
    """One shot in the terms of the network: objects numbered from 1, masks given, labels back.

    For each drawing either :meth:`give` (the first one), or :meth:`look` and then :meth:`decide` or
    :meth:`give`.

    Args:
        server: has the four networks.
        policy: of the memory.
    """

    def __init__(self, server: Server, policy: DeAOTPolicy | None = None) -> None:
        self.objects = 0
        self.memories: list[DeAOTMemory] = []
        """One for every ten objects."""
        self._server = server
        self._policy = policy
        self._time = -1
        self._seen: Arrays = {}
        self._read: list[Arrays] = []

    def look(self, frame: U8) -> F32:
        """Read the next drawing out of the memory.

        Args:
            frame: RGB ``[H, W, 3]``.

        Returns:
            Logits ``[C, H, W]``, background first, of at least ``objects`` objects; the softmax over all of
            them are probabilities.
        """
        self._encode(frame)
        self._read = [
            self._server.infer(
                "deaot_propagate", _packed(self._seen | memory.tensors()), ["LOGITS", "KEY", "PENDING"]
            )
            for memory in self.memories
        ]
        logits = [np.asarray(read["LOGITS"], np.float32) for read in self._read]
        return combine(logits, self.objects, (frame.shape[0], frame.shape[1]))

    def decide(self, labels: U8) -> None:
        """Go on after :meth:`look` with the masks that were decided.

        Args:
            labels: object numbers ``[H, W]``.
        """
        for run, (memory, read) in enumerate(zip(self.memories, self._read, strict=True)):
            inputs = {"PENDING": read["PENDING"], "LABELS": self._on_grid(labels, run)}
            answer = self._server.infer("deaot_identify", _packed(inputs), ["VALUE"])
            memory.decide(np.asarray(read["KEY"]), np.asarray(answer["VALUE"]), self._time)

    def give(self, labels: U8, objects: int, frame: U8 | None = None) -> None:
        """Go on after :meth:`look`, or begin, with masks that are given; objects may be new.

        Args:
            labels: object numbers ``[H, W]`` of all objects, also of those that were not given.
            objects: how many there are from now on.
            frame: the drawing, where :meth:`look` has not seen it: the first of the shot.
        """
        if frame is not None:
            self._encode(frame)
        self.objects = max(self.objects, objects)
        while len(self.memories) < runs_for(self.objects):
            self.memories.append(DeAOTMemory(self._policy))
        for run, memory in enumerate(self.memories):
            inputs = {"CELLS": self._seen["CELLS"], "LABELS": self._on_grid(labels, run)}
            answer = self._server.infer("deaot_reference", _packed(inputs), ["KEY", "VALUE"])
            memory.give(np.asarray(answer["KEY"]), np.asarray(answer["VALUE"]), self._time)

    def _encode(self, frame: U8) -> None:
        seen = self._server.infer("deaot_encode", {"FRAME": np.ascontiguousarray(frame[None])}, list(_SEEN))
        self._seen = {name: value[0] for name, value in seen.items()}
        self._time += 1

    def _on_grid(self, labels: U8, run: int) -> U8:
        h, w = self._seen["CELLS"].shape[1:]
        return nearest(labels_of_run(labels, run), (_STRIDE * (h - 1) + 1, _STRIDE * (w - 1) + 1))


class DeAOTTracker:
    """DeAOT as a :class:`triton_anime.tracker.Tracker`.

    Args:
        server: has the four networks.
        policy: of the memory.
        largest_cast: characters that are followed at the same time.
    """

    MODELS = MODELS

    def __init__(self, server: Server, policy: DeAOTPolicy | None = None, *, largest_cast: int = 8) -> None:
        self._server = server
        self._policy = policy
        self._largest_cast = largest_cast
        self.reset(0)

    def reset(self, shot: int) -> None:
        """Forget everything: a new shot begins."""
        del shot
        self._session = DeAOTSession(self._server, self._policy)
        self._association = Association(self._largest_cast)

    def step(self, frame: U8, observed: U8 | None = None, backward: F32 | None = None) -> Tracks:
        """See :class:`triton_anime.tracker.Tracker`; the memory takes the place of the flow."""
        del backward
        size = frame.shape[1], frame.shape[0]
        if observed is not None and observed.shape != frame.shape[:2]:
            observed = np.asarray(cv2.resize(observed, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        known = self._session.objects
        probabilities = np.zeros((0, *frame.shape[:2]), np.float32)
        propagated = np.zeros(frame.shape[:2], np.uint8)
        if known:
            probabilities = softmax(self._session.look(frame))[1 : known + 1]
            propagated = carry({k + 1: p for k, p in enumerate(probabilities)})
        verdict = self._association.judge(frame, propagated, observed, foreground=probabilities)
        if verdict.born:
            unseen = None if known else frame
            self._session.give(verdict.identity, self._association.issued, unseen)
        elif known:
            self._session.decide(verdict.identity)
        return tracks_of(verdict.identity, probabilities, sorted(self._association.cast))


def _packed(inputs: Arrays) -> Arrays:
    return {name: np.ascontiguousarray(value) for name, value in inputs.items()}
