"""Things that are no characters: furniture, vehicles, animals, signs, plants."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from .design import draw_style
from .paint import Cel, Colour, box, hsv, mix, oval, polygon, smooth, union
from .props_outdoor import OUTDOOR
from .source import Source

Painter = Callable[[Cel, Generator, Colour, Colour, float], None]


def ball(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Ball with a band."""
    cel.canvas.rotate(phase * 50, 0, 0)
    cel.part(oval(0, 0, 0.42, 0.42), colour)
    cel.part(
        smooth([(-0.41, -0.08), (0, 0.05), (0.41, -0.08), (0.41, 0.08), (0, 0.2), (-0.41, 0.08)]),
        second,
        0.03,
    )


def crate(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Box seen from the corner."""
    cel.part(polygon([(-0.4, -0.2), (0.05, -0.08), (0.05, 0.42), (-0.4, 0.28)]), colour)
    cel.part(
        polygon([(0.05, -0.08), (0.42, -0.22), (0.42, 0.26), (0.05, 0.42)]),
        mix(colour, (0, 0, 0.1), 0.3),
        0.03,
    )
    cel.part(
        polygon([(-0.4, -0.2), (-0.02, -0.34), (0.42, -0.22), (0.05, -0.08)]),
        mix(colour, (1, 1, 1), 0.25),
        0.02,
    )
    cel.line([(-0.18, -0.14), (-0.18, 0.34)], colour)


def chair(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Wooden chair."""
    for x, top in ((-0.26, 0.08), (0.26, 0.08), (-0.2, -0.45), (0.2, -0.45)):
        cel.part(box(x - 0.03, top, x + 0.03, 0.45), colour, 0.02)
    cel.part(box(-0.22, -0.45, 0.22, -0.22, 0.05), colour, 0.03)
    cel.part(polygon([(-0.22, 0.0), (0.22, 0.0), (0.3, 0.12), (-0.3, 0.12)]), second, 0.04)


def sign(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Board on a post with marks like writing."""
    cel.part(box(-0.03, -0.1, 0.03, 0.46), mix(colour, (0.3, 0.2, 0.1), 0.7), 0.02)
    board = oval(0, -0.2, 0.26, 0.26) if rng.random() < 0.4 else box(-0.38, -0.42, 0.38, 0.02, 0.03)
    cel.part(board, colour, 0.03)
    for row in range(2):
        for column in range(4):
            x, y = -0.2 + column * 0.12, -0.3 + row * 0.14
            cel.line([(x, y), (x + rng.uniform(0, 0.08), y + rng.uniform(0, 0.08))], second, 1.2)
            cel.line([(x + 0.04, y - 0.02), (x + rng.uniform(0, 0.08), y + 0.08)], second, 1.2)


def car(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Car from the side."""
    cel.part(
        smooth(
            [
                (-0.47, 0.15),
                (-0.45, -0.02),
                (-0.28, -0.06),
                (-0.16, -0.25),
                (0.18, -0.25),
                (0.3, -0.06),
                (0.46, -0.01),
                (0.47, 0.15),
            ]
        ),
        colour,
    )
    cel.part(polygon([(-0.2, -0.06), (-0.12, -0.2), (0.0, -0.2), (0.0, -0.06)]), (0.6, 0.75, 0.85), 0.03)
    cel.part(polygon([(0.03, -0.06), (0.03, -0.2), (0.15, -0.2), (0.23, -0.06)]), (0.6, 0.75, 0.85), 0.03)
    for x in (-0.26, 0.27):
        cel.part(oval(x, 0.16, 0.1, 0.1), (0.12, 0.12, 0.13), 0.02)
        cel.part(oval(x, 0.16, 0.05, 0.05), (0.75, 0.75, 0.78), 0.02)


def bird(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Bird with beating wings."""
    beat = math.sin(phase * 2 * math.pi)
    cel.part(
        smooth([(0.1, -0.02), (-0.12, -0.35 * beat - 0.1), (-0.4, -0.42 * beat), (-0.12, 0.06)]), second, 0.04
    )
    cel.part(
        smooth([(-0.45, 0.05), (-0.2, -0.03), (0.15, -0.1), (0.3, -0.05), (0.2, 0.12), (-0.1, 0.14)]),
        colour,
        0.05,
    )
    cel.part(polygon([(0.29, -0.07), (0.42, -0.02), (0.28, 0.02)]), (0.95, 0.65, 0.2), 0.01)
    cel.part(oval(0.2, -0.05, 0.02, 0.02), (0.05, 0.05, 0.05), 0)
    cel.part(
        smooth([(0.12, 0.0), (0.0, -0.38 * beat - 0.05), (-0.25, -0.45 * beat), (-0.08, 0.08)]), second, 0.04
    )


def plant(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Potted plant."""
    for index in range(int(rng.integers(6, 13))):
        angle = -math.pi / 2 + rng.uniform(-1.2, 1.2) + 0.04 * math.sin(phase * 6 + index)
        far = rng.uniform(0.25, 0.5)
        tip = (math.cos(angle) * far, 0.1 + math.sin(angle) * far)
        side = (math.cos(angle + 0.4) * far * 0.55, 0.1 + math.sin(angle + 0.4) * far * 0.55)
        other = (math.cos(angle - 0.4) * far * 0.55, 0.1 + math.sin(angle - 0.4) * far * 0.55)
        cel.part(
            smooth([(0, 0.12), side, tip, other]),
            hsv(rng.uniform(0.22, 0.42), 0.6, rng.uniform(0.4, 0.75)),
            0.03,
        )
    cel.part(polygon([(-0.2, 0.1), (0.2, 0.1), (0.14, 0.45), (-0.14, 0.45)]), colour, 0.06)


def cat(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Sitting animal with a waving tail."""
    sway = 0.08 * math.sin(phase * 6.28)
    cel.part(
        smooth(
            [(0.15, 0.35), (0.35, 0.25), (0.38 + sway, -0.02), (0.44 + sway, 0.0), (0.42, 0.3), (0.2, 0.44)]
        ),
        colour,
        0.03,
    )
    cel.part(
        smooth([(-0.08, -0.1), (0.1, -0.1), (0.24, 0.3), (0.2, 0.45), (-0.2, 0.45), (-0.2, 0.25)]), colour
    )
    head = union(
        oval(-0.02, -0.2, 0.2, 0.17),
        polygon([(-0.2, -0.22), (-0.19, -0.46), (-0.04, -0.32)]),
        polygon([(0.16, -0.22), (0.15, -0.46), (0.0, -0.32)]),
    )
    cel.part(head, colour, 0.05)
    for x in (-0.09, 0.06):
        cel.part(oval(x, -0.2, 0.026, 0.04), second, 0.0, 0.6)


def cup(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Mug or vase."""
    cel.part(oval(0.28, 0.05, 0.14, 0.14), colour, 0.03)
    cel.part(box(-0.28, -0.25, 0.25, 0.38, 0.08), colour, 0.09)
    cel.part(oval(-0.015, -0.24, 0.265, 0.08), second, 0.03)


def tower(cel: Cel, rng: Generator, colour: Colour, second: Colour, phase: float) -> None:
    """Machine or robot-like box with lamps, a hard negative for character detectors."""
    cel.part(box(-0.3, -0.3, 0.3, 0.45, 0.04), colour)
    cel.part(box(-0.2, -0.48, 0.2, -0.28, 0.03), second, 0.05)
    for index in range(6):
        x, y = -0.18 + 0.18 * (index % 3), -0.15 + 0.2 * (index // 3)
        cel.part(oval(x, y, 0.05, 0.05), hsv(rng.random(), 0.8, 0.9), 0.02)
    cel.line([(-0.2, 0.28), (0.2, 0.28)], colour)


PAINTERS: dict[str, Painter] = {
    "ball": ball, "crate": crate, "chair": chair, "sign": sign, "car": car,
    "bird": bird, "plant": plant, "cat": cat, "cup": cup, "machine": tower, **OUTDOOR,
}  # fmt: skip


def draw_object(rng: Generator, size: int = 256, drawings: int = 2) -> Source:
    """One object as one or a few drawings of a square canvas."""
    name = str(rng.choice(list(PAINTERS)))
    colour = hsv(rng.random(), rng.uniform(0, 0.9), rng.uniform(0.2, 1.0))
    second = hsv(rng.random(), rng.uniform(0.1, 0.9), rng.uniform(0.2, 1.0))
    style, seed = draw_style(rng, 420), int(rng.integers(0, 2**31))
    images = []
    for index in range(drawings):
        cel = Cel(size, size, style)
        cel.scale = size * 0.96
        cel.canvas.translate(size / 2, size / 2)
        cel.canvas.scale(cel.scale, cel.scale)
        PAINTERS[name](cel, np.random.default_rng(seed), colour, second, index / max(drawings, 1))
        images.append(cel.rgba())
    return Source("object", f"studio:{name}-{seed}", tuple(images))
