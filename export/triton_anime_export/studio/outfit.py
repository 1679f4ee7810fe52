"""What a studio character wears beside the cut of its garments: coats, frills, bows, aprons, wings."""

from __future__ import annotations

import math

import numpy as np

from .design import Design
from .limbs import along
from .paint import Cel, Point, box, fill, mix, multiply, oval, polygon, smooth
from .pose import Joints


def draw_behind(cel: Cel, design: Design, joints: Joints, sway: float) -> None:
    """What hangs or spreads behind the figure."""
    hip, neck, body = joints.hip, joints.neck, joints.body
    rng = np.random.default_rng(design.hair_seed + 11)
    if "halo" in design.extras:
        head = joints.head
        cel.part(oval(head[0], head[1] - 0.85, 0.42, 0.12), (1.0, 0.93, 0.5), 0.03)
    if "tail" in design.extras:
        side = -1.0 if design.facing > 0 else 1.0
        size, bushy = 0.6 + 0.1 * body, float(rng.uniform(0.12, 0.4))

        def at(out: float, up: float) -> Point:
            return (hip[0] + side * out * size + sway * out * 2, hip[1] - up * size)

        outline = [
            at(0.0, 0.15),
            at(0.5, 0.05),
            at(0.95 - bushy * 0.5, 0.35),
            at(0.95 - bushy, 0.8),
            at(1.05, 1.3),
            at(1.0 + bushy, 0.9),
            at(1.05 + bushy, 0.3),
            at(0.6 + bushy * 0.3, -0.35),
            at(0.0, -0.1),
        ]
        cel.part(smooth(outline), design.hair, 0.1)
        tip = [at(0.95 - bushy, 0.8), at(1.05, 1.3), at(1.0 + bushy, 0.9), at(1.0, 0.75)]
        cel.part(smooth(tip), design.second_colour, 0.05)
    for kind in ("feather_wings", "bat_wings"):
        if kind in design.extras:
            beat = 0.25 * sway
            for side in (-1.0, 1.0):
                _wing(cel, design, joints, side, kind == "bat_wings", beat, float(rng.uniform(0.6, 1.2)))
                rng = np.random.default_rng(design.hair_seed + 12)
    if "coat" in design.extras:
        width = joints.hip_width * 1.5
        hem = hip[1] + 0.3 * body
        drift = sway * 1.5
        cel.part(
            smooth(
                [
                    (neck[0] - joints.shoulder_width * 0.8, neck[1] + 0.1),
                    (neck[0] + joints.shoulder_width * 0.8, neck[1] + 0.1),
                    (hip[0] + width, hip[1]),
                    (hip[0] + width * 1.25 + drift, hem),
                    (hip[0] + drift, hem - 0.15),
                    (hip[0] - width * 1.25 + drift, hem),
                    (hip[0] - width, hip[1]),
                ]
            ),
            multiply(design.top_colour, (0.75, 0.72, 0.8)),
            0.1,
        )


def _wing(
    cel: Cel, design: Design, joints: Joints, side: float, leather: bool, beat: float, size: float
) -> None:
    root = (joints.neck[0] + side * 0.12, joints.neck[1] + 0.12 * joints.body * 0.5)
    span = size * (0.7 + 0.32 * joints.body)
    tone = design.second_colour
    elbow = (root[0] + side * span * 0.55, root[1] - span * (0.45 + beat))
    tip = (root[0] + side * span * 1.05, root[1] - span * (0.15 + beat * 1.6))
    if leather:
        points = [root, elbow, tip]
        for share in (0.8, 0.55, 0.3):
            points.append((root[0] + side * span * (share + 0.06), root[1] + span * (0.12 - beat)))
            points.append((root[0] + side * span * share, root[1] + span * (0.42 - 0.2 * share)))
        cel.part(polygon(points), tone, 0.08)
        for share in (0.75, 0.45):
            cel.line([elbow, (root[0] + side * span * share, root[1] + span * 0.3)], tone, 1.0)
        return
    for index in range(14):
        share = index / 13
        start = along(root, elbow, min(1.0, share * 1.3))
        end = (
            root[0] + side * span * (0.3 + 0.85 * share),
            root[1] + span * (0.55 - 0.75 * share * share - beat * share),
        )
        normal = 0.1 + 0.06 * span
        middle = along(start, end, 0.6)
        cel.part(
            smooth([start, (middle[0], middle[1] - normal), end, (middle[0], middle[1] + normal)]), tone, 0.05
        )


