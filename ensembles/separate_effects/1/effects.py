"""What the masks of some sentences say together: numpy and OpenCV only, no server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.prompts import ANY_EFFECT, DEFAULT_PROMPTS

U8 = NDArray[np.uint8]

SEEN = 128
"""Probability (of 255) from which a pixel belongs to a sentence's mask."""
SMALLEST = 0.001
"""Share of the frame below which a mask is taken for noise."""
FLOOR, CEILING = 96, 232
"""Probabilities that become alpha 0 and 255: no haze over the frame, no hole in the heart of an explosion."""
WORKING_LONG_SIDE = 640
"""Larger frames are shrunk by area before the network squashes them: bilinear squashing would drop sparks."""


@dataclass(frozen=True)
class Asked:
    """Which sentences go to the network for a request.

    Attributes:
        prompts: those that were asked for, each with a mask of its own in the answer.
        everything: whether one more sentence, for effects of any kind, joins them for the alpha.
    """

    prompts: tuple[str, ...]
    everything: bool

    @property
    def sentences(self) -> tuple[str, ...]:
        """All sentences, in the order of the network's masks."""
        return (*self.prompts, ANY_EFFECT) if self.everything else self.prompts


def ask(prompts: Sequence[bytes] | None) -> Asked:
    """Read the PROMPTS of a request.

    The default sentences stand for all effects: with them (left out, or sent as they are) the alpha also
    covers what falls under none of them. Any other list asks for what it names and nothing else.

    Raises:
        ValueError: there is no prompt, or one is empty or not UTF-8; the message says which.
    """
    if prompts is None:
        return Asked(DEFAULT_PROMPTS, everything=True)
    if not len(prompts):
        raise ValueError("PROMPTS is empty; name at least one effect or leave PROMPTS out")
    read = []
    for index, prompt in enumerate(prompts):
        try:
            text = bytes(prompt).decode().strip()
        except UnicodeDecodeError:
            raise ValueError(f"PROMPTS[{index}] is not UTF-8 text") from None
        if not text:
            raise ValueError(f"PROMPTS[{index}] is empty; say what to look for, such as 'blue lightning'")
        read.append(text)
    return Asked(tuple(read), everything=tuple(read) == DEFAULT_PROMPTS)


def shrink(frame: U8) -> U8:
    """The frame as the network gets it: uint8 [h,w,3], long side at most ``WORKING_LONG_SIDE``."""
    height, width = frame.shape[:2]
    scale = WORKING_LONG_SIDE / max(height, width)
    if scale >= 1.0:
        return frame
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def enlarge(masks: U8, height: int, width: int) -> U8:
    """Masks uint8 [P,h,w] at the frame's own size, [P,height,width]."""
    if masks.shape[1:] == (height, width):
        return masks
    large = [cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR) for mask in masks]
    return np.asarray(np.stack(large), np.uint8)


def alpha_of(masks: U8) -> U8:
    """Union of masks uint8 [P,h,w]: the strongest of each pixel, stretched so that 0 and 255 are reached."""
    levels = (np.arange(256.0) - FLOOR) * (255.0 / (CEILING - FLOOR))
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    alpha: U8 = table[masks.max(axis=0)]
    return alpha


def measure(masks: U8) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How strong and how large each effect is.

    Args:
        masks: uint8 [P,h,w], probability times 255.

    Returns:
        Intensity: mean probability 0..1 inside each mask. Coverage: the mask's share of the frame 0..1. Both
        float32 [P] and 0 for a mask smaller than ``SMALLEST``.
    """
    inside = masks >= SEEN
    coverage = inside.mean(axis=(1, 2))
    sums = np.where(inside, masks, 0).sum(axis=(1, 2), dtype=np.float64)
    intensity = sums / np.maximum(inside.sum(axis=(1, 2)), 1) / 255.0
    found = coverage >= SMALLEST
    return (
        np.where(found, intensity, 0.0).astype(np.float32),
        np.where(found, coverage, 0.0).astype(np.float32),
    )
