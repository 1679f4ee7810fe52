"""Tracking with XMem: the server computes, this side remembers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.server import Server
from triton_anime.tracker import Tracks
from triton_anime.trackers.association import Association, carry
from triton_anime.trackers.memory import MemoryPolicy, XMemMemory

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

_STEP = "track_step"


class XMemSession:
    """One shot in the terms of the network: objects numbered from 1, masks given, probabilities back.

    Args:
        server: has ``track_step``.
        policy: of the memory.
        memory_every: drawings between two entries of the memory.
    """

    def __init__(self, server: Server, policy: MemoryPolicy | None = None, *, memory_every: int = 5) -> None:
        self.memory = XMemMemory(policy)
        self.memory_every = memory_every
        self.objects = 0
        self._server = server
        self._hidden: F32 | None = None
        self._time = -1
        self._last_memory = 0

    @property
    def is_memory_due(self) -> bool:
        """Whether the next drawing is one that the schedule wants remembered."""
        return self._time + 1 - self._last_memory >= self.memory_every

    def step(
        self, frame: U8, given: U8 | None = None, numbers: Collection[int] = (), *, last: bool = False
    ) -> F32:
        """The published per-frame policy in one call: segment, merge what is given, remember when it is due.

        Args:
            frame: RGB ``[H, W, 3]``.
            given: object numbers ``[H, W]`` where masks are given; the first drawing needs one.
            numbers: the objects that are given; numbers beyond the known ones are new objects.
            last: nothing is remembered of the last drawing of a shot.

        Returns:
            Probabilities ``[objects + 1, h, w]`` at the network's resolution, background first.
        """
        remember = (given is not None or self.is_memory_due) and not last
        answer = self._ask(frame, given, numbers, remember)
        self._advance(answer, remember, last)
        return np.asarray(answer["PROB"], np.float32)

    def look(self, frame: U8) -> tuple[F32, dict[str, NDArray[Any]]]:
        """Segment the next drawing without deciding yet whether it is remembered.

        Follow with :meth:`keep` or :meth:`memorise`.

        Returns:
            Probabilities as :meth:`step` gives them, and the answer to hand to :meth:`keep`.
        """
        answer = self._ask(frame, None, (), remember=False)
        return np.asarray(answer["PROB"], np.float32), answer

    def keep(self, answer: dict[str, NDArray[Any]]) -> None:
        """Go on after :meth:`look` without remembering the drawing."""
        self._advance(answer, remember=False, last=False)

    def memorise(
        self, frame: U8, labels: U8, objects: int, *, looked: dict[str, NDArray[Any]] | None = None
    ) -> None:
        """Go on after :meth:`look`, or begin, remembering the drawing with masks decided by the caller.

        Args:
            frame: the drawing.
            labels: object numbers ``[H, W]`` of all objects.
            objects: how many there are from now on.
            looked: the answer of :meth:`look` to the same drawing.
        """
        numbers = range(1, objects + 1)
        answer = self._ask(frame, labels, numbers, remember=True, is_read=objects < self.objects)
        if looked is not None:
            answer["USAGE"] = looked["USAGE"]
        self._advance(answer, remember=True, last=False)

    def _ask(
        self,
        frame: U8,
        given: U8 | None,
        numbers: Collection[int],
        remember: bool,
        *,
        is_read: bool = True,
    ) -> dict[str, NDArray[Any]]:
        inputs: dict[str, NDArray[Any]] = {"FRAME": frame}
        if self.memory.work is not None and self._hidden is not None:
            # Where everybody is given nothing is read, and the megabytes of the memory can stay here.
            inputs |= self.memory.tensors() if is_read else {}
            inputs["HIDDEN"] = self._hidden
        if given is not None:
            self.objects = max([self.objects, *numbers])
            inputs["GIVEN"] = given
            inputs["GIVEN_NUMBERS"] = np.array(sorted(numbers), np.int32)
        outputs = ["PROB", "NEXT_HIDDEN", "USAGE"]
        if remember:
            outputs += ["KEY", "SHRINKAGE", "SELECTION", "VALUE"]
        return self._server.infer(_STEP, {k: np.ascontiguousarray(v) for k, v in inputs.items()}, outputs)

    def _advance(self, answer: dict[str, NDArray[Any]], remember: bool, last: bool) -> None:
        self._time += 1
        usage = np.asarray(answer["USAGE"], np.float32)
        if len(usage):
            self.memory.count(usage)
        if last:
            return
        self._hidden = np.asarray(answer["NEXT_HIDDEN"], np.float32)
        if remember:
            key, shrinkage, selection, value = (
                np.asarray(answer[name], np.float32) for name in ("KEY", "SHRINKAGE", "SELECTION", "VALUE")
            )
            self.memory.add(key, shrinkage, selection, value)
            self._last_memory = self._time


class XMemTracker:
    """XMem as a :class:`triton_anime.tracker.Tracker`.

    Args:
        server: has ``track_step`` and the networks behind it.
        policy: of the memory.
        memory_every: drawings between two entries of the memory; the segmenter may then correct masks.
        largest_cast: characters that are followed at the same time.
    """

    MODELS = (_STEP, "xmem_encode", "xmem_decode", "xmem_value")

    def __init__(
        self,
        server: Server,
        policy: MemoryPolicy | None = None,
        *,
        memory_every: int = 5,
        largest_cast: int = 8,
    ) -> None:
        self._server = server
        self._policy = policy
        self._memory_every = memory_every
        self._largest_cast = largest_cast
        self.reset(0)

    def reset(self, shot: int) -> None:
        """Forget everything: a new shot begins."""
        del shot
        self._session = XMemSession(self._server, self._policy, memory_every=self._memory_every)
        self._association = Association(self._largest_cast)

    def step(self, frame: U8, observed: U8 | None = None, backward: F32 | None = None) -> Tracks:
        """See :class:`triton_anime.tracker.Tracker`; the memory takes the place of the flow."""
        del backward
        size = frame.shape[1], frame.shape[0]
        if observed is not None and observed.shape != frame.shape[:2]:
            observed = np.asarray(cv2.resize(observed, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        looked = None
        probabilities = np.zeros((0, *frame.shape[:2]), np.float32)
        propagated = np.zeros(frame.shape[:2], np.uint8)
        due = self._session.is_memory_due
        if self._session.objects:
            small, looked = self._session.look(frame)
            probabilities = np.stack([cv2.resize(p, size, interpolation=cv2.INTER_LINEAR) for p in small[1:]])
            propagated = carry({k + 1: p for k, p in enumerate(probabilities)})
        verdict = self._association.judge(frame, propagated, observed, foreground=probabilities)
        issued = self._association.issued
        if verdict.born or (due and issued):
            self._session.memorise(frame, verdict.identity, issued, looked=looked)
        elif looked is not None:
            self._session.keep(looked)
        return tracks_of(verdict.identity, probabilities, sorted(self._association.cast))


def tracks_of(identity: U8, probabilities: F32, known: list[int]) -> Tracks:
    """Confidence is the propagated probability of what was decided, or one half from the segmenter alone."""
    everyone = 1 - probabilities.sum(axis=0) if len(probabilities) else np.ones(identity.shape, np.float32)
    confidence = np.where(identity == 0, everyone, 0.5).astype(np.float32)
    for k, probability in enumerate(probabilities):
        here = identity == k + 1
        confidence[here] = np.maximum(probability[here], 0.5)
    visible = tuple(int(k) for k in np.unique(identity) if k)
    return Tracks(identity, np.clip(confidence, 0, 1), visible, tuple(known))
