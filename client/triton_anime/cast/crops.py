"""The few crops by which a character of a shot is known: large, whole, opaque, sharp."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.characters import CharacterView

U8 = NDArray[np.uint8]
Light = tuple[float, float, float]

KEPT = 3
"""Crops kept of one character of a shot."""
LONG_SIDE = 224
"""Pixels of a crop at most: what networks for embeddings take."""

# Pixels below which nobody is told from anybody.
_LEAST_AREA = 256
# Frames within which two crops are as good as one: drawings that follow one another hardly differ.
_APART = 8
# What is left of a score when the box touches the frame's left, top, right, bottom: anime often shows people
# from the waist up, so the lower edge costs little; without the head there is little to go by.
_CUT = (0.75, 0.5, 0.75, 0.85)
# Percentile of a frame's levels that counts as white.
_WHITE = 98
# Mean absolute Laplacian (levels) of a crop with clear lines; blurred ones have a fraction of it.
_SHARP = 10.0
# Share of the frame's area from which a character is as large as is of use.
_LARGE = 0.08


@dataclass(frozen=True)
class Crop:
    """One character cut out of one drawing.

    Attributes:
        frame: number of the first frame that shows the drawing.
        box: x, y, w, h in pixels of the frame.
        rgba: straight RGBA uint8 [h,w,4], long side :data:`LONG_SIDE` at most; nobody else is in it.
        cut: whether the box touches the left, top, right, bottom edge of the frame.
        score: how much the crop is worth, 0..1.
        light: levels of red, green, blue that count as white in its frame, see :func:`light_of`.
    """

    frame: int
    box: tuple[int, int, int, int]
    rgba: U8
    cut: tuple[bool, bool, bool, bool]
    score: float
    light: Light = (255.0, 255.0, 255.0)


def light_of(picture: U8) -> Light:
    """What counts as white in a frame RGB uint8 [H,W,3]: the level that one pixel in fifty exceeds.

    The white patch of Land & McCann, "Lightness and Retinex Theory", 1971, for night, dusk and fades that are
    laid over a whole picture.
    """
    step = max(1, min(picture.shape[:2]) // 60)
    red, green, blue = np.percentile(picture[::step, ::step].reshape(-1, 3), _WHITE, axis=0, method="lower")
    return float(red), float(green), float(blue)


def crop_of(
    character: U8,
    identity: U8,
    view: CharacterView,
    frame: int,
    mask_quality: float | None = None,
    light: Light = (255.0, 255.0, 255.0),
) -> Crop | None:
    """Cut one character out of its drawing; ``None`` where it is too small to be told from others.

    Args:
        character: the drawing's character layer, straight RGBA uint8 [H,W,4].
        identity: uint8 [H,W], the number of the character at each pixel.
        view: which one.
        frame: number of the drawing's first frame.
        mask_quality: how well the networks agree on the characters of the drawing, 0..1, where known.
        light: of the frame, see :func:`light_of`.
    """
    if view.area < _LEAST_AREA:
        return None
    height, width = identity.shape
    x, y, w, h = view.bbox
    here = (slice(y, y + h), slice(x, x + w))
    own = identity[here] == view.id
    layer = character[here]
    cut = (x == 0, y == 0, x + w == width, y + h == height)
    rgba = _shrunk(layer, own)
    opaque = float(layer[..., 3][own].mean()) / 255
    size = min(1.0, view.area / (_LARGE * height * width)) ** 0.5
    score = size * opaque * (0.5 + 0.5 * _sharpness(rgba)) * (0.5 + 0.5 * view.score)
    score *= 0.5 + 0.5 * (1.0 if mask_quality is None else mask_quality)
    for factor, is_cut in zip(_CUT, cut, strict=True):
        score *= factor if is_cut else 1.0
    return Crop(frame, (x, y, w, h), rgba, cut, round(score, 6), light)


def _shrunk(layer: U8, own: NDArray[np.bool_]) -> U8:
    """The pixels of a layer [h,w,4] that are its own, at the size that is kept."""
    h, w = own.shape
    mask = own.astype(np.uint8) * np.uint8(255)
    rgba = cv2.bitwise_and(layer, layer, mask=mask)
    scale = LONG_SIDE / max(h, w)
    if scale < 1:
        size = (max(1, round(w * scale)), max(1, round(h * scale)))
        rgba = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        # What is left out is black: it must not darken the rim of the rest.
        colours = rgba[..., :3] * (255 / np.maximum(mask, 1).astype(np.float32))[..., None]
        rgba[..., :3] = np.clip(np.rint(colours), 0, 255).astype(np.uint8)
    return rgba


def _sharpness(rgba: U8) -> float:
    """How clear the lines inside a crop are, 0..1."""
    inside = cv2.erode(cv2.inRange(rgba[..., 3], 200, 255), np.ones((5, 5), np.uint8)) > 0
    if not inside.any():
        return 0.0
    grey = cv2.cvtColor(rgba[..., :3], cv2.COLOR_RGB2GRAY)
    lines = np.abs(cv2.Laplacian(grey, cv2.CV_16S))[inside]
    return min(1.0, float(lines.mean()) / _SHARP)


class BestCrops:
    """The best crops of every character of one shot; never more than :data:`KEPT` of each."""

    def __init__(self) -> None:
        self._kept: dict[int, list[Crop]] = {}

    def add(self, crops: Iterable[tuple[int, Crop]]) -> None:
        """Take the crops of the next drawing, by character number."""
        for number, crop in crops:
            kept = self._kept.setdefault(number, [])
            rival = next((old for old in kept if crop.frame - old.frame < _APART), None)
            if rival is not None:
                if crop.score <= rival.score:
                    continue
                kept.remove(rival)
            kept.append(crop)
            if len(kept) > KEPT:
                kept.remove(min(kept, key=lambda old: (old.score, -old.frame)))

    def take(self) -> dict[int, tuple[Crop, ...]]:
        """The crops by character number, in the order of their frames; afterwards none are kept."""
        kept, self._kept = self._kept, {}
        return {number: tuple(kept[number]) for number in sorted(kept)}
