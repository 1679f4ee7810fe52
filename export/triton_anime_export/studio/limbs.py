"""Arms and legs of a studio character, their garments, and what the hands hold."""

from __future__ import annotations

import math

import skia

from .design import Design
from .paint import Cel, Colour, Point, box, fill, limb, mix, oval, polygon, smooth
from .paint import union as outline_of
from .pose import Joints


def along(start: Point, end: Point, share: float) -> Point:
    """Point on the way from start to end."""
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)


def union(*paths: skia.Path) -> skia.Path:
    """One outline around all paths; where the path operation loses a limb, the paths laid over each other."""
    result = outline_of(*paths)
    found = result.computeTightBounds()
    for path in paths:
        wanted = path.computeTightBounds()
        wanted.inset(0.01, 0.01)
        if not found.contains(wanted):
            result = skia.Path()
            for piece in paths:
                result.addPath(piece)
            result.setFillType(skia.PathFillType.kWinding)
            return result
    return result


def draw_leg(cel: Cel, design: Design, joints: Joints, side: int) -> None:
    """One leg with sock or trousers and shoe."""
    top, knee, foot = joints.hip_joint[side], joints.knee[side], joints.foot[side]
    radius = joints.thigh_radius
    calf = radius * 0.66
    cel.part(
        union(limb(top, knee, radius, radius * 0.72), limb(knee, foot, radius * 0.72, radius * 0.42)),
        design.skin,
    )
    if design.sock > 0 and design.species == "human":
        start = along(foot, knee, min(design.sock, 1.0))
        sock = limb(start, foot, calf * 1.05, radius * 0.46)
        if design.sock > 1:
            sock = union(limb(along(knee, top, design.sock - 1), knee, radius * 0.92, radius * 0.76), sock)
        cel.part(sock, design.sock_colour)
    if design.bottom == "trousers" or design.top == "armour":
        wide = 1.12 + 0.25 * (design.hair_seed % 3)
        cel.part(
            union(
                limb(top, knee, radius * 1.12, radius * 0.85 * wide),
                limb(knee, along(foot, knee, 0.08), radius * 0.85 * wide, radius * 0.62 * wide),
            ),
            design.bottom_colour,
        )
        cel.line([along(knee, top, 0.1), (knee[0] + radius * 0.4, knee[1] + 0.02)], design.bottom_colour, 0.6)
    elif design.bottom == "shorts":
        cel.part(limb(top, along(top, knee, 0.62), radius * 1.15, radius * 1.1), design.bottom_colour)
    if design.boots:
        high = 0.35 + 0.1 * (design.hair_seed % 4)
        cel.part(limb(along(foot, knee, high), foot, radius * 0.86, radius * 0.6), design.shoe_colour, 0.06)
    angle = math.atan2(foot[1] - knee[1], foot[0] - knee[0]) - math.pi / 2
    turn = design.facing * 0.16 + (0.05 if side else -0.05)
    cel.canvas.save()
    cel.canvas.translate(*foot)
    cel.canvas.rotate(math.degrees(angle))
    size = 0.16 + 0.012 * joints.body
    shoe = smooth(
        [
            (-size * 0.6, 0.06),
            (-size * 0.55, -0.08),
            (size * 0.55, -0.08),
            (size * 0.65 + turn, 0.0),
            (size * 0.6 + turn, 0.07),
        ]
    )
    if turn < 0:
        shoe = smooth(
            [
                (size * 0.6, 0.06),
                (size * 0.55, -0.08),
                (-size * 0.55, -0.08),
                (-size * 0.65 + turn, 0.0),
                (-size * 0.6 + turn, 0.07),
            ]
        )
    cel.part(shoe, design.shoe_colour, 0.05)
    cel.canvas.restore()


def draw_prop(cel: Cel, design: Design, hand: Point, elbow: Point, side: int) -> None:
    """What the character holds, drawn in the hand and turned with the forearm."""
    angle = math.atan2(hand[1] - elbow[1], hand[0] - elbow[0])
    sign = 1 if side else -1
    metal: Colour = (0.82, 0.86, 0.93)
    wood = mix(design.accent, (0.4, 0.25, 0.12), 0.7)
    canvas = cel.canvas
    canvas.save()
    canvas.translate(*hand)
    if design.prop == "sword":
        canvas.rotate(math.degrees(angle) - 60 * sign)
        cel.part(polygon([(0.1, -0.05), (1.5, -0.05), (1.75, 0.0), (1.5, 0.05), (0.1, 0.05)]), metal, 0.03)
        cel.part(box(0.06, -0.18, 0.13, 0.18, 0.02), design.accent, 0.02)
        cel.part(box(-0.22, -0.035, 0.06, 0.035, 0.02), wood, 0.02)
    elif design.prop == "staff":
        canvas.rotate(8 * sign)
        cel.part(box(-0.04, -1.6, 0.04, 1.4, 0.03), wood, 0.02)
        cel.part(oval(0, -1.7, 0.2, 0.2), design.accent, 0.07)
    elif design.prop == "ball":
        cel.part(oval(0.05 * sign, 0.18, 0.24, 0.24), design.accent, 0.09)
        cel.line([(-0.1, 0.1), (0.05, 0.18), (0.2, 0.12)], design.accent, 0.8)
    elif design.prop == "bag":
        cel.part(box(-0.3, 0.12, 0.3, 0.55, 0.06), wood, 0.06)
        cel.line([(-0.12, 0.14), (0, 0.0), (0.12, 0.14)], wood, 1.6)
    elif design.prop == "book":
        cel.part(polygon([(-0.22, -0.2), (0.2, -0.26), (0.24, 0.22), (-0.18, 0.28)]), design.accent, 0.05)
    elif design.prop == "umbrella":
        canvas.rotate(14 * sign)
        cel.part(box(-0.025, -1.7, 0.025, 0.15, 0.01), wood, 0.01)
        top = smooth(
            [
                (-0.95, -1.3),
                (-0.6, -1.8),
                (0, -2.0),
                (0.6, -1.8),
                (0.95, -1.3),
                (0.5, -1.38),
                (0, -1.33),
                (-0.5, -1.38),
            ]
        )
        cel.part(top, design.accent, 0.12)
    canvas.restore()


