"""How a studio character's parts are finished: gradients, tones, folds, strands, patterns, rim light."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import skia
from numpy.random import Generator
from numpy.typing import NDArray

from .paint import Cel, Colour, Point, Style, blurred, fill, hsv, lightness, mix, multiply, packed, stroke

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
    """

    def __init__(self, width: int, height: int, style: Style, names: dict[int, int]) -> None:
        super().__init__(width, height, style, Finish(), {}, 0)
        self._real = self.canvas
        self.canvas = _Still(self._real)
        self._names = names

    def part(self, path: skia.Path, colour: Colour, depth: float = 0.1, weight: float = 1.0) -> None:
        """Write the group's value over the part."""
        value = self._names[self.group]
        self._real.drawPath(path, skia.Paint(Color=skia.Color(value, 0, 0, 255), AntiAlias=False))

    def line(self, points: Sequence[Point], colour: Colour, weight: float = 1.0) -> None:
        """Inner lines lie on parts and change no map."""

    def values(self) -> NDArray[np.uint8]:
        """uint8 [H,W]; pixels just beyond the parts, under their pens, take the nearest value."""
        drawn = self.rgba()[..., 0]
        around = cv2.dilate(drawn, np.ones((5, 5), np.uint8))
        return np.where(drawn > 0, drawn, around).astype(np.uint8)


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
