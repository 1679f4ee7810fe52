"""Drawing kit of the studio: colours, smooth paths and cel-shaded parts on a skia raster surface."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import skia
from numpy.typing import NDArray

Colour = tuple[float, float, float]
Point = tuple[float, float]


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """Colour from hue, saturation and value in 0..1; the hue wraps around."""
    return colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Linear mixture: share 0 gives the first colour, 1 the second."""
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


def multiply(first: Colour, second: Colour) -> Colour:
    """Product of two colours, as a shadow laid over a flat colour."""
    return (first[0] * second[0], first[1] * second[1], first[2] * second[2])


def lightness(colour: Colour) -> float:
    """Luma (BT.601 weights) in 0..1."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def packed(colour: Colour, alpha: float = 1.0) -> int:
    """Skia's packed colour."""
    red, green, blue = (int(min(max(part, 0.0), 1.0) * 255 + 0.5) for part in colour)
    return int(skia.Color(red, green, blue, int(min(max(alpha, 0.0), 1.0) * 255 + 0.5)))


def fill(colour: Colour, alpha: float = 1.0) -> skia.Paint:
    """Anti-aliased paint of one colour."""
    return skia.Paint(Color=packed(colour, alpha), AntiAlias=True)


def stroke(colour: Colour, width: float, alpha: float = 1.0) -> skia.Paint:
    """Anti-aliased pen with round ends and joins; width in the canvas's units."""
    return skia.Paint(
        Color=packed(colour, alpha),
        AntiAlias=True,
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width,
        StrokeCap=skia.Paint.kRound_Cap,
        StrokeJoin=skia.Paint.kRound_Join,
    )


def blurred(paint: skia.Paint, sigma: float) -> skia.Paint:
    """The same paint with a soft edge; sigma in device pixels after the canvas's scale."""
    paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, sigma))
    return paint


def polygon(points: Sequence[Point], closed: bool = True) -> skia.Path:
    """Straight-edged path."""
    path = skia.Path()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    if closed:
        path.close()
    return path


def smooth(points: Sequence[Point], closed: bool = True) -> skia.Path:
    """Path through all points: Catmull-Rom spline written as cubic Bezier pieces."""
    count = len(points)
    path = skia.Path()
    path.moveTo(*points[0])
    for index in range(count if closed else count - 1):
        if closed:
            before, start = points[index - 1], points[index]
            end, after = points[(index + 1) % count], points[(index + 2) % count]
        else:
            before, start = points[max(index - 1, 0)], points[index]
            end, after = points[index + 1], points[min(index + 2, count - 1)]
        path.cubicTo(
            start[0] + (end[0] - before[0]) / 6,
            start[1] + (end[1] - before[1]) / 6,
            end[0] - (after[0] - start[0]) / 6,
            end[1] - (after[1] - start[1]) / 6,
            end[0],
            end[1],
        )
    if closed:
        path.close()
    return path


def oval(x: float, y: float, radius_x: float, radius_y: float) -> skia.Path:
    """Ellipse around (x, y)."""
    path = skia.Path()
    path.addOval(skia.Rect.MakeLTRB(x - radius_x, y - radius_y, x + radius_x, y + radius_y))
    return path


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> skia.Path:
    """Rectangle, with rounded corners where a radius is given."""
    path = skia.Path()
    rectangle = skia.Rect.MakeLTRB(left, top, right, bottom)
    if radius > 0:
        path.addRoundRect(rectangle, radius, radius)
    else:
        path.addRect(rectangle)
    return path


def limb(start: Point, end: Point, start_radius: float, end_radius: float) -> skia.Path:
    """Tapered capsule from start to end."""
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    normal = (-math.sin(angle), math.cos(angle))
    along = (math.cos(angle), math.sin(angle))
    path = skia.Path()
    path.moveTo(start[0] + normal[0] * start_radius, start[1] + normal[1] * start_radius)
    for centre, radius, way in ((end, end_radius, 1.0), (start, start_radius, -1.0)):
        first = (centre[0] + way * normal[0] * radius, centre[1] + way * normal[1] * radius)
        last = (centre[0] - way * normal[0] * radius, centre[1] - way * normal[1] * radius)
        reach = (way * along[0] * radius * 4 / 3, way * along[1] * radius * 4 / 3)
        path.lineTo(*first)
        path.cubicTo(first[0] + reach[0], first[1] + reach[1], last[0] + reach[0], last[1] + reach[1], *last)
    path.close()
    return path


