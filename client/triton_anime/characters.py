"""What is known about the characters of a drawing, and what is said about each of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.doubt import doubtful
from triton_anime.panoptic import CHARACTER

# Coarse mask, of 255, from which somebody may be there; probability from which the segmentation is sure, the
# share of a connected part in which it must be, what is left of the others, and the share of somebody that
# confirms him. On tracking clips of unseen art parts that are never sure cost 0.19 of IoU before a facade; of
# somebody who is seen well in one drawing nothing may be lost in the next.
_MAYBE, _SURELY, _SURE_SHARE, _FAINT, _ONCE = 112, 170, 0.2, 64, 0.35

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


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


def coarse_mask(
    probability: U8 | None, identity: U8 | None, confirmed: Collection[int] | None = None
) -> U8 | None:
    """Coarse character mask [h,w] · 255: the segmentation's, and sure where the tracker sees somebody.

    Parts of which the segmentation is hardly anywhere sure are faint in it, unless somebody confirmed is in
    them: leaves and rows of windows look a little like hair and clothes all over, in every drawing.

    Args:
        probability: [4,any,any] class probabilities · 255, if there is a segmentation.
        identity: [h,w] numbers of the tracker, if there is one.
        confirmed: numbers of which the segmentation was sure once in the shot (:func:`confirmed_by`).
    """
    if probability is None:
        return None if identity is None else (identity > 0).astype(np.uint8) * np.uint8(255)
    chance = probability[CHARACTER]
    mask = chance.copy()
    if identity is not None:
        chance = cv2.resize(chance, identity.shape[::-1], interpolation=cv2.INTER_LINEAR)
        mask = np.maximum(chance, (identity > 0).astype(np.uint8) * np.uint8(200))
    sure = chance >= _SURELY
    if identity is not None and confirmed:
        sure |= np.isin(identity, list(confirmed))
    faint = doubtful(mask >= _MAYBE, sure, _SURE_SHARE)
    mask[faint] = np.minimum(mask[faint], _FAINT)
    return cast(U8, mask)


def confirmed_by(probability: U8, identity: U8) -> set[int]:
    """Numbers of an identity map [h,w] of which the segmentation [4,any,any] is sure in this drawing.

    Tracks are tentative until they are confirmed (Wojke, Bewley & Paulus, "Deep SORT", 2017), here by one
    drawing in which a large enough share of somebody is beyond doubt.
    """
    chance = cv2.resize(probability[CHARACTER], identity.shape[::-1], interpolation=cv2.INTER_LINEAR)
    areas = np.bincount(identity.reshape(-1), minlength=256)
    sure = np.bincount(identity[chance >= _SURELY], minlength=256)
    return {
        int(number) for number in np.flatnonzero(areas) if number and sure[number] >= _ONCE * areas[number]
    }


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
