"""Body and clothes of a studio character, back to front."""

from __future__ import annotations

import math

import skia

from .design import Design
from .limbs import along
from .paint import Cel, Point, box, fill, limb, multiply, oval, polygon, smooth, union
from .pose import Joints


def skirt_path(joints: Joints, length: float, flare: float, sway: float, tucked: bool) -> skia.Path:
    """Skirt from the waist; the hem follows the knees."""
    waist_y = joints.hip[1] - (0.15 if tucked else 0.07) * joints.body
    width = joints.hip_width
    left = min(joints.knee[0][0], joints.knee[1][0], joints.hip[0] - width)
    right = max(joints.knee[0][0], joints.knee[1][0], joints.hip[0] + width)
    left = joints.hip[0] + (left - joints.hip[0]) * (0.5 + 0.5 * min(length, 1)) - flare
    right = joints.hip[0] + (right - joints.hip[0]) * (0.5 + 0.5 * min(length, 1)) + flare
    leg = 0.27 * joints.body
    bottom = joints.hip[1] + leg * length
    shift = (joints.neck[0] - joints.hip[0]) * 0.3
    points: list[Point] = [
        (joints.hip[0] + shift - width * 0.8, waist_y),
        (joints.hip[0] + shift + width * 0.8, waist_y),
    ]
    folds = 7
    for index in range(folds + 1):
        share = index / folds
        x = right + (left - right) * share + sway * length * 0.6
        points.append((x, bottom + (0.035 if index % 2 else -0.02) + 0.05 * math.sin(math.pi * share)))
    path = skia.Path()
    path.moveTo(*points[0])
    path.lineTo(*points[1])
    path.quadTo(joints.hip[0] + width * 1.2, joints.hip[1] - 0.05, *points[2])
    for point in points[3:]:
        path.lineTo(*point)
    path.quadTo(joints.hip[0] - width * 1.2, joints.hip[1] - 0.05, *points[0])
    path.close()
    return path


def tucked(design: Design) -> bool:
    """Whether the blouse is tucked into the skirt, which then starts at the waist and lies over it."""
    return "skirt" in design.bottom and design.hair_seed % 3 > 0 and design.top in ("tee", "shirt", "sailor")


def draw_skirt(cel: Cel, design: Design, joints: Joints, sway: float) -> None:
    """Skirts of all lengths, the lower part of dresses, robes and kimonos included."""
    dress = design.top in ("dress", "robe", "kimono")
    if not dress and "skirt" not in design.bottom:
        return
    colour = design.top_colour if dress else design.bottom_colour
    long = design.top in ("robe", "kimono") or design.bottom == "long_skirt" or (dress and design.curvy > 0.6)
    flare = {"robe": 0.12, "kimono": 0.02}.get(design.top, 0.06 + 0.05 * joints.body * design.curvy)
    path = skirt_path(joints, 1.75 if long else 0.75 + 0.3 * design.curvy, flare, sway, tucked(design))
    cel.part(path, colour, 0.1)
    bounds = path.getBounds()
    cel.canvas.save()
    cel.canvas.clipPath(path, doAntiAlias=True)
    if design.pattern in ("check", "stripes"):
        for index in range(6):
            y = bounds.top() + bounds.height() * (index + 0.6) / 6
            tone = fill(multiply(design.second_colour, colour), 0.55)
            cel.canvas.drawPath(box(bounds.left(), y, bounds.right(), y + bounds.height() * 0.05), tone)
    if design.hair_seed % 2:
        low = bounds.bottom() - 0.12
        cel.canvas.drawPath(box(bounds.left(), low - 0.05, bounds.right(), low), fill(design.second_colour))
    cel.canvas.restore()
    for index in range(1, 6):
        x = bounds.left() + bounds.width() * index / 6
        top = joints.hip[0] + (x - joints.hip[0]) * 0.55
        cel.line([(top, bounds.top() + bounds.height() * 0.35), (x, bounds.bottom() - 0.04)], colour, 0.55)


