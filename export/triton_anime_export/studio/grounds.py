"""Grounds without a place: focus lines, screentones, patterns, gradients, bokeh, washes."""

from __future__ import annotations

import cv2
import numpy as np
import skia

from . import materials
from .effect_stage import star
from .fixtures import sheen
from .paint import Colour, blurred, fill, hsv, mix, polygon, stroke
from .place import Place
from .texture import noise


def abstract(place: Place) -> None:
    """One of many grounds that stand for a feeling or for speed."""
    rng, w, h = place.rng, place.width, place.height
    hue, pale = rng.random(), rng.uniform(0, 0.8)
    first, second = (
        hsv(hue, pale, rng.uniform(0.1, 1)),
        hsv(hue + rng.uniform(-0.25, 0.25), rng.uniform(0, 0.8), rng.uniform(0.2, 1)),
    )
    if rng.random() < 0.18:
        first = second = hsv(hue, rng.uniform(0, 0.9), rng.random())
    sheen(place.canvas, (0, 0, w, h), first, second, across=bool(rng.random() < 0.35))
    tone = (
        hsv(hue + rng.uniform(0, 0.5), rng.uniform(0, 0.8), rng.uniform(0.1, 1))
        if rng.random() < 0.6
        else ((1.0, 1.0, 1.0) if rng.random() < 0.6 else (0.03, 0.03, 0.05))
    )
    kind = int(rng.integers(0, 11))
    if kind <= 2:
        focus_lines(place, tone)
    elif kind == 3:
        streaks(place, tone)
    elif kind == 4:
        screentone(place, tone)
    elif kind == 5:
        pattern(place, tone)
    elif kind == 6:
        bokeh(place, tone)
    elif kind == 7:
        place.sky[:] = materials.coloured(
            noise(rng, w, h, int(rng.integers(2, 9)), 6), [first, tone, second], bool(rng.random() < 0.4)
        )
        place.canvas.clear(skia.ColorTRANSPARENT)
    elif kind == 8:
        flash(place, tone)
    elif kind == 9:
        scratches(place, tone)


def focus_lines(place: Place, tone: Colour) -> None:
    """Radial lines that leave an oval in the middle."""
    rng, w, h = place.rng, place.width, place.height
    x, y = w * rng.uniform(0.25, 0.75), h * rng.uniform(0.25, 0.75)
    inner, spread = rng.uniform(0.15, 0.5) * h, rng.uniform(0.003, 0.03)
    for _ in range(int(rng.integers(60, 420))):
        angle, half = rng.uniform(0, 2 * np.pi), spread * rng.uniform(0.15, 1.0)
        near = inner * rng.uniform(0.8, 1.6)
        ends = [(x + 1.3 * w * np.cos(angle + s), y + 1.3 * w * np.sin(angle + s)) for s in (-half, half)]
        shade = mix(tone, (1, 1, 1) if rng.random() < 0.2 else tone, 0.7)
        place.canvas.drawPath(
            polygon([(x + near * np.cos(angle) * 1.4, y + near * np.sin(angle)), *ends]),
            fill(shade, rng.uniform(0.4, 1)),
        )


