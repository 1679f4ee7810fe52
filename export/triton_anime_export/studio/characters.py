"""Whole characters: a random design acting through successive drawings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import skia
from numpy.random import Generator
from numpy.typing import NDArray

from . import drapes, face, figure, hair, hairdos, hats, limbs, ornaments, outfit, profile
from .acting import Moment, perform
from .design import Design, draw_design
from .finish import Finish, light_from_behind
from .keypoints import PARTS, key_points
from .paint import Cel, Point, hsv, packed
from .painting import Painting, PartMap, Piece
from .pose import Joints, Pose, joints
from .source import Source
from .wording import style_name, words

BACK, TRUNK, SKIRT, HEAD, ARM, LEG = 0, 1, 2, 3, 4, 6
"""Groups of parts; arms and legs take two numbers each, left and right."""


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
    cel = sheet(design, size)
    paint_figure(cel, design, pose, expression, scale, origin)
    if design.fade > 0:
        shader = skia.GradientShader.MakeLinear(
            points=[skia.Point(0, -design.heads), skia.Point(0, 0)],
            colors=[packed(hsv(0.1, 0.3, 1.0), design.fade * 0.3), packed(hsv(0.65, 0.5, 0.2), design.fade)],
        )
        cel.canvas.drawPaint(skia.Paint(Shader=shader, BlendMode=skia.BlendMode.kSrcATop))
    return light_from_behind(cel.rgba(), design.finish, scale, design.hair_seed)


def part_map(
    design: Design,
    pose: Pose,
    expression: str,
    scale: float,
    origin: Point,
    size: tuple[int, int],
    numbers: dict[Piece, int],
) -> PartMap:
    """Which part of the body :func:`draw_figure` draws at each pixel, by index into ``PARTS``.

    ``numbers`` are those of the pieces in the figure's other drawings; new ones are added.
    """
    # Seen from the front the figure's left is on the right of the screen.
    left, right = (0, 1) if design.view == "back" else (1, 0)
    named = {BACK: "behind", TRUNK: "trunk", SKIRT: "skirt", HEAD: "head"}
    named |= {
        ARM + left: "left_arm",
        ARM + right: "right_arm",
        LEG + left: "left_leg",
        LEG + right: "right_leg",
    }
    values = {group: PARTS.index(name) for group, name in named.items()}
    cel = PartMap(size[0], size[1], design.style, values, PARTS.index("loose"), numbers)
    paint_figure(cel, design, pose, expression, scale, origin)
    return cel


def paint_figure(
    cel: Painting, design: Design, pose: Pose, expression: str, scale: float, origin: Point
) -> None:
    """Paint all parts of a figure, back to front, onto a sheet; arguments as in :func:`draw_figure`."""
    cel.scale = scale
    canvas = cel.canvas
    canvas.translate(*origin)
    canvas.scale(scale, scale)
    frame = joints(design, pose)
    near = 1 if design.facing >= 0 else 0
    behind = design.view == "back"
    sway = pose.sway

    def trunk() -> None:
        cel.begin(TRUNK)
        figure.draw_torso(cel, design, frame)
        with cel.loosely():
            outfit.draw_over(cel, design, frame, sway)

    def skirt() -> None:
        cel.begin(SKIRT)
        figure.draw_skirt(cel, design, frame, sway)

    def arm(side: int) -> None:
        cel.begin(ARM + side)
        limbs.draw_arm(cel, design, frame, side)

    cel.begin(BACK)
    if not behind:
        outfit.draw_behind(cel, design, frame, sway)
        in_head(cel, frame, lambda: hair.draw_back(cel, design, sway))
        if design.cape:
            drapes.draw_cape(cel, design, frame, sway)
    raised = [frame.hand[side][1] < frame.neck[1] - 0.1 for side in (0, 1)]
    crosses = [abs(frame.hand[side][0] - frame.hip[0]) < frame.shoulder_width * 0.8 for side in (0, 1)]
    front = [side for side in (1 - near, near) if raised[side] or crosses[side] or side == near]
    if design.view == "profile":
        front = [near]
    elif behind:
        front = [side for side in (0, 1) if not crosses[side]]
    for side in (0, 1):
        if side not in front:
            arm(side)
    for side in (1 - near, near):
        cel.begin(LEG + side)
        limbs.draw_leg(cel, design, frame, side)
    for draw in (trunk, skirt) if figure.tucked(design) else (skirt, trunk):
        draw()
    for side in front:
        if not raised[side]:
            arm(side)
    if behind:
        cel.begin(BACK)
        if design.cape:
            drapes.draw_cape(cel, design, frame, sway)
        outfit.draw_behind(cel, design, frame, sway)

    def head() -> None:
        cel.begin(HEAD)
        if design.view == "profile":
            profile.draw_profile(cel, design, pose, expression)
        else:
            face.draw_head(cel, design)
            if not behind:
                face.draw_face(cel, design, pose, expression)
            with cel.loosely():
                (hair.draw_back if behind else hair.draw_front)(cel, design, sway)
        hats.draw_ears_and_hat(cel, design)
        ornaments.draw_on_head(cel, design)

    in_head(cel, frame, head)
    if design.scarf:
        cel.begin(TRUNK)
        with cel.loosely():
            drapes.draw_scarf(cel, design, frame, sway)
    for side in front:
        if raised[side]:
            arm(side)


def sheet(design: Design, size: tuple[int, int]) -> Painting:
    """An empty sheet of (width, height) pixels that knows what each of the design's colours is made of."""
    cloths = (
        design.top_colour,
        design.bottom_colour,
        design.second_colour,
        design.accent,
        design.sock_colour,
    )
    materials = dict.fromkeys(cloths, "cloth")
    materials |= {design.skin: "skin", design.hair: "hair", hairdos.shade(design): "hair"}
    return Painting(size[0], size[1], design.style, design.finish, materials, design.hair_seed)


