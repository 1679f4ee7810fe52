"""Tracking with DeAOT: the server computes, this side remembers."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.server import Server
from triton_anime.tracker import Tracks
from triton_anime.trackers.association import Association, carry
from triton_anime.trackers.deaot_logits import combine, runs_for, softmax
from triton_anime.trackers.deaot_memory import DeAOTMemory, DeAOTPolicy, tensors_of
from triton_anime.trackers.xmem import tracks_of

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]

_STEP = "deaot_step"

MODELS = (_STEP, "deaot_encode", "deaot_reference", "deaot_propagate", "deaot_identify")


class DeAOTSession:
    """One shot in the terms of the network: objects numbered from 1, masks given, labels back.

    For each drawing either :meth:`give` (the first one), or :meth:`look` and then :meth:`decide` or
    :meth:`give`. A drawing is one request; one whose masks are given after it was looked at is two.

    Args:
        server: has ``deaot_step``.
        policy: of the memory.
    """

    def __init__(self, server: Server, policy: DeAOTPolicy | None = None) -> None:
        self.objects = 0
        self.memories: list[DeAOTMemory] = []
        """One for every ten objects."""
        self._server = server
        self._policy = policy
        self._time = -1
        self._frame: U8 | None = None
        self._labels: U8 | None = None
        self._read: Arrays = {}

    def look(self, frame: U8) -> F32:
        """Read the next drawing out of the memory.

        Args:
            frame: RGB ``[H, W, 3]``.

        Returns:
            Logits ``[C, H, W]``, background first, of at least ``objects`` objects; the softmax over all of
            them are probabilities.
        """
        inputs: Arrays = {"FRAME": frame, **tensors_of(self.memories)}
        outputs = ["LOGITS", "KEY", "NEXT_PENDING"]
        is_pending = "PENDING" in inputs
        if is_pending:
            assert self._labels is not None
            inputs["LABELS"] = self._labels
            outputs.append("PREVIOUS_VALUE")
        self._read = self._server.infer(_STEP, _packed(inputs), outputs)
        if is_pending:
            for memory, value in zip(self.memories, self._read["PREVIOUS_VALUE"], strict=True):
                memory.settle(np.asarray(value, np.float32))
        self._frame = frame
        self._time += 1
        logits = [np.asarray(small, np.float32) for small in self._read["LOGITS"]]
        return combine(logits, self.objects, (frame.shape[0], frame.shape[1]))

    def decide(self, labels: U8) -> None:
        """Go on after :meth:`look` with the masks that were decided.

        Args:
            labels: object numbers ``[H, W]``.
        """
        self._labels = labels
        both = zip(self._read["KEY"], self._read["NEXT_PENDING"], strict=True)
        for memory, (key, pending) in zip(self.memories, both, strict=True):
            memory.decide(np.asarray(key, np.float32), np.asarray(pending, np.float32), self._time)

    def give(self, labels: U8, objects: int, frame: U8 | None = None) -> None:
        """Go on after :meth:`look`, or begin, with masks that are given; objects may be new.

        Args:
            labels: object numbers ``[H, W]`` of all objects, also of those that were not given.
            objects: how many there are from now on.
            frame: the drawing, where :meth:`look` has not seen it: the first of the shot.
        """
        if frame is not None and self.memories:
            self.look(frame)  # what was decided about the drawing before is not remembered yet
        elif frame is not None:
            self._frame = frame
            self._time += 1
        assert self._frame is not None
        self.objects = max(self.objects, objects)
        while len(self.memories) < runs_for(self.objects):
            self.memories.append(DeAOTMemory(self._policy))
        inputs: Arrays = {
            "FRAME": self._frame,
            "GIVEN": labels,
            "OBJECTS": np.array([self.objects], np.int32),
        }
        answer = self._server.infer(_STEP, _packed(inputs), ["KEY", "VALUE"])
        for memory, key, value in zip(self.memories, answer["KEY"], answer["VALUE"], strict=True):
            memory.give(np.asarray(key, np.float32), np.asarray(value, np.float32), self._time)


class DeAOTTracker:
    """DeAOT as a :class:`triton_anime.tracker.Tracker`.

    Args:
        server: has ``deaot_step`` and the four networks behind it.
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
