"""The sheets on which characters are painted: with their finish, or as a map of parts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import skia
from numpy.random import Generator
from numpy.typing import NDArray

from .bending import outline_points
from .finish import Finish, tile
from .paint import Cel, Colour, Point, Style, blurred, fill, lightness, mix, multiply, packed


class Painting(Cel):
    """A sheet that lays a :class:`Finish` over every part.

    Args:
        width, height: pixels.
        style: pen and light.
        finish: what is added.
        materials: which colours are ``hair``, ``cloth`` or ``skin``.
        seed: of the folds and strands, the same for all drawings of a character.
    """

    def __init__(
        self, width: int, height: int, style: Style, finish: Finish, materials: dict[Colour, str], seed: int
    ) -> None:
        super().__init__(width, height, style)
        self.finish, self.materials, self.seed = finish, materials, seed
        self.group, self._count = 0, 0
        self._print = tile(finish.print_name, finish.print_colour) if finish.print_name else None

    def begin(self, group: int) -> None:
        """Start a limb or layer; its parts draw the same folds in every drawing whatever was drawn before."""
        self.group, self._count = group, 0

    def part(self, path: skia.Path, colour: Colour, depth: float = 0.1, weight: float = 1.0) -> None:
        """One part with all its layers."""
        finish, style, canvas = self.finish, self.style, self.canvas
        material = self.materials.get(colour, "other")
        bounds = path.computeTightBounds()
        self._count += 1
        rng = np.random.default_rng((self.seed, self.group, self._count))
        canvas.drawPath(path, self._ground(material, colour, bounds))
        canvas.save()
        canvas.clipPath(path, doAntiAlias=True)
        if self._print is not None and colour in finish.prints:
            scale = finish.print_size / self._print.width()
            matrix = skia.Matrix()
            matrix.setScale(scale, scale)
            shader = self._print.makeShader(
                skia.TileMode.kRepeat,
                skia.TileMode.kRepeat,
                skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear),
                matrix,
            )
            canvas.drawPaint(skia.Paint(Shader=shader, AntiAlias=True))
        dark = style.shadow
        if material == "cloth" and finish.folds > 0 and min(bounds.width(), bounds.height()) > 0.1:
            self._folds(rng, bounds, dark)
        if material == "hair" and finish.strands > 0:
            self._strands(rng, bounds, colour)
        if finish.airbrush > 0 and min(bounds.width(), bounds.height()) > 0.06:
            self._airbrush(bounds, dark)
        offset = depth * style.depth
        light = style.light
        if offset > 0:
            self._side(path, (light[0] * offset, light[1] * offset), dark, style.soft)
            if finish.tones > 2:
                far = offset * 0.45
                self._side(path, (light[0] * far, light[1] * far), multiply(dark, dark), style.soft * 0.5)
            if style.rim > 0:
                dull = skia.Path(path)
                dull.offset(-light[0] * offset * 0.3, -light[1] * offset * 0.3)
                dull.setFillType(skia.PathFillType.kInverseWinding)
                paint = fill((1.0, 1.0, 0.97), style.rim)
                canvas.drawPath(dull, blurred(paint, style.soft * 0.6) if style.soft > 0 else paint)
        canvas.restore()
        pen = self.pen(colour, weight)
        if pen is not None:
            canvas.drawPath(path, pen)
            if finish.weight > 0:
                shift = style.ink_width * weight * finish.weight * 0.5 / self.scale
                heavy = skia.Path(path)
                heavy.offset(-light[0] * shift, -light[1] * shift)
                canvas.drawPath(heavy, pen)

    def _ground(self, material: str, colour: Colour, bounds: skia.Rect) -> skia.Paint:
        finish = self.finish
        end = colour
        if material == "hair" and finish.hair_gradient > 0:
            end = mix(colour, finish.hair_tip, finish.hair_gradient)
        elif material == "cloth" and finish.cloth_gradient:
            ground: Colour = (0.08, 0.03, 0.18) if finish.cloth_gradient > 0 else (1.0, 0.97, 0.95)
            end = mix(colour, ground, abs(finish.cloth_gradient))
        elif material == "skin" and finish.airbrush > 0:
            end = mix(colour, multiply(colour, (1.0, 0.8, 0.78)), finish.airbrush)
        if end == colour:
            return fill(colour)
        shader = skia.GradientShader.MakeLinear(
            points=[
                skia.Point(bounds.centerX(), bounds.top()),
                skia.Point(bounds.centerX(), bounds.bottom()),
            ],
            colors=[packed(colour), packed(mix(colour, end, 0.35)), packed(end)],
        )
        return skia.Paint(Shader=shader, AntiAlias=True)

    def _side(self, path: skia.Path, offset: Point, tone: Colour, soft: float) -> None:
        lit = skia.Path(path)
        lit.offset(*offset)
        lit.setFillType(skia.PathFillType.kInverseWinding)
        paint = fill(tone)
        if soft > 0:
            paint = blurred(paint, soft)
        paint.setBlendMode(skia.BlendMode.kMultiply)
        self.canvas.drawPath(lit, paint)

    def _folds(self, rng: Generator, bounds: skia.Rect, tone: Colour) -> None:
        width, height = bounds.width(), bounds.height()
        for index in range(int(rng.poisson(self.finish.folds))):
            side = 1.0 if rng.random() < 0.5 else -1.0
            x = bounds.centerX() + side * width * rng.uniform(0.1, 0.55)
            y = bounds.top() + height * rng.uniform(0.0, 0.9)
            far = rng.uniform(0.2, 0.7)
            tip = (x - side * width * far * rng.uniform(0.1, 1.0), y + height * far * rng.uniform(-0.15, 0.6))
            thick = rng.uniform(0.05, 0.28) * min(width, height)
            shape = _spike((x, y), tip, thick, rng.uniform(-0.25, 0.25) * thick * 4)
            paint = fill(tone if index % 4 else (1.0, 1.0, 1.0), 0.9 if index % 4 else 0.25)
            if index % 4:
                paint.setBlendMode(skia.BlendMode.kMultiply)
            soft = self.style.soft + (2.0 if self.finish.airbrush > 0 and rng.random() < 0.6 else 0.0)
            self.canvas.drawPath(shape, blurred(paint, soft) if soft > 0 else paint)

    def _strands(self, rng: Generator, bounds: skia.Rect, colour: Colour) -> None:
        width, height = bounds.width(), bounds.height()
        many = int(rng.poisson(self.finish.strands * min(1.0, 0.25 + width * height)))
        bright = mix(colour, (1.0, 0.98, 0.95), 0.4 if lightness(colour) < 0.6 else 0.65)
        deep = multiply(colour, (0.55, 0.48, 0.6))
        top = bounds.centerX() + width * rng.uniform(-0.1, 0.1)
        if self.finish.airbrush > 0 and width > 0.3:
            # The soft ring of light that painted hair carries.
            ring = skia.Path()
            y = bounds.top() + min(0.3 * height, 0.35) * rng.uniform(0.7, 1.2)
            ring.addOval(skia.Rect.MakeXYWH(bounds.left(), y, width, 0.12 + 0.08 * rng.random()))
            self.canvas.drawPath(ring, blurred(fill(bright, rng.uniform(0.35, 0.8)), 0.03 * self.scale))
        for _ in range(many):
            share = rng.uniform(-0.5, 0.5)
            begin, end = sorted(rng.uniform(0.0, 1.0, 2))
            if end - begin < 0.15:
                continue

            def at(down: float, share: float = share) -> Point:
                return (
                    top + share * width * (0.35 + 0.65 * math.sin(min(1.0, down * 1.3) * math.pi / 2)),
                    bounds.top() + height * down,
                )

            first, middle, last = at(begin), at((begin + end) / 2), at(end)
            bend = 2 * middle[0] - (first[0] + last[0]) / 2 + rng.uniform(-0.03, 0.03)
            thick = rng.uniform(0.006, 0.035)
            tone = bright if rng.random() < 0.45 else deep
            path = skia.Path()
            path.moveTo(*first)
            path.quadTo(bend - thick, middle[1], *last)
            path.quadTo(bend + thick, middle[1], *first)
            self.canvas.drawPath(path, fill(tone, rng.uniform(0.35, 0.95)))

    def _airbrush(self, bounds: skia.Rect, tone: Colour) -> None:
        light = self.style.light
        centre = skia.Point(
            bounds.centerX() + light[0] * bounds.width() * 0.45,
            bounds.centerY() + light[1] * bounds.height() * 0.45,
        )
        reach = max(bounds.width(), bounds.height()) * 1.05
        strength = self.finish.airbrush
        deep = multiply(tone, tone)
        shader = skia.GradientShader.MakeRadial(
            center=centre,
            radius=reach,
            colors=[
                packed((1, 1, 1)),
                packed(mix((1, 1, 1), tone, strength * 0.6)),
                packed(mix((1, 1, 1), deep, strength)),
            ],
            positions=[0.15, 0.6, 1.0],
        )
        self.canvas.drawPaint(skia.Paint(Shader=shader, BlendMode=skia.BlendMode.kMultiply, AntiAlias=True))


_PIECES = 256
"""Numbers that a map of pieces can hold, 0 for none."""
Piece = tuple[int, int, int]
"""A part of a figure: its group, how often that was begun, and the how many-th part of it."""


class _Still:
    """A canvas that follows transforms and clips but ignores what is drawn on it."""

    def __init__(self, canvas: skia.Canvas) -> None:
        self._canvas = canvas

    def __getattr__(self, name: str) -> Any:
        if name.startswith("draw"):
            return lambda *_, **__: None
        return getattr(self._canvas, name)


class PartMap(Painting):
    """A sheet that notes where each part lies instead of drawing it.

    Args:
        width, height: pixels.
        style: its pen is ignored.
        names: value that is written for each group, see :meth:`Painting.begin`.
        loose: value that is written for whatever hangs loose.
        numbers: of the pieces that were met, filled while they are drawn; the same for all drawings of a
            figure, so that a piece has one number in all of them.

    Attributes:
        outlines: of the pieces by their numbers, float32 [K,2] in pixels.
    """

    def __init__(
        self,
        width: int,
        height: int,
        style: Style,
        names: dict[int, int],
        loose: int,
        numbers: dict[Piece, int],
    ) -> None:
        super().__init__(width, height, style, Finish(), {}, 0)
        self._real = self.canvas
        self.canvas = _Still(self._real)
        self._names, self._loose, self._numbers = names, loose, numbers
        self._begun: Counter[int] = Counter()
        self.outlines: dict[int, NDArray[np.float32]] = {}

    def begin(self, group: int) -> None:
        """Start a limb or layer, perhaps once more."""
        super().begin(group)
        self._begun[group] += 1

    def part(self, path: skia.Path, colour: Colour, depth: float = 0.1, weight: float = 1.0) -> None:
        """Write the group's value and the number of the piece over the part."""
        value = self._loose if self.loose else self._names[self.group]
        self._count += 1
        piece = (self.group, self._begun[self.group], self._count)
        number = self._numbers.setdefault(piece, min(len(self._numbers) + 1, _PIECES)) % _PIECES
        if number:
            self.outlines[number] = outline_points(path, self._real.getTotalMatrix())
        self._real.drawPath(path, skia.Paint(Color=skia.Color(value, number, 0, 255), AntiAlias=False))

    def line(self, points: Sequence[Point], colour: Colour, weight: float = 1.0) -> None:
        """Inner lines lie on parts and change no map."""

    def values(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Parts and numbers of pieces (0 for none), uint8 [H,W].

        Pixels just beyond the parts, under their pens, take a value from beside them.
        """
        drawn = np.ascontiguousarray(self.rgba()[..., :2])
        around = cv2.dilate(drawn, np.ones((5, 5), np.uint8))
        parts, numbers = np.moveaxis(np.where(drawn[..., :1] > 0, drawn, around), 2, 0)
        return np.ascontiguousarray(parts), np.ascontiguousarray(numbers)


def _spike(root: Point, tip: Point, width: float, bend: float) -> skia.Path:
    dx, dy = tip[0] - root[0], tip[1] - root[1]
    length = math.hypot(dx, dy) or 1.0
    across = (-dy / length, dx / length)
    middle = ((root[0] + tip[0]) / 2 + across[0] * bend, (root[1] + tip[1]) / 2 + across[1] * bend)
    path = skia.Path()
    path.moveTo(root[0] + across[0] * width / 2, root[1] + across[1] * width / 2)
    path.quadTo(middle[0] + across[0] * width * 0.4, middle[1] + across[1] * width * 0.4, *tip)
    path.quadTo(
        middle[0] - across[0] * width * 0.4,
        middle[1] - across[1] * width * 0.4,
        root[0] - across[0] * width / 2,
        root[1] - across[1] * width / 2,
    )
    path.close()
    return path
