"""Where effects are: what the segmentation and the prompts say, cut along the picture's colours."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.doubt import doubtful
from triton_anime.graph_cut import graph_cut
from triton_anime.guided import guided_around
from triton_anime.panoptic import EFFECT

U8 = NDArray[np.uint8]

# Probability, of 255, below which there is no effect and above which the network is sure. Chosen with the
# share and the boldness below on the drawings of the scores; 55, 130, 155 and a share of 0.7 find as much
# there, and legs and hats in real pictures besides.
_BLACK, _WHITE = 65, 145
# Share of the segmentation in that probability, the rest is the prompts'.
_SEGMENTATION_SHARE = 0.8
# Share of the picture below which a connected effect is a speck.
_SPECK = 0.0005
# How sure of 255 it must be, and in which share of a connected effect: clouds and lamps are larger than what
# is bright in them. Raises the IoU of effects on art not trained on by 0.04.
_BOLD, _BOLD_SHARE = 175, 0.2
# Long side of the picture that is cut.
_SIDE = 400
# Chances outside of which the colours have no say, and their share in what is said between. Where a network
# has seen a part of a flame, the colours know the rest; light that fades has no border, hence a share.
_NEVER, _SURELY, _CUT_SHARE = 0.22, 0.85, 0.75
# Share of what is probably an effect below which a cut has found something else: colours that say nothing.
_KEPT = 0.5
# Least value that is kept.
_FAINT = 12


def effect_prior(masks: U8 | None, probabilities: U8 | None, frame: U8) -> U8:
    """How sure it is that each pixel of the frame carries an effect.

    Args:
        masks: [P,h,w] or [h,w] probability · 255 by prompt, or None.
        probabilities: [4,h,w] class probabilities · 255 of the segmentation, or None.
        frame: [H,W,3].

    Returns:
        [H,W] uint8, zero where there is none, with its edges on the picture's. Where both estimates exist
        their weighted mean counts: each alone sees an effect in every bright lamp.
    """
    nothing = np.zeros(frame.shape[:2], np.uint8)
    mean = _mean(masks, probabilities)
    if mean is None:
        return nothing
    table = np.clip((np.arange(256) - _BLACK) * 255.0 / (_WHITE - _BLACK), 0, 255)
    sure = cv2.LUT(mean, np.rint(table).astype(np.uint8))
    sure[doubtful(sure > 0, sure >= _BOLD, _BOLD_SHARE, _SPECK * sure.size)] = 0
    if not sure.any():
        return nothing
    # a wider window fills rings and joins sparks
    fine = guided_around(_cut(sure, mean, frame), frame, radius=2, epsilon=1e-3)
    fine[fine < _FAINT] = 0
    return fine


def _mean(masks: U8 | None, probabilities: U8 | None) -> U8 | None:
    """Weighted mean of the estimates that exist, [h,w]."""
    prompted = None if masks is None else cast(U8, masks.max(axis=0) if masks.ndim == 3 else masks)
    if probabilities is None:
        return prompted
    seen = probabilities[EFFECT]
    if prompted is None:
        return seen
    h, w = prompted.shape
    seen = cv2.resize(seen, (w, h), interpolation=cv2.INTER_LINEAR)
    return cast(U8, cv2.addWeighted(prompted, 1 - _SEGMENTATION_SHARE, seen, _SEGMENTATION_SHARE, 0))


def _cut(sure: U8, mean: U8, frame: U8) -> U8:
    """``sure`` with its borders where the colours change, [h,w] of any size."""
    height, width = frame.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    said = cv2.resize(sure, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)
    chance = cv2.resize(mean, size, interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    share = said / 255
    inside = graph_cut(small, share, chance < _NEVER, chance > _SURELY)
    probably = share > 0.5
    if inside is None or np.count_nonzero(inside & probably) < _KEPT * np.count_nonzero(probably):
        return sure
    mixed = _CUT_SHARE * 255 * inside + (1 - _CUT_SHARE) * said
    return cast(U8, np.rint(mixed).astype(np.uint8))
