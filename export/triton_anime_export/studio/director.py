"""Stages random scenes: who is where, how the camera moves, what the light does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.art import Art
from triton_anime_export.studio.layout import draw_layout, marks, play
from triton_anime_export.studio.scene import Actor, Matrix, Scene, Shot, draw_shot, similarity
from triton_anime_export.studio.source import Source
from triton_anime_export.studio.variety import cluttered, out_of_focus, pixelated, recoloured

Rng = np.random.Generator
CAMERA_MOVES = ("locked", "pan", "zoom", "shake")
_PIXEL_ART = 0.12
_TRIES = 12  # characters that are looked at for one that plays an action


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

    def character(self, rng: Rng, reach: float, action: str | None = None) -> Source:
        """A character, its colours varied, shown ``reach`` pixels high, that plays an action if one can."""
        if self._from_art(rng) or not self.characters:
            assert self.art is not None
            source = self.art.character(rng, drawings=3)
        else:
            for _ in range(1 if action is None else _TRIES):
                source = self.characters[rng.integers(len(self.characters))]
                if action in source.actions:
                    break
        return recoloured(rng, source)

    def backdrop(self, rng: Rng) -> Source:
        """A background, its colours varied."""
        if self._from_art(rng) or not self.backdrops:
            assert self.art is not None
            return recoloured(rng, self.art.background(rng))
        return recoloured(rng, self.backdrops[rng.integers(len(self.backdrops))])

    def effect(self, rng: Rng) -> Source:
        """An effect."""
        if self._from_art(rng) or not self.effects:
            assert self.art is not None
            return self.art.effect(rng)
        return self.effects[rng.integers(len(self.effects))]

    def thing(self, rng: Rng) -> Source | None:
        """An object, or None where the cast has none."""
        return self.objects[rng.integers(len(self.objects))] if self.objects else None

    def _from_art(self, rng: Rng) -> bool:
        return self.art is not None and rng.random() < self.art_share


def plan(
    rng: Rng,
    cast: Cast,
    size: tuple[int, int] = (448, 256),
    count: int = 4,
    layout: str | None = None,
) -> Scene:
    """Plan one random shot without drawing it.

    Args:
        rng: decides everything; the same state plans the same shot.
        cast: who and what may appear.
        size: (width, height) of the frames, both even.
        count: frames.
        layout: one of ``layout.LAYOUTS``; a random one where None.
    """
    height = size[1]
    backdrop = cast.backdrop(rng)
    if rng.random() < 0.3:
        backdrop = cluttered(rng, backdrop, [cast.backdrop(rng) for _ in range(2)])
    if rng.random() < 0.35:
        backdrop = out_of_focus(rng, backdrop)
    actors: list[Actor] = []
    for _ in range(int(rng.choice(3, p=[0.55, 0.3, 0.15]))):
        source = cast.thing(rng)
        if source is not None:
            actors.append(_thing(rng, source, rng.uniform(0.15, 0.6) * height, size, count, speed=0.3))
    layout = layout or draw_layout(rng)
    for mark in marks(rng, size, count, layout):
        source = cast.character(rng, mark.reach, mark.action)
        if rng.random() < _PIXEL_ART:
            source = pixelated(rng, source, mark.reach / source.drawings[0].shape[0])
        actors.append(play(rng, source, mark, size, count))
    source = cast.thing(rng) if rng.random() < 0.12 else None
    if source is not None:
        actors.append(_thing(rng, source, rng.uniform(0.3, 0.9) * height, size, count, speed=0.5))
    move, camera = draw_camera(rng, size, count)
    for _ in range(int(rng.choice(4, p=[0.45, 0.33, 0.15, 0.07]))):
        source = cast.effect(rng)
        if source.style.endswith("full frame"):
            actors.append(_veil(rng, source, camera, size))
            continue
        actor = _thing(rng, source, rng.uniform(0.25, 1.3) * height, size, count, speed=0.8)
        actors.insert(int(rng.integers(len(actors) + 1)) if rng.random() < 0.35 else len(actors), actor)
    cover = _cover(rng, backdrop, size)
    far = rng.uniform(0.35, 1.0) if rng.random() < 0.5 else 1.0
    if move == "shake":
        far = 1.0  # a blow shakes the whole picture
    grade = _grade(rng)
    spread(rng, actors, camera, far, size)
    ground, *planes = multiplane(backdrop, cover, camera, far, size)
    return Scene(ground, [*planes, *actors], camera, size, grade, layout, move)


def parallax(camera: list[Matrix], pace: float, size: tuple[int, int]) -> list[Matrix]:
    """What to add to the motion of a thing that passes ``pace`` times as fast as the stage does.

    What lies far is shifted less by a pan and grows less by a zoom about the middle of the frame.
    """
    middle = np.array([size[0] / 2, size[1] / 2])
    lags = []
    for matrix in camera:
        moved = matrix @ np.linalg.inv(camera[0])
        zoom = float(np.sqrt(abs(np.linalg.det(moved[:2, :2]))))
        shift = moved[:2, :2] @ middle + moved[:2, 2] - middle
        slower = np.eye(3)
        slower[:2, :2] *= zoom**pace
        slower[:2, 2] = middle * (1.0 - zoom**pace) + pace * shift
        lags.append(np.linalg.inv(matrix) @ slower @ camera[0])
    return lags


def multiplane(
    backdrop: Source, cover: Matrix, camera: list[Matrix], far: float, size: tuple[int, int]
) -> list[Actor]:
    """The backdrop under a multiplane camera, its sheets from far to near.

    Args:
        backdrop: one sheet, or several if it has layers.
        cover: from its pixels to the world.
        camera: world to frame, one for each frame.
        far: pace of the farthest sheet; the nearest, on which people stand, passes with the stage.
        size: (width, height) of the frame.
    """
    still = [0] * len(camera)
    resting = all(np.array_equal(matrix, camera[0]) for matrix in camera)
    if far == 1.0 or resting or not backdrop.layers:
        return [Actor(backdrop, [lag @ cover for lag in parallax(camera, far, size)], still)]
    planes: list[Actor] = []
    for pace, sheet in zip(np.linspace(far, 1.0, len(backdrop.layers)), backdrop.layers, strict=True):
        source = replace(backdrop, drawings=(sheet,), layers=(), style="" if planes else backdrop.style)
        planes.append(Actor(source, [lag @ cover for lag in parallax(camera, float(pace), size)], still))
    return planes


def spread(rng: Rng, actors: list[Actor], camera: list[Matrix], far: float, size: tuple[int, int]) -> None:
    """Things behind the stage stand at depths of their own, those before it pass faster than it does."""
    if far == 1.0:
        return
    stage = [i for i, actor in enumerate(actors) if actor.source.kind == "character"]
    first = stage[0] if stage else len(actors)
    for index, actor in enumerate(actors):
        if actor.source.kind != "object":
            continue
        pace = rng.uniform(far, 1.0) if index < first else rng.uniform(1.0, 1.0 + (1.0 - far))
        actor.motion = [lag @ m for lag, m in zip(parallax(camera, pace, size), actor.motion, strict=True)]


def stage(rng: Rng, cast: Cast, size: tuple[int, int] = (448, 256), count: int = 4) -> Shot:
    """Draw one random shot of ``count`` successive frames at ``size`` (width, height)."""
    return draw_shot(plan(rng, cast, size, count))


def _thing(rng: Rng, source: Source, reach: float, size: tuple[int, int], count: int, speed: float) -> Actor:
    width, height = size
    h, w = source.drawings[0].shape[:2]
    scale = reach / max(h, 0.6 * w)
    if rng.random() < _PIXEL_ART:
        source = pixelated(rng, source, scale)
    x, y = rng.uniform(-0.05, 1.05) * width, rng.uniform(0.1, 0.95) * height
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


def _veil(rng: Rng, source: Source, camera: list[Matrix], size: tuple[int, int]) -> Actor:
    """Rain, petals or focus lines before everything: they fill the screen wherever the camera looks."""
    width, height = size
    h, w = source.drawings[0].shape[:2]
    scale = max(width / w, height / h) * float(rng.uniform(1.05, 1.6))
    base = similarity(width / 2, height / 2, scale, 0.0, bool(rng.random() < 0.5), (w, h))
    start = int(rng.integers(8))
    return Actor(source, [np.linalg.inv(m) @ base for m in camera], [start + t for t in range(len(camera))])


def _cover(rng: Rng, backdrop: Source, size: tuple[int, int]) -> Matrix:
    width, height = size
    h, w = backdrop.drawings[0].shape[:2]
    scale = max(width / w, height / h) * float(rng.uniform(1.05, 2.0))
    slack_x, slack_y = (w * scale - width) / 2, (h * scale - height) / 2
    x = width / 2 + rng.uniform(-0.8, 0.8) * slack_x
    y = height / 2 + rng.uniform(-0.8, 0.8) * slack_y
    return similarity(x, y, scale, 0.0, bool(rng.random() < 0.5), (w, h))


def draw_camera(rng: Rng, size: tuple[int, int], count: int) -> tuple[str, list[Matrix]]:
    """One of :data:`CAMERA_MOVES` and its matrices, world to frame, for so many frames."""
    width, height = size
    kind = int(rng.choice(4, p=[0.4, 0.3, 0.2, 0.1]))
    step = rng.normal(0, 6.0, 2) * (width / 448) if kind in {1, 2} else np.zeros(2)
    grow = float(np.exp(rng.normal(0, 0.02))) if kind == 2 else 1.0
    # Long shots would otherwise leave the scene.
    step = np.clip(step * (count - 1), -0.5 * width, 0.5 * width) / max(count - 1, 1)
    grow = float(np.clip(grow ** (count - 1), 0.7, 1.6)) ** (1.0 / max(count - 1, 1))
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
    return CAMERA_MOVES[kind], cameras


def _grade(rng: Rng) -> NDArray[np.uint8] | None:
    """One colour grade over picture and plate alike (night, sunset, haze), so the plate stays exact."""
    if rng.random() < 0.5:
        return None
    gain = rng.uniform(0.6, 1.15) * rng.uniform(0.85, 1.15, 3)
    lift = rng.uniform(0, 30) if rng.random() < 0.3 else 0.0
    gamma = float(np.exp(rng.normal(0, 0.2)))
    levels = np.arange(256)[:, None] / 255.0
    table: NDArray[np.uint8] = np.clip(255.0 * (levels**gamma) * gain + lift, 0, 255).astype(np.uint8)
    return table
