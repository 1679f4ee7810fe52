"""What is laid over a broadcast picture: subtitles, credits, clocks, channel logos.

Latin text is set in a font of the system where there is one and in OpenCV's stroke font where there is none;
East Asian text is made of invented characters, so it needs no font at all.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import skia
from numpy.random import Generator
from numpy.typing import NDArray

from .paint import Colour, fill, hsv, mix, packed, pixels, polygon, smooth, stroke

Layer = NDArray[np.uint8]

_WORDS = (
    "the you I to a it is not that we what don't this know have me your he are will for can't in on all wait "
    "please why there never again tomorrow friend power school sorry senpai impossible then alright listen "
    "fight world promise brother run because everyone thank believe remember moment that's let's going who"
)
_SYLLABLES = (
    "a i u e o ka ki ku ke ko sa shi su se so ta chi tsu te to na ni no ha hi mi mo ya yo ra ri ru re ro wa n"
)


def sentence(rng: Generator) -> str:
    """A line of dialogue-like words, English or romanised."""
    count = int(rng.integers(2, 9))
    if rng.random() < 0.75:
        words = [str(rng.choice(_WORDS.split())) for _ in range(count)]
    else:
        words = ["".join(rng.choice(_SYLLABLES.split(), int(rng.integers(1, 4)))) for _ in range(count)]
    text = " ".join(words)
    return text[0].upper() + text[1:] + str(rng.choice((".", "!", "?", "...", ",", "")))


@lru_cache(maxsize=1)
def typefaces() -> tuple[skia.Typeface, ...]:
    """Fonts of this machine that can set Latin text; empty where none are installed."""
    manager = skia.FontMgr()
    found = []
    for family in ("DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica", "DejaVu Serif"):
        for bold in (skia.FontStyle.Normal(), skia.FontStyle.Bold()):
            face = manager.matchFamilyStyle(family, bold)
            if face is not None and face.unicharToGlyph(ord("a")) != 0:
                found.append(face)
    return tuple(found)


def character(rng: Generator, x: float, y: float, size: float) -> list[skia.Path]:
    """Strokes of one invented character in the box with its upper left corner at (x, y)."""
    paths = []

    def at(u: float, v: float) -> tuple[float, float]:
        return (x + (0.08 + 0.84 * u) * size, y + (0.08 + 0.84 * v) * size)

    if rng.random() < 0.5:  # like kana: one to three curves
        for _ in range(int(rng.integers(1, 4))):
            points = [at(*rng.random(2)) for _ in range(int(rng.integers(2, 5)))]
            paths.append(smooth(points, closed=False))
        return paths
    if rng.random() < 0.4:
        left, top = rng.uniform(0, 0.4, 2)
        right, bottom = rng.uniform(0.6, 1.0, 2)
        paths.append(polygon([at(left, top), at(right, top), at(right, bottom), at(left, bottom)]))
    for level in np.sort(rng.random(int(rng.integers(1, 5)))):
        start, end = rng.uniform(0, 0.25), rng.uniform(0.75, 1.0)
        paths.append(polygon([at(start, level), at(end, level)], closed=False))
    for column in rng.random(int(rng.integers(1, 3))):
        upright = [at(column, rng.uniform(0, 0.2)), at(column, rng.uniform(0.7, 1.0))]
        paths.append(polygon(upright, closed=False))
    for _ in range(int(rng.integers(0, 3))):
        way = rng.choice((-1, 1))
        paths.append(
            smooth([at(0.5, 0.35), at(0.5 + 0.2 * way, 0.7), at(0.5 + 0.45 * way, 1.0)], closed=False)
        )
    return paths


def asian_line(
    canvas: skia.Canvas,
    rng: Generator,
    x: float,
    y: float,
    size: float,
    count: int,
    pens: list[skia.Paint],
    *,
    upright: bool = False,
) -> None:
    """Invented characters in a row, or one below the other, drawn with each pen in turn."""
    paths = []
    for k in range(count):
        shift = k * size * 1.05
        paths += character(rng, x + (0 if upright else shift), y + (shift if upright else 0), size)
    for pen in pens:
        for path in paths:
            canvas.drawPath(path, pen)


def latin_line(
    canvas: skia.Canvas,
    face: skia.Typeface,
    x: float,
    base: float,
    size: float,
    text: str,
    colour: Colour,
    outline: Colour,
    edge: float,
) -> None:
    """Outlined text, centred on x."""
    font = skia.Font(face, size)
    left = x - font.measureText(text) / 2
    if edge > 0:
        canvas.drawString(text, left, base, font, stroke(outline, edge * 2))
    canvas.drawString(text, left, base, font, fill(colour))


def stroke_line(
    shape: tuple[int, int],
    x: float,
    base: float,
    size: float,
    text: str,
    colour: Colour,
    outline: Colour,
    edge: float,
) -> Layer:
    """Outlined text in OpenCV's stroke font as RGBA of ``shape`` (height, width), centred on x."""
    ink, body = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    scale, thick = size / 30.0, max(1, round(size / 11))
    (wide, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, thick)
    origin = (int(x - wide / 2), int(base))
    cv2.putText(
        ink, text, origin, cv2.FONT_HERSHEY_DUPLEX, scale, 255, thick + 2 * max(1, round(edge)), cv2.LINE_AA
    )
    cv2.putText(body, text, origin, cv2.FONT_HERSHEY_DUPLEX, scale, 255, thick, cv2.LINE_AA)
    share = body[..., None].astype(np.float32) / 255
    rgb = (np.array(colour) * share + np.array(outline) * (1 - share)) * 255
    return np.dstack([rgb, np.maximum(ink, body)]).astype(np.uint8)


