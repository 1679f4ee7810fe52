"""Composes sources into a moving shot with exact ground truth.

A scene is a backdrop, objects (part of the background), characters and effects, each with its own motion
under one camera. Every frame is drawn by the same over/add operators that the product undoes, so masks,
alphas, plates and flows are exact rather than estimated.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.source import EFFECT_TYPES, Source

Matrix = NDArray[np.float64]
"""Homogeneous 3x3 transform from a source's pixels to the frame's pixels."""


@dataclass(frozen=True)
class Shot:
    """Drawn frames with their truth; T drawings of H x W.

    Attributes:
        frames: uint8 [T,H,W,3].
        plate: uint8 [T,H,W,3], the background (backdrop and objects) without characters and effects.
        ids: uint8 [T,H,W], 0 or 1..n: the visible character whose alpha is at least one half.
        alpha: uint8 [T,H,W], visible alpha of all characters together.
        objects: uint8 [T,H,W], alpha of objects that are visible.
        effect: uint8 [T,H,W], alpha of effects (for light that is added: its strength).
        effect_type: uint8 [T,H,W], index into ``EFFECT_TYPES`` where effect is visible.
        flow: float16 [T-1,2,H/2,W/2], (dx,dy) in full-resolution pixels to the next frame.
        flow_valid: uint8 [T-1,H/2,W/2], 1 where the same thing is visible in the next frame.
        names: identity of character i+1.
    """

    frames: NDArray[np.uint8]
    plate: NDArray[np.uint8]
    ids: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    objects: NDArray[np.uint8]
    effect: NDArray[np.uint8]
    effect_type: NDArray[np.uint8]
    flow: NDArray[np.float16]
    flow_valid: NDArray[np.uint8]
    names: tuple[str, ...]


@dataclass
class Actor:
    """A source on stage: for each frame where it is (in world pixels) and which drawing it shows."""

    source: Source
    motion: list[Matrix]
    drawing: list[int]
    layers: list[NDArray[np.float32]] = field(default_factory=list)

    def premultiplied(self, index: int) -> NDArray[np.float32]:
        """The drawing as float32 RGBA [h,w,4] in 0..1 with colour multiplied by alpha."""
        if not self.layers:
            for drawing in self.source.drawings:
                rgba = drawing.astype(np.float32) / 255.0
                rgba[..., :3] *= rgba[..., 3:]
                self.layers.append(rgba)
        return self.layers[self.drawing[index] % len(self.layers)]


def similarity(x: float, y: float, scale: float, angle: float, mirror: bool, size: tuple[int, int]) -> Matrix:
    """Transform that puts the centre of a source of ``size`` (w,h) at (x,y), scaled and turned (radians)."""
    w, h = size
    to_centre = np.array([[1, 0, -w / 2], [0, 1, -h / 2], [0, 0, 1]], np.float64)
    flip = np.diag([-1.0 if mirror else 1.0, 1.0, 1.0])
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[c, -s, x], [s, c, y], [0, 0, 1]], np.float64)
    result: Matrix = turn @ flip @ to_centre
    return result


def _warp(
    layer: NDArray[np.float32], matrix: Matrix, size: tuple[int, int], border: int
) -> NDArray[np.float32]:
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    if scale < 0.6:
        # Bilinear warps alias when they shrink; average down first.
        shrink = max(scale * 1.2, 0.02)
        h, w = layer.shape[:2]
        small = cv2.resize(
            layer, (max(1, round(w * shrink)), max(1, round(h * shrink))), interpolation=cv2.INTER_AREA
        )
        back = np.diag([w / small.shape[1], h / small.shape[0], 1.0])
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], np.float64)
        matrix = matrix @ np.linalg.inv(half) @ back @ half
        layer = small
    return cv2.warpAffine(
        layer, matrix[:2], size, flags=cv2.INTER_LINEAR, borderMode=border, borderValue=(0, 0, 0, 0)
    )


def compose(backdrop: Actor, actors: list[Actor], camera: list[Matrix], size: tuple[int, int]) -> Shot:
    """Draw the shot.

    Args:
        backdrop: opaque; its motion maps it to the world.
        actors: from back to front.
        camera: world to frame, one for each frame.
        size: (width, height) of the frames, both even.
    """
    width, height = size
    count = len(camera)
    characters = [a for a in actors if a.source.kind == "character"]
    frames, plates, ids, alphas, objects, effects, kinds, tops = ([] for _ in range(8))
    for t in range(count):
        base = _warp(
            backdrop.premultiplied(t)[..., :3], camera[t] @ backdrop.motion[t], size, cv2.BORDER_REFLECT_101
        )
        rgb, plate = base.copy(), base.copy()
        ident = np.zeros((height, width), np.uint8)
        top = np.zeros((height, width), np.uint8)
        alpha = np.zeros((height, width), np.float32)
        thing = np.zeros((height, width), np.float32)
        effect = np.zeros((height, width), np.float32)
        kind = np.zeros((height, width), np.uint8)
        for order, actor in enumerate(actors, start=1):
            layer = _warp(actor.premultiplied(t), camera[t] @ actor.motion[t], size, cv2.BORDER_CONSTANT)
            a = layer[..., 3]
            keep = 1.0 - a[..., None]
            if actor.source.kind == "effect":
                strength = layer[..., :3].max(axis=2) if actor.source.additive else a
                rgb = rgb + layer[..., :3] if actor.source.additive else rgb * keep + layer[..., :3]
                # A soft light is "there" from about a sixteenth of full strength.
                kind[strength > np.maximum(0.06, effect * 0.5)] = EFFECT_TYPES.index(actor.source.effect_type)
                effect = effect * (1.0 - strength) + strength
                if not actor.source.additive:
                    alpha *= 1.0 - a
                    thing *= 1.0 - a
                    ident[a >= 0.5] = 0
                continue
            rgb = rgb * keep + layer[..., :3]
            effect *= 1.0 - a
            kind[a >= 0.5] = 0
            top[a >= 0.5] = order
            if actor.source.kind == "object":
                plate = plate * keep + layer[..., :3]
                thing = thing * (1.0 - a) + a
                alpha *= 1.0 - a
                ident[a >= 0.5] = 0
            else:
                alpha = alpha * (1.0 - a) + a
                thing *= 1.0 - a
                ident[a >= 0.5] = _place(characters, actor) + 1
        frames.append(_bytes(rgb))
        plates.append(_bytes(plate))
        ids.append(ident)
        alphas.append(_bytes(alpha))
        objects.append(_bytes(thing))
        effects.append(_bytes(effect))
        kinds.append(kind)
        tops.append(top)
    flow, valid = _flows(backdrop, actors, camera, tops, size)
    return Shot(
        np.stack(frames),
        np.stack(plates),
        np.stack(ids),
        np.stack(alphas),
        np.stack(objects),
        np.stack(effects),
        np.stack(kinds),
        flow,
        valid,
        tuple(a.source.name for a in characters),
    )


def _place(characters: list[Actor], actor: Actor) -> int:
    return next(i for i, other in enumerate(characters) if other is actor)


def _bytes(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    result: NDArray[np.uint8] = (np.clip(image, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return result


def _flows(
    backdrop: Actor,
    actors: list[Actor],
    camera: list[Matrix],
    tops: list[NDArray[np.uint8]],
    size: tuple[int, int],
) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    width, height = size
    # Flow samples sit at the centres of 2x2 blocks.
    ys, xs = np.mgrid[0 : height // 2, 0 : width // 2].astype(np.float64) * 2.0 + 0.5
    points = np.stack([xs.ravel(), ys.ravel(), np.ones(xs.size)])
    flows, valids = [], []
    for t in range(len(camera) - 1):
        flow = np.zeros((2, xs.size))
        valid = np.zeros(xs.size, np.uint8)
        here = tops[t][::2, ::2].ravel()
        for order, actor in enumerate([backdrop, *actors]):
            mask = here == order
            if not mask.any():
                continue
            step = (camera[t + 1] @ actor.motion[t + 1]) @ np.linalg.inv(camera[t] @ actor.motion[t])
            moved = step @ points[:, mask]
            flow[:, mask] = (moved - points[:, mask])[:2]
            x = np.rint(moved[0]).astype(int)
            y = np.rint(moved[1]).astype(int)
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            same = np.zeros(inside.shape, bool)
            same[inside] = tops[t + 1][y[inside], x[inside]] == order
            valid[mask] = same
        flows.append(flow.reshape(2, height // 2, width // 2).astype(np.float16))
        valids.append(valid.reshape(height // 2, width // 2))
    if not flows:
        return np.zeros((0, 2, height // 2, width // 2), np.float16), np.zeros(
            (0, height // 2, width // 2), np.uint8
        )
    return np.stack(flows), np.stack(valids)
