"""Each network by itself on the same frames, through the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.matting import crops
from triton_anime.prompts import ANY_EFFECT
from triton_anime.server import Server
from triton_anime_export.training.clipseg_words import CANONICAL

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

EFFECT_SENTENCES = (*CANONICAL.values(), ANY_EFFECT)
_WAYS = ("FORWARD", "BACKWARD")


@dataclass(frozen=True)
class Segments:
    """What the segmentation says: class map and identity map, uint8 [H,W]."""

    classes: U8
    instances: U8


def segment(server: Server, frame: U8) -> Segments:
    """Panoptic-DeepLab with the grouping of its paper."""
    answer = server.infer("segment_frame", {"FRAME": frame}, ["SEMANTIC", "INSTANCES"])
    return Segments(answer["SEMANTIC"], answer["INSTANCES"])


def matte(server: Server, network: str, frame: U8, identities: U8) -> U8:
    """Alpha [H,W] by ``u2net`` or ``modnet``, which see the true box of each character.

    As GrabCut is told, nothing is outside of the boxes.
    """
    height, width = frame.shape[:2]
    alpha = np.zeros((height, width), np.uint8)
    for number in (int(value) for value in np.unique(identities) if value):
        box = cv2.boundingRect((identities == number).astype(np.uint8))
        for x, y, w, h in crops(np.array([box], np.int32), height, width):
            crop = np.ascontiguousarray(frame[y : y + h, x : x + w])
            answer = np.zeros_like(alpha)
            answer[y : y + h, x : x + w] = server.infer(network, {"FRAME": crop[None]}, ["ALPHA"])["ALPHA"][0]
            inside = (slice(box[1], box[1] + box[3]), slice(box[0], box[0] + box[2]))
            np.maximum(alpha[inside], answer[inside], out=alpha[inside])
    return alpha


def effects(server: Server, frame: U8) -> tuple[dict[str, U8], U8]:
    """CLIPSeg's probability · 255 [H,W] by effect type, and of any effect."""
    prompts = np.array([sentence.encode() for sentence in EFFECT_SENTENCES], object)
    inputs: dict[str, NDArray[Any]] = {"FRAME": frame, "PROMPTS": prompts}
    inputs["NETWORKS"] = np.array([b"clipseg"], object)
    masks = server.infer("separate_effects", inputs, ["MASKS"])["MASKS"]
    return dict(zip(CANONICAL, masks[:-1], strict=True)), masks[-1]


def inpaint(server: Server, frame: U8, hole: U8) -> U8:
    """The frame [H,W,3] with the true hole filled by LaMa."""
    answer = server.infer("inpaint_background", {"FRAME": frame[None], "MASK": hole[None]}, ["PLATE"])
    return np.where(hole[..., None] > 0, answer["PLATE"][0], frame).astype(np.uint8)


def flow(server: Server, first: U8, second: U8) -> tuple[F32, F32]:
    """RAFT's flow [H,W,2] from the first frame to the second, and back."""
    answer = server.infer("estimate_flow", {"FRAME0": first[None], "FRAME1": second[None]}, list(_WAYS))
    forward, backward = (np.asarray(answer[way][0], np.float32) for way in _WAYS)
    return forward, backward
