"""Hair of a studio character: back mass, tails, fringe strands, loose strands and the gloss band."""

from __future__ import annotations

import math

import numpy as np
import skia
from numpy.random import Generator

from .design import ELABORATE_HAIR, Design
from .hairdos import draw_elaborate, draw_flyaways, lock
from .paint import Cel, Point, fill, lightness, mix, polygon, smooth


def hanging(rng: Generator, half: float, length: float, wave: float, sway: float, tips: int) -> skia.Path:
    """A mass of hair that falls from the crown to pointed ends."""
    path = skia.Path()
    path.moveTo(-half, 0.1)
    path.cubicTo(-half - 0.06, -0.75, half + 0.06, -0.75, half, 0.1)
    end = 0.1 + length
    spread = half * (1.0 + 0.22 * min(length, 3)) * rng.uniform(0.75, 1.2)
    path.cubicTo(
        half + 0.1 + wave,
        end * 0.35,
        spread + sway * length * 0.6 - wave,
        end * 0.7,
        spread + sway * length,
        end,
    )
    for index in range(1, tips + 1):
        share = index / tips
        x = spread * (1 - 2 * share) + sway * length
        valley = spread * (1 - 2 * (share - 0.5 / tips)) + sway * length
        path.quadTo(valley + 0.03, end - 0.05, valley, end - 0.16 * min(length, 1.2) * rng.uniform(0.5, 1.3))
        path.quadTo(x + 0.05, end - 0.08, x, end - (0.0 if index < tips else 0.05) + rng.uniform(-0.05, 0.1))
    path.cubicTo(-spread + sway * length * 0.6 + wave, end * 0.7, -half - 0.1 - wave, end * 0.35, -half, 0.1)
    path.close()
    return path


def tail(rng: Generator, root: Point, length: float, lean: float, sway: float, width: float) -> skia.Path:
    """A gathered tail with two or three pointed ends."""
    end = (root[0] + lean * length + sway * length, root[1] + length * 0.95)
    middle = (root[0] + lean * 1.4 * min(length, 0.7), root[1] + length * 0.4)
    left = [(root[0] - 0.05, root[1]), (middle[0] - width, middle[1]), (end[0] - width * 0.55, end[1] - 0.2)]
    ends = [
        end,
        (end[0] + width * 0.12, end[1] - 0.18),
        (end[0] + width * 0.6, end[1] - 0.06 - rng.uniform(0, 0.1)),
    ]
    right = [(middle[0] + width, middle[1]), (root[0] + 0.08, root[1])]
    path = smooth(left, closed=False)
    path.quadTo(end[0] - width * 0.3, end[1] - 0.08, *ends[0])
    path.lineTo(*ends[1])
    path.lineTo(*ends[2])
    path.quadTo(end[0] + width * 1.1, end[1] - 0.4 * length, *right[0])
    path.quadTo(root[0] + width * 0.8, root[1] + 0.05, *right[1])
    path.close()
    return path