def torso_path(design: Design, joints: Joints, extra: float = 0.0) -> skia.Path:
    """Trunk from the shoulders to below the hips."""
    across = (math.cos(joints.lean), math.sin(joints.lean))
    middle = along(joints.hip, joints.neck, 0.42)
    waist = joints.hip_width * (0.98 - 0.22 * design.curvy) + extra

    def off(centre: Point, x: float, y: float) -> Point:
        return (centre[0] + across[0] * x - across[1] * y, centre[1] + across[1] * x + across[0] * y)

    shoulder, hip = joints.shoulder_width * 0.95 + extra, joints.hip_width * 1.02 + extra
    drop = 0.025 * joints.body
    points = [
        off(joints.neck, -0.11, -0.02),
        off(joints.neck, 0.11, -0.02),
        off(joints.neck, shoulder * 0.9, drop),
        off(joints.neck, shoulder * 0.98, drop * 3.5),
        off(middle, waist, 0),
        off(joints.hip, hip, -0.02),
        off(joints.hip, hip * 0.9, 0.1),
        off(joints.hip, 0, 0.13),
        off(joints.hip, -hip * 0.9, 0.1),
        off(joints.hip, -hip, -0.02),
        off(middle, -waist, 0),
        off(joints.neck, -shoulder * 0.98, drop * 3.5),
        off(joints.neck, -shoulder * 0.9, drop),
    ]
    return smooth(points)


