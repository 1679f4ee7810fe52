"""A painted place in the making: a sheet of paint over a sky, its time of day and how it is finished."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import skia
from numpy.random import Generator
from numpy.typing import NDArray

from .paint import Colour, hsv, pixels
from .perspective import View

Picture = NDArray[np.uint8]

MOODS = ("day", "morning", "dusk", "night", "overcast", "fantasy")
TINTS: dict[str, Colour] = {
    "day": (1.0, 1.0, 1.0),
    "morning": (0.96, 0.98, 1.04),
    "dusk": (1.04, 0.82, 0.66),
    "night": (0.4, 0.47, 0.76),
    "overcast": (0.8, 0.83, 0.88),
    "dim": (0.5, 0.46, 0.52),
}
"""What each time of day multiplies the paint by."""


def draw_mood(rng: Generator, indoors: bool = False) -> str:
    """A time of day or light."""
    if indoors:
        return str(
            rng.choice(
                ("day", "morning", "dusk", "night", "overcast", "dim"), p=(0.42, 0.1, 0.16, 0.14, 0.1, 0.08)
            )
        )
    return str(rng.choice(MOODS, p=(0.42, 0.09, 0.17, 0.16, 0.09, 0.07)))


@dataclass
class Place:
    """The sheet that painters draw on.

    Attributes:
        rng: decides everything.
        width, height: of the picture in pixels.
        mood: one of :data:`MOODS` or ``dim``.
        sky: uint8 RGB [H,W,3] behind the paint; windows are holes in the paint.
        pen: ink width in pixels; 0 for a place painted without lines.
        texture: 0 for flat cel colours up to 1 for rich textures.
        distance: what stands before the sky but is painted on it (ranges): the sky as it was without, and
            the alpha [H,W] of what was added; None where there is nothing.
        sheets: paint that lies behind that on the canvas, from far to near, see :meth:`cut`.
    """

    rng: Generator
    width: int
    height: int
    mood: str
    pen: float = 0.0
    texture: float = 1.0
    sky: Picture = field(init=False)
    surface: skia.Surface = field(init=False)
    tint: Colour = field(init=False)
    distance: tuple[Picture, Picture] | None = field(init=False, default=None)
    sheets: list[Picture] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.sky = np.zeros((self.height, self.width, 3), np.uint8)
        self.surface = skia.Surface(self.width, self.height)
        self.tint = TINTS.get(self.mood) or hsv(self.rng.random(), 0.3, 0.85)

    @property
    def canvas(self) -> skia.Canvas:
        """Where the paint goes."""
        return self.surface.getCanvas()

    @property
    def dark(self) -> bool:
        """Whether lamps are lit."""
        return self.mood in ("night", "dim", "dusk")

    def colour(self, hue: float, saturation: float, value: float) -> Colour:
        """A material's colour by daylight; in the dark nothing but lamps is as bright as a lamp."""
        return hsv(hue, saturation, min(value, 0.8) if self.mood in ("night", "dim") else value)

    def view(self, horizon: float, focal: float, eye: float, centre: float = 0.5, yaw: float = 0.0) -> View:
        """A camera; horizon, centre and focal length as shares of the height, the width and the width."""
        return View(
            self.width, self.height, self.height * horizon, self.width * centre, self.width * focal, eye, yaw
        )

    def stamp(self, image: Picture, left: float, top: float, width: float, height: float) -> None:
        """Lay a straight-alpha RGBA picture over the paint."""
        self.canvas.drawImageRect(picture(image), skia.Rect.MakeXYWH(left, top, width, height), SMOOTH)

    def cut(self) -> None:
        """What is painted from here on is nearer: it passes faster when the camera pans."""
        self.sheets.append(pixels(self.surface))
        self.canvas.clear(skia.ColorTRANSPARENT)

    def finish(self) -> list[tuple[Picture, Picture]]:
        """The paint in the mood's light, laid over the sky sheet by sheet.

        Returns:
            From far to near the picture RGB uint8 [H,W,3] with everything up to there, and the alpha uint8
            [H,W] of what came last; the last picture is the whole. What is hidden altogether is left out.
        """
        whole = np.full((self.height, self.width), 255, np.uint8)
        found = [(self.sky, whole)]
        if self.distance is not None:
            found = [(self.distance[0], whole), (self.sky, self.distance[1])]
        out: NDArray[np.float32] = np.asarray(self.sky, np.float32) / 255.0
        glow: NDArray[np.float32] | float = 0.0
        for sheet in (*self.sheets, pixels(self.surface)):
            graded, lamp = self._lit(sheet)
            alpha = sheet[..., 3:].astype(np.float32) / 255.0
            out = np.asarray(graded * alpha + out * (1.0 - alpha), np.float32)
            if self.mood in ("night", "dim"):
                small = cv2.resize(graded * lamp * alpha, None, fx=0.25, fy=0.25)
                soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), 4), (self.width, self.height))
                glow = np.asarray(glow + 0.8 * soft, np.float32)
            shown = np.asarray(out + glow, np.float32)
            found.append(((np.clip(shown, 0, 1) * 255 + 0.5).astype(np.uint8), sheet[..., 3].copy()))
        first = max(index for index, (_, alpha) in enumerate(found) if alpha.min() == 255)
        return [(found[first][0], whole), *(layer for layer in found[first + 1 :] if layer[1].any())]

    def _lit(self, sheet: Picture) -> tuple[NDArray[np.float32], NDArray[np.float32] | float]:
        """Colour 0..1 of a sheet RGBA in the mood's light, and how much of a lamp each pixel is."""
        rgb = sheet[..., :3].astype(np.float32) / 255.0
        strongest = rgb.max(axis=2)
        # Lamps and screens are painted at full brightness and keep their own colour in the dark.
        lamp = np.clip((strongest - 0.9) * 10.0, 0, 1)[..., None] if self.mood in ("night", "dim") else 0.0
        tint = np.array(self.tint, np.float32)
        # Dusk colours the light parts warm and the shadows violet.
        cool = np.array((0.72, 0.66, 0.86), np.float32) if self.mood == "dusk" else tint
        share = np.clip(rgb.mean(axis=2, keepdims=True) * 1.4, 0, 1)
        tint = cool + (tint - cool) * share
        graded = rgb * (tint + (1.0 - tint) * lamp)
        if self.mood == "night":
            grey = graded.mean(axis=2, keepdims=True)
            graded = graded + (grey - graded) * 0.25 * (1.0 - lamp)
        return np.asarray(graded, np.float32), lamp


SMOOTH = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
"""Sampling that neither aliases nor shows pixels."""


def picture(image: Picture) -> skia.Image:
    """A skia image of an RGB or straight-alpha RGBA array."""
    if image.shape[2] == 3:
        image = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    return skia.Image.fromarray(
        np.ascontiguousarray(image), colorType=skia.kRGBA_8888_ColorType, copy=True
    ).withDefaultMipmaps()


def tiled(image: Picture, metres: float) -> skia.Paint:
    """Paint that repeats a picture, mirrored at its borders; its width spans ``metres`` of the canvas."""
    scale = metres / image.shape[1]
    shader = picture(image).makeShader(
        skia.TileMode.kMirror, skia.TileMode.kMirror, SMOOTH, skia.Matrix.Scale(scale, scale)
    )
    return skia.Paint(Shader=shader, AntiAlias=True)
