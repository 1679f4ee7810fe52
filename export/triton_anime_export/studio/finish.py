"""How a studio character's parts are finished: gradients, tones, folds, strands, patterns, rim light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import skia
from numpy.random import Generator
from numpy.typing import NDArray

from .paint import Colour, fill, hsv, lightness, mix, stroke

PATTERNS = ("stripes", "pinstripes", "check", "dots", "diamonds", "flowers", "camouflage", "zigzag")
"""Prints of cloth; a tile of each is repeated over the garment."""


@dataclass(frozen=True)
class Finish:
    """The last layers of one character; the defaults add nothing to flat cel shading.

    Attributes:
        hair_tip: colour that hair turns into towards its ends.
        hair_gradient: how much of that colour is reached, 0..1.
        cloth_gradient: darkening (or, below 0, lightening) of each garment towards its lower end.
        tones: 2 or 3; three adds a core shadow inside the shadow.
        folds: mean number of folds on each part of a garment.
        strands: mean number of strands drawn into each mass of hair.
        airbrush: strength of a soft dark side over each part, as digital paintings have it.
        print_name: one of :data:`PATTERNS` or empty.
        print_size: side of the print's tile in head heights.
        prints: the colours of cloth that are printed.
        print_colour: ink of the print.
        weight: how much thicker outlines are on the side away from the light.
        rim: colour of a light from behind.
        rim_width: its reach in head heights; 0 for none.
        rim_strength: 0..1.
        rim_side: -1, 0 (both sides) or 1.
        grain: strength of brush texture over the whole figure.
        outer: width in pixels of one line around the whole figure, as stickers and sprites have it.
        outer_colour: colour of that line.
    """

    hair_tip: Colour = (0.0, 0.0, 0.0)
    hair_gradient: float = 0.0
    cloth_gradient: float = 0.0
    tones: int = 2
    folds: float = 0.0
    strands: float = 0.0
    airbrush: float = 0.0
    print_name: str = ""
    print_size: float = 0.2
    prints: tuple[Colour, ...] = ()
    print_colour: Colour = (1.0, 1.0, 1.0)
    weight: float = 0.0
    rim: Colour = (1.0, 1.0, 1.0)
    rim_width: float = 0.0
    rim_side: int = 1
    rim_strength: float = 0.8
    grain: float = 0.0
    outer: float = 0.0
    outer_colour: Colour = (1.0, 1.0, 1.0)


def draw_finish(rng: Generator, hair: Colour, cloths: tuple[Colour, ...], height: int) -> Finish:
    """Sample a finish: a third plain cel, a third rich cel, a third painted as in visual novels."""
    kind = rng.random()
    rich, painted = kind > 0.3, kind > 0.62
    chosen = tuple(cloth for cloth in cloths if rng.random() < 0.5)
    ink = mix(cloths[0], (1.0, 1.0, 1.0) if lightness(cloths[0]) < 0.5 else (0.1, 0.05, 0.15), 0.55)
    return Finish(
        hair_tip=hsv(rng.random(), rng.uniform(0.2, 0.8), rng.uniform(0.2, 1.0))
        if rng.random() < 0.4
        else mix(hair, (0.05, 0.0, 0.15) if rng.random() < 0.6 else (1.0, 0.95, 0.9), 0.6),
        hair_gradient=rng.uniform(0.25, 1.0) if rich and rng.random() < 0.65 else 0.0,
        cloth_gradient=rng.uniform(-0.3, 0.6) if rich and rng.random() < 0.6 else 0.0,
        tones=3 if rich and rng.random() < 0.5 else 2,
        folds=rng.uniform(2.0, 10.0) if rich else 0.0,
        strands=rng.uniform(6.0, 34.0) if rich else rng.uniform(0.0, 6.0),
        airbrush=rng.uniform(0.45, 1.0) if painted else 0.0,
        print_name=str(rng.choice(PATTERNS)) if rng.random() < 0.3 else "",
        print_size=float(np.exp(rng.uniform(math.log(0.06), math.log(0.45)))),
        prints=chosen or cloths[:1],
        print_colour=hsv(rng.random(), rng.uniform(0, 1), rng.uniform(0.1, 1)) if rng.random() < 0.4 else ink,
        weight=rng.uniform(0.3, 1.2) if rng.random() < 0.5 else 0.0,
        rim=mix(hsv(rng.random(), rng.uniform(0.2, 0.8), 1.0), (1.0, 1.0, 1.0), rng.uniform(0.1, 0.7)),
        rim_width=rng.uniform(0.012, 0.06) if rng.random() < 0.28 else 0.0,
        rim_side=int(rng.integers(-1, 2)),
        rim_strength=rng.uniform(0.3, 0.9),
        grain=rng.uniform(0.01, 0.035) if painted and rng.random() < 0.35 else 0.0,
        outer=rng.uniform(1.0, 4.5) * height / 480 if rng.random() < 0.1 else 0.0,
        outer_colour=(1.0, 1.0, 1.0) if rng.random() < 0.6 else hsv(rng.random(), 0.5, rng.uniform(0, 0.4)),
    )


def tile(name: str, ink: Colour, size: int = 64) -> skia.Image:
    """One repeat of a print, transparent where the cloth shows through."""
    surface = skia.Surface(size, size)
    canvas, paint = surface.getCanvas(), fill(ink, 0.9)
    half = size / 2
    if name == "stripes":
        canvas.drawRect(skia.Rect.MakeXYWH(0, 0, size, half), paint)
    elif name == "pinstripes":
        canvas.drawRect(skia.Rect.MakeXYWH(half, 0, size / 10, size), paint)
    elif name == "check":
        canvas.drawRect(skia.Rect.MakeXYWH(0, 0, half, size), fill(ink, 0.45))
        canvas.drawRect(skia.Rect.MakeXYWH(0, 0, size, half), fill(ink, 0.45))
        canvas.drawRect(skia.Rect.MakeXYWH(0, size * 0.72, size, size * 0.06), fill(ink, 0.8))
        canvas.drawRect(skia.Rect.MakeXYWH(size * 0.72, 0, size * 0.06, size), fill(ink, 0.8))
    elif name == "dots":
        canvas.drawCircle(half / 2, half / 2, size * 0.16, paint)
        canvas.drawCircle(half * 1.5, half * 1.5, size * 0.16, paint)
    elif name == "diamonds":
        path = skia.Path()
        path.addPoly(
            [skia.Point(half, 0), skia.Point(size, half), skia.Point(half, size), skia.Point(0, half)], True
        )
        canvas.drawPath(path, fill(ink, 0.6))
        canvas.drawLine(0, 0, size, size, stroke(ink, size * 0.03))
        canvas.drawLine(0, size, size, 0, stroke(ink, size * 0.03))
    elif name == "flowers":
        for x, y in ((0.3, 0.3), (0.78, 0.75)):
            for petal in range(5):
                angle = petal * 2 * math.pi / 5
                canvas.drawCircle(
                    size * (x + 0.1 * math.cos(angle)),
                    size * (y + 0.1 * math.sin(angle)),
                    size * 0.075,
                    paint,
                )
            canvas.drawCircle(size * x, size * y, size * 0.05, fill((1.0, 0.85, 0.3)))
    elif name == "camouflage":
        for x, y, radius in ((0.2, 0.25, 0.2), (0.36, 0.3, 0.14), (0.75, 0.7, 0.22), (0.6, 0.8, 0.15)):
            canvas.drawOval(
                skia.Rect.MakeXYWH(
                    size * (x - radius), size * (y - radius / 2), size * radius * 2, size * radius
                ),
                paint,
            )
    else:
        path = skia.Path()
        path.addPoly([skia.Point(size * x, size * y) for x, y in ((0, 0.7), (0.5, 0.2), (1, 0.7))], False)
        canvas.drawPath(path, stroke(ink, size * 0.14, 0.9))
    return surface.makeImageSnapshot()


def light_from_behind(image: NDArray[np.uint8], finish: Finish, scale: float, seed: int) -> NDArray[np.uint8]:
    """Rim light, brush grain and the line around the figure over straight-alpha RGBA [H,W,4].

    Args:
        image: the drawn figure.
        finish: what is added.
        scale: pixels to a head height.
        seed: of the grain.
    """
    if finish.rim_width <= 0 and finish.grain <= 0 and finish.outer <= 0:
        return image
    alpha = image[..., 3]
    colour = image[..., :3].astype(np.float32)
    if finish.grain > 0:
        rng = np.random.default_rng(seed)
        coarse = rng.standard_normal((max(2, alpha.shape[0] // 6), max(2, alpha.shape[1] // 3))).astype(
            np.float32
        )
        noise = cv2.resize(coarse, (alpha.shape[1], alpha.shape[0]), interpolation=cv2.INTER_CUBIC)
        colour *= 1.0 + finish.grain * noise[..., None]
    if finish.rim_width > 0:
        reach = max(1.0, finish.rim_width * scale)
        shifts = (
            [(finish.rim_side * reach, 0.35 * reach)] if finish.rim_side else [(-reach, 0.0), (reach, 0.0)]
        )
        edge = np.zeros(alpha.shape, np.float32)
        for x, y in shifts:
            moved = cv2.warpAffine(
                alpha,
                np.array([[1, 0, -x], [0, 1, y]], np.float64),
                alpha.shape[::-1],
                flags=cv2.INTER_LINEAR,
            )
            edge = np.maximum(edge, (alpha.astype(np.float32) - moved) / 255.0)
        edge = cv2.GaussianBlur(np.clip(edge, 0, 1), (0, 0), max(0.6, reach * 0.35))[..., None]
        colour += (
            (np.array(finish.rim, np.float32) * 255.0 - colour) * np.clip(edge, 0, 1) * finish.rim_strength
        )
    result = np.dstack([np.clip(colour, 0, 255).astype(np.uint8), alpha])
    if finish.outer > 0:
        radius = finish.outer
        far = cv2.distanceTransform((alpha < 128).astype(np.uint8), cv2.DIST_L2, 5)
        line = np.clip(radius + 0.5 - far, 0.0, 1.0)
        over = alpha.astype(np.float32) / 255.0
        total = over + line * (1.0 - over)
        ring = np.array(finish.outer_colour, np.float32) * 255.0
        mixed = (colour * over[..., None] + ring * (line * (1.0 - over))[..., None]) / np.maximum(
            total, 1e-4
        )[..., None]
        result = np.dstack([np.clip(mixed, 0, 255).astype(np.uint8), (total * 255.0 + 0.5).astype(np.uint8)])
    return np.ascontiguousarray(result)
