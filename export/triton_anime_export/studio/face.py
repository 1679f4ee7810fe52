"""Head, face and expression of a studio character; units are head heights around the head's centre."""

from __future__ import annotations

from .design import Design
from .paint import Cel, Colour, box, fill, lightness, mix, multiply, oval, polygon, smooth, stroke
from .pose import Pose

EXPRESSIONS = (
    "neutral", "smile", "angry", "sad", "surprised", "happy", "smirk", "laugh", "closed", "shout", "shy",
)  # fmt: skip
"""Looks on a face; ``happy``, ``laugh`` and ``closed`` have shut eyes."""
SHUT = ("happy", "laugh", "closed")


def draw_head(cel: Cel, design: Design) -> None:
    """Ears, skull and jaw."""
    half, turn = design.face_width / 2, design.facing
    for sign in (-1, 1):
        if sign * turn > 0.6:
            continue
        if design.ears == "elf":
            ear = polygon(
                [(sign * half * 0.9, -0.02), (sign * (half + 0.28), -0.1), (sign * half * 0.9, 0.16)]
            )
        else:
            ear = oval(sign * half * 0.97 - turn * 0.04, 0.08, 0.07, 0.1)
        cel.part(ear, design.skin, 0.03)
    chin = 0.09 * turn
    wide = half * (1.0 + 0.04 * (design.heads < 4))
    face = [
        (-wide, -0.1),
        (-wide * 0.95, 0.14),
        (-wide * 0.68 + chin * 0.5, 0.34),
        (chin - 0.07, 0.475),
        (chin + 0.07, 0.475),
        (wide * 0.68 + chin * 0.5, 0.34),
        (wide * 0.95, 0.14),
        (wide, -0.1),
        (wide * 0.75, -0.42),
        (0.0, -0.52),
        (-wide * 0.75, -0.42),
    ]
    cel.part(smooth(face), design.skin, 0.05)


def draw_face(cel: Cel, design: Design, pose: Pose, expression: str) -> None:
    """Eyes, brows, nose, mouth and blush."""
    turn = design.facing
    shift = 0.12 * turn
    dark: Colour = mix(design.style.ink, (0.05, 0.03, 0.06), 0.6)
    width, height = 0.105 * design.eye_size, 0.135 * design.eye_size * design.eye_height
    gap = 0.2
    blink = 1.0 if expression in SHUT else pose.blink
    for sign in (-1, 1):
        near = 1.0 - 0.28 * max(0.0, sign * turn)
        x, y = shift + sign * gap * (1.0 - 0.12 * abs(turn)), 0.1
        eye_width, eye_height = width * near, height * (1.15 if expression == "surprised" else 1.0)
        brow_y = (
            y
            - eye_height
            - 0.09
            + {"angry": 0.02, "shout": 0.02, "surprised": -0.03, "laugh": -0.02}.get(expression, 0.0)
        )
        slope = {"angry": -0.05, "shout": -0.06, "sad": 0.05, "shy": 0.035, "smirk": -0.02 * sign}.get(
            expression, 0.0
        ) * sign
        brow = multiply(design.hair, (0.6, 0.6, 0.6)) if lightness(design.hair) > 0.25 else dark
        cel.canvas.drawPath(
            smooth(
                [(x - eye_width, brow_y - slope), (x, brow_y - 0.025), (x + eye_width, brow_y + slope)],
                closed=False,
            ),
            stroke(brow, 0.022),
        )
        if blink > 0.6:
            bow = -0.05 if expression in ("happy", "laugh") else 0.03
            cel.canvas.drawPath(
                smooth(
                    [(x - eye_width, y + 0.02), (x, y + 0.02 + bow), (x + eye_width, y + 0.02)], closed=False
                ),
                stroke(dark, 0.03),
            )
            continue
        top = y - eye_height * (1.0 - 0.9 * blink)
        lid = slope * 0.6
        shape = smooth(
            [
                (x - eye_width, y - 0.02 - lid),
                (x - eye_width * 0.6, top - lid),
                (x + eye_width * 0.6, top + lid),
                (x + eye_width, y - 0.02 + lid),
                (x + eye_width * 0.6, y + eye_height * 0.85),
                (x - eye_width * 0.6, y + eye_height * 0.85),
            ]
        )
        canvas = cel.canvas
        canvas.drawPath(shape, fill((0.98, 0.98, 1.0)))
        canvas.save()
        canvas.clipPath(shape, doAntiAlias=True)
        iris_x = x + 0.02 * turn
        scale = 0.62 if expression == "surprised" else 0.82
        canvas.drawPath(
            oval(iris_x, y, eye_width * scale, eye_height * 0.98),
            fill(multiply(design.eye, (0.5, 0.45, 0.55))),
        )
        canvas.drawPath(
            oval(iris_x, y + eye_height * 0.28, eye_width * scale * 0.85, eye_height * 0.7), fill(design.eye)
        )
        canvas.drawPath(oval(iris_x, y + eye_height * 0.05, eye_width * 0.34, eye_height * 0.45), fill(dark))
        canvas.drawPath(
            oval(iris_x, y + eye_height * 0.6, eye_width * 0.45, eye_height * 0.22),
            fill(mix(design.eye, (1, 1, 1), 0.6)),
        )
        canvas.drawPath(
            box(x - eye_width, top - 0.1, x + eye_width, top + eye_height * 0.3), fill((0.1, 0.05, 0.2), 0.3)
        )
        canvas.drawPath(
            oval(iris_x - eye_width * 0.32, y - eye_height * 0.42, eye_width * 0.26, eye_height * 0.24),
            fill((1, 1, 1)),
        )
        canvas.drawPath(
            oval(iris_x + eye_width * 0.34, y + eye_height * 0.4, eye_width * 0.14, eye_height * 0.13),
            fill((1, 1, 1)),
        )
        canvas.restore()
        lash = [
            (x - eye_width * 1.1, y - 0.03 - lid),
            (x - eye_width * 0.6, top - lid),
            (x + eye_width * 0.6, top + lid),
            (x + eye_width * 1.1, y - 0.03 + lid),
        ]
        canvas.drawPath(smooth(lash, closed=False), stroke(dark, 0.036))
        canvas.drawPath(
            smooth(
                [(x - eye_width * 0.5, y + eye_height * 0.87), (x + eye_width * 0.5, y + eye_height * 0.87)],
                closed=False,
            ),
            stroke(dark, 0.012),
        )
    nose = shift * 1.35
    canvas = cel.canvas
    tone = multiply(design.skin, (0.72, 0.55, 0.55))
    canvas.drawPath(
        smooth([(nose, 0.215), (nose + 0.02 * (1 if turn >= 0 else -1), 0.245), (nose, 0.255)], closed=False),
        stroke(tone, 0.014),
    )
    draw_mouth(cel, design, shift * 1.1, pose.mouth, expression, pose.vowel)
    if design.eye_size > 1.0 or expression == "shy":
        for sign in (-1, 1):
            glow = 0.55 if expression == "shy" else 0.28
            canvas.drawPath(oval(shift + sign * 0.26, 0.245, 0.07, 0.032), fill((1.0, 0.45, 0.45), glow))
    if design.glasses:
        for sign in (-1, 1):
            canvas.drawPath(
                oval(shift + sign * gap, 0.1, 0.15, 0.14),
                stroke(design.accent if lightness(design.accent) < 0.6 else dark, 0.022),
            )
        canvas.drawPath(
            smooth([(shift - 0.05, 0.08), (shift, 0.06), (shift + 0.05, 0.08)], closed=False),
            stroke(dark, 0.02),
        )