def subtitles(rng: Generator, width: int, height: int) -> Layer:
    """One or two lines of dialogue as RGBA uint8 [height,width,4], straight alpha."""
    surface = skia.Surface(width, height)
    canvas = surface.getCanvas()
    size = height * rng.uniform(0.05, 0.085)
    colour: Colour = ((1.0, 1.0, 1.0), (1.0, 0.95, 0.4), hsv(rng.random(), 0.35, 1.0))[
        int(rng.choice(3, p=(0.65, 0.2, 0.15)))
    ]
    outline: Colour = (
        (0.0, 0.0, 0.0) if rng.random() < 0.8 else mix(hsv(rng.random(), 0.8, 0.5), (0, 0, 0), 0.3)
    )
    edge = size * rng.uniform(0.04, 0.13)
    lines = int(rng.choice((1, 2, 3), p=(0.5, 0.42, 0.08)))
    top = rng.random() < 0.08
    base = height * rng.uniform(0.9, 0.965) - (lines - 1) * size * 1.25
    base = height * 0.1 if top else base
    faces = typefaces()
    asian = rng.random() < 0.45
    texts = [sentence(rng) for _ in range(lines)]
    if rng.random() < 0.12:
        wide = width * rng.uniform(0.5, 0.96)
        box = skia.Rect.MakeXYWH(
            (width - wide) / 2, base - size * 1.1, wide, size * 1.25 * lines + size * 0.2
        )
        canvas.drawRect(box, skia.Paint(Color=packed((0, 0, 0), rng.uniform(0.4, 0.9))))
    extra: list[Layer] = []
    for row, text in enumerate(texts):
        y = base + row * size * 1.25
        if asian:
            count = int(rng.integers(5, max(6, min(26, int(width * 0.9 / (size * 1.05))))))
            weight = size * rng.uniform(0.08, 0.12)
            pens = [stroke(outline, weight + 2 * edge), stroke(colour, weight)]
            asian_line(canvas, rng, width / 2 - count * size * 0.525, y - size * 0.9, size, count, pens)
            continue
        longest = int(width * 0.94 / (size * 0.56))
        if faces:
            face = faces[int(rng.integers(len(faces)))]
            latin_line(canvas, face, width / 2, y, size, text[:longest], colour, outline, edge)
        else:
            extra.append(
                stroke_line((height, width), width / 2, y, size, text[:longest], colour, outline, edge)
            )
    return merged([pixels(surface), *extra])


