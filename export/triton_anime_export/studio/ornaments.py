"""Ornaments of a studio character's hair."""

from __future__ import annotations

import math

from .design import Design
from .paint import Cel, Colour, mix, oval, polygon, smooth


def draw_on_head(cel: Cel, design: Design) -> None:
    """Ornaments of the hair, in the head's coordinates."""
    half = design.face_width / 2 + 0.05
    side = 1.0 if math.sin(design.hair_seed) > 0 else -1.0
    extras = design.extras
    if "headband" in extras:
        cel.part(
            smooth([(-half, -0.28), (0, -0.52), (half, -0.28), (half, -0.36), (0, -0.61), (-half, -0.36)]),
            design.accent,
            0.03,
        )
    if "maid_cap" in extras:
        for index in range(9):
            share = -1 + 2 * index / 8
            cel.part(
                oval(share * half * 0.95, -0.62 + 0.25 * share * share, 0.09, 0.1),
                (0.98, 0.98, 1.0),
                0.03,
                0.8,
            )
    if "crown" in extras:
        points = [(-0.25, -0.52)]
        points += [(-0.28 + 0.07 * index, -0.62 if index % 2 else -0.86) for index in range(9)]
        cel.part(polygon([*points, (0.25, -0.52)]), (0.95, 0.8, 0.3), 0.04)
    if "headphones" in extras:
        metal: Colour = mix(design.second_colour, (0.2, 0.2, 0.25), 0.3)
        cel.line(
            [
                (-half - 0.02, -0.05),
                (-half * 0.8, -0.58),
                (0, -0.76),
                (half * 0.8, -0.58),
                (half + 0.02, -0.05),
            ],
            metal,
            3.0,
        )
        for way in (-1, 1):
            cel.part(oval(way * (half + 0.03), 0.02, 0.11, 0.17), design.accent, 0.05)
    if "flower" in extras:
        x, y = side * 0.3, -0.36
        for petal in range(5):
            angle = petal * 2 * math.pi / 5 + 0.3
            cel.part(
                oval(x + 0.09 * math.cos(angle), y + 0.09 * math.sin(angle), 0.075, 0.075),
                design.accent,
                0.03,
                0.7,
            )
        cel.part(oval(x, y, 0.05, 0.05), (1.0, 0.88, 0.4), 0.02, 0.7)
    if "hairpins" in extras:
        for index in range(2):
            x, y = side * (0.24 + 0.02 * index), -0.3 + 0.07 * index
            cel.part(
                polygon([(x - 0.1, y - 0.02), (x + 0.1, y - 0.05), (x + 0.1, y - 0.01), (x - 0.1, y + 0.02)]),
                design.accent,
                0.01,
                0.8,
            )
