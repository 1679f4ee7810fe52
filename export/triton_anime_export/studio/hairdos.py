"""Elaborate hair: layered spikes, braids, drills, curls, and the thin strands that stand out of any hair."""

from __future__ import annotations

import math

import numpy as np
import skia
from numpy.random import Generator

from .design import Design
from .paint import Cel, Colour, Point, mix, oval, polygon, smooth, union


def shade(design: Design) -> Colour:
    """Tone of the hair behind the head."""
    return mix(design.hair, (0.1, 0.05, 0.2), 0.16)


def lock(root: Point, tip: Point, width: float, bend: float) -> skia.Path:
    """One pointed strand: wide at the root, curved by bend, sharp at the tip."""
    dx, dy = tip[0] - root[0], tip[1] - root[1]
    length = math.hypot(dx, dy) or 1.0
    normal = (-dy / length, dx / length)
    middle = (root[0] + dx * 0.5 + normal[0] * bend, root[1] + dy * 0.5 + normal[1] * bend)
    path = skia.Path()
    path.moveTo(root[0] + normal[0] * width / 2, root[1] + normal[1] * width / 2)
    path.quadTo(middle[0] + normal[0] * width * 0.5, middle[1] + normal[1] * width * 0.5, *tip)
    path.quadTo(
        middle[0] - normal[0] * width * 0.5,
        middle[1] - normal[1] * width * 0.5,
        root[0] - normal[0] * width / 2,
        root[1] - normal[1] * width / 2,
    )
    path.close()
    return path


def draw_elaborate(cel: Cel, design: Design, sway: float) -> None:
    """Back hair of one of ``design.ELABORATE_HAIR``."""
    rng = np.random.default_rng(design.hair_seed)
    half = design.face_width / 2 + 0.07 + design.volume
    {
        "wolf": _wolf,
        "braids": _braids,
        "drills": _drills,
        "curls": _curls,
        "mane": _mane,
        "straight": _straight,
    }[design.hair_style](cel, design, rng, half, sway)


def _cap(cel: Cel, design: Design, half: float, low: float) -> None:
    cel.part(
        smooth(
            [
                (-half, low),
                (-half - 0.05, -0.2),
                (-half * 0.7, -0.6),
                (0, -0.7),
                (half * 0.7, -0.6),
                (half + 0.05, -0.2),
                (half, low),
                (0, low + 0.1),
            ]
        ),
        shade(design),
        0.08,
    )


def _wolf(cel: Cel, design: Design, rng: Generator, half: float, sway: float) -> None:
    length = 0.35 + min(1.4, design.hair_length * 0.4)
    for layer in range(3):
        low = length * (1.0 - 0.3 * layer)
        count = int(rng.integers(5, 9))
        locks = [oval(0, -0.15, half, 0.5)]
        for index in range(count):
            share = -1.0 + 2.0 * (index + 0.5) / count
            root = (share * half * 0.85, -0.1)
            tip = (
                share * (half + 0.12 + 0.2 * rng.random()) + sway * low,
                low * rng.uniform(0.6, 1.0) - 0.25 * abs(share) * low,
            )
            locks.append(lock(root, tip, 2.6 * half / count, rng.uniform(-0.05, 0.05)))
        cel.part(union(*locks), shade(design) if layer == 0 else design.hair, 0.07)


def _mane(cel: Cel, design: Design, rng: Generator, half: float, sway: float) -> None:
    count = int(rng.integers(9, 16))
    up = rng.uniform(0.0, 1.0)
    for index in rng.permutation(count):
        angle = math.pi * (0.86 + 1.28 * index / (count - 1))
        far = rng.uniform(0.75, 1.35) * (1.0 + 0.25 * up)
        tip = (math.cos(angle) * far + sway * far * 0.6, math.sin(angle) * far * (0.75 + 0.5 * up) - 0.05)
        root = (math.cos(angle) * 0.25, math.sin(angle) * 0.25 - 0.05)
        tone = design.hair if index % 2 else shade(design)
        cel.part(lock(root, tip, rng.uniform(0.28, 0.45), rng.uniform(-0.2, 0.2)), tone, 0.06)
    _cap(cel, design, half, 0.25)


def _braids(cel: Cel, design: Design, rng: Generator, half: float, sway: float) -> None:
    _cap(cel, design, half, 0.35)
    beads = int(3 + design.hair_length * 3)
    step = 0.16
    for side in (-1.0, 1.0) if design.hair_seed % 3 else (1.0,):
        lean = side * rng.uniform(0.0, 0.12)
        for index in range(beads):
            x = side * (half + 0.02) + lean * index + sway * step * index * 0.7
            y = 0.2 + step * index * 0.9
            wide = 0.13 * (1.0 - 0.35 * index / beads)
            cel.part(oval(x + 0.035 * (1 if index % 2 else -1), y, wide, 0.13), design.hair, 0.05)
        x, y = side * (half + 0.02) + (lean + sway * step * 0.7) * beads, 0.2 + step * beads * 0.9
        cel.part(lock((x, y - 0.1), (x + sway * 0.2, y + 0.25), 0.16, 0.03), design.hair, 0.03)
        cel.part(oval(x, y - 0.08, 0.08, 0.05), design.accent, 0.02)


