"""Capes and scarves: what hangs loose from a studio character's shoulders."""

from __future__ import annotations

from .design import Design
from .paint import Cel, smooth
from .pose import Joints


def draw_cape(cel: Cel, design: Design, joints: Joints, sway: float) -> None:
    """A cape that hangs from the shoulders behind everything."""
    width, bottom = joints.shoulder_width, joints.hip[1] * 0.3
    neck = joints.neck
    points = [(neck[0] - width * 0.7, neck[1] + 0.05), (neck[0] + width * 0.7, neck[1] + 0.05)]
    drift = sway * 2.5
    points.append((neck[0] + width * 1.25 + drift * 0.5, (neck[1] + bottom) / 2))
    hem = 5
    for index in range(hem + 1):
        x = neck[0] + width * 1.7 * (1 - 2 * index / hem) + drift * 1.5
        points.append((x, bottom + (0.08 if index % 2 else -0.06)))
    points.append((neck[0] - width * 1.25 + drift * 0.5, (neck[1] + bottom) / 2))
    cel.part(smooth(points), design.accent, 0.12)


def draw_scarf(cel: Cel, design: Design, joints: Joints, sway: float) -> None:
    """A scarf around the neck with a loose end."""
    neck = joints.neck
    side = -1 if sway > 0 else 1
    tail = [
        (neck[0] + side * 0.1, neck[1]),
        (neck[0] + side * 0.3 + sway, neck[1] + 0.3),
        (neck[0] + side * 0.35 + sway * 2.5, neck[1] + 0.9),
        (neck[0] + side * 0.15 + sway * 2.5, neck[1] + 0.92),
        (neck[0] + sway * 0.5, neck[1] + 0.3),
    ]
    cel.part(smooth(tail), design.accent, 0.05)
    cel.part(
        smooth(
            [
                (neck[0] - 0.34, neck[1] - 0.06),
                (neck[0], neck[1] - 0.14),
                (neck[0] + 0.34, neck[1] - 0.06),
                (neck[0] + 0.3, neck[1] + 0.13),
                (neck[0], neck[1] + 0.2),
                (neck[0] - 0.3, neck[1] + 0.13),
            ]
        ),
        design.accent,
        0.06,
    )
