"""Tracking without a memory: masks carried along optical flow and corrected by the segmenter."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.tracker import Tracks
from triton_anime.trackers.association import Association

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

FlowSource = Callable[[U8, U8], F32]
"""Two RGB frames ``[H, W, 3]`` to the flow float32 ``[H, W, 2]`` that leads from the first to the second."""

_UNSURE = 0.5


def dis_flow(*, finest_scale: int | None = None) -> FlowSource:
    """OpenCV's DIS flow (Kroeger et al., ECCV 2016) of the grey frames, medium preset.

    Args:
        finest_scale: halvings of the frame at which the search ends; the preset's by default.
    """
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if finest_scale is not None:
        engine.setFinestScale(finest_scale)

    def flow(first: U8, second: U8) -> F32:
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
        return np.asarray(engine.calc(grey[0], grey[1], None), np.float32)

    return flow


class FlowTracker:
    """Masks along the flow as a :class:`triton_anime.tracker.Tracker`.

    Args:
        flow: where the flow comes from when a step is not given it; DIS by default.
        memory_every: accepted for the interface; there is no memory.
        largest_cast: characters that are followed at the same time.
    """

    def __init__(
        self, flow: FlowSource | None = None, *, memory_every: int = 5, largest_cast: int = 8
    ) -> None:
        del memory_every
        self._flow = flow or dis_flow()
        self._largest_cast = largest_cast
        self.reset(0)

    def reset(self, shot: int) -> None:
        """Forget everything: a new shot begins."""
        del shot
        self._association = Association(self._largest_cast)
        self._before: tuple[U8, U8] | None = None

    def step(self, frame: U8, observed: U8 | None = None, backward: F32 | None = None) -> Tracks:
        """See :class:`triton_anime.tracker.Tracker`."""
        if observed is not None and observed.shape != frame.shape[:2]:
            size = frame.shape[1], frame.shape[0]
            observed = np.asarray(cv2.resize(observed, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        propagated = np.zeros(frame.shape[:2], np.uint8)
        if self._before is not None:
            propagated = self._carry(self._before[0], frame, self._before[1], backward)
        verdict = self._association.judge(frame, propagated, observed)
        self._before = frame, verdict.identity
        agreed = (verdict.identity == propagated) & (observed is not None)
        confidence = np.where(agreed, 1.0, _UNSURE).astype(np.float32)
        visible = tuple(int(k) for k in np.unique(verdict.identity) if k)
        return Tracks(verdict.identity, confidence, visible, tuple(sorted(self._association.cast)))

    def _carry(self, before: U8, now: U8, identity: U8, back: F32 | None) -> U8:
        """Labels of the drawing before, looked up where this drawing's pixels came from."""
        if not identity.any():
            return np.zeros_like(identity)
        if back is None:
            back = self._flow(now, before)
        ys, xs = np.mgrid[: identity.shape[0], : identity.shape[1]].astype(np.float32)
        carried = cv2.remap(
            identity, xs + back[..., 0], ys + back[..., 1], cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT
        )
        return np.asarray(carried, np.uint8)
