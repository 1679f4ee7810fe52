"""How a picture is finished: brush strokes, oil, wobble, flat tones, bloom, ink, pixels."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .texture import noise

Picture = NDArray[np.uint8]

FINISHES = ("clean", "wobble", "brushed", "oil", "flat", "bloom", "ink", "pixel", "soft")
SHARES = (0.2, 0.16, 0.14, 0.1, 0.12, 0.1, 0.05, 0.06, 0.07)


def finished(rng: Generator, image: Picture) -> tuple[Picture, str]:
    """An RGB picture [H,W,3] finished by one hand, and the name of the finish."""
    name = str(rng.choice(FINISHES, p=SHARES))
    ways: dict[str, Callable[[], Picture]] = {
        "clean": lambda: image,
        "wobble": lambda: wobble(rng, image, float(rng.uniform(0.8, 2.6))),
        "brushed": lambda: brushed(rng, image, float(rng.uniform(3, 9))),
        "oil": lambda: oil(image, int(rng.choice((3, 5, 7)))),
        "flat": lambda: flat(rng, image),
        "bloom": lambda: bloom(image, float(rng.uniform(0.2, 0.7))),
        "ink": lambda: ink(image, float(rng.uniform(0.4, 1.0))),
        "pixel": lambda: pixel(rng, image),
        "soft": lambda: np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.8, 3.5))), np.uint8),
    }
    return ways[name](), name


def edged(rng: Generator, alpha: Picture) -> Picture:
    """The alpha uint8 [H,W] of a sheet whose picture :func:`finished` gets in the same state of the rng."""
    name = str(rng.choice(FINISHES, p=SHARES))
    if alpha.min() == 255 or name not in ("wobble", "oil", "pixel", "soft"):
        return alpha
    if name == "wobble":
        return np.asarray(wobble(rng, alpha, float(rng.uniform(0.8, 2.6))), np.uint8)
    if name == "oil":
        return oil(alpha, int(rng.choice((3, 5, 7))))
    if name == "pixel":
        return np.where(pixel(rng, np.dstack([alpha] * 3))[..., 0] >= 128, 255, 0).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), float(rng.uniform(0.8, 3.5))), np.uint8)


def wobble(rng: Generator, image: Picture, reach: float) -> Picture:
    """Straight edges get the unevenness of a hand; reach in pixels."""
    height, width = image.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = ((noise(rng, width, height, 40, 2) - 0.5) * 4 * reach for _ in range(2))
    return np.asarray(
        cv2.remap(image, xs + dx, ys + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def brushed(rng: Generator, image: Picture, size: float) -> Picture:
    """Repaint with short strokes along the edges of the picture."""
    height, width = image.shape[:2]
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), 3).astype(np.float32)
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    source = cv2.GaussianBlur(image, (0, 0), max(size * 0.3, 0.6))
    canvas = source.copy()
    for scale in (1.0, 0.5):
        count = int(width * height / (size * size * 4 * scale))
        xs, ys = rng.integers(0, width, count), rng.integers(0, height, count)
        jitter = rng.normal(0, 6, (count, 3))
        turn = np.arctan2(gx[ys, xs], -gy[ys, xs]) + rng.normal(0, 0.25, count)
        colours = np.clip((source if scale == 1.0 else image)[ys, xs] + jitter, 0, 255)
        dx, dy = size * scale * 1.2 * np.cos(turn), size * scale * 1.2 * np.sin(turn)
        thick = max(1, int(size * scale * 0.7))
        for k in range(count):
            a = (int(xs[k] - dx[k]), int(ys[k] - dy[k]))
            b = (int(xs[k] + dx[k]), int(ys[k] + dy[k]))
            cv2.line(canvas, a, b, tuple(map(float, colours[k])), thick, cv2.LINE_AA)
    return np.asarray(canvas, np.uint8)


def oil(image: Picture, size: int) -> Picture:
    """Thick paint: small patches of one colour."""
    return np.asarray(cv2.medianBlur(cv2.medianBlur(image, size), size), np.uint8)


def flat(rng: Generator, image: Picture) -> Picture:
    """Hard-edged areas of few tones, as cel backgrounds of games."""
    smooth = cv2.medianBlur(image, 7)
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB)
    steps = float(rng.uniform(14, 40))
    lab[..., 0] = np.clip((np.floor(lab[..., 0] / steps) + 0.5) * steps, 0, 255)
    lab[..., 1:] = np.clip((np.rint(lab[..., 1:] / 8.0)) * 8.0, 0, 255)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def bloom(image: Picture, strength: float) -> Picture:
    """Bright parts shine over their borders."""
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA).astype(np.float32)
    bright = cv2.GaussianBlur(np.clip(small - 130, 0, 255) * 1.6, (0, 0), 5)
    wide = cv2.resize(bright, (image.shape[1], image.shape[0]))
    return np.clip(image + strength * wide, 0, 255).astype(np.uint8)


def ink(image: Picture, strength: float) -> Picture:
    """Dark lines along the edges of tone."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edge = cv2.GaussianBlur(grey, (0, 0), 0.8) - cv2.GaussianBlur(grey, (0, 0), 2.2)
    line = np.clip(-edge / 14.0 - 0.15, 0, 1)[..., None] * strength
    return (image * (1 - line) + np.array([24, 18, 30], np.float32) * line).astype(np.uint8)


def pixel(rng: Generator, image: Picture) -> Picture:
    """Pixel art: few pixels, few tones, enlarged without smoothing."""
    height, width = image.shape[:2]
    share = int(rng.integers(3, 7))
    small = cv2.resize(image, (width // share, height // share), interpolation=cv2.INTER_AREA)
    levels = float(rng.choice((16, 24, 32, 48)))
    small = np.clip((np.floor(small / levels) + 0.5) * levels, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def graded(rng: Generator, image: Picture) -> Picture:
    """A colourist's taste: contrast, saturation and a tint of shadows and lights."""
    if rng.random() < 0.35:
        return image
    levels = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
    contrast = float(rng.uniform(0.8, 1.2))
    shadow, light = rng.normal(0, 0.035, 3), rng.normal(0, 0.035, 3)
    curve = (levels - 0.5) * contrast + 0.5 + shadow * (1 - levels) + light * levels
    table = (np.clip(curve, 0, 1) * 255).astype(np.uint8)[None]
    result = cv2.LUT(image, table)
    saturation = float(rng.uniform(0.65, 1.3))
    grey = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
    return np.clip(grey + (result - grey) * saturation, 0, 255).astype(np.uint8)
