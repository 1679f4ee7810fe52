"""Head of a studio character from the side; drawn looking right and mirrored for the other way."""

from __future__ import annotations

import numpy as np
import skia

from .design import Design
from .face import SHUT, draw_mouth
from .paint import Cel, Colour, Point, fill, lightness, mix, multiply, oval, polygon, smooth, stroke
from .pose import Pose


def draw_profile(cel: Cel, design: Design, pose: Pose, expression: str) -> None:
    """Skull, face and front hair from the side."""
    cel.canvas.save()
    cel.canvas.scale(1.0 if design.facing >= 0 else -1.0, 1.0)
    skull = [
        (0.34, -0.3), (0.385, -0.06), (0.365, 0.08), (0.46, 0.21), (0.4, 0.26), (0.415, 0.31), (0.385, 0.35),
        (0.38, 0.42), (0.3, 0.475), (0.16, 0.44), (-0.08, 0.34),
        (-0.3, 0.26), (-0.46, -0.06), (-0.38, -0.42), (0.0, -0.54), (0.24, -0.47),
    ]  # fmt: skip
    cel.part(smooth(skull), design.skin, 0.05)
    dark: Colour = mix(design.style.ink, (0.05, 0.03, 0.06), 0.6)
    width, height = 0.07 * design.eye_size, 0.13 * design.eye_size * design.eye_height
    x, y = 0.255, 0.1
    canvas = cel.canvas
    brow = multiply(design.hair, (0.6, 0.6, 0.6)) if lightness(design.hair) > 0.25 else dark
    slope = {"angry": 0.05, "shout": 0.06, "sad": -0.05, "shy": -0.03}.get(expression, 0.0)
    canvas.drawPath(
        smooth(
            [(x - width, y - height - 0.09), (x, y - height - 0.11), (x + width, y - height - 0.09 + slope)],
            closed=False,
        ),
        stroke(brow, 0.022),
    )
    if pose.blink > 0.6 or expression in SHUT:
        canvas.drawPath(
            smooth([(x - width, y + 0.02), (x, y + 0.05), (x + width, y + 0.0)], closed=False),
            stroke(dark, 0.03),
        )
    else:
        shape = smooth(
            [
                (x - width, y - 0.01),
                (x + width * 0.7, y - height),
                (x + width, y - height * 0.2),
                (x + width * 0.6, y + height * 0.85),
                (x - width * 0.4, y + height * 0.5),
            ]
        )
        canvas.drawPath(shape, fill((0.98, 0.98, 1.0)))
        canvas.save()
        canvas.clipPath(shape, doAntiAlias=True)
        canvas.drawPath(
            oval(x + width * 0.55, y, width * 0.72, height * 0.95),
            fill(multiply(design.eye, (0.5, 0.45, 0.55))),
        )
        canvas.drawPath(
            oval(x + width * 0.55, y + height * 0.3, width * 0.6, height * 0.65), fill(design.eye)
        )
        canvas.drawPath(oval(x + width * 0.6, y, width * 0.28, height * 0.4), fill(dark))
        canvas.drawPath(oval(x + width * 0.35, y - height * 0.4, width * 0.25, height * 0.2), fill((1, 1, 1)))
        canvas.restore()
        lash = smooth(
            [(x - width * 1.2, y), (x, y - height * 0.75), (x + width * 0.95, y - height * 0.95)],
            closed=False,
        )
        canvas.drawPath(lash, stroke(dark, 0.036))
    canvas.save()
    canvas.clipPath(smooth(skull), doAntiAlias=True)
    draw_mouth(cel, design, 0.36, pose.mouth, expression, pose.vowel)
    canvas.restore()
    cel.part(oval(-0.06, 0.1, 0.065, 0.1), design.skin, 0.03)
    if design.hair_style != "bald":
        with cel.loosely():
            front_hair(cel, design, pose.sway)
    canvas.restore()


def front_hair(cel: Cel, design: Design, sway: float) -> None:
    """Crown, fringe and the lock before the ear, from the side."""
    rng = np.random.default_rng(design.hair_seed + 2)
    volume = design.volume
    path = skia.Path()
    path.moveTo(0.43 + volume * 0.3, -0.05 + design.bang_depth * 0.5)
    path.cubicTo(0.5 + volume, -0.4, 0.32, -0.68 - volume, 0.0, -0.68 - volume)
    path.cubicTo(-0.42, -0.7 - volume, -0.62 - volume, -0.36, -0.57 - volume, -0.02)
    path.quadTo(-0.56 - volume, 0.25, -0.5 + sway * 0.3, rng.uniform(0.35, 0.55))
    tips: list[Point] = [(-0.34, 0.42), (-0.26, 0.26), (-0.2, 0.4), (-0.14, 0.12)]
    for px, py in tips:
        path.lineTo(px + sway * 0.1, py)
    end = rng.uniform(0.25, 0.6)
    path.quadTo(-0.02, end * 0.5, 0.03 + sway * 0.3, end)
    path.quadTo(0.12, end * 0.4, 0.08, -0.12)
    count = max(2, design.bang_count // 2)
    for index in range(count):
        share = (index + 0.6) / count
        tip = (0.1 + 0.3 * share, -0.1 + design.bang_depth * rng.uniform(0.4, 1.0))
        path.quadTo(tip[0] - 0.05, tip[1] - 0.1, *tip)
        path.quadTo(tip[0] + 0.01, tip[1] - 0.08, tip[0] + 0.05, -0.24)
    path.close()
    cel.part(path, design.hair, 0.08)
    cel.canvas.save()
    cel.canvas.clipPath(path, doAntiAlias=True)
    gloss = mix(design.hair, (1, 1, 1), 0.45 if lightness(design.hair) < 0.6 else 0.7)
    band = [
        (-0.5, -0.22),
        (-0.25, -0.44),
        (0.1, -0.5),
        (0.36, -0.36),
        (0.3, -0.3),
        (0.2, -0.38),
        (0.1, -0.36),
        (0.0, -0.42),
        (-0.12, -0.34),
        (-0.25, -0.36),
        (-0.35, -0.2),
    ]
    if rng.random() < 0.6:
        cel.canvas.drawPath(polygon(band), fill(gloss))
    cel.canvas.restore()
    for _ in range(4):
        x = rng.uniform(-0.4, 0.3)
        cel.line([(x * 0.4, -0.62), (x, -0.4), (x * 1.15, -0.1)], design.hair, 0.5)
