"""Whole characters: a random design acting through successive drawings."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from . import face, figure, hair
from .design import Design, draw_design
from .paint import Cel
from .pose import ACTIONS, Joints, Pose, act, joints
from .source import Source


def draw_figure(design: Design, pose: Pose, expression: str, height: int) -> NDArray[np.uint8]:
    """One drawing of a character: RGBA straight alpha [height, width, 4], standing near the lower edge."""
    width = int(height * 0.95)
    cel = Cel(width, height, design.style)
    scale = height * 0.9 / (design.heads + 0.55)
    cel.scale = scale
    canvas = cel.canvas
    canvas.translate(width / 2, height * 0.955)
    canvas.scale(scale, scale)
    frame = joints(design, pose)
    near = 1 if design.facing >= 0 else 0
    in_head(cel, frame, lambda: hair.draw_back(cel, design, pose.sway))
    if design.cape:
        figure.draw_cape(cel, design, frame, pose.sway)
    raised = [frame.hand[side][1] < frame.neck[1] - 0.1 for side in (0, 1)]
    crosses = [abs(frame.hand[side][0] - frame.hip[0]) < frame.shoulder_width * 0.8 for side in (0, 1)]
    front = [side for side in (1 - near, near) if raised[side] or crosses[side] or side == near]
    for side in (0, 1):
        if side not in front:
            figure.draw_arm(cel, design, frame, side)
    for side in (1 - near, near):
        figure.draw_leg(cel, design, frame, side)
    figure.draw_skirt(cel, design, frame, pose.sway)
    figure.draw_torso(cel, design, frame)
    for side in front:
        if not raised[side]:
            figure.draw_arm(cel, design, frame, side)

    def head() -> None:
        face.draw_head(cel, design)
        face.draw_face(cel, design, pose, expression)
        hair.draw_front(cel, design, pose.sway)
        face.draw_ears_and_hat(cel, design)

    in_head(cel, frame, head)
    if design.scarf:
        figure.draw_scarf(cel, design, frame, pose.sway)
    for side in front:
        if raised[side]:
            figure.draw_arm(cel, design, frame, side)
    return cel.rgba()


def in_head(cel: Cel, frame: Joints, draw: object) -> None:
    """Run a drawing function in the head's own coordinates."""
    cel.canvas.save()
    cel.canvas.translate(*frame.head)
    cel.canvas.rotate(math.degrees(frame.tilt))
    assert callable(draw)
    draw()
    cel.canvas.restore()


def draw_character(rng: Generator, height: int = 640, drawings: int = 4) -> Source:
    """A random character acting: successive poses of one action on canvases of one size."""
    seed = int(rng.integers(0, 2**31))
    design = draw_design(rng, height)
    action = str(
        rng.choice(ACTIONS, p=(0.2, 0.16, 0.12, 0.08, 0.05, 0.07, 0.07, 0.05, 0.06, 0.06, 0.04, 0.04))
    )
    energy, start = rng.uniform(0.5, 1.3), rng.random()
    span = rng.uniform(0.25, 1.0)
    expression = str(rng.choice(face.EXPRESSIONS))
    blinking = int(rng.integers(0, drawings * 2))
    images = []
    for index in range(drawings):
        pose = act(action, start + span * index / max(drawings, 1), energy, design.facing)
        pose.tilt += 0.05 * math.sin(seed)
        pose.blink = 1.0 if index == blinking else 0.0
        images.append(draw_figure(design, pose, expression, height))
    return Source("character", f"studio:{design.hair_style}-{seed}", tuple(images))
