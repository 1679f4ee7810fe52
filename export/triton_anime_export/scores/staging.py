"""Draws the clips: staged scenes, one effect at a time, and long walks for tracking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.scores.casts import effects_by_type, seed_of
from triton_anime_export.scores.clip import Clip, held
from triton_anime_export.scores.sizes import Sizes
from triton_anime_export.scores.uncovered import uncovered
from triton_anime_export.studio.director import Cast, plan
from triton_anime_export.studio.scene import Actor, Matrix, Scene, Shot, draw_shot, similarity
from triton_anime_export.studio.source import Source

Rng = np.random.Generator

_ACTING = 8
"""From so many drawings on a character acts; fewer are faces that it makes."""


def staged(cast: Cast, data: str, sizes: Sizes) -> Iterator[Clip]:
    """Scenes as the director stages them; those without anybody are passed over."""
    number = 0
    for index in range(sizes.staged):
        while True:
            scene = plan(np.random.default_rng([seed_of(data), 1, number]), cast, sizes.size, sizes.drawings)
            shot = draw_shot(scene)
            number += 1
            if (shot.alpha >= 128).mean() > 0.01:
                break
        yield _clip(f"staged{index:02d}", data, "staged", scene, shot)


def effects(cast: Cast, data: str, sizes: Sizes) -> Iterator[Clip]:
    """A character with one effect of each type, in front of it, behind it or beside it.

    The effect goes through its drawings; in the middle of the clip, which is judged, it is fullest.
    """
    width, height = sizes.size
    rng = np.random.default_rng([seed_of(data), 2])
    fullest = sizes.effect_drawings // 2
    for kind, sources in effects_by_type(cast, rng, sizes.effects_each, fullest).items():
        for index, source in enumerate(sources):
            rng = np.random.default_rng([seed_of(data), 3, *kind.encode(), index])
            somebody = _character(rng, cast, 0.75 * height)
            x = width * rng.uniform(0.3, 0.7)
            walk = [(x + 5.0 * t, height * 0.58) for t in range(sizes.effect_drawings)]
            hero = _along(somebody, walk, 0.75 * height, mirror=bool(rng.random() < 0.5))
            at = x + rng.uniform(-0.3, 0.3) * width, height * rng.uniform(0.3, 0.65)
            path = [(at[0] + 4.0 * t, at[1]) for t in range(sizes.effect_drawings)]
            light = _along(source, path, height * rng.uniform(0.45, 0.9), mirror=False, every=1)
            actors = [hero, light] if rng.random() < 0.7 else [light, hero]
            base, camera = _place(rng, cast, sizes.size, sizes.effect_drawings)
            scene = Scene(base, actors, camera, sizes.size)
            yield _clip(f"{kind}{index}", data, "effect", scene, draw_shot(scene))


def simple_walks(cast: Cast, data: str, sizes: Sizes) -> Iterator[Clip]:
    """Two characters on their own sides of the picture; one walks behind a pillar and out again, twice."""
    width, height = sizes.size
    count = sizes.long_drawings
    for index in range(sizes.long_each):
        rng = np.random.default_rng([seed_of(data), 4, index])
        left, right = _two(rng, cast, 0.7 * height)
        beat = np.arange(count) / count
        one = [
            (width * (0.30 - 0.17 * np.cos(4 * np.pi * b)), height * (0.62 + 0.015 * np.sin(40 * b)))
            for b in beat
        ]
        other = [(width * (0.76 + 0.06 * np.sin(2 * np.pi * b + 1)), height * 0.6) for b in beat]
        pillar = _pillar(rng, cast, height)
        stand = [(width * 0.30, height * 0.5)] * count
        actors = [
            _along(left, one, 0.6 * height, mirror=False),
            _along(right, other, 0.7 * height, mirror=True),
            _along(pillar, stand, 1.1 * height, mirror=False),
        ]
        base, camera = _place(rng, cast, sizes.size, count)
        scene = Scene(base, actors, camera, sizes.size)
        yield _clip(f"simple{index}", data, "simple", scene, draw_shot(scene))


def crossing_walks(cast: Cast, data: str, sizes: Sizes) -> Iterator[Clip]:
    """Two characters walk past one another, the nearer one hiding the other, and back."""
    width, height = sizes.size
    count = sizes.long_drawings
    for index in range(sizes.long_each):
        rng = np.random.default_rng([seed_of(data), 5, index])
        far, near = _two(rng, cast, 0.75 * height)
        swing = np.cos(2 * np.pi * np.arange(count) / count)
        behind = [(width * (0.5 - 0.3 * s), height * 0.55) for s in swing]
        before = [(width * (0.5 + 0.3 * s), height * 0.62) for s in swing]
        actors = [
            _along(far, behind, 0.6 * height, mirror=False),
            _along(near, before, 0.75 * height, mirror=True),
        ]
        base, camera = _place(rng, cast, sizes.size, count)
        scene = Scene(base, actors, camera, sizes.size)
        yield _clip(f"crossing{index}", data, "crossing", scene, draw_shot(scene))


def _clip(name: str, data: str, kind: str, scene: Scene, shot: Shot) -> Clip:
    return Clip(name, data, kind, shot, held(shot), uncovered(scene, shot))


def _character(rng: Rng, cast: Cast, tall: float, other_than: str = "") -> Source:
    for _ in range(50):
        source = cast.character(rng, tall)
        if source.name != other_than:
            break
    return source


def _two(rng: Rng, cast: Cast, tall: float) -> tuple[Source, Source]:
    first = _character(rng, cast, tall)
    return first, _character(rng, cast, tall, first.name)


def _along(
    source: Source, path: list[tuple[float, float]], tall: float, *, mirror: bool, every: int = 4
) -> Actor:
    """The source with its centre on a path, ``tall`` pixels high, another drawing after every few."""
    source = _shrunk(source, tall)
    if len(source.drawings) >= _ACTING:
        every = 1
    h, w = source.drawings[0].shape[:2]
    motion = [similarity(x, y, tall / h, 0.0, mirror, (w, h)) for x, y in path]
    return Actor(source, motion, [t // every for t in range(len(path))])


def _shrunk(source: Source, tall: float) -> Source:
    """The source no larger than it is shown: composing shrinks whatever it is given once for each frame."""
    h, w = source.drawings[0].shape[:2]
    scale = tall / h
    if scale >= 0.9:
        return source
    size = (max(1, round(w * scale)), max(1, round(h * scale)))

    def shrink(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
        # Colour is averaged by its alpha, or what lies unseen beside the outline would stain it.
        weighted = rgba.astype(np.float32)
        weighted[..., :3] *= weighted[..., 3:] / 255.0
        small = cv2.resize(weighted, size, interpolation=cv2.INTER_AREA)
        small[..., :3] *= 255.0 / np.maximum(small[..., 3:], 1.0)
        return np.asarray(np.rint(np.clip(small, 0, 255)), np.uint8)

    by = np.array([size[0] / w, size[1] / h, 1.0], np.float32)

    def thin(labels: tuple[NDArray[np.uint8], ...]) -> tuple[NDArray[np.uint8], ...]:
        return tuple(
            np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_NEAREST), np.uint8) for drawn in labels
        )

    return replace(
        source,
        drawings=tuple(shrink(drawing) for drawing in source.drawings),
        layers=tuple(shrink(layer) for layer in source.layers),
        key_points=tuple(np.asarray(points * by, np.float32) for points in source.key_points),
        parts=thin(source.parts),
        pieces=thin(source.pieces),
        outlines=tuple({n: line * by[:2] for n, line in drawn.items()} for drawn in source.outlines),
        travel=tuple(length * scale for length in source.travel),
    )


def _pillar(rng: Rng, cast: Cast, height: int) -> Source:
    """An upright strip of another background: an object that everybody walks behind."""
    picture = cast.backdrop(rng).drawings[0]
    strip = max(8, picture.shape[0] // 6)
    x = int(rng.integers(max(1, picture.shape[1] - strip)))
    part = np.ascontiguousarray(picture[:, x : x + strip])
    scale = height / part.shape[0]
    part = cv2.resize(part, (max(2, round(strip * scale)), height), interpolation=cv2.INTER_AREA)
    part[..., 3] = 255
    return Source("object", "pillar", (part,))


def _place(rng: Rng, cast: Cast, size: tuple[int, int], count: int) -> tuple[Actor, list[Matrix]]:
    """A backdrop that covers a slow pan, and the camera of that pan."""
    width, height = size
    backdrop = cast.backdrop(rng)
    h, w = backdrop.drawings[0].shape[:2]
    backdrop = _shrunk(backdrop, 1.2 * h * max(width / w, height / h))
    h, w = backdrop.drawings[0].shape[:2]
    scale = 1.2 * max(width / w, height / h)
    base = Actor(
        backdrop, [similarity(width / 2, height / 2, scale, 0.0, False, (w, h))] * count, [0] * count
    )
    step = rng.uniform(-1.0, 1.0) * 0.08 * width / count
    return base, [np.array([[1, 0, step * t], [0, 1, 0], [0, 0, 1]], np.float64) for t in range(count)]
