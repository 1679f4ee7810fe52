"""What OpenCV does without any network or download, on the same frames, given more than the product gets."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.trackers.flow import dis_flow

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

_ROUNDS = 3
_RADIUS = 5


@dataclass(frozen=True)
class MovingForeground:
    """What MOG2 finds in a clip: masks uint8 [H,W] of 0 and 255 by drawing, and its one background."""

    masks: list[U8]
    background: U8


def grab_cut(frame: U8, identities: U8) -> U8:
    """Foreground 0 or 255 [H,W] by GrabCut (Rother et al. 2004) from the true box of each character."""
    found = np.zeros(identities.shape, np.uint8)
    for number in (int(value) for value in np.unique(identities) if value):
        x, y, w, h = cv2.boundingRect((identities == number).astype(np.uint8))
        if w * h < 64:
            continue
        if w * h > 0.98 * identities.size:  # nothing is left outside to learn the background from
            found[y : y + h, x : x + w] = 255
            continue
        mask = np.full(identities.shape, cv2.GC_BGD, np.uint8)
        mask[y : y + h, x : x + w] = cv2.GC_PR_FGD
        cv2.setRNGSeed(1)
        cv2.grabCut(frame, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK)
        found[(mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)] = 255
    return found


def background_subtraction(frames: Sequence[U8]) -> MovingForeground:
    """MOG2 (Zivkovic 2004): one pass over the clip to learn its background, one to tell what differs."""
    engine = cv2.createBackgroundSubtractorMOG2(history=len(frames), varThreshold=16, detectShadows=False)
    for frame in frames:
        engine.apply(frame)
    masks = [np.asarray(engine.apply(frame, learningRate=0.0), np.uint8) for frame in frames]
    return MovingForeground(masks, np.asarray(engine.getBackgroundImage(), np.uint8))


def telea(frame: U8, hole: U8) -> U8:
    """Inpainting by fast marching (Telea 2004) of the true hole."""
    return np.asarray(cv2.inpaint(frame, hole, _RADIUS, cv2.INPAINT_TELEA), np.uint8)


def navier_stokes(frame: U8, hole: U8) -> U8:
    """Inpainting after Navier-Stokes (Bertalmio et al. 2001) of the true hole."""
    return np.asarray(cv2.inpaint(frame, hole, _RADIUS, cv2.INPAINT_NS), np.uint8)


def dis(first: U8, second: U8) -> F32:
    """DIS flow (Kroeger et al. 2016) [H,W,2] from the first frame to the second."""
    return dis_flow()(first, second)


def dis_finest(first: U8, second: U8) -> F32:
    """DIS flow [H,W,2] that goes on to the finest scale, which its presets leave out."""
    return dis_flow(finest_scale=0)(first, second)


def bright(frame: U8) -> NDArray[np.bool_]:
    """Where the picture is bright: what somebody would call an effect who knows nothing about it."""
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) > 200)


def warped_masks(frames: Sequence[U8], first: U8) -> list[U8]:
    """The first frame's identities [H,W], carried from frame to frame along DIS flow."""
    flow = dis_flow()
    labels = [first]
    height, width = first.shape
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    for before, now in itertools.pairwise(frames):
        back = flow(now, before)
        moved = cv2.remap(labels[-1], xs + back[..., 0], ys + back[..., 1], cv2.INTER_NEAREST)
        labels.append(np.asarray(moved, np.uint8))
    return labels