def draw_torso(cel: Cel, design: Design, joints: Joints) -> None:
    """Trunk with the garment's cut: collars, lapels, plates, belts, patterns."""
    neck, hip = joints.neck, joints.hip
    throat = limb(along(neck, joints.head, 0.65), neck, 0.1 + 0.004 * joints.body, 0.12 + 0.008 * joints.body)
    cel.part(throat, design.skin, 0.06)
    if design.style.depth > 0:
        cel.canvas.save()
        cel.canvas.clipPath(throat, doAntiAlias=True)
        under_chin = oval(joints.head[0] + 0.08 * design.facing, joints.head[1] + 0.4, 0.34, 0.24)
        cel.canvas.drawPath(under_chin, fill(multiply(design.skin, design.style.shadow)))
        cel.canvas.restore()
    shape = torso_path(design, joints, 0.05 if design.top in ("hoodie", "robe", "armour", "jacket") else 0.0)
    if design.species == "mascot":
        cel.part(shape, design.skin, 0.12)
        middle = along(joints.hip, neck, 0.4)
        belly = oval(middle[0] + 0.1 * design.facing, middle[1], joints.hip_width * 0.6, 0.2 * joints.body)
        cel.canvas.drawPath(belly, fill(design.second_colour))
        return
    open_front = design.top in ("blazer", "jacket", "robe", "kimono")
    base = design.second_colour if design.top == "jacket" else design.top_colour
    if design.bottom in ("trousers", "shorts"):
        cel.part(
            union(oval(hip[0], hip[1] + 0.02, joints.hip_width * 1.03, 0.1 + 0.03 * joints.body)),
            design.bottom_colour,
            0.06,
        )
    cel.part(shape, base, 0.1)
    cel.canvas.save()
    cel.canvas.clipPath(shape, doAntiAlias=True)
    turn = design.facing * joints.shoulder_width * 0.3
    width, chest = joints.shoulder_width, along(neck, hip, 0.42)
    if design.pattern == "stripes":
        for index in range(9):
            y = neck[1] + (hip[1] - neck[1]) * index / 8
            cel.canvas.drawPath(box(hip[0] - 2, y, hip[0] + 2, y + 0.05), fill(design.second_colour))
    elif design.pattern == "emblem":
        cel.canvas.drawPath(oval(chest[0] + turn, chest[1], width * 0.3, width * 0.28), fill(design.accent))
    cel.canvas.restore()
    if design.top == "jacket":
        cel.canvas.save()
        cel.canvas.clipPath(shape, doAntiAlias=True)
        for sign in (-1, 1):
            side = [
                (neck[0] + sign * 0.1 + turn * 0.3, neck[1] - 0.1),
                (neck[0] + sign * width * 0.25 + turn, chest[1]),
                (hip[0] + sign * width * 0.3 + turn, hip[1] + 0.3),
                (hip[0] + sign * 3, hip[1] + 0.3),
                (neck[0] + sign * 3, neck[1] - 0.1),
            ]
            cel.part(polygon(side), design.top_colour, 0.08)
        cel.canvas.restore()
    elif open_front or design.top == "shirt":
        point = along(neck, hip, 0.5 if open_front else 0.14)
        opening = polygon(
            [(neck[0] - 0.16, neck[1] - 0.01), (neck[0] + 0.16, neck[1] - 0.01), (point[0] + turn, point[1])]
        )
        cel.part(opening, design.second_colour if open_front else design.skin, 0.03, 0.7)
        cel.line([(point[0] + turn, point[1]), (hip[0] + turn * 0.7, hip[1] + 0.1)], base, 0.8)
        if design.top == "blazer":
            tie = along(neck, hip, 0.36)
            cel.part(
                polygon(
                    [
                        (neck[0], neck[1] + 0.02),
                        (tie[0] + 0.05 + turn, tie[1]),
                        (tie[0] + turn, tie[1] + 0.08),
                        (tie[0] - 0.05 + turn, tie[1]),
                    ]
                ),
                design.accent,
                0.02,
                0.7,
            )
        if design.top == "shirt":
            for index in range(3):
                spot = along(neck, hip, 0.3 + 0.2 * index)
                cel.canvas.drawPath(
                    oval(spot[0] + turn * 0.9 + 0.03, spot[1], 0.02, 0.02),
                    fill(multiply(base, (0.5, 0.5, 0.5))),
                )
    elif design.top == "sailor":
        low = along(neck, hip, 0.34)
        for sign in (-1, 1):
            collar = [
                (neck[0] + sign * 0.1, neck[1] - 0.02),
                (neck[0] + sign * width * 0.75, neck[1] + 0.08),
                (neck[0] + sign * width * 0.6, low[1] - 0.04),
                (low[0] + turn, low[1]),
            ]
            cel.part(polygon(collar), design.second_colour, 0.03, 0.8)
        for sign in (-1, 1):
            cel.part(
                smooth(
                    [
                        (low[0] + turn, low[1]),
                        (low[0] + turn + sign * 0.2, low[1] - 0.06),
                        (low[0] + turn + sign * 0.17, low[1] + 0.1),
                    ]
                ),
                design.accent,
                0.03,
                0.8,
            )
    elif design.top == "armour":
        cel.part(
            smooth(
                [
                    (neck[0] - width * 0.75, neck[1] + 0.1),
                    (neck[0] + width * 0.75, neck[1] + 0.1),
                    (chest[0] + width * 0.5, chest[1] + 0.15),
                    (chest[0], chest[1] + 0.25),
                    (chest[0] - width * 0.5, chest[1] + 0.15),
                ]
            ),
            design.second_colour,
            0.1,
        )
        cel.line([(neck[0] + turn, neck[1] + 0.1), (chest[0] + turn, chest[1] + 0.25)], design.second_colour)
    elif design.top == "hoodie":
        cel.part(
            smooth(
                [
                    (neck[0] - width * 0.5, neck[1] - 0.05),
                    (neck[0] + width * 0.5, neck[1] - 0.05),
                    (neck[0] + width * 0.35, neck[1] + 0.16),
                    (neck[0], neck[1] + 0.22),
                    (neck[0] - width * 0.35, neck[1] + 0.16),
                ]
            ),
            multiply(base, (0.9, 0.9, 0.92)),
            0.05,
        )
        for sign in (-1, 1):
            cel.line(
                [(neck[0] + sign * 0.07, neck[1] + 0.15), (neck[0] + sign * 0.09, neck[1] + 0.4)],
                (0.95, 0.95, 0.95),
                0.9,
            )
    elif design.top in ("tee", "dress"):
        cel.part(
            smooth(
                [
                    (neck[0] - 0.15, neck[1] - 0.03),
                    (neck[0] + 0.15, neck[1] - 0.03),
                    (neck[0] + turn * 0.3, neck[1] + 0.1),
                ]
            ),
            design.skin,
            0.03,
            0.7,
        )
    if design.top in ("jacket", "blazer", "hoodie", "shirt") and design.hair_seed % 5 < 3:
        for sign in (-1, 1):
            x, y = hip[0] + turn * 0.5 + sign * joints.hip_width * 0.55, hip[1] - 0.05 * joints.body
            cel.line([(x - 0.1, y + 0.01 * sign), (x + 0.1, y - 0.01 * sign)], design.top_colour, 0.8)
    for index in range(design.hair_seed % 4):
        sign = 1 if index % 2 else -1
        x, y = hip[0] + sign * joints.hip_width * 0.9, hip[1] - (0.05 + 0.04 * index) * joints.body
        cel.line([(x, y), (x - sign * 0.14, y + 0.05), (x - sign * 0.2, y + 0.04)], base, 0.6)
    if design.belt:
        y = hip[1] - 0.06 * joints.body
        belt = box(
            hip[0] - joints.hip_width * 0.95,
            y,
            hip[0] + joints.hip_width * 0.95,
            y + 0.03 + 0.012 * joints.body,
            0.01,
        )
        cel.part(belt, design.accent, 0.02, 0.8)
    if design.curvy > 0.5 and design.top not in ("armour", "robe", "hoodie") and joints.body > 4:
        for sign in (-1, 1):
            x = chest[0] + turn + sign * width * 0.3
            cel.line(
                [(x - width * 0.2, chest[1]), (x, chest[1] + 0.06), (x + width * 0.18, chest[1] - 0.01)],
                base,
                0.5,
            )