def draw_over(cel: Cel, design: Design, joints: Joints, sway: float) -> None:
    """What lies over the trunk."""
    neck, hip, body, width = joints.neck, joints.hip, joints.body, joints.shoulder_width
    turn = design.facing * width * 0.3
    back = design.view == "back"
    extras = design.extras
    if "harness" in extras:
        for side in (-1, 1):
            strap = [
                (neck[0] + side * width * 0.5, neck[1] + 0.05),
                (neck[0] + side * width * 0.5 + 0.07, neck[1] + 0.05),
                (hip[0] - side * joints.hip_width * 0.6 + 0.07, hip[1] - 0.02),
                (hip[0] - side * joints.hip_width * 0.6, hip[1]),
            ]
            cel.part(polygon(strap), multiply(design.accent, (0.6, 0.5, 0.45)), 0.02, 0.8)
    if "apron" in extras and not back:
        hem = hip[1] + 0.2 * body
        cel.part(
            smooth(
                [
                    (hip[0] - joints.hip_width * 0.6 + turn, hip[1] - 0.1 * body),
                    (hip[0] + joints.hip_width * 0.6 + turn, hip[1] - 0.1 * body),
                    (hip[0] + joints.hip_width * 0.95 + turn + sway, hem),
                    (hip[0] - joints.hip_width * 0.95 + turn + sway, hem),
                ]
            ),
            (0.97, 0.97, 0.98),
            0.07,
        )
        cel.part(
            polygon(
                [
                    along(neck, hip, 0.25),
                    (hip[0] + width * 0.4 + turn, hip[1] - 0.1 * body),
                    (hip[0] - width * 0.4 + turn, hip[1] - 0.1 * body),
                ]
            ),
            (0.97, 0.97, 0.98),
            0.04,
        )
    if "sash" in extras:
        y = hip[1] - 0.1 * body
        cel.part(
            box(hip[0] - joints.hip_width * 1.02, y - 0.06, hip[0] + joints.hip_width * 1.02, y + 0.1, 0.03),
            design.accent,
            0.04,
        )
        way = 1.0 if design.hair_seed % 2 else -1.0
        x = hip[0] + way * joints.hip_width * 0.6
        for out in (0.05, 0.2):
            cel.part(
                polygon(
                    [
                        (x, y + 0.05),
                        (x + way * (out + 0.14), y + 0.05 + 0.14 * body),
                        (x + way * out + sway, y + 0.1 + 0.17 * body),
                    ]
                ),
                design.accent,
                0.03,
            )
    if back:
        return
    if "lapels" in extras:
        low = along(neck, hip, 0.62)
        for side in (-1, 1):
            cel.part(
                polygon(
                    [
                        (neck[0] + side * 0.08, neck[1] - 0.02),
                        (neck[0] + side * width * 0.5, neck[1] + 0.1),
                        (neck[0] + side * width * 0.42 + turn * 0.5, neck[1] + 0.3),
                        (low[0] + turn, low[1]),
                    ]
                ),
                multiply(design.top_colour, (0.78, 0.76, 0.82)),
                0.03,
                0.8,
            )
    if "buttons" in extras:
        for index in range(4):
            spot = along(neck, hip, 0.2 + 0.2 * index)
            for side in (-1, 1) if design.hair_seed % 2 else (0,):
                cel.canvas.drawPath(
                    oval(spot[0] + turn + side * 0.1, spot[1], 0.03, 0.03), fill(design.accent)
                )
                cel.canvas.drawPath(
                    oval(spot[0] + turn + side * 0.1 - 0.008, spot[1] - 0.008, 0.01, 0.01),
                    fill((1, 1, 1), 0.8),
                )
    if "tie" in extras:
        low = along(neck, hip, 0.45)
        cel.part(
            polygon(
                [
                    (neck[0] - 0.05, neck[1] + 0.02),
                    (neck[0] + 0.05, neck[1] + 0.02),
                    (neck[0] + 0.04 + turn * 0.2, neck[1] + 0.1),
                    (low[0] + 0.08 + turn, low[1] - 0.08),
                    (low[0] + turn, low[1]),
                    (low[0] - 0.08 + turn, low[1] - 0.08),
                    (neck[0] - 0.04 + turn * 0.2, neck[1] + 0.1),
                ]
            ),
            design.accent,
            0.03,
            0.8,
        )
    if "capelet" in extras:
        count = 9
        points = [(neck[0] - 0.13, neck[1] - 0.03), (neck[0] + 0.13, neck[1] - 0.03)]
        for index in range(count):
            share = 1 - 2 * index / (count - 1)
            points.append(
                (
                    neck[0] + share * width * 1.2 + sway * 0.3,
                    neck[1] + 0.36 - 0.14 * abs(share) + 0.04 * (index % 2),
                )
            )
        cel.part(polygon(points), design.second_colour, 0.07)
    if "frills" in extras:
        _frill(cel, (neck[0] - width * 0.5, neck[1] + 0.1), (neck[0] + width * 0.5, neck[1] + 0.1), 0.07)
    if "necklace" in extras:
        cel.line(
            [(neck[0] - 0.13, neck[1]), (neck[0] + turn * 0.4, neck[1] + 0.2), (neck[0] + 0.13, neck[1])],
            (0.8, 0.7, 0.3),
            1.2,
        )
        cel.part(oval(neck[0] + turn * 0.4, neck[1] + 0.22, 0.05, 0.06), design.eye, 0.02, 0.8)
    if "bow" in extras:
        x, y, size = neck[0] + turn * 0.5, neck[1] + 0.16, 0.16 + 0.02 * body
        for side in (-1, 1):
            cel.part(
                polygon([(x, y), (x + side * 0.1, y + size * 2.2), (x + side * 0.2, y + size * 1.9)]),
                design.accent,
                0.03,
                0.9,
            )
        for side in (-1, 1):
            cel.part(
                smooth(
                    [
                        (x, y),
                        (x + side * size, y - size * 0.55),
                        (x + side * size * 1.25, y),
                        (x + side * size, y + size * 0.5),
                    ]
                ),
                design.accent,
                0.05,
                0.9,
            )
        cel.part(oval(x, y, 0.045, 0.055), mix(design.accent, (0, 0, 0), 0.15), 0.02, 0.8)


def _frill(cel: Cel, start: Point, end: Point, size: float) -> None:
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    count = max(3, round(length / (size * 1.2)))
    for index in range(count + 1):
        spot = along(start, end, index / count)
        cel.part(oval(spot[0], spot[1], size, size * 0.8), (0.98, 0.97, 1.0), 0.03, 0.6)
