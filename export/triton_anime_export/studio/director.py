"""Stages random scenes: who is where, how the camera moves, what the light does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.art import Art
from triton_anime_export.studio.scene import Actor, Matrix, Shot, compose, similarity
from triton_anime_export.studio.source import Source

Rng = np.random.Generator


@dataclass
class Cast:
    """The sources that scenes are drawn from: a pool of studio drawings and, when given, real art.

    Attributes:
        characters, backdrops, effects, objects: pools of studio drawings.
        art: openly licensed art, or None to draw from the studio alone.
        art_share: probability that a source is taken from ``art``.
    """

    characters: list[Source]
    backdrops: list[Source]
    effects: list[Source]
    objects: list[Source]
    art: Art | None = None
    art_share: float = 0.55

    def character(self, rng: Rng) -> Source:
        """A character, its colours varied."""
        if self._from_art(rng) or not self.characters:
            assert self.art is not None
            source = self.art.character(rng, drawings=3)
        else:
            source = self.characters[rng.integers(len(self.characters))]
        return _vary(rng, source)

    def backdrop(self, rng: Rng) -> Source:
        """A background."""
        if self._from_art(rng) or not self.backdrops:
            assert self.art is not None
            return self.art.background(rng)
        return self.backdrops[rng.integers(len(self.backdrops))]

    def effect(self, rng: Rng) -> Source:
        """An effect."""
        if self._from_art(rng) or not self.effects:
            assert self.art is not None
            return self.art.effect(rng)
        return self.effects[rng.integers(len(self.effects))]

    def _from_art(self, rng: Rng) -> bool:
        return self.art is not None and rng.random() < self.art_share


def stage(rng: Rng, cast: Cast, size: tuple[int, int] = (448, 256), count: int = 4) -> Shot:
    """Draw one random shot of ``count`` successive drawings at ``size`` (width, height)."""
    height = size[1]
    backdrop = cast.backdrop(rng)
    if rng.random() < 0.35:
        backdrop = _blurred(rng, backdrop)
    actors: list[Actor] = []
    for _ in range(int(rng.choice(3, p=[0.55, 0.3, 0.15])) if cast.objects else 0):
        source = cast.objects[rng.integers(len(cast.objects))]
        actors.append(_actor(rng, source, rng.uniform(0.15, 0.6) * height, size, count, speed=0.3))
    crowd = int(rng.choice(5, p=[0.10, 0.40, 0.28, 0.14, 0.08]))
    tall = float(np.exp(rng.normal(np.log(0.85), 0.45)))
    for _ in range(crowd):
        reach = float(np.clip(tall * np.exp(rng.normal(0, 0.2)), 0.25, 3.0)) * height
        actors.append(_actor(rng, cast.character(rng), reach, size, count, speed=1.0))
    if cast.objects and rng.random() < 0.12:
        source = cast.objects[rng.integers(len(cast.objects))]
        actors.append(_actor(rng, source, rng.uniform(0.3, 0.9) * height, size, count, speed=0.5))
    for _ in range(int(rng.choice(4, p=[0.45, 0.33, 0.15, 0.07]))):
        actor = _actor(rng, cast.effect(rng), rng.uniform(0.25, 1.3) * height, size, count, speed=0.8)
        actors.insert(int(rng.integers(len(actors) + 1)) if rng.random() < 0.35 else len(actors), actor)
    base = Actor(backdrop, [_cover(rng, backdrop, size)] * count, [0] * count)
    shot = compose(base, actors, _camera(rng, size, count), size)
    return _graded(rng, shot)


def _actor(rng: Rng, source: Source, reach: float, size: tuple[int, int], count: int, speed: float) -> Actor:
    width, height = size
    h, w = source.drawings[0].shape[:2]
    scale = reach / max(h, 0.6 * w)
    x = rng.uniform(-0.05, 1.05) * width
    if source.kind == "character":
        # Feet stand in the lower part; close-ups show the head and run out of the frame.
        top = rng.uniform(0.0, 0.35) * height if h * scale > 0.8 * height else rng.uniform(0.1, 0.5) * height
        y = top + h * scale / 2
    else:
        y = rng.uniform(0.1, 0.95) * height
    angle = rng.normal(0, 0.06) if rng.random() < 0.9 else rng.uniform(-np.pi, np.pi)
    still = rng.random() < 0.3
    step = np.zeros(2) if still else rng.normal(0, 7.0 * speed, 2) * (width / 448)
    turn = 0.0 if still else rng.normal(0, 0.012)
    grow = 1.0 if still else float(np.exp(rng.normal(0, 0.012)))
    mirror = bool(rng.random() < 0.5)
    motion, drawing, now = [], [], int(rng.integers(8))
    for _ in range(count):
        motion.append(similarity(x, y, scale, angle, mirror, (w, h)))
        drawing.append(now)
        x, y, angle, scale = x + step[0], y + step[1], angle + turn, scale * grow
        step = step + (0.0 if still else rng.normal(0, 1.5 * speed, 2))
        if rng.random() < (0.9 if source.kind == "effect" else 0.45):
            now += 1
    return Actor(source, motion, drawing)


def _cover(rng: Rng, backdrop: Source, size: tuple[int, int]) -> Matrix:
    width, height = size
    h, w = backdrop.drawings[0].shape[:2]
    scale = max(width / w, height / h) * float(rng.uniform(1.05, 2.0))
    slack_x, slack_y = (w * scale - width) / 2, (h * scale - height) / 2
    x = width / 2 + rng.uniform(-0.8, 0.8) * slack_x
    y = height / 2 + rng.uniform(-0.8, 0.8) * slack_y
    return similarity(x, y, scale, 0.0, bool(rng.random() < 0.5), (w, h))


def _camera(rng: Rng, size: tuple[int, int], count: int) -> list[Matrix]:
    width, height = size
    kind = rng.choice(4, p=[0.4, 0.3, 0.2, 0.1])  # locked, pan, zoom, shake
    step = rng.normal(0, 6.0, 2) * (width / 448) if kind in {1, 2} else np.zeros(2)
    grow = float(np.exp(rng.normal(0, 0.02))) if kind == 2 else 1.0
    cameras, offset, zoom = [], np.zeros(2), 1.0
    for _ in range(count):
        shake = rng.normal(0, 4.0, 2) if kind == 3 else np.zeros(2)
        dx, dy = offset + shake
        centre = np.array([width / 2, height / 2])
        matrix = np.array(
            [
                [zoom, 0, centre[0] * (1 - zoom) + dx],
                [0, zoom, centre[1] * (1 - zoom) + dy],
                [0, 0, 1],
            ],
            np.float64,
        )
        cameras.append(matrix)
        offset, zoom = offset + step, zoom * grow
    return cameras


def _vary(rng: Rng, source: Source) -> Source:
    if rng.random() < 0.4:
        return source
    hue = int(rng.integers(0, 180)) if rng.random() < 0.6 else 0
    saturation, value = rng.uniform(0.5, 1.3), rng.uniform(0.55, 1.25)

    def change(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
        hsv = cv2.cvtColor(np.ascontiguousarray(rgba[..., :3]), cv2.COLOR_RGB2HSV).astype(np.int32)
        hsv[..., 0] = (hsv[..., 0] + hue) % 180
        hsv[..., 1] = np.clip(hsv[..., 1] * saturation, 0, 255)
        hsv[..., 2] = np.clip(hsv[..., 2] * value, 0, 255)
        rgb = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
        return np.dstack([rgb, rgba[..., 3]])

    return replace(source, drawings=tuple(change(d) for d in source.drawings))


def _blurred(rng: Rng, source: Source) -> Source:
    sigma = float(rng.uniform(1.0, 6.0))
    return replace(source, drawings=tuple(cv2.GaussianBlur(d, (0, 0), sigma) for d in source.drawings))


def _graded(rng: Rng, shot: Shot) -> Shot:
    """One colour grade over picture and plate alike (night, sunset, haze), so the plate stays exact."""
    if rng.random() < 0.5:
        return shot
    gain = rng.uniform(0.6, 1.15) * rng.uniform(0.85, 1.15, 3)
    lift = rng.uniform(0, 30) if rng.random() < 0.3 else 0.0
    gamma = float(np.exp(rng.normal(0, 0.2)))
    levels = np.arange(256)[:, None] / 255.0
    table = np.clip(255.0 * (levels**gamma) * gain + lift, 0, 255).astype(np.uint8)
    grade: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = lambda image: np.stack(  # noqa: E731
        [table[image[..., c], c] for c in range(3)], axis=-1
    )
    return replace(shot, frames=grade(shot.frames), plate=grade(shot.plate))
