"""Whole characters: a random design acting through successive drawings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import skia
from numpy.random import Generator
from numpy.typing import NDArray

from . import face, figure, hair, hats, limbs, profile
from .design import Design, draw_design
from .paint import Cel, Point, hsv, packed
from .pose import ACTIONS, Joints, Pose, act, joints
from .source import Source


def draw_figure(
    design: Design, pose: Pose, expression: str, scale: float, origin: Point, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """One drawing of a character: RGBA straight alpha [H,W,4].

    Args:
        design: who.
        pose: joint angles.
        expression: one of ``face.EXPRESSIONS``.
        scale: pixels to a head height.
        origin: pixel at which the figure stands.
        size: (width, height) of the drawing.
    """
    cel = Cel(size[0], size[1], design.style)
    cel.scale = scale
    canvas = cel.canvas
    canvas.translate(*origin)
    canvas.scale(scale, scale)
    frame = joints(design, pose)
    near = 1 if design.facing >= 0 else 0
    behind = design.view == "back"
    if not behind:
        in_head(cel, frame, lambda: hair.draw_back(cel, design, pose.sway))
        if design.cape:
            figure.draw_cape(cel, design, frame, pose.sway)
    raised = [frame.hand[side][1] < frame.neck[1] - 0.1 for side in (0, 1)]
    crosses = [abs(frame.hand[side][0] - frame.hip[0]) < frame.shoulder_width * 0.8 for side in (0, 1)]
    front = [side for side in (1 - near, near) if raised[side] or crosses[side] or side == near]
    if design.view == "profile":
        front = [near]
    elif behind:
        front = [side for side in (0, 1) if not crosses[side]]
    for side in (0, 1):
        if side not in front:
            limbs.draw_arm(cel, design, frame, side)
    for side in (1 - near, near):
        limbs.draw_leg(cel, design, frame, side)
    if figure.tucked(design):
        figure.draw_torso(cel, design, frame)
        figure.draw_skirt(cel, design, frame, pose.sway)
    else:
        figure.draw_skirt(cel, design, frame, pose.sway)
        figure.draw_torso(cel, design, frame)
    for side in front:
        if not raised[side]:
            limbs.draw_arm(cel, design, frame, side)
    if behind and design.cape:
        figure.draw_cape(cel, design, frame, pose.sway)

    def head() -> None:
        if design.view == "profile":
            profile.draw_profile(cel, design, pose, expression)
        else:
            face.draw_head(cel, design)
            if behind:
                hair.draw_back(cel, design, pose.sway)
            else:
                face.draw_face(cel, design, pose, expression)
                hair.draw_front(cel, design, pose.sway)
        hats.draw_ears_and_hat(cel, design)

    in_head(cel, frame, head)
    if design.scarf:
        figure.draw_scarf(cel, design, frame, pose.sway)
    for side in front:
        if raised[side]:
            limbs.draw_arm(cel, design, frame, side)
    if design.fade > 0:
        shader = skia.GradientShader.MakeLinear(
            points=[skia.Point(0, -design.heads), skia.Point(0, 0)],
            colors=[packed(hsv(0.1, 0.3, 1.0), design.fade * 0.3), packed(hsv(0.65, 0.5, 0.2), design.fade)],
        )
        canvas.drawPaint(skia.Paint(Shader=shader, BlendMode=skia.BlendMode.kSrcATop))
    return cel.rgba()


def in_head(cel: Cel, frame: Joints, draw: Callable[[], None]) -> None:
    """Run a drawing function in the head's own coordinates."""
    cel.canvas.save()
    cel.canvas.translate(*frame.head)
    cel.canvas.rotate(math.degrees(frame.tilt))
    draw()
    cel.canvas.restore()


def draw_acting(design: Design, poses: list[Pose], expression: str, height: int) -> list[NDArray[np.uint8]]:
    """All poses on canvases of one size, fitted so that the whole movement just fills the height."""
    small = 72.0 / design.heads
    side, origin = 300, (150.0, 200.0)
    thin = replace(design.style, ink_width=design.style.ink_width * 72 / height, soft=0.0)
    sketch = replace(design, style=thin, fade=0.0)
    covered = np.zeros((side, side), bool)
    for pose in poses:
        covered |= draw_figure(sketch, pose, expression, small, origin, (side, side))[..., 3] > 8
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    top, bottom = (origin[1] - rows[0] + 1) / small, (rows[-1] + 2 - origin[1]) / small
    left, right = (origin[0] - columns[0] + 1) / small, (columns[-1] + 2 - origin[0]) / small
    scale = (height - 4) / (top + bottom)
    width = math.ceil((left + right) * scale) + 4
    foot = (left * scale + 2, top * scale + 2)
    return [draw_figure(design, pose, expression, scale, foot, (width, height)) for pose in poses]


def draw_character(rng: Generator, height: int = 640, drawings: int = 4) -> Source:
    """A random character acting: successive poses of one action on canvases of one size."""
    seed = int(rng.integers(0, 2**31))
    design = draw_design(rng, height)
    action = str(
        rng.choice(ACTIONS, p=(0.2, 0.16, 0.12, 0.08, 0.05, 0.07, 0.07, 0.05, 0.06, 0.06, 0.04, 0.04))
    )
    energy, start, span = rng.uniform(0.5, 1.3), rng.random(), rng.uniform(0.25, 1.0)
    expression = str(rng.choice(face.EXPRESSIONS))
    blinking = int(rng.integers(0, 12))
    poses = []
    for index in range(drawings):
        pose = act(action, start + span * index / max(drawings, 1), energy, design.facing)
        pose.tilt += 0.05 * math.sin(seed)
        pose.blink = 1.0 if index == blinking else 0.0
        poses.append(pose)
    images = draw_acting(design, poses, expression, height)
    return Source("character", f"studio:{design.hair_style}-{seed}", tuple(images))