def draw_arm(cel: Cel, design: Design, joints: Joints, side: int) -> None:
    """One arm with hand, sleeve and what it holds."""
    shoulder, elbow, hand = joints.shoulder[side], joints.elbow[side], joints.hand[side]
    radius = joints.arm_radius
    holds = design.prop != "none" and side == (1 if design.facing >= 0 else 0)
    if holds:
        draw_prop(cel, design, hand, elbow, side)
    cel.part(
        union(limb(shoulder, elbow, radius, radius * 0.8), limb(elbow, hand, radius * 0.8, radius * 0.55)),
        design.skin,
        0.07,
    )
    angle = math.atan2(hand[1] - elbow[1], hand[0] - elbow[0])
    cel.canvas.save()
    cel.canvas.translate(*hand)
    cel.canvas.rotate(math.degrees(angle))
    palm = radius * 0.78
    glove = design.second_colour if design.top == "armour" else design.skin
    if holds or design.hair_seed % 3 == 0:
        cel.part(oval(palm * 0.5, 0, palm, palm * 0.9), glove, 0.04)
        for offset in (-0.3, 0.2):
            cel.line([(palm * 0.6, offset * palm), (palm * 1.4, offset * palm)], glove, 0.6)
    else:
        fingers = [
            (-palm * 0.3, -palm * 0.6),
            (palm * 0.8, -palm * 0.85),
            (palm * 1.1, -palm * 1.35),
            (palm * 1.35, -palm * 0.9),
            (palm * 2.3, -palm * 0.45),
            (palm * 2.4, 0.0),
            (palm * 2.1, palm * 0.5),
            (palm * 0.8, palm * 0.8),
            (-palm * 0.3, palm * 0.6),
        ]
        cel.part(smooth(fingers), glove, 0.04)
    cel.canvas.restore()
    if design.sleeve <= 0:
        return
    wide = {"kimono": 2.6, "robe": 2.3, "hoodie": 1.35, "armour": 1.2, "jacket": 1.25}.get(design.top, 1.16)
    if design.sleeve >= 1:
        cuff = along(elbow, hand, 0.86)
        sleeve = union(
            limb(shoulder, elbow, radius * 1.16, radius * (0.9 + 0.25 * (wide - 1))),
            limb(elbow, cuff, radius * (0.9 + 0.25 * (wide - 1)), radius * 0.72 * wide),
        )
    else:
        end = along(shoulder, elbow, max(0.25, design.sleeve * 1.6))
        sleeve = limb(shoulder, end, radius * 1.2, radius * (1.05 if design.curvy < 0.6 else 1.4))
    cel.part(sleeve, design.top_colour, 0.08)
    lit = design.style.soft == 0 and 0.12 * design.style.depth < 0.6 * radius
    if lit and design.top not in ("jacket", "armour", "sailor"):
        # The garment runs on from the trunk into the sleeve: no line across the shoulder.
        inner = (joints.neck[0] + (shoulder[0] - joints.neck[0]) * 0.72, shoulder[1] + radius * 0.2)
        cel.canvas.drawPath(
            limb(inner, along(shoulder, elbow, 0.08), radius * 0.6, radius * 0.85), fill(design.top_colour)
        )
    if design.sleeve >= 1:
        cel.line(
            [along(elbow, shoulder, 0.08), (elbow[0] + radius * 0.5, elbow[1] - radius * 0.2)],
            design.top_colour,
            0.6,
        )
    if design.sleeve >= 1 and design.top in ("blazer", "sailor", "hoodie", "shirt", "kimono", "robe"):
        trim = design.second_colour if design.hair_seed % 2 else design.top_colour
        half = radius * 0.74 * wide
        length = math.hypot(hand[0] - elbow[0], hand[1] - elbow[1]) or 1.0
        normal = ((elbow[1] - hand[1]) / length * half, (hand[0] - elbow[0]) / length * half)
        corners = []
        for centre, sign in ((0.8, 1), (0.93, 1), (0.93, -1), (0.8, -1)):
            middle = along(elbow, hand, centre)
            corners.append((middle[0] + sign * normal[0], middle[1] + sign * normal[1]))
        cel.part(polygon(corners), trim, 0.04, 0.8)
    if design.top == "armour":
        cel.part(oval(shoulder[0], shoulder[1], radius * 1.9, radius * 1.7), design.second_colour, 0.07)