def draw_back(cel: Cel, design: Design, sway: float) -> None:
    """Everything behind the head."""
    if design.hair_style == "bald":
        return
    rng = np.random.default_rng(design.hair_seed)
    half = design.face_width / 2 + 0.07 + design.volume
    colour = mix(design.hair, (0.1, 0.05, 0.2), 0.16)
    style, length = design.hair_style, design.hair_length
    way = 1.0 if design.facing >= 0 else -1.0
    if design.view == "profile":
        cel.canvas.translate(-0.13 * way, 0)
    if style in ELABORATE_HAIR:
        draw_elaborate(cel, design, sway)
    elif style == "spikes":
        count = int(rng.integers(6, 11))
        points: list[Point] = []
        for index in range(count * 2 + 1):
            angle = math.pi * (0.95 + 1.1 * index / (count * 2))
            out = rng.uniform(0.72, 1.0) if index % 2 else rng.uniform(0.5, 0.62)
            points.append((math.cos(angle) * out * 0.95 + sway * out * 0.4, math.sin(angle) * out - 0.02))
        points += [(half * 0.8, 0.42), (0.0, 0.5), (-half * 0.8, 0.42)]
        cel.part(polygon(points), design.hair, 0.12)
    elif style in ("short", "bun"):
        cel.part(hanging(rng, half, 0.22, 0.0, sway, 7), colour, 0.08)
    elif style == "bob":
        cel.part(
            hanging(rng, half + 0.06, rng.uniform(0.35, 0.6), 0.03, sway, int(rng.integers(5, 9))),
            colour,
            0.1,
        )
    elif style in ("long", "wavy"):
        wave = 0.12 if style == "wavy" else 0.0
        for _ in range(int(rng.integers(0, 7))):
            sign = 1.0 if rng.random() < 0.5 else -1.0
            start = (
                sign * half * rng.uniform(0.9, 1.15) + sway * length * 0.4,
                0.1 + length * rng.uniform(0.25, 0.7),
            )
            far = rng.uniform(0.25, 0.6)
            tip = (start[0] + sign * far * 0.6 + sway * length * 0.7, start[1] + far)
            cel.part(lock(start, tip, 0.09, sign * rng.uniform(-0.06, 0.08)), colour, 0.02, 0.8)
        cel.part(hanging(rng, half + 0.06, length, wave, sway, int(rng.integers(5, 10))), colour, 0.12)
        for _ in range(4):
            x = rng.uniform(-half, half)
            cel.line(
                [(x, 0.3), (x * 1.15 + sway * length * 0.4, length * 0.6), (x * 1.3 + sway * length, length)],
                colour,
                0.6,
            )
    else:
        cel.part(hanging(rng, half, 0.25, 0.0, sway, 6), colour, 0.08)
    if style == "twin_tails":
        for sign in (-1.0, 1.0):
            root = (sign * (half - 0.02), -0.3)
            cel.part(
                tail(rng, root, length, sign * rng.uniform(0.15, 0.45), sway, rng.uniform(0.14, 0.24)),
                design.hair,
                0.1,
            )
    elif style == "ponytail":
        side = -1.0 if design.facing > 0 else 1.0
        cel.part(
            tail(
                rng, (side * 0.2, -0.45), length, side * rng.uniform(0.25, 0.7), sway, rng.uniform(0.16, 0.28)
            ),
            design.hair,
            0.1,
        )
    elif style == "bun":
        for sign in (-1, 1) if design.hair_seed % 2 else (1,):
            x = sign * (0.34 if design.hair_seed % 2 else 0.05)
            cel.part(smooth([(x - 0.2, -0.6), (x, -0.82), (x + 0.2, -0.6), (x, -0.42)]), design.hair, 0.08)


