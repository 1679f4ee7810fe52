"""Who is who: identity maps from drawing to drawing, and what is said about each character.

The tracker of the ``tracking`` role keeps identities through occlusion; :class:`OverlapTracker` is what
remains when that role is absent: it carries the previous map along the flow and matches by overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.panoptic import CHARACTER
from triton_anime.stabilise import warp_labels

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


class OverlapTracker:
    """Identities by overlap with the map before, carried along the optical flow.

    A character that vanishes keeps its number for ``patience`` drawings in the place where it was.
    """

    def __init__(self, patience: int = 6, least: float = 0.25) -> None:
        self._patience = patience
        self._least = least
        self._map: U8 | None = None
        self._missing: dict[int, tuple[U8, int]] = {}
        self._next = 1

    def step(self, instances: U8, flow: F32 | None) -> U8:
        """Identity map [h,w] for instances [h,w], given the flow [h,w,2] to the drawing before."""
        before = np.zeros_like(instances) if self._map is None else self._map
        if flow is not None and before.any():
            before = warp_labels(before, flow)
        for number, (mask, _) in self._missing.items():
            before = np.where((before == 0) & (mask > 0), np.uint8(number), before)
        pairs: list[tuple[float, int, int]] = []
        labels = [int(value) for value in np.unique(instances) if value]
        for label in labels:
            mask = instances == label
            shared = np.bincount(before[mask], minlength=256)
            for number in np.flatnonzero(shared[1:]) + 1:
                union = int(mask.sum()) + int((before == number).sum()) - int(shared[number])
                pairs.append((float(shared[number]) / union, label, int(number)))
        pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
        names: dict[int, int] = {}
        for overlap, label, number in pairs:
            if overlap >= self._least and label not in names and number not in names.values():
                names[label] = number
        for label in labels:
            if label not in names and self._next < 255:
                names[label] = self._next
                self._next += 1
        table = np.zeros(256, np.uint8)
        for label, number in names.items():
            table[label] = number
        identity = table[instances]
        self._remember(before, set(names.values()))
        self._map = identity
        return identity

    def _remember(self, before: U8, present: set[int]) -> None:
        kept = {n: (mask, age + 1) for n, (mask, age) in self._missing.items() if n not in present}
        for number in (int(value) for value in np.unique(before) if value):
            if number not in present and number not in kept:
                kept[number] = ((before == number).astype(np.uint8), 0)
        self._missing = {n: entry for n, entry in kept.items() if entry[1] < self._patience}


def coarse_mask(probability: U8 | None, identity: U8 | None) -> U8 | None:
    """Coarse character mask [h,w] · 255: the segmentation's, and sure where the tracker sees somebody."""
    if probability is None:
        return None if identity is None else (identity > 0).astype(np.uint8) * np.uint8(255)
    chance = probability[CHARACTER]
    if identity is None:
        return chance
    h, w = identity.shape
    large = cv2.resize(chance, (w, h), interpolation=cv2.INTER_LINEAR)
    return np.maximum(large, (identity > 0).astype(np.uint8) * np.uint8(200))


def boxes_of(identity: U8, height: int, width: int) -> I32:
    """Boxes [N,4] in the frame of every number of an identity map [h,w]."""
    h, w = identity.shape
    boxes = []
    for number in (int(value) for value in np.unique(identity) if value):
        x, y, bw, bh = cv2.boundingRect((identity == number).astype(np.uint8))
        x0, y0 = x * width // w, y * height // h
        boxes.append((x0, y0, -(-(x + bw) * width // w) - x0, -(-(y + bh) * height // h) - y0))
    return np.array(boxes, np.int32).reshape(-1, 4)


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
