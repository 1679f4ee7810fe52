"""More things that are no characters: trees, bushes, rocks, street and camp furniture, tools, toys."""

from __future__ import annotations

import math

import skia
from numpy.random import Generator

from .paint import Cel, Colour, box, fill, hsv, limb, mix, oval, polygon, smooth, union
from .place import SMOOTH, picture
from .scenery import crown
from .trees import tree_picture


def tree(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """A whole tree."""
    leaf = hsv(
        float(rng.choice((rng.uniform(0.2, 0.4), rng.random()))),
        rng.uniform(0.3, 0.8),
        rng.uniform(0.3, 0.85),
    )
    kind = str(rng.choice(("broad", "fir", "palm", "bare")))
    image = tree_picture(
        rng, 220, leaf, hsv(0.07, 0.4, rng.uniform(0.2, 0.5)), hard=bool(rng.random() < 0.5), kind=kind
    )
    cel.canvas.drawImageRect(picture(image), skia.Rect.MakeLTRB(-0.48, -0.48, 0.48, 0.48), SMOOTH)


def bush(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """A bush with flowers or fruit."""
    leaf = hsv(rng.uniform(0.18, 0.42), rng.uniform(0.3, 0.8), rng.uniform(0.3, 0.8))
    image = crown(rng, 220, leaf, hard=bool(rng.random() < 0.5), tall=rng.uniform(0.55, 0.9))
    high = image.shape[0] / 220 * 0.96
    cel.canvas.drawImageRect(picture(image), skia.Rect.MakeLTRB(-0.48, 0.46 - high, 0.48, 0.46), SMOOTH)
    for _ in range(int(rng.integers(0, 24))):
        x, y = rng.normal(0, 0.16), 0.46 - high * 0.5 + rng.normal(0, 0.1)
        cel.canvas.drawCircle(
            x, y, rng.uniform(0.012, 0.03), fill(mix(second, (1, 1, 1), rng.uniform(0, 0.4)))
        )


def rock(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """A boulder."""
    stone = hsv(rng.random(), rng.uniform(0, 0.2), rng.uniform(0.3, 0.75))
    points = [
        (0.44 * math.cos(a) * rng.uniform(0.7, 1.05), 0.1 + 0.36 * math.sin(a) * rng.uniform(0.7, 1.05))
        for a in [2 * math.pi * k / 9 for k in range(9)]
    ]
    cel.part(polygon(points), stone, 0.14)
    for _ in range(4):
        x, y = rng.uniform(-0.25, 0.2), rng.uniform(-0.12, 0.25)
        cel.line(
            [(x, y), (x + 0.07, y + rng.uniform(-0.05, 0.09)), (x + 0.16, y + rng.uniform(-0.06, 0.1))],
            stone,
            0.7,
        )


def lamp_post(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Street lamp."""
    iron = mix(colour, (0.15, 0.15, 0.18), 0.75)
    cel.part(box(-0.02, -0.3, 0.02, 0.46), iron, 0.02)
    cel.part(box(-0.07, 0.4, 0.07, 0.47, 0.01), iron, 0.02)
    cel.part(polygon([(-0.06, -0.3), (0.06, -0.3), (0.1, -0.44), (-0.1, -0.44)]), (1.0, 0.95, 0.7), 0.02)
    cel.part(polygon([(-0.12, -0.43), (0.12, -0.43), (0, -0.48)]), iron, 0.02)


def bench(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Garden bench."""
    for x in (-0.36, 0.36):
        cel.part(box(x - 0.025, -0.2, x + 0.025, 0.4), mix(second, (0.2, 0.2, 0.2), 0.6), 0.02)
    for y in (-0.2, -0.09, 0.12):
        cel.part(box(-0.46, y, 0.46, y + 0.07, 0.01), colour, 0.02)


def barrel(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Barrel with hoops."""
    cel.part(
        smooth([(-0.26, -0.4), (0.26, -0.4), (0.35, 0), (0.26, 0.42), (-0.26, 0.42), (-0.35, 0)]),
        colour,
        0.12,
    )
    for y, half in ((-0.25, 0.31), (0.2, 0.32)):
        cel.part(box(-half, y, half, y + 0.06), mix(second, (0.3, 0.3, 0.3), 0.6), 0.02)
    cel.part(oval(0, -0.4, 0.25, 0.06), mix(colour, (0, 0, 0), 0.3), 0.02)


def umbrella(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Open umbrella."""
    cel.part(box(-0.012, -0.1, 0.012, 0.42), second, 0.01)
    top = smooth(
        [
            (-0.45, 0.02),
            (-0.3, -0.28),
            (0, -0.42),
            (0.3, -0.28),
            (0.45, 0.02),
            (0.22, -0.04),
            (0, 0.02),
            (-0.22, -0.04),
        ]
    )
    cel.part(top, colour, 0.12)
    for x in (-0.22, 0.0, 0.22):
        cel.line([(0, -0.41), (x * 0.7, -0.2), (x, -0.02)], colour)


def flag(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Banner that waves."""
    wave = 0.04 * math.sin(phase * 6.28)
    cel.part(box(-0.4, -0.46, -0.36, 0.47), mix(second, (0.3, 0.2, 0.1), 0.6), 0.01)
    cel.part(
        smooth(
            [
                (-0.36, -0.42),
                (-0.1, -0.36 + wave),
                (0.15, -0.44 - wave),
                (0.42, -0.38 + wave),
                (0.42, -0.02 + wave),
                (0.15, -0.08 - wave),
                (-0.1, 0.0 + wave),
                (-0.36, -0.04),
            ]
        ),
        colour,
        0.06,
    )
    cel.part(oval(0.03, -0.22, 0.1, 0.1), second, 0.02)


def balloon(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Toy balloons on strings."""
    for x, y, tone in (
        (-0.2, -0.1, colour),
        (0.18, -0.16, second),
        (0.0, -0.28, mix(colour, (1, 1, 1), 0.4)),
    ):
        cel.line([(x, y + 0.17), (x * 0.4, 0.25), (0.0, 0.46)], tone, 0.6)
        cel.part(oval(x, y, 0.15, 0.18), tone, 0.08)


def bag(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """School bag."""
    cel.part(
        smooth(
            [
                (-0.2, -0.2),
                (-0.14, -0.44),
                (0.14, -0.44),
                (0.2, -0.2),
                (0.14, -0.22),
                (0.1, -0.37),
                (-0.1, -0.37),
                (-0.14, -0.22),
            ]
        ),
        mix(colour, (0, 0, 0), 0.3),
        0.02,
    )
    cel.part(box(-0.42, -0.24, 0.42, 0.4, 0.06), colour, 0.08)
    cel.part(box(-0.42, -0.24, 0.42, 0.06, 0.06), mix(colour, (0, 0, 0.05), 0.15), 0.04)
    for x in (-0.22, 0.22):
        cel.part(box(x - 0.04, -0.05, x + 0.04, 0.16), second, 0.02)


def sword(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Sword or staff stuck into the ground."""
    if rng.random() < 0.6:
        cel.part(
            polygon([(-0.05, -0.2), (0.05, -0.2), (0.04, 0.4), (0, 0.48), (-0.04, 0.4)]),
            (0.8, 0.84, 0.9),
            0.03,
        )
        cel.part(box(-0.17, -0.25, 0.17, -0.19, 0.02), (0.85, 0.7, 0.3), 0.02)
        cel.part(box(-0.03, -0.44, 0.03, -0.25), colour, 0.02)
    else:
        cel.part(limb((0, 0.46), (0, -0.3), 0.02, 0.03), mix(colour, (0.3, 0.2, 0.1), 0.6), 0.02)
        cel.part(oval(0, -0.38, 0.09, 0.09), second, 0.05)


def robot(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Toy, snowman or scarecrow: something with a head that is no character."""
    if rng.random() < 0.5:
        snow = (0.93, 0.95, 0.98)
        cel.part(oval(0, 0.22, 0.26, 0.24), snow, 0.1)
        cel.part(oval(0, -0.16, 0.18, 0.17), snow, 0.08)
        cel.part(union(box(-0.2, -0.34, 0.2, -0.29), box(-0.12, -0.47, 0.12, -0.3)), (0.15, 0.15, 0.2), 0.02)
        cel.part(polygon([(0, -0.15), (0.2, -0.11), (0, -0.1)]), (0.95, 0.5, 0.15), 0.01)
    else:
        cel.part(smooth([(-0.3, 0.45), (-0.26, 0.0), (0, -0.12), (0.26, 0.0), (0.3, 0.45)]), colour, 0.1)
        for x in (-0.17, 0.17):
            cel.part(oval(x, -0.36, 0.09, 0.09), colour, 0.04)
        cel.part(oval(0, -0.2, 0.24, 0.2), colour, 0.08)
        cel.part(oval(0, -0.13, 0.1, 0.07), mix(colour, (1, 1, 1), 0.6), 0.02)
        for x in (-0.09, 0.09):
            cel.part(oval(x, -0.22, 0.02, 0.025), (0.05, 0.05, 0.05), 0.0)


OUTDOOR = {
    "tree": tree, "bush": bush, "rock": rock, "lamp_post": lamp_post, "bench": bench, "barrel": barrel,
    "umbrella": umbrella, "flag": flag, "balloons": balloon, "bag": bag, "sword": sword, "toy": robot,
}  # fmt: skip
"""Painters by name; see :data:`.props.PAINTERS`."""