def streaks(place: Place, tone: Colour) -> None:
    """Parallel lines of speed, blurred background streaming past."""
    rng, w, h = place.rng, place.width, place.height
    if rng.random() < 0.6:
        rows = rng.random((h // 3 + 1, 14), dtype=np.float32)
        wide = cv2.resize(rows, (w, h), interpolation=cv2.INTER_LINEAR)
        dark = hsv(rng.random(), rng.uniform(0, 0.7), rng.uniform(0.1, 0.5))
        place.sky[:] = materials.coloured(wide, [dark, mix(dark, tone, 0.6), tone, mix(tone, (1, 1, 1), 0.6)])
        place.canvas.clear(skia.ColorTRANSPARENT)
    lean = rng.uniform(-0.4, 0.4) if rng.random() < 0.5 else 0.0
    for _ in range(int(rng.integers(30, 200))):
        x, y, long, thick = (
            rng.uniform(-0.5, 0.9) * w,
            rng.uniform(-0.2, 1.2) * h,
            w * rng.uniform(0.1, 1.2),
            rng.uniform(0.4, 5),
        )
        points = [
            (x, y),
            (x + long * 0.5, y + lean * long * 0.5 - thick),
            (x + long, y + lean * long),
            (x + long * 0.5, y + lean * long * 0.5 + thick),
        ]
        place.canvas.drawPath(
            polygon(points), fill(mix(tone, (1, 1, 1), rng.uniform(0, 0.6)), rng.uniform(0.3, 0.95))
        )


def screentone(place: Place, tone: Colour) -> None:
    """Dots whose size follows a gradient, as on a printed page."""
    rng, w, h = place.rng, place.width, place.height
    step, turn = rng.uniform(6, 30), rng.uniform(0, 0.8)
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    u, v = (xs * np.cos(turn) + ys * np.sin(turn)) / step, (ys * np.cos(turn) - xs * np.sin(turn)) / step
    size = np.clip((ys / h if rng.random() < 0.6 else noise(rng, w, h, 3)) * rng.uniform(0.5, 0.9), 0.05, 0.7)
    dot = np.hypot(u % 1 - 0.5, v % 1 - 0.5)
    alpha = np.clip((size - dot) * step * 0.7, 0, 1)
    colour = np.array(tone) * 255
    layer = np.dstack([np.broadcast_to(colour, (h, w, 3)), alpha * 255]).astype(np.uint8)
    place.stamp(layer, 0, 0, w, h)


def pattern(place: Place, tone: Colour) -> None:
    """Rows of stars, hearts, flowers, checks or stripes."""
    rng, w, h = place.rng, place.width, place.height
    step, kind, turn = rng.uniform(30, 120), int(rng.integers(0, 5)), rng.uniform(-30, 30)
    canvas = place.canvas
    canvas.save()
    canvas.rotate(turn, w / 2, h / 2)
    for row in range(-4, int(h / step) + 6):
        for column in range(-4, int(w / step) + 6):
            x, y = column * step + (row % 2) * step / 2, row * step
            if kind == 0:
                canvas.drawPath(star(x, y, step * 0.33, 0.45, -np.pi / 2, 5), fill(tone, 0.8))
            elif kind == 1:
                for k in range(5):
                    a = 2 * np.pi * k / 5
                    canvas.drawCircle(
                        x + step * 0.16 * np.cos(a), y + step * 0.16 * np.sin(a), step * 0.13, fill(tone, 0.8)
                    )
                canvas.drawCircle(x, y, step * 0.1, fill((1.0, 0.9, 0.4)))
            elif kind == 2 and (row + column) % 2 == 0:
                canvas.drawRect(skia.Rect.MakeXYWH(column * step, y, step, step), fill(tone, 0.7))
            elif kind == 3 and row == 0:
                canvas.drawRect(skia.Rect.MakeXYWH(x - step / 2, -h, step * 0.5, 3 * h), fill(tone, 0.7))
            elif kind == 4:
                for side in (-1, 1):
                    canvas.drawCircle(x + side * step * 0.12, y - step * 0.08, step * 0.15, fill(tone, 0.9))
                canvas.drawPath(
                    polygon(
                        [
                            (x - step * 0.25, y - step * 0.02),
                            (x + step * 0.25, y - step * 0.02),
                            (x, y + step * 0.3),
                        ]
                    ),
                    fill(tone, 0.9),
                )
    canvas.restore()


def bokeh(place: Place, tone: Colour) -> None:
    """Discs of light out of focus."""
    rng = place.rng
    for _ in range(int(rng.integers(15, 90))):
        x, y, radius = rng.uniform(0, place.width), rng.uniform(0, place.height), rng.uniform(4, 80)
        colour, alpha = mix(tone, hsv(rng.random(), 0.4, 1.0), rng.uniform(0, 0.6)), rng.uniform(0.08, 0.5)
        place.canvas.drawCircle(x, y, radius, blurred(fill(colour, alpha), rng.uniform(0.5, 6)))
        if rng.random() < 0.4:
            place.canvas.drawCircle(x, y, radius, stroke(mix(colour, (1, 1, 1), 0.5), 1.5, alpha))


def flash(place: Place, tone: Colour) -> None:
    """A jagged burst of shock around the middle."""
    rng, w, h = place.rng, place.width, place.height
    for scale in (1.0, 0.8):
        points = []
        count = int(rng.integers(14, 40))
        for k in range(count * 2):
            a = np.pi * k / count
            far = (rng.uniform(0.75, 1.1) if k % 2 else rng.uniform(0.4, 0.6)) * scale
            points.append((w / 2 + w * 0.55 * far * np.cos(a), h / 2 + h * 0.6 * far * np.sin(a)))
        place.canvas.drawPath(polygon(points), fill(tone if scale == 1.0 else mix(tone, (1, 1, 1), 0.6)))


def scratches(place: Place, tone: Colour) -> None:
    """Scribbled hatching and brush sweeps."""
    rng, w, h = place.rng, place.width, place.height
    lean = rng.uniform(-1, 1)
    for _ in range(int(rng.integers(40, 260))):
        x, y, long = rng.uniform(-0.2, 1) * w, rng.uniform(0, 1) * h, rng.uniform(40, 400)
        path = skia.Path()
        path.moveTo(x, y)
        path.quadTo(x + long * 0.5, y + lean * long * 0.5 + rng.uniform(-12, 12), x + long, y + lean * long)
        place.canvas.drawPath(
            path,
            stroke(mix(tone, hsv(rng.random(), 0.3, 0.9), 0.15), rng.uniform(0.6, 9), rng.uniform(0.15, 0.7)),
        )
