"""What is known about the characters of a drawing, and what is said about each of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.panoptic import CHARACTER

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

# Least chance of a character, of 255, where the tracker sees somebody, and the log-odds that it adds to what
# the segmentation says: two who agree are surer than either, and what is sure is not cut away by its colours.
_TRACKED, _MORE = 200, 1.0


def _with_log_odds(more: float) -> U8:
    """Table of chances · 255 with log-odds added to their own."""
    odds = np.exp(more) * np.arange(256) / np.maximum(255 - np.arange(256), 1e-9)
    return np.rint(255 * odds / (1 + odds)).astype(np.uint8)


_AGREED = _with_log_odds(_MORE)


@dataclass(frozen=True)
class CharacterView:
    """One character in one drawing.

    Attributes:
        id: stable within the shot, from 1.
        bbox: x, y, w, h in pixels of the frame.
        score: mean probability of the class character inside it, 0..1.
        area: pixels with alpha ≥ ½.
    """

    id: int
    bbox: tuple[int, int, int, int]
    score: float
    area: int


@dataclass(frozen=True)
class Segmentation:
    """What ``segment_frame`` said about a working frame [h,w]: see ensembles/README.md."""

    instances: U8
    scores: F32
    boxes: I32
    probability: U8

    @classmethod
    def at(
        cls, size: tuple[int, int], instances: U8, scores: F32, boxes: I32, probability: U8
    ) -> Segmentation:
        """What was said about a larger frame, for the working frame of this height and width."""
        if instances.shape == size:
            return cls(instances, scores, boxes, probability)
        down, right = size[0] / instances.shape[0], size[1] / instances.shape[1]
        small = cv2.resize(instances, size[::-1], interpolation=cv2.INTER_NEAREST)
        moved = np.rint(boxes * np.array([right, down, right, down])).astype(np.int32)
        return cls(small, scores, moved, probability)


def coarse_mask(probability: U8 | None, identity: U8 | None, kept: F32 | None = None) -> U8 | None:
    """Coarse character mask [h,w] · 255: the segmentation's, surer where the tracker sees somebody.

    Args:
        probability: [4,any,any] class probabilities · 255.
        identity: [h,w] of the tracker.
        kept: [h,w] how much of the tracker's certainty is left, all by default.
    """
    if probability is None:
        return None if identity is None else (identity > 0).astype(np.uint8) * np.uint8(255)
    chance = probability[CHARACTER]
    if identity is None:
        return chance
    h, w = identity.shape
    large = cv2.resize(chance, (w, h), interpolation=cv2.INTER_LINEAR)
    alone: U8 | np.uint8 = np.uint8(_TRACKED)
    if kept is not None:
        alone = np.rint(_TRACKED * np.minimum(kept, 1)).astype(np.uint8)
    return np.where(identity > 0, np.maximum(cv2.LUT(large, _AGREED), alone), large)


def views(identity: U8, probability: U8 | None) -> tuple[CharacterView, ...]:
    """The characters of a full-resolution identity map [H,W], by number."""
    found = []
    areas = np.bincount(identity.reshape(-1), minlength=256)
    for number in (int(value) for value in np.flatnonzero(areas[1:]) + 1):
        mask = (identity == number).astype(np.uint8)
        x, y, w, h = (int(value) for value in cv2.boundingRect(mask))
        score = 1.0
        if probability is not None:
            chance = probability[CHARACTER]
            small = cv2.resize(mask, chance.shape[::-1], interpolation=cv2.INTER_AREA) > 0
            score = float(chance[small].mean()) / 255 if small.any() else 0.0
        found.append(CharacterView(number, (x, y, w, h), round(score, 4), int(areas[number])))
    return tuple(found)
