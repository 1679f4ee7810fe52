"""Scores on held-out drawings, with the trivial answer beside each so that a number can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from triton_anime_export.networks.panoptic_deeplab import CLASSES

Mask = NDArray[np.bool_]


def iou(a: Mask, b: Mask) -> float:
    """Intersection over union; 1 where both are empty."""
    union = int((a | b).sum())
    return 1.0 if union == 0 else float((a & b).sum() / union)


def group(
    semantic: NDArray[np.uint8],
    center: NDArray[np.uint8],
    offset: NDArray[np.float32],
    threshold: int = 40,
    most: int = 20,
) -> NDArray[np.uint8]:
    """Instances [h,w] (0 none, 1..n) by the paper's rule: a cell goes to the centre it points at.

    Classes may stand on a finer grid than ``center`` [h,w] and ``offset`` [2,h,w].
    """
    h, w = center.shape
    cells = np.stack([cv2.resize(plane, (w, h), interpolation=cv2.INTER_AREA) for plane in semantic])
    character = cells.argmax(0) == 1
    ys, xs = np.nonzero(center >= threshold)
    order = np.argsort(-center[ys, xs].astype(int), kind="stable")[:most]
    ys, xs = ys[order], xs[order]
    if not len(ys):
        return character.astype(np.uint8)
    gy, gx = np.nonzero(character)
    there = np.stack([gx + offset[0, gy, gx], gy + offset[1, gy, gx]], 1)
    distance = np.hypot(there[:, :1] - xs, there[:, 1:] - ys)
    instances = np.zeros(character.shape, np.uint8)
    instances[gy, gx] = distance.argmin(1) + 1
    return instances


@dataclass
class PanopticTally:
    """Class IoU over all pixels, instance IoU by best matching, panoptic quality of characters."""

    hit: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(CLASSES), np.int64))
    union: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(CLASSES), np.int64))
    shown: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(len(CLASSES), np.bool_))
    everything: list[float] = field(default_factory=list)
    per_frame: list[float] = field(default_factory=list)
    instance: list[float] = field(default_factory=list)
    quality: float = 0.0
    segments: float = 0.0

    def add(
        self,
        semantic: NDArray[np.uint8],
        center: NDArray[np.uint8],
        offset: NDArray[np.float32],
        label: NDArray[np.uint8],
        ids: NDArray[np.uint8],
    ) -> None:
        """One frame: the served outputs on their grid, the class map and identities at full resolution."""
        h, w = label.shape
        full = np.stack([cv2.resize(plane, (w, h), interpolation=cv2.INTER_LINEAR) for plane in semantic])
        said = full.argmax(0)
        for index in range(len(CLASSES)):
            a, b = said == index, label == index
            self.hit[index] += int((a & b).sum())
            self.union[index] += int((a | b).sum())
            self.shown[index] |= bool(b.any())
        if (label == 1).any():
            self.per_frame.append(iou(said == 1, label == 1))
            self.everything.append(float((label == 1).mean()))
        grid = group(semantic, center, offset)
        found = cv2.resize(grid, (w, h), interpolation=cv2.INTER_NEAREST) * (said == 1)
        self._match(found, np.where(label == 1, ids, 0))

    def _match(self, found: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> None:
        ours = [found == i for i in np.unique(found) if i and (found == i).sum() >= 64]
        theirs = [wanted == i for i in np.unique(wanted) if i and (wanted == i).sum() >= 64]
        table = np.array([[iou(a, b) for a in ours] for b in theirs]).reshape(len(theirs), len(ours))
        rows, columns = linear_sum_assignment(-table)
        matched = table[rows, columns]
        self.instance.extend([*matched, *[0.0] * (len(theirs) - len(matched))])
        right = matched > 0.5
        self.quality += float(matched[right].sum())
        missed = len(theirs) + len(ours) - 2 * int(right.sum())
        self.segments += float(right.sum()) + 0.5 * missed

    def result(self) -> dict[str, float]:
        """The scores by name; ``character_iou_trivial`` is what calling everything a character would get.

        A class that no frame shows has no score.
        """
        scores = {
            f"{name}_iou": float(self.hit[i] / self.union[i])
            for i, name in enumerate(CLASSES)
            if self.shown[i]
        }
        scores |= {
            "character_iou_per_frame": _mean(self.per_frame),
            "character_iou_trivial": _mean(self.everything),
            "instance_iou": _mean(self.instance),
            "character_pq": self.quality / max(1e-9, self.segments),
        }
        return {name: round(value, 4) for name, value in scores.items()}


@dataclass
class AlphaTally:
    """Errors of an alpha in 0..1: over all pixels, near edges, and as a mask at one half."""

    absolute: list[float] = field(default_factory=list)
    edge: list[float] = field(default_factory=list)
    mask: list[float] = field(default_factory=list)
    empty: list[float] = field(default_factory=list)
    full: list[float] = field(default_factory=list)

    def add(self, said: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> None:
        """One frame, both uint8 [H,W]."""
        difference = np.abs(said.astype(np.float32) - wanted) / 255
        self.absolute.append(float(difference.mean()))
        solid = (wanted >= 128).astype(np.uint8)
        kernel = np.ones((9, 9), np.uint8)
        band = cv2.dilate(solid, kernel) != cv2.erode(solid, kernel)
        if band.any():
            self.edge.append(float(difference[band].mean()))
        if solid.any():
            self.mask.append(iou(said >= 128, wanted >= 128))
        self.empty.append(float(wanted.mean() / 255))
        self.full.append(float(1 - wanted.mean() / 255))

    def result(self) -> dict[str, float]:
        """The scores by name; ``alpha_mae_trivial`` is the better of an empty and a full alpha."""
        scores = {
            "alpha_mae": _mean(self.absolute),
            "alpha_mae_edge": _mean(self.edge),
            "character_iou": _mean(self.mask),
            "alpha_mae_trivial": min(_mean(self.empty), _mean(self.full)),
        }
        return {name: round(value, 4) for name, value in scores.items()}


def over_frames(
    predict: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    pairs: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]],
) -> dict[str, float]:
    """``AlphaTally`` of a function frame -> alpha over (frame, true alpha) pairs."""
    tally = AlphaTally()
    for frame, alpha in pairs:
        tally.add(predict(frame), alpha)
    return tally.result()


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else 0.0
