"""Key points of a drawn figure in the order and with the visibility flags of COCO."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .design import Design
from .paint import Point
from .pose import Joints

KEY_POINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee",
    "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
"""COCO's names; left and right are the figure's own."""

SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9), (8, 10),
    (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip
"""COCO's bones, pairs of key point numbers that count from 1."""
PARTS = (
    "none", "behind", "trunk", "skirt", "head", "left_arm", "right_arm", "left_leg", "right_leg", "loose",
)  # fmt: skip
"""Parts of a figure that are told apart; the index is the value in a source's part maps. ``behind``,
``skirt`` and ``loose`` (hair, scarves, what is worn over the trunk) bend, the others are rigid."""
BONES: dict[str, tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]] = {
    "trunk": (((11, 12), (5, 6)),),
    "head": (((3, 4), (0,)),),
    "left_arm": (((5,), (7,)), ((7,), (9,))),
    "right_arm": (((6,), (8,)), ((8,), (10,))),
    "left_leg": (((11,), (13,)), ((13,), (15,))),
    "right_leg": (((12,), (14,)), ((14,), (16,))),
}
"""Bones of the rigid parts: each from the mean of some key points to the mean of others."""


def key_points(
    design: Design, frame: Joints, scale: float, origin: Point, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Key points in the pixels of a drawing.

    Args:
        design: who; the view decides what of the face is seen.
        frame: joints in head heights.
        scale: pixels to a head height.
        origin: pixel at which the figure stands.
        size: (width, height) of the drawing.

    Returns:
        float32 [17,3]: x, y and 2 for seen, 1 for hidden by the figure itself, 0 for beyond the drawing.
    """
    behind, profile = design.view == "back", design.view == "profile"
    turn = design.facing
    cosine, sine = math.cos(frame.tilt), math.sin(frame.tilt)

    def in_head(x: float, y: float) -> Point:
        return (frame.head[0] + x * cosine - y * sine, frame.head[1] + x * sine + y * cosine)

    way = 1.0 if turn >= 0 else -1.0
    if profile:
        nose, eyes, ears = (
            in_head(0.46 * way, 0.21),
            [in_head(0.255 * way, 0.1)] * 2,
            [in_head(-0.06 * way, 0.1)] * 2,
        )
    else:
        shift, gap = 0.12 * turn, 0.2 * (1.0 - 0.12 * abs(turn))
        nose = in_head(shift * 1.35, 0.24)
        eyes = [in_head(shift + sign * gap, 0.1) for sign in (-1, 1)]
        ears = [in_head(sign * design.face_width / 2 * 0.97 - turn * 0.04, 0.08) for sign in (-1, 1)]
    # Seen from the front the figure's left is on the right of the screen.
    left = 0 if behind else 1
    near = 1 if turn >= 0 else 0
    pairs = [eyes, ears, frame.shoulder, frame.elbow, frame.hand, frame.hip_joint, frame.knee, frame.foot]
    points: list[tuple[float, float, int]] = [(*nose, 1 if behind else 2)]
    for index, pair in enumerate(pairs):
        for side in (left, 1 - left):
            hidden = False
            if index == 0:
                hidden = behind or (profile and side != near)
            elif index == 1:
                covered = design.hair_style not in ("bald", "spikes", "short") or design.hat == "helmet"
                hidden = covered or (profile and side != near)
            elif profile and index in (2, 3):
                hidden = side != near
            elif index in (3, 4) and not profile:
                # An arm that is folded behind the trunk.
                inside = abs(pair[side][0] - frame.hip[0]) < frame.shoulder_width * 0.55
                hidden = inside and frame.neck[1] < pair[side][1] < frame.hip[1] and behind
            points.append((*pair[side], 1 if hidden else 2))
    result = np.array(points, np.float32)
    result[:, 0] = result[:, 0] * scale + origin[0]
    result[:, 1] = result[:, 1] * scale + origin[1]
    outside = (
        (result[:, 0] < 0) | (result[:, 1] < 0) | (result[:, 0] > size[0] - 1) | (result[:, 1] > size[1] - 1)
    )
    result[outside, 2] = 0.0
    return result