_VOWEL_SHAPE = {
    "": (1.0, 1.0),
    "a": (1.0, 1.25),
    "i": (1.5, 0.5),
    "u": (0.5, 0.6),
    "e": (1.3, 0.8),
    "o": (0.65, 1.1),
}
"""Width and height of a talking mouth, relative to the shape of its expression."""


def draw_mouth(cel: Cel, design: Design, x: float, opened: float, expression: str, vowel: str = "") -> None:
    """Mouth from a line to wide open; a vowel shapes it further."""
    ink = multiply(design.skin, (0.45, 0.25, 0.28))
    y, canvas = 0.335, cel.canvas
    if expression in ("laugh", "shout"):
        opened = max(opened, 0.8)
    if opened > 0.25 or expression == "surprised":
        broad, high = _VOWEL_SHAPE[vowel]
        size = 0.04 + 0.07 * max(opened, 0.4)
        wide = (1.3 if expression in ("happy", "smile", "angry", "laugh", "shout") else 0.8) * broad
        low = 0.7 * broad
        shape = smooth(
            [
                (x - size * wide, y - size * 0.4 * high),
                (x, y - size * 0.5 * high),
                (x + size * wide, y - size * 0.4 * high),
                (x + size * low, y + size * 0.6 * high),
                (x, y + size * 0.9 * high),
                (x - size * low, y + size * 0.6 * high),
            ]
        )
        canvas.drawPath(shape, fill((0.55, 0.15, 0.18)))
        canvas.save()
        canvas.clipPath(shape, doAntiAlias=True)
        canvas.drawPath(oval(x, y + size * 0.8, size, size * 0.5), fill((0.9, 0.45, 0.45)))
        if opened > 0.6:
            canvas.drawPath(box(x - size * 2, y - size, x + size * 2, y - size * 0.18), fill((1, 1, 1)))
        canvas.restore()
        canvas.drawPath(shape, stroke(ink, 0.014))
        return
    bend = {"smile": 0.03, "happy": 0.04, "sad": -0.025, "angry": -0.02, "closed": 0.015, "shy": 0.012}.get(
        expression, 0.008
    )
    tilt = 0.02 if expression == "smirk" else 0.0
    canvas.drawPath(
        smooth(
            [(x - 0.07, y - bend * 0.5 + tilt), (x, y + bend * 0.7), (x + 0.07, y - bend * 0.5 - tilt)],
            closed=False,
        ),
        stroke(ink, 0.018),
    )