def _drills(cel: Cel, design: Design, rng: Generator, half: float, sway: float) -> None:
    _cap(cel, design, half, 0.3)
    turns = int(3 + design.hair_length * 1.6)
    for side in (-1.0, 1.0):
        for index in reversed(range(turns)):
            share = index / turns
            x = side * (half + 0.16 + 0.05 * math.sin(index)) + sway * share * 1.2
            y = -0.05 + 0.2 * index
            wide = 0.24 * (1.0 - 0.75 * share)
            tone = design.hair if index % 2 else shade(design)
            cel.part(
                smooth(
                    [
                        (x - wide, y - 0.1),
                        (x + wide, y - 0.14),
                        (x + wide * 0.9, y + 0.1),
                        (x - wide * 0.9, y + 0.16),
                    ]
                ),
                tone,
                0.06,
            )


def _curls(cel: Cel, design: Design, rng: Generator, half: float, sway: float) -> None:
    low = 0.1 + min(1.2, design.hair_length * 0.45)
    blobs = [oval(0, -0.12, half + 0.08, 0.56)]
    for _ in range(int(rng.integers(14, 30))):
        y = rng.uniform(-0.5, low)
        edge = math.sqrt(max(0.0, 1.0 - ((y + 0.1) / (low + 0.75)) ** 2)) * (half + 0.2)
        blobs.append(
            oval(
                rng.uniform(-1, 1) * edge + sway * max(0.0, y),
                y,
                rng.uniform(0.1, 0.2),
                rng.uniform(0.1, 0.2),
            )
        )
    cel.part(union(*blobs), shade(design), 0.09)
    for _ in range(10):
        x, y = rng.uniform(-half, half), rng.uniform(-0.3, low)
        cel.line([(x, y), (x + 0.1, y + 0.05), (x + 0.04, y + 0.14), (x - 0.05, y + 0.08)], design.hair, 0.6)


def _straight(cel: Cel, design: Design, rng: Generator, half: float, sway: float) -> None:
    length = max(0.9, design.hair_length)
    count = int(rng.integers(7, 15))
    locks = [oval(0, -0.12, half + 0.06, 0.56)]
    for index in range(count):
        share = -1.0 + 2.0 * (index + 0.5) / count
        spread = 1.0 + 0.25 * length * rng.uniform(0.4, 1.2)
        tip = (share * half * spread + sway * length, length * rng.uniform(0.85, 1.08))
        locks.append(
            skia.Path(
                polygon(
                    [
                        (share * half - 1.3 * half / count, -0.1),
                        (share * half + 1.3 * half / count, -0.1),
                        (tip[0] + 0.9 * half / count, tip[1] * 0.8),
                        tip,
                        (tip[0] - 0.9 * half / count, tip[1] * 0.8),
                    ]
                )
            )
        )
    cel.part(union(*locks), shade(design), 0.1)


def draw_flyaways(cel: Cel, design: Design, sway: float) -> None:
    """Thin strands that leave the outline of the hair: over the crown, at the sides and across the face."""
    rng = np.random.default_rng(design.hair_seed + 5)
    half = design.face_width / 2 + 0.06 + design.volume
    for _ in range(design.flyaways):
        angle = rng.uniform(math.pi * 0.85, math.pi * 2.15)
        root = (math.cos(angle) * half * 0.9, math.sin(angle) * 0.58 - 0.02)
        far = rng.uniform(0.1, 0.42)
        way = angle + rng.uniform(-1.1, 1.1)
        tip = (
            root[0] + math.cos(way) * far + sway * far,
            root[1] + math.sin(way) * far + rng.uniform(0.0, 0.25),
        )
        cel.part(lock(root, tip, rng.uniform(0.012, 0.06), rng.uniform(-0.1, 0.1)), design.hair, 0.01, 0.6)
    for _ in range(design.flyaways // 4):
        x = rng.uniform(-half * 0.6, half * 0.6)
        tip = (x + rng.uniform(-0.15, 0.15) + sway * 0.2, rng.uniform(0.0, 0.3))
        cel.part(
            lock((x, -0.45), tip, rng.uniform(0.012, 0.03), rng.uniform(-0.06, 0.06)), design.hair, 0.01, 0.5
        )
