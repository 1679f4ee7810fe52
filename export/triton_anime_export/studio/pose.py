"""Skeleton and acting: joint angles of an action at a phase, and the joints they give."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .design import Design
from .paint import Point

ACTIONS = (
    "idle", "talk", "walk", "run", "kick", "punch", "wave", "jump", "cast", "hips", "crossed", "cheer",
    "gesture", "point", "guard", "sit", "fly", "slash", "bow", "fall",
)  # fmt: skip
"""Actions that :func:`act` poses."""
VOWELS = ("", "a", "i", "u", "e", "o")
"""Shapes of a talking mouth; the empty one is shaped by the expression."""


@dataclass
class Pose:
    """Angles in radians from straight down (limbs) or up (torso, head); positive leans right on screen."""

    lean: float = 0.0
    tilt: float = 0.0
    upper_arm: list[float] = field(default_factory=lambda: [-0.18, 0.18])
    forearm: list[float] = field(default_factory=lambda: [-0.1, 0.1])
    thigh: list[float] = field(default_factory=lambda: [-0.06, 0.06])
    shin: list[float] = field(default_factory=lambda: [-0.03, 0.03])
    lift: float = 0.0  # feet above the ground, head heights
    breath: float = 0.0
    sway: float = 0.0  # hair and cloth, head heights at one head's length
    blink: float = 0.0  # 0 open .. 1 closed
    mouth: float = 0.0  # 0 closed .. 1 open
    vowel: str = ""  # one of VOWELS


def act(action: str, phase: float, energy: float, facing: float) -> Pose:
    """Pose of an action at a phase in 0..1; energy scales the size of the movement."""
    pose = Pose()
    way = 1.0 if facing >= 0 else -1.0
    wave = math.sin(2 * math.pi * phase)
    pose.breath = 0.012 * wave
    pose.sway = 0.08 * energy * wave
    pose.tilt = 0.04 * wave * energy
    if action == "talk":
        pose.mouth = abs(math.sin(3 * math.pi * phase))
        pose.upper_arm[1] = 0.35
        pose.forearm[1] = 1.6 + 0.3 * wave
        if energy > 0.9:
            pose.upper_arm[0], pose.forearm[0] = -0.4, -1.9 - 0.3 * wave
    elif action in ("walk", "run"):
        swing = wave * (0.45 if action == "walk" else 0.85) * (0.6 + 0.5 * energy)
        bend = 0.35 if action == "walk" else 1.1
        for side, sign in ((0, 1.0), (1, -1.0)):
            pose.thigh[side] = way * sign * swing
            pose.shin[side] = pose.thigh[side] - way * bend * (0.25 + 0.75 * max(0.0, -sign * swing))
            pose.upper_arm[side] = -way * sign * swing * 0.9
            pose.forearm[side] = pose.upper_arm[side] + way * (0.25 if action == "walk" else 1.4)
        pose.lean = way * (0.04 if action == "walk" else 0.28)
        pose.lift = 0.0 if action == "walk" else 0.15 * abs(wave)
        pose.sway = -way * (0.05 if action == "walk" else 0.4) + 0.08 * wave
    elif action == "kick":
        reach = 0.5 + 0.5 * wave * energy
        lead = 1 if way > 0 else 0
        pose.thigh[lead] = way * (0.4 + 1.25 * reach)
        pose.shin[lead] = way * (-0.4 + 2.0 * reach)
        pose.thigh[1 - lead], pose.shin[1 - lead] = -way * 0.15, -way * 0.2
        pose.upper_arm, pose.forearm = [-0.9, 0.9], [-1.5, 1.5]
        pose.lean, pose.sway = -way * 0.35 * reach, -way * 0.2
    elif action == "punch":
        reach = 0.5 + 0.5 * wave * energy
        lead = 1 if way > 0 else 0
        pose.upper_arm[lead] = way * (0.3 + 1.25 * reach)
        pose.forearm[lead] = way * (2.4 - 0.85 * reach)
        pose.upper_arm[1 - lead], pose.forearm[1 - lead] = -way * 0.5, way * 1.6
        pose.thigh, pose.shin = [-0.45, 0.45], [-0.35, 0.35]
        pose.lean, pose.sway = way * 0.22 * reach, -way * 0.25
    elif action == "wave":
        pose.upper_arm[1], pose.forearm[1] = 2.1, 2.9 + 0.45 * wave
        pose.tilt = 0.08 * wave
    elif action == "jump":
        rise = 0.5 + 0.5 * wave
        pose.upper_arm, pose.forearm = [-2.3 * rise - 0.2, 2.3 * rise + 0.2], [-2.7 * rise, 2.7 * rise]
        pose.thigh, pose.shin = [-0.25 - 0.5 * rise, 0.2 + 0.2 * rise], [0.5 * rise, -0.9 * rise]
        pose.lift, pose.sway = 0.5 * rise, 0.1
    elif action == "cast":
        lead = 1 if way > 0 else 0
        pose.upper_arm[lead] = way * (1.4 + 0.15 * wave)
        pose.forearm[lead] = way * (1.65 + 0.15 * wave)
        pose.thigh, pose.shin = [-0.3, 0.3], [-0.25, 0.25]
        pose.sway = -way * 0.25 + 0.1 * wave
    elif action == "hips":
        pose.upper_arm, pose.forearm = [-0.75, 0.75], [0.75, -0.75]
        if energy > 0.9:
            pose.upper_arm[0], pose.forearm[0] = -0.2, -0.15
    elif action == "crossed":
        pose.upper_arm, pose.forearm = [-0.3, 0.3], [1.45, -1.45]
    elif action == "cheer":
        pose.upper_arm = [-2.3 + 0.3 * wave, 2.3 + 0.3 * wave]
        pose.forearm = [-2.9 + 0.4 * wave, 2.9 + 0.4 * wave]
        pose.mouth = 0.8
    elif action in ("gesture", "point"):
        lead = 1 if way > 0 else 0
        raised = 0.5 + 0.5 * wave
        if action == "gesture":
            pose.upper_arm = [-0.35 - 0.4 * raised, 0.35 + 0.4 * raised]
            pose.forearm = [-1.2 - 0.9 * raised * energy, 1.2 + 0.9 * raised * energy]
            pose.mouth = 0.6 * raised
        else:
            pose.upper_arm[lead] = way * (0.6 + 0.95 * raised)
            pose.forearm[lead] = way * (0.9 + 0.7 * raised)
            pose.upper_arm[1 - lead], pose.forearm[1 - lead] = -way * 0.7, way * 0.75
        pose.lean = way * 0.05 * raised
    elif action in ("guard", "slash"):
        lead = 1 if way > 0 else 0
        swing = wave * energy if action == "slash" else 0.12 * wave
        pose.upper_arm[lead] = way * (1.0 - 1.5 * swing)
        pose.forearm[lead] = way * (1.9 - 1.7 * swing)
        pose.upper_arm[1 - lead], pose.forearm[1 - lead] = way * 0.25, way * 1.9
        pose.thigh, pose.shin = [-0.42, 0.5], [-0.2, 0.15]
        pose.lean, pose.sway = way * (0.1 + 0.15 * swing), -way * (0.1 + 0.2 * swing)
    elif action == "sit":
        pose.thigh, pose.shin = [way * 1.35, way * 1.45], [way * 0.05, way * 0.12]
        pose.upper_arm, pose.forearm = [way * 0.35 - 0.1, way * 0.35 + 0.1], [way * 1.0, way * 1.1]
        pose.lean = -way * 0.06
    elif action == "fly":
        pose.lean = way * (0.55 + 0.1 * wave)
        pose.thigh, pose.shin = [-way * 0.8, -way * 0.55], [-way * 1.2, -way * (0.8 + 0.2 * wave)]
        pose.upper_arm, pose.forearm = [-way * 0.5, way * 1.4], [-way * 0.7, way * 1.5]
        pose.lift, pose.sway = 0.6 + 0.1 * wave, -way * (0.5 + 0.1 * wave)
    elif action == "bow":
        pose.lean = way * (0.25 + 0.3 * wave)
        pose.tilt = way * 0.2
        pose.upper_arm, pose.forearm = (
            [-0.1 - way * 0.2, 0.1 - way * 0.2],
            [-0.05 - way * 0.2, 0.05 - way * 0.2],
        )
    elif action == "fall":
        pose.lean = -way * (0.5 + 0.25 * wave)
        pose.thigh, pose.shin = [way * 0.9, way * 1.2], [way * 0.4, way * (0.9 + 0.3 * wave)]
        pose.upper_arm, pose.forearm = [-1.6, 1.5], [-2.2 - 0.3 * wave, 2.1]
        pose.lift, pose.sway, pose.mouth = 0.4, way * 0.4, 0.9
    return pose


def blend(first: Pose, second: Pose, share: float) -> Pose:
    """Pose between two: share 0 gives the first, 1 the second, with ease at both ends."""
    ease = share * share * (3.0 - 2.0 * share)

    def between(a: float, b: float) -> float:
        return a + (b - a) * ease

    def pair(a: list[float], b: list[float]) -> list[float]:
        return [between(a[0], b[0]), between(a[1], b[1])]

    return Pose(
        lean=between(first.lean, second.lean),
        tilt=between(first.tilt, second.tilt),
        upper_arm=pair(first.upper_arm, second.upper_arm),
        forearm=pair(first.forearm, second.forearm),
        thigh=pair(first.thigh, second.thigh),
        shin=pair(first.shin, second.shin),
        lift=between(first.lift, second.lift),
        breath=between(first.breath, second.breath),
        sway=between(first.sway, second.sway),
        blink=max(first.blink, second.blink),
        mouth=between(first.mouth, second.mouth),
        vowel=second.vowel if share > 0.5 else first.vowel,
    )


@dataclass(frozen=True)
class Joints:
    """Joint positions in head heights, y down, ground at 0; pairs are (left, right) on screen."""

    hip: Point
    neck: Point
    head: Point
    tilt: float
    lean: float
    shoulder: tuple[Point, Point]
    elbow: tuple[Point, Point]
    hand: tuple[Point, Point]
    hip_joint: tuple[Point, Point]
    knee: tuple[Point, Point]
    foot: tuple[Point, Point]
    shoulder_width: float
    hip_width: float
    arm_radius: float
    thigh_radius: float
    body: float


def reach(start: Point, angle: float, length: float) -> Point:
    """End of a bone that hangs from start at an angle from straight down."""
    return (start[0] + math.sin(angle) * length, start[1] + math.cos(angle) * length)


def joints(design: Design, pose: Pose) -> Joints:
    """Place the skeleton of a design in a pose; the lower foot stands on the ground."""
    body = design.heads - 1.0
    leg, torso, neck_length = 0.54 * body, 0.38 * body, 0.08 * body
    turned = 0.66 if design.view == "profile" else 1.0 - 0.22 * abs(design.facing)
    shoulder_width = (0.2 + 0.1 * body * (1.1 - 0.22 * design.curvy)) * design.build**0.6 * turned
    hip_width = (0.12 + 0.085 * body * (0.85 + 0.2 * design.curvy)) * design.build**0.6 * turned
    thigh_radius = (0.11 + 0.03 * body) * design.build**0.8
    spread = hip_width * 0.52

    def legs(hip: Point) -> tuple[list[Point], list[Point], list[Point]]:
        tops = [(hip[0] - spread, hip[1]), (hip[0] + spread, hip[1])]
        knees = [reach(tops[side], pose.thigh[side], leg * 0.5) for side in (0, 1)]
        feet = [reach(knees[side], pose.shin[side], leg * 0.5) for side in (0, 1)]
        return tops, knees, feet

    _, _, feet = legs((0.0, 0.0))
    hip = (0.0, -max(feet[0][1], feet[1][1]) - pose.lift - 0.06)
    tops, knees, feet = legs(hip)
    up = math.pi - pose.lean
    neck = reach(hip, up, torso * (1 + pose.breath))
    across = (math.cos(pose.lean), math.sin(pose.lean))
    arm_radius = (0.075 + 0.016 * body) * design.build**0.7
    drop = 0.02 * torso + arm_radius * 0.95
    shoulders = [
        (
            neck[0] + sign * across[0] * (shoulder_width * 0.96 - arm_radius * 0.8),
            neck[1] + sign * across[1] * (shoulder_width * 0.96 - arm_radius * 0.8) + drop,
        )
        for sign in (-1.0, 1.0)
    ]
    arm = 0.37 * body * (1.1 if body < 2.4 else 1.0)
    elbows = [reach(shoulders[side], pose.upper_arm[side] + pose.lean, arm * 0.5) for side in (0, 1)]
    hands = [reach(elbows[side], pose.forearm[side] + pose.lean, arm * 0.5) for side in (0, 1)]
    head = reach(neck, math.pi - pose.lean * 0.5 - pose.tilt, neck_length * 0.8 + 0.39)
    return Joints(
        hip=hip,
        neck=neck,
        head=head,
        tilt=pose.tilt + pose.lean * 0.5,
        lean=pose.lean,
        shoulder=(shoulders[0], shoulders[1]),
        elbow=(elbows[0], elbows[1]),
        hand=(hands[0], hands[1]),
        hip_joint=(tops[0], tops[1]),
        knee=(knees[0], knees[1]),
        foot=(feet[0], feet[1]),
        shoulder_width=shoulder_width,
        hip_width=hip_width,
        arm_radius=arm_radius,
        thigh_radius=thigh_radius,
        body=body,
    )
