"""Acting: a performance as successive poses, with the action and the look on the face of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from .design import Design
from .pose import VOWELS, Pose, act, blend

ACTION_SHARE: dict[str, float] = {
    "idle": 0.17, "talk": 0.13, "walk": 0.11, "run": 0.08, "kick": 0.05, "punch": 0.05, "wave": 0.05,
    "jump": 0.04, "cast": 0.04, "hips": 0.04, "crossed": 0.04, "cheer": 0.03, "gesture": 0.06, "point": 0.03,
    "guard": 0.03, "sit": 0.02, "fly": 0.02, "slash": 0.03, "bow": 0.02, "fall": 0.01,
}  # fmt: skip
"""How often each action is played."""
_LOOKS: dict[str, tuple[str, ...]] = {
    "kick": ("angry", "shout", "smirk"),
    "punch": ("angry", "shout", "smirk"),
    "slash": ("angry", "shout"),
    "guard": ("angry", "smirk", "neutral"),
    "cheer": ("laugh", "happy", "smile"),
    "wave": ("smile", "happy", "neutral"),
    "fall": ("surprised", "shout", "sad"),
    "bow": ("closed", "sad", "neutral"),
    "crossed": ("angry", "smirk", "closed"),
}
_ANY = ("neutral", "smile", "angry", "sad", "surprised", "happy", "smirk", "laugh", "closed", "shy")
_STEP = {"walk": 0.125, "run": 0.167, "kick": 0.17, "punch": 0.2, "slash": 0.2, "jump": 0.14, "talk": 0.11}
_UPRIGHT = ("idle", "talk", "wave", "hips", "crossed", "cheer", "gesture")  # what a bust can play
_TRANSITION = 2  # drawings between one action and the next


@dataclass(frozen=True)
class Moment:
    """One drawing of a performance; travel is how far the ground passes, in head heights, since the last."""

    pose: Pose
    action: str
    expression: str
    travel: float


def perform(rng: Generator, design: Design, drawings: int, action: str | None = None) -> list[Moment]:
    """A performance of so many drawings: one action, or in long ones several with poses in between.

    Args:
        rng: decides what is played, how fast and how strongly.
        design: who plays.
        drawings: number of poses.
        action: the first action; a random one where None.
    """
    names = list(ACTION_SHARE)
    shares = np.array(
        [0.0 if design.cut > 0 and name not in _UPRIGHT else ACTION_SHARE[name] for name in names]
    )
    moments: list[Moment] = []
    while len(moments) < drawings:
        name = action or str(rng.choice(names, p=shares / shares.sum()))
        action = None
        # Short strips keep one action; in long ones it changes every six to sixteen drawings.
        length = drawings if drawings <= 6 else int(rng.integers(6, 17))
        beat = _beat(rng, design, name, length)
        if moments:
            last = moments[-1].pose
            for index in range(min(_TRANSITION, len(beat))):
                share = (index + 1) / (_TRANSITION + 1)
                beat[index] = Moment(
                    blend(last, beat[index].pose, share), name, beat[index].expression, beat[index].travel
                )
        moments += beat
    return moments[:drawings]


def _beat(rng: Generator, design: Design, action: str, length: int) -> list[Moment]:
    energy, phase = rng.uniform(0.5, 1.3), rng.random()
    step = _STEP.get(action, 0.08) * rng.uniform(0.75, 1.4)
    tilt = rng.normal(0, 0.05)
    looks = _LOOKS.get(action, _ANY)
    look, change = str(rng.choice(looks)), int(rng.integers(2, 20))
    blink = int(rng.integers(0, 12))
    sway = 0.0
    wind, gust = rng.normal(0, 0.05), rng.uniform(0.0, 0.1)
    calm = action in _UPRIGHT or action in ("cast", "guard", "point")
    # Nobody stands like a puppet: weight on one leg, one shoulder forward, arms a little uneven.
    stance = rng.normal(0, 0.11, 4) if calm else np.zeros(4)
    weight = rng.normal(0, 0.06) if calm else 0.0
    moments = []
    for index in range(length):
        if index == change:
            look = str(rng.choice(looks))
        pose = act(action, phase + step * index, energy, design.facing)
        pose.tilt += tilt - 0.6 * weight
        pose.lean += weight
        for side, way in ((0, -1.0), (1, 1.0)):
            pose.upper_arm[side] += way * abs(stance[side])
            pose.forearm[side] += way * abs(stance[side]) * 0.5
            pose.thigh[side] += way * abs(stance[2 + side]) - weight
            pose.shin[side] += way * abs(stance[2 + side]) * 0.4 - weight
        pose.blink = 1.0 if index % 14 == blink else 0.0
        if action in ("talk", "gesture") and pose.mouth > 0.25:
            pose.vowel = str(rng.choice(VOWELS[1:]))
        # Hair and cloth follow the body a little late.
        sway = pose.sway if index == 0 else 0.55 * sway + 0.45 * pose.sway
        pose.sway = sway + wind + gust * math.sin(1.3 * index + 4 * phase)
        moments.append(Moment(pose, action, look, _travel(design, action, energy, step)))
    return moments


def _travel(design: Design, action: str, energy: float, step: float) -> float:
    if action not in ("walk", "run"):
        return 0.0
    leg = 0.54 * (design.heads - 1.0)
    swing = (0.45 if action == "walk" else 0.85) * (0.6 + 0.5 * energy)
    stride = 4.0 * leg * math.sin(min(swing, 1.3)) * (1.0 if action == "walk" else 1.5)
    return (1.0 if design.facing >= 0 else -1.0) * stride * step