def draw_front(cel: Cel, design: Design, sway: float) -> None:
    """Crown, fringe, side locks, loose strands and the gloss band over the face."""
    if design.hair_style == "bald":
        return
    rng = np.random.default_rng(design.hair_seed + 1)
    half, turn, top = (
        design.face_width / 2 + 0.06 + design.volume * 0.7,
        design.facing,
        -0.665 - design.volume,
    )
    count = design.bang_count
    side_length = {"short": 0.12, "spikes": 0.15}.get(design.hair_style, rng.uniform(0.2, 0.55))
    part_x = rng.uniform(-0.3, 0.3) + turn * 0.15
    path = skia.Path()
    path.moveTo(-half - 0.01, 0.02)
    path.cubicTo(-half - 0.06, -0.42, -0.36, top, 0.0, top)
    path.cubicTo(0.36, top, half + 0.06, -0.42, half + 0.01, 0.02)
    path.quadTo(half + 0.03, side_length * 0.7, half - 0.05 + sway * 0.3, side_length + 0.08)
    path.quadTo(half - 0.13, side_length * 0.4, half - 0.12, -0.12)
    for index in range(count):
        right = half - 0.12 - (2 * half - 0.24) * index / count
        left = half - 0.12 - (2 * half - 0.24) * (index + 1) / count
        middle = (left + right) / 2
        lean = (middle - part_x) * 0.3 + rng.uniform(-0.06, 0.06)
        tip = (
            middle + lean + sway * 0.2,
            -0.12 + design.bang_depth * rng.uniform(0.5, 1.1) + 0.12 * abs(middle - part_x),
        )
        path.quadTo(right - 0.01 + lean * 0.4, tip[1] - 0.1, *tip)
        path.quadTo(left + lean * 0.5, tip[1] - 0.06, left, -0.2 - rng.uniform(0, 0.07))
    path.lineTo(-half + 0.12, -0.12)
    path.quadTo(-half + 0.13, side_length * 0.4, -half + 0.05 + sway * 0.3, side_length + 0.08)
    path.quadTo(-half - 0.03, side_length * 0.7, -half - 0.01, 0.02)
    path.close()
    canvas = cel.canvas
    canvas.save()
    canvas.translate(0, 0.035)
    canvas.clipPath(
        smooth(
            [
                (-half + 0.06, -0.5),
                (half - 0.06, -0.5),
                (half - 0.06, 0.2),
                (0.1 * turn, 0.45),
                (-half + 0.06, 0.2),
            ]
        ),
        doAntiAlias=True,
    )
    canvas.drawPath(path, fill((0.35, 0.15, 0.2), 0.28))
    canvas.restore()
    cel.part(path, design.hair, 0.07)
    canvas.save()
    canvas.clipPath(path, doAntiAlias=True)
    gloss = mix(design.hair, (1, 1, 1), 0.45 if lightness(design.hair) < 0.6 else 0.7)
    y, teeth = -0.42 + rng.uniform(-0.05, 0.08), int(rng.integers(7, 13))
    upper = [
        (-half + 2 * half * k / teeth, y + 0.35 * (k / teeth - 0.5) ** 2 * 1.4) for k in range(teeth + 1)
    ]
    lower = [(x, top + (0.1 if k % 2 else 0.03)) for k, (x, top) in enumerate(upper)]
    if rng.random() < 0.7:
        canvas.drawPath(polygon(upper + lower[::-1]), fill(gloss))
    canvas.restore()
    for _ in range(int(rng.integers(2, 6))):
        x = rng.uniform(-half * 0.7, half * 0.7)
        cel.line([(x * 0.5, -0.6), (x * 0.85, -0.4), (x, -0.22)], design.hair, 0.5)
    for _ in range(design.ahoge):
        x = rng.uniform(-0.2, 0.2)
        tip = (x + rng.uniform(-0.35, 0.35) + sway, -0.64 - rng.uniform(0.15, 0.4))
        cel.part(lock((x, -0.6), tip, 0.08, rng.uniform(-0.15, 0.15)), design.hair, 0.02, 0.8)
    if design.hair_style in ("long", "wavy", "twin_tails", "ponytail") and rng.random() < 0.7:
        for sign in (-1.0, 1.0):
            if sign * turn > 0.7:
                continue
            end = rng.uniform(0.4, min(1.3, 0.4 + design.hair_length * 0.4))
            cel.part(
                lock(
                    (sign * (half - 0.06), -0.12),
                    (sign * (half - 0.02) + sway * end, end),
                    0.15,
                    sign * -0.06,
                ),
                design.hair,
                0.05,
            )
    if rng.random() < 0.4:
        for _ in range(3):
            sign = 1.0 if rng.random() < 0.5 else -1.0
            start = (sign * half * rng.uniform(0.7, 1.0), rng.uniform(-0.4, 0.2))
            cel.part(
                lock(
                    start,
                    (start[0] + sign * rng.uniform(0.1, 0.3) + sway, start[1] + rng.uniform(0.0, 0.3)),
                    0.05,
                    0.03,
                ),
                design.hair,
                0.01,
                0.7,
            )
    draw_flyaways(cel, design, sway)