def credit(rng: Generator, width: int, height: int) -> Layer:
    """Names and titles of an opening, or a title in upright characters, RGBA."""
    surface = skia.Surface(width, height)
    canvas = surface.getCanvas()
    size = height * rng.uniform(0.03, 0.12)
    colour = hsv(rng.random(), rng.choice((0.0, 0.5)), rng.choice((1.0, 1.0, 0.05)))
    outline: Colour = (0.0, 0.0, 0.0) if sum(colour) > 1.5 else (1.0, 1.0, 1.0)
    pens = [stroke(outline, size * 0.22, rng.uniform(0.0, 1.0)), stroke(colour, size * 0.1)]
    upright = rng.random() < 0.5
    x, y = width * rng.uniform(0.04, 0.6), height * rng.uniform(0.05, 0.6)
    for row in range(int(rng.integers(1, 4))):
        count = int(rng.integers(2, 8))
        shift = row * size * 1.3
        asian_line(
            canvas,
            rng,
            x + (shift if upright else 0),
            y + (0 if upright else shift),
            size,
            count,
            pens,
            upright=upright,
        )
    return pixels(surface)


def logo(rng: Generator, width: int, height: int) -> Layer:
    """A half-transparent channel mark or clock in a corner, RGBA."""
    surface = skia.Surface(width, height)
    canvas = surface.getCanvas()
    size = height * rng.uniform(0.05, 0.12)
    wide = size * rng.uniform(1.0, 3.2)
    margin = height * rng.uniform(0.025, 0.07)
    x = margin if rng.random() < 0.3 else width - margin - wide
    y = margin if rng.random() < 0.8 else height - margin - size
    alpha = float(rng.uniform(0.3, 0.95))
    colour = hsv(rng.random(), rng.choice((0.0, 0.0, 0.8)), 1.0)
    kind = int(rng.integers(0, 4))
    canvas.saveLayerAlpha(None, int(255 * alpha))
    if kind == 0:
        asian_line(
            canvas,
            rng,
            x,
            y,
            size,
            max(1, int(wide / size)),
            [stroke((0, 0, 0), size * 0.2), stroke(colour, size * 0.13)],
        )
    elif kind == 1:
        canvas.drawRoundRect(skia.Rect.MakeXYWH(x, y, wide, size), size * 0.25, size * 0.25, fill(colour))
        asian_line(
            canvas,
            rng,
            x + wide * 0.1,
            y + size * 0.15,
            size * 0.7,
            max(1, int(wide * 0.8 / (size * 0.75))),
            [stroke((0.1, 0.1, 0.15), size * 0.1)],
        )
    elif kind == 2:
        canvas.drawCircle(x + size / 2, y + size / 2, size * 0.5, fill(colour))
        canvas.drawPath(
            polygon([(x + size * rng.uniform(0.2, 0.8), y + size * rng.uniform(0.2, 0.8)) for _ in range(4)]),
            fill((0.1, 0.1, 0.2)),
        )
    canvas.restore()
    image = pixels(surface)
    if kind == 3:
        text = f"{rng.integers(0, 24)}:{rng.integers(0, 60):02}"
        image = stroke_line(
            (height, width), x + wide / 2, y + size * 0.8, size, text, colour, (0, 0, 0), size * 0.06
        )
        image[..., 3] = (image[..., 3] * alpha).astype(np.uint8)
    return image


def merged(layers: list[Layer]) -> Layer:
    """Layers of straight-alpha RGBA laid over one another, the last on top."""
    result = layers[0]
    for layer in layers[1:]:
        above, below = layer[..., 3:].astype(np.float32) / 255, result[..., 3:].astype(np.float32) / 255
        alpha = above + below * (1 - above)
        rgb = (layer[..., :3] * above + result[..., :3] * below * (1 - above)) / np.maximum(alpha, 1e-4)
        result = np.dstack([rgb, alpha * 255]).astype(np.uint8)
    return result