def in_head(cel: Cel, frame: Joints, draw: Callable[[], None]) -> None:
    """Run a drawing function in the head's own coordinates."""
    cel.canvas.save()
    cel.canvas.translate(*frame.head)
    cel.canvas.rotate(math.degrees(frame.tilt))
    draw()
    cel.canvas.restore()


@dataclass(frozen=True)
class Drawn:
    """One drawing: RGBA [H,W,4], key points [17,3], its parts and pixels to a head height."""

    image: NDArray[np.uint8]
    points: NDArray[np.float32]
    parts: PartMap
    scale: float


def draw_acting(design: Design, moments: Sequence[Moment], height: int) -> list[Drawn]:
    """All poses on canvases of one size, fitted so that the whole movement just fills the height."""
    small = 72.0 / (design.heads + 1.0)
    side, origin = 300, (150.0, 200.0)
    thin = replace(design.style, ink_width=design.style.ink_width * 72 / height, soft=0.0)
    sketch = replace(design, style=thin, fade=0.0, finish=Finish())
    covered = np.zeros((side, side), bool)
    seen: set[tuple[float, ...]] = set()
    for moment in moments:
        # Poses that lie close together need one sketch only.
        key = tuple(
            round(value * 12)
            for value in (
                *moment.pose.upper_arm,
                *moment.pose.forearm,
                *moment.pose.thigh,
                *moment.pose.shin,
                moment.pose.lean,
                moment.pose.lift,
                moment.pose.sway * 3,
            )
        )
        if key not in seen:
            seen.add(key)
            covered |= (
                draw_figure(sketch, moment.pose, moment.expression, small, origin, (side, side))[..., 3] > 8
            )
    lowest = round(origin[1] - design.cut * small)
    if design.cut > 0:
        covered[lowest:] = False
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    top, left = (origin[1] - rows[0] + 1.5) / small, (origin[0] - columns[0] + 1.5) / small
    right = (columns[-1] + 2.5 - origin[0]) / small
    bottom = -design.cut if design.cut > 0 else (rows[-1] + 2.5 - origin[1]) / small
    # Pens, the line around the figure and hair too thin for the sketch reach a little further.
    margin = 2 + math.ceil(design.style.ink_width * 0.5 * design.finish.weight + design.finish.outer)
    scale = (height - (margin if design.cut > 0 else 2 * margin)) / (top + bottom)
    width = math.ceil((left + right) * scale) + 2 * margin
    foot = (left * scale + margin, top * scale + margin)
    drawn, numbers = [], dict[Piece, int]()
    for moment in moments:
        placed = (scale, foot, (width, height))
        image = draw_figure(design, moment.pose, moment.expression, *placed)
        points = key_points(design, joints(design, moment.pose), *placed)
        drawn.append(
            Drawn(image, points, part_map(design, moment.pose, moment.expression, *placed, numbers), scale)
        )
    return drawn


def draw_character(rng: Generator, height: int = 640, drawings: int = 4, action: str | None = None) -> Source:
    """A random character acting: a performance of successive drawings on canvases of one size."""
    seed = int(rng.integers(0, 2**31))
    design = draw_design(rng, height)
    if action is not None:
        design = replace(design, cut=0.0)
    moments = perform(rng, design, drawings, action)
    drawn = draw_acting(design, moments, height)
    parts, pieces = zip(*(drawing.parts.values() for drawing in drawn), strict=True)
    return Source(
        "character",
        f"studio:{design.hair_style}-{seed}",
        tuple(drawing.image for drawing in drawn),
        key_points=tuple(drawing.points for drawing in drawn),
        parts=parts,
        pieces=pieces,
        outlines=tuple(drawing.parts.outlines for drawing in drawn),
        actions=tuple(moment.action for moment in moments),
        expressions=tuple(moment.expression for moment in moments),
        travel=tuple(m.travel * drawing.scale for m, drawing in zip(moments, drawn, strict=True)),
        words=words(design),
        style=style_name(design),
    )
