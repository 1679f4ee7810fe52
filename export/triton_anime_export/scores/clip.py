"""A clip to be scored: what is seen, and what is true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.video import Frame
from triton_anime_export.studio.scene import Shot
from triton_anime_export.studio.source import EFFECT_TYPES

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

RATE = Fraction(24)
HOLD = 2
"""Frames that show one drawing: everything is animated on twos."""

EFFECT_SEEN = 64
"""Effect alpha of 255 from which an effect counts as there."""

EFFECT_HIDES = 200
"""Effect alpha of 255 from which an effect hides the character behind it."""


@dataclass(frozen=True)
class Clip:
    """One shot with its truth.

    Attributes:
        name: of the clip, unique within its set.
        data: ``studio``, ``art`` or ``broadcast``.
        kind: ``staged``, ``effect``, ``simple`` or ``crossing``; the last two are for tracking.
        shot: the truth, by drawing.
        seen: uint8 [T·hold,H,W,3], the frames as they are given to the product.
        uncovered: [T,H,W] hidden background that another drawing shows.
    """

    name: str
    data: str
    kind: str
    shot: Shot
    seen: U8
    uncovered: Mask

    @property
    def is_long(self) -> bool:
        """Whether the clip is for tracking."""
        return self.kind in {"simple", "crossing"}

    @property
    def count(self) -> int:
        """Number of drawings."""
        return len(self.shot.frames)

    @property
    def judged(self) -> range:
        """The drawings by which masks and plates are judged: all, but of an effect the fullest alone."""
        return range(self.count // 2, self.count // 2 + 1) if self.kind == "effect" else range(self.count)

    def frames(self) -> Iterator[Frame]:
        """What a video reader would give."""
        for index, image in enumerate(self.seen):
            yield Frame(index, index / RATE, image)

    def drawing(self, t: int) -> U8:
        """The picture [H,W,3] of a drawing as it is seen, in its first frame."""
        picture: U8 = self.seen[t * HOLD]
        return picture

    @property
    def drawings(self) -> list[U8]:
        """All pictures, see :meth:`drawing`."""
        return [self.drawing(t) for t in range(self.count)]

    def character(self, t: int) -> Mask:
        """Where any character is, alpha at least one half."""
        return np.asarray(self.shot.alpha[t] >= 128)

    def unseen(self, t: int) -> Mask:
        """Where a character is that light hides: whatever is said of that can be neither right nor wrong."""
        return self.character(t) & np.asarray(self.shot.effect[t] >= EFFECT_HIDES)

    def excused(self, t: int, alpha: U8) -> U8:
        """An answer's alpha [H,W] with the truth where it is :meth:`unseen`."""
        return np.where(self.unseen(t), self.shot.alpha[t], alpha)

    def effect(self, t: int) -> Mask:
        """Where any effect is."""
        return np.asarray(self.shot.effect[t] >= EFFECT_SEEN)

    def effect_of(self, t: int, kind: str) -> Mask:
        """Where the effect of one type is."""
        return self.effect(t) & (self.shot.effect_type[t] == EFFECT_TYPES.index(kind))

    def hidden(self, t: int) -> Mask:
        """Background that this drawing hides and the true plate shows."""
        return self.character(t) | self.effect(t)

    def hole(self, t: int) -> U8:
        """Mask 0 or 255 [H,W] of every pixel that is not purely background, widened by two pixels."""
        touched = (self.shot.alpha[t] > 0) | (self.shot.effect[t] > 8)
        return np.asarray(cv2.dilate(touched.astype(np.uint8) * 255, np.ones((5, 5), np.uint8)), np.uint8)

    def classes(self, t: int) -> tuple[U8, U8]:
        """(class map as the networks', identity map) [H,W]: light over a character leaves it a character."""
        shot = self.shot
        label = np.where(shot.objects[t] >= 128, 3, 0).astype(np.uint8)
        label[self.effect(t)] = 2
        label[(shot.ids[t] > 0) & (shot.effect[t] < EFFECT_HIDES)] = 1
        return label, np.where(label == 1, shot.ids[t], 0).astype(np.uint8)

    def flow(self, t: int) -> tuple[F32, Mask]:
        """(flow to the next drawing [H,W,2] in pixels, where it can be judged [H,W])."""
        flow = np.asarray(self.shot.flow[t], np.float32).transpose(1, 2, 0)
        valid = np.asarray(self.shot.flow_valid[t], bool)
        return flow.repeat(2, axis=0).repeat(2, axis=1), valid.repeat(2, axis=0).repeat(2, axis=1)


def held(shot: Shot) -> U8:
    """The frames of a shot on twos, uncompressed."""
    return np.asarray(shot.frames).repeat(HOLD, axis=0)
