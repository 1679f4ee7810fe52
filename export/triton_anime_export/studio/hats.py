"""Animal ears, horns, hats and ribbons of a studio character; units are head heights."""

from __future__ import annotations

import math

from .design import Design
from .paint import Cel, Colour, box, fill, mix, multiply, oval, polygon, smooth


def draw_ears_and_hat(cel: Cel, design: Design) -> None:
    """Animal ears, horns and hats over the hair."""
    turn, half = design.facing, design.face_width / 2
    if design.ears in ("cat", "horns") and design.hat == "none":
        for sign in (-1, 1):
            x = sign * 0.28 + turn * 0.05
            if design.ears == "cat":
                cel.part(
                    polygon([(x - 0.15, -0.45), (x + sign * 0.12, -0.86), (x + 0.16, -0.42)]),
                    design.hair,
                    0.05,
                )
                cel.canvas.drawPath(
                    polygon([(x - 0.07, -0.5), (x + sign * 0.09, -0.75), (x + 0.09, -0.48)]),
                    fill((0.95, 0.6, 0.62)),
                )
            else:
                cel.part(
                    smooth(
                        [
                            (x - 0.07, -0.5),
                            (x + sign * 0.12, -0.75),
                            (x + sign * 0.32, -0.92),
                            (x + sign * 0.2, -0.65),
                            (x + 0.08, -0.48),
                        ]
                    ),
                    (0.85, 0.8, 0.7),
                    0.04,
                )
    if design.ears in ("rabbit", "bear"):
        for sign in (-1, 1):
            x = sign * 0.3
            tall, wide = (0.42, 0.11) if design.ears == "rabbit" else (0.15, 0.16)
            cel.part(oval(x + sign * 0.04, -0.46 - tall * 0.75, wide, tall), design.skin, 0.06)
            cel.canvas.drawPath(
                oval(x + sign * 0.04, -0.46 - tall * 0.75, wide * 0.55, tall * 0.7),
                fill(design.second_colour),
            )
    colour = design.accent if design.hair_seed % 2 else design.top_colour
    if design.hat == "cap":
        cel.part(
            smooth(
                [
                    (-half - 0.08, -0.22),
                    (-half, -0.55),
                    (0, -0.72),
                    (half, -0.55),
                    (half + 0.08, -0.22),
                    (0, -0.3),
                ]
            ),
            colour,
            0.08,
        )
        way = 1 if turn >= 0 else -1
        cel.part(
            smooth([(-way * 0.2, -0.33), (way * 0.35, -0.36), (way * 0.8, -0.2), (way * 0.3, -0.2)]),
            multiply(colour, (0.8, 0.8, 0.8)),
            0.03,
        )
    elif design.hat == "witch":
        cel.part(
            smooth(
                [
                    (-0.42, -0.42),
                    (-0.24, -0.85),
                    (0.05, -1.3),
                    (0.3 + 0.2 * turn, -1.45),
                    (0.18, -1.1),
                    (0.3, -0.8),
                    (0.42, -0.42),
                ]
            ),
            colour,
            0.1,
        )
        cel.part(
            smooth([(-0.95, -0.25), (-0.4, -0.5), (0.4, -0.5), (0.95, -0.25), (0.4, -0.34), (-0.4, -0.34)]),
            colour,
            0.05,
        )
    elif design.hat == "straw":
        straw: Colour = (0.93, 0.8, 0.45)
        cel.part(
            smooth([(-0.42, -0.4), (-0.38, -0.72), (0, -0.82), (0.38, -0.72), (0.42, -0.4)]), straw, 0.08
        )
        cel.part(box(-0.42, -0.52, 0.42, -0.4), design.accent, 0.03)
        cel.part(
            smooth([(-0.9, -0.28), (-0.4, -0.46), (0.4, -0.46), (0.9, -0.28), (0.4, -0.32), (-0.4, -0.32)]),
            straw,
            0.04,
        )
    elif design.hat == "beret":
        cel.part(
            smooth(
                [
                    (-half - 0.1, -0.35),
                    (-half, -0.62),
                    (0.05, -0.75),
                    (half + 0.15, -0.6),
                    (half + 0.1, -0.38),
                    (0, -0.42),
                ]
            ),
            colour,
            0.07,
        )
    elif design.hat == "helmet":
        metal: Colour = mix(design.second_colour, (0.7, 0.72, 0.78), 0.5)
        cel.part(
            smooth(
                [
                    (-half - 0.12, 0.1),
                    (-half - 0.1, -0.4),
                    (0, -0.74),
                    (half + 0.1, -0.4),
                    (half + 0.12, 0.1),
                    (half - 0.04, -0.16),
                    (0, -0.26),
                    (-half + 0.04, -0.16),
                ]
            ),
            metal,
            0.1,
        )
    elif design.ribbon:
        x = 0.3 if math.cos(design.hair_seed) > 0 else -0.3
        for sign in (-1, 1):
            cel.part(
                smooth([(x, -0.5), (x + sign * 0.28, -0.66), (x + sign * 0.26, -0.4)]), design.accent, 0.04
            )
        cel.part(oval(x, -0.5, 0.05, 0.06), design.accent, 0.02)