def union(*paths: skia.Path) -> skia.Path:
    """One outline around all paths."""
    result = paths[0]
    for path in paths[1:]:
        result = _joined(result, path)
    return result


def _joined(one: skia.Path, other: skia.Path) -> skia.Path:
    try:
        return skia.Op(one, other, skia.PathOp.kUnion_PathOp)
    except RuntimeError:
        # The operation gives up on curves that touch without crossing; laid over each other they fill alike.
        result = skia.Path(one)
        result.addPath(other)
        result.setFillType(skia.PathFillType.kWinding)
        return result


@dataclass(frozen=True)
class Style:
    """How a hand draws: pen, light and number of tones."""

    ink_width: float  # pixels; 0 draws no outline
    ink: Colour
    ink_colour_share: float  # 0: ink as is; 1: a darker tone of the part's own colour
    light: Point  # unit vector towards the light, y down
    shadow: Colour  # multiplied onto the flat colour
    depth: float  # how far the shadow's edge lies inside the part; 0 is flat colour
    rim: float  # strength of the lit edge as third tone; 0 draws two tones
    soft: float = 0.0  # softness of the shadow's edge in pixels: 0 is cel, more is painted


class Cel:
    """A transparent sheet on which parts are drawn; units are those of the canvas's current scale."""

    def __init__(self, width: int, height: int, style: Style) -> None:
        self.surface = skia.Surface(width, height)
        self.canvas: skia.Canvas = self.surface.getCanvas()
        self.style = style
        self.scale = 1.0
        self.loose = False

    def pen(self, colour: Colour, weight: float = 1.0) -> skia.Paint | None:
        """Outline paint for a part of this colour; None where the style has no lines."""
        if self.style.ink_width <= 0:
            return None
        tone = mix(self.style.ink, multiply(colour, (0.42, 0.34, 0.38)), self.style.ink_colour_share)
        return stroke(tone, self.style.ink_width * weight / self.scale)

    @contextmanager
    def loosely(self) -> Iterator[None]:
        """What is drawn meanwhile hangs loose: it sways and bends."""
        self.loose = True
        yield
        self.loose = False

    def part(self, path: skia.Path, colour: Colour, depth: float = 0.1, weight: float = 1.0) -> None:
        """Flat colour, shadow away from the light, lit rim and outline of one part of the figure."""
        self.canvas.drawPath(path, fill(colour))
        offset = depth * self.style.depth
        if offset > 0:
            light = self.style.light
            self.canvas.save()
            self.canvas.clipPath(path, doAntiAlias=True)
            lit = skia.Path(path)
            lit.offset(light[0] * offset, light[1] * offset)
            lit.setFillType(skia.PathFillType.kInverseWinding)
            tone = fill(multiply(colour, self.style.shadow))
            self.canvas.drawPath(lit, blurred(tone, self.style.soft) if self.style.soft > 0 else tone)
            if self.style.rim > 0:
                dull = skia.Path(path)
                dull.offset(-light[0] * offset * 0.3, -light[1] * offset * 0.3)
                dull.setFillType(skia.PathFillType.kInverseWinding)
                self.canvas.drawPath(dull, fill(mix(colour, (1, 1, 0.97), self.style.rim)))
            self.canvas.restore()
        pen = self.pen(colour, weight)
        if pen is not None:
            self.canvas.drawPath(path, pen)

    def line(self, points: Sequence[Point], colour: Colour, weight: float = 1.0) -> None:
        """An inner line (fold, seam, crease); line-less styles draw it as a darker tone."""
        pen = self.pen(colour, weight)
        if pen is None:
            pen = stroke(multiply(colour, self.style.shadow), 1.2 * weight / self.scale)
        self.canvas.drawPath(smooth(points, closed=False), pen)

    def rgba(self) -> NDArray[np.uint8]:
        """Straight-alpha RGBA [H,W,4] of what was drawn."""
        return pixels(self.surface)


def pixels(surface: skia.Surface) -> NDArray[np.uint8]:
    """Straight-alpha RGBA [H,W,4] of a surface."""
    image = surface.makeImageSnapshot()
    return np.ascontiguousarray(image.toarray(colorType=skia.kRGBA_8888_ColorType), dtype=np.uint8)
