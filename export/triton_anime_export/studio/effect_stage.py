"""What the effect drawers share: the drawing to be made, glows and stars."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import skia
from numpy.random import Generator

from .paint import Colour, mix, packed, polygon


@dataclass(frozen=True)
class Stage:
    """One drawing to be made: canvas, side length, time 0..1 and the effect's fixed design."""

    canvas: skia.Canvas
    size: float
    time: float
    seed: int
    colour: Colour
    hot: Colour
    cel: bool

    def rng(self, offset: int = 0) -> Generator:
        """The same random numbers in every drawing of the effect."""
        return np.random.default_rng((self.seed, offset))


def glow(stage: Stage, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0) -> None:
    """Radial light that fades to nothing at the radius."""
    shader = skia.GradientShader.MakeRadial(
        center=skia.Point(x, y),
        radius=max(radius, 0.5),
        colors=[
            packed(mix(colour, (1, 1, 1), 0.7), strength),
            packed(colour, 0.55 * strength),
            packed(colour, 0.15 * strength),
            packed(colour, 0),
        ],
        positions=[0.0, 0.3, 0.65, 1.0],
    )
    stage.canvas.drawCircle(x, y, radius, skia.Paint(Shader=shader, AntiAlias=True))


def star(x: float, y: float, radius: float, sharp: float, turn: float, arms: int = 4) -> skia.Path:
    """Star with thin arms."""
    points = []
    for index in range(arms * 2):
        angle = turn + math.pi * index / arms
        out = radius if index % 2 == 0 else radius * sharp
        points.append((x + out * math.cos(angle), y + out * math.sin(angle)))
    return polygon(points)
