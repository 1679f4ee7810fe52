"""A camera over a world in metres, and planes and blocks drawn through it on a skia canvas.

x runs to the right, y up, z away from the viewer. Verticals stay vertical (the horizon is shifted rather than
the camera tilted), as layout artists draw it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import skia
from numpy.typing import NDArray

from .paint import Colour, Point, fill, mix, multiply, polygon, stroke

Space = tuple[float, float, float]
Decor = Callable[[skia.Canvas, float, float], None]
"""Paints a face given its width and height in metres; the origin is its upper left corner, y down."""

FACES = ("front", "left", "right", "top", "bottom")


@dataclass(frozen=True)
class View:
    """Where the camera stands and how it looks.

    Attributes:
        width, height: of the picture in pixels.
        horizon: row of the horizon in pixels.
        centre: column straight ahead in pixels.
        focal: focal length in pixels.
        eye: height of the eye above the ground in metres.
        yaw: turn of the camera to the right in radians.
    """

    width: int
    height: int
    horizon: float
    centre: float
    focal: float
    eye: float
    yaw: float = 0.0

    def camera(self) -> NDArray[np.float64]:
        """Projection [3,4] from homogeneous world points to homogeneous pixels."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        across, depth = np.array([c, 0, -s, 0.0]), np.array([s, 0, c, 0.0])
        up = np.array([0, 1, 0, -self.eye])
        return np.stack(
            [self.focal * across + self.centre * depth, -self.focal * up + self.horizon * depth, depth]
        )

    def project(self, point: Space) -> tuple[float, float, float]:
        """Pixel and pixels per metre of a world point; points behind the eye are put far in front."""
        x, y, w = self.camera() @ np.array([*point, 1.0])
        w = max(w, 1e-3)
        return float(x / w), float(y / w), self.focal / float(w)

    @contextmanager
    def plane(self, canvas: skia.Canvas, origin: Space, right: Space, down: Space) -> Iterator[skia.Canvas]:
        """The canvas with the coordinates of a plane: metres along ``right`` and ``down`` from its origin."""
        camera = self.camera()
        columns = [camera @ np.array([*right, 0.0]), camera @ np.array([*down, 0.0])]
        matrix = np.stack([*columns, camera @ np.array([*origin, 1.0])], axis=1)
        canvas.save()
        canvas.concat(skia.Matrix.MakeAll(*(float(v) for v in matrix.ravel())))
        yield canvas
        canvas.restore()


def face(low: Space, high: Space, name: str) -> tuple[Space, Space, Space, float, float]:
    """Origin, directions to the right and down, width and height of a block's face seen from outside."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    if name == "front":
        return (x0, y1, z0), (1, 0, 0), (0, -1, 0), x1 - x0, y1 - y0
    if name == "left":
        return (x0, y1, z1), (0, 0, -1), (0, -1, 0), z1 - z0, y1 - y0
    if name == "right":
        return (x1, y1, z0), (0, 0, 1), (0, -1, 0), z1 - z0, y1 - y0
    if name == "top":
        return (x0, y1, z1), (1, 0, 0), (0, 0, -1), x1 - x0, z1 - z0
    return (x0, y0, z0), (1, 0, 0), (0, 0, 1), x1 - x0, z1 - z0


def shaded(colour: Colour, light: float) -> Colour:
    """Colour in half light: shadows of painted backgrounds turn blue; above 1 it warms towards white."""
    if light >= 1.0:
        return mix(colour, (1.0, 0.99, 0.93), min(light - 1.0, 1.0))
    return mix(multiply(colour, (0.42, 0.42, 0.58)), colour, light)


@dataclass
class Blocks:
    """Draws blocks: light on each side, ink along the edges."""

    view: View
    canvas: skia.Canvas
    pen: float = 0.0
    light: tuple[float, float, float, float, float] = (0.9, 0.6, 0.75, 1.08, 0.35)
    shade: float = 0.55  # how much a painted face darkens on its shaded sides; lit windows want 0

    def seen(self, low: Space, high: Space, name: str) -> bool:
        """Whether the eye is on the outer side of a face."""
        return {
            "front": low[2] > 0.02,
            "left": low[0] > 0,
            "right": high[0] < 0,
            "top": high[1] < self.view.eye,
            "bottom": low[1] > self.view.eye,
        }[name]

    def block(self, low: Space, high: Space, colour: Colour, decor: dict[str, Decor] | None = None) -> None:
        """One block; ``decor`` paints faces over their flat colour (key ``side`` for both left and right)."""
        for index, name in enumerate(FACES):
            if not self.seen(low, high, name):
                continue
            origin, right, down, wide, high_ = face(low, high, name)
            tone = shaded(colour, self.light[index])
            with self.view.plane(self.canvas, origin, right, down) as canvas:
                rectangle = skia.Rect.MakeWH(wide, high_)
                canvas.drawRect(rectangle, fill(tone))
                paint = (decor or {}).get(name) or (
                    (decor or {}).get("side") if name in ("left", "right") else None
                )
                if paint is not None:
                    canvas.save()
                    canvas.clipRect(rectangle)
                    paint(canvas, wide, high_)
                    canvas.restore()
                    dark = 1.0 - min(self.light[index], 1.0)
                    if dark * self.shade > 0.02:
                        canvas.drawRect(rectangle, fill((0.05, 0.04, 0.16), self.shade * dark))
            if self.pen > 0:
                self.outline([origin, right, down], wide, high_, colour)

    def outline(self, frame: list[Space], wide: float, high: float, colour: Colour) -> None:
        """Ink around a rectangle in space, of even width in the picture."""
        origin, right, down = (np.array(part) for part in frame)
        corners = [origin, origin + right * wide, origin + right * wide + down * high, origin + down * high]
        if min(self.view.camera()[2, :3] @ corner for corner in corners) < 0.05:
            return
        points: list[Point] = [self.view.project(tuple(corner))[:2] for corner in corners]
        self.canvas.drawPath(
            polygon(points), stroke(mix(multiply(colour, (0.3, 0.25, 0.3)), (0, 0, 0), 0.3), self.pen)
        )
