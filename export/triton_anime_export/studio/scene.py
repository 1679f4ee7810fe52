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

U8 = NDArray[np.uint8]
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

    @property
    def object(self) -> NDArray[np.uint8]:
        """The map of objects under the name that a bank stores it by."""
        return self.objects


@dataclass
class Actor:
    """A source on stage: for each frame where it is (in world pixels) and which drawing it shows."""

    source: Source
    motion: list[Matrix]
    drawing: list[int]
    layers: dict[int, NDArray[np.float32]] = field(default_factory=dict)

    def premultiplied(self, index: int) -> NDArray[np.float32]:
        """The drawing as float32 RGBA [h,w,4] in 0..1 with colour multiplied by alpha."""
        number = self.drawing[index] % len(self.source.drawings)
        if number not in self.layers:
            # A held drawing is asked for again and again; older ones of a long performance are let go.
            self.layers.clear()
            rgba = self.source.drawings[number].astype(np.float32) / 255.0
            rgba[..., :3] *= rgba[..., 3:]
            self.layers[number] = rgba
        return self.layers[number]


@dataclass(frozen=True)
class Scene:
    """A planned shot, from which any frame can be drawn.

    Attributes:
        backdrop: opaque; its motion maps it to the world.
        actors: from back to front; nearer sheets of the background come first and are of kind ``backdrop``.
        camera: world to frame, one for each frame.
        size: (width, height) of the frames, both even.
        grade: uint8 [256,3], what becomes of each value of red, green and blue; None leaves them.
        layout: how the characters were placed, see ``layout.LAYOUTS``; empty where nobody says.
        camera_move: ``locked``, ``pan``, ``zoom`` or ``shake``; empty where nobody says.
    """

    backdrop: Actor
    actors: list[Actor]
    camera: list[Matrix]
    size: tuple[int, int]
    grade: U8 | None = None
    layout: str = ""
    camera_move: str = ""

    def of_kind(self, kind: str) -> list[Actor]:
        """The actors whose source is of a kind, from back to front."""
        return [actor for actor in self.actors if actor.source.kind == kind]


@dataclass(frozen=True)
class Frame:
    """One drawn frame of H x W with its truth; maps as in :class:`Shot`.

    Attributes:
        picture, plate: uint8 [H,W,3].
        ids, alpha, objects, effect, effect_type: uint8 [H,W].
        effect_ids: uint8 [H,W], 0 none or 1..n: the effect whose type the map of types gives.
        top: uint8 [H,W], 0 for the backdrop or 1..n: the actor that is seen, added light left aside.
        characters, things, effects: uint8 [N,H,W], visible alpha of each character, of each object and of
            each effect (for light that is added: its strength); empty unless they were asked for.
    """

    picture: U8
    plate: U8
    ids: U8
    alpha: U8
    objects: U8
    effect: U8
    effect_type: U8
    effect_ids: U8
    top: U8
    characters: U8
    things: U8
    effects: U8


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


def _reached(
    drawing: NDArray[np.float32], matrix: Matrix, size: tuple[int, int]
) -> tuple[slice, slice] | None:
    """Rows and columns of the frame that a drawing can touch; None where it lies outside."""
    h, w = drawing.shape[:2]
    corners = matrix @ np.array([[-1, w, -1, w], [-1, -1, h, h], [1, 1, 1, 1]], np.float64)
    left, top = np.floor(corners[:2].min(axis=1)).astype(int) - 1
    right, bottom = np.ceil(corners[:2].max(axis=1)).astype(int) + 2
    rows, columns = slice(max(top, 0), min(bottom, size[1])), slice(max(left, 0), min(right, size[0]))
    return None if rows.start >= rows.stop or columns.start >= columns.stop else (rows, columns)


def draw_frame(scene: Scene, t: int, instances: bool = False) -> Frame:
    """Draw frame ``t`` of a scene with its truth; ``instances`` asks for the alpha of each actor too."""
    width, height = scene.size
    camera = scene.camera[t]
    kinds = {kind: scene.of_kind(kind) for kind in ("character", "object", "effect")}
    base = _warp(
        scene.backdrop.premultiplied(t)[..., :3],
        camera @ scene.backdrop.motion[t],
        scene.size,
        cv2.BORDER_REFLECT_101,
    )
    pictures = {"rgb": base.copy(), "plate": base}
    ident, top, kind, which = (np.zeros((height, width), np.uint8) for _ in range(4))
    alpha, thing, effect = (np.zeros((height, width), np.float32) for _ in range(3))
    single = {
        name: np.zeros((len(found) if instances else 0, height, width), np.float32)
        for name, found in kinds.items()
    }
    for order, actor in enumerate(scene.actors, start=1):
        drawing, matrix = actor.premultiplied(t), camera @ actor.motion[t]
        if actor.source.kind == "backdrop":
            sheet = _warp(drawing, matrix, scene.size, cv2.BORDER_REFLECT_101)
            for painting in pictures.values():
                painting *= 1.0 - sheet[..., 3:]
                painting += sheet[..., :3]
            top[sheet[..., 3] >= 0.5] = order
            continue
        at = _reached(drawing, matrix, scene.size)
        if at is None:
            continue
        to_box = np.array([[1, 0, -at[1].start], [0, 1, -at[0].start], [0, 0, 1]], np.float64)
        extent = (at[1].stop - at[1].start, at[0].stop - at[0].start)
        layer = _warp(drawing, to_box @ matrix, extent, cv2.BORDER_CONSTANT)
        colour, a = layer[..., :3], layer[..., 3]
        rest = 1.0 - a
        keep = rest[..., None]
        solid = a >= 0.5
        place = _place(kinds[actor.source.kind], actor)
        covers = not (actor.source.kind == "effect" and actor.source.additive)
        if covers:
            top[at][solid] = order
        rgb = pictures["rgb"][at]
        rgb *= keep if covers else 1.0
        rgb += colour
        if covers:
            alpha[at] *= rest
            thing[at] *= rest
            for values in single.values():
                values[:, at[0], at[1]] *= rest
        if actor.source.kind == "effect":
            strength = a if covers else colour.max(axis=2)
            # A soft light is "there" from about a sixteenth of full strength.
            seen = strength > np.maximum(0.06, effect[at] * 0.5)
            kind[at][seen] = EFFECT_TYPES.index(actor.source.effect_type)
            which[at][seen] = place + 1
            effect[at] = effect[at] * (1.0 - strength) + strength
            if instances:
                single["effect"][place][at] += strength
            if covers:
                ident[at][solid] = 0
            continue
        effect[at] *= rest
        kind[at][solid] = 0
        which[at][solid] = 0
        if instances:
            single[actor.source.kind][place][at] += a
        if actor.source.kind == "object":
            plate = pictures["plate"][at]
            plate *= keep
            plate += colour
            thing[at] += a
            ident[at][solid] = 0
        else:
            alpha[at] += a
            ident[at][solid] = place + 1
    picture, clean = _bytes(pictures["rgb"]), _bytes(pictures["plate"])
    if scene.grade is not None:
        picture, clean = (_graded(image, scene.grade) for image in (picture, clean))
    return Frame(
        picture,
        clean,
        ident,
        _bytes(alpha),
        _bytes(thing),
        _bytes(effect),
        kind,
        which,
        top,
        _bytes(single["character"]),
        _bytes(single["object"]),
        _bytes(single["effect"]),
    )


def draw_shot(scene: Scene) -> Shot:
    """Draw all frames of a scene with their truth."""
    from triton_anime_export.studio.flow_truth import flows

    frames = [draw_frame(scene, t) for t in range(len(scene.camera))]
    flow, valid = flows(scene, [frame.top for frame in frames])
    return Shot(
        np.stack([frame.picture for frame in frames]),
        np.stack([frame.plate for frame in frames]),
        np.stack([frame.ids for frame in frames]),
        np.stack([frame.alpha for frame in frames]),
        np.stack([frame.objects for frame in frames]),
        np.stack([frame.effect for frame in frames]),
        np.stack([frame.effect_type for frame in frames]),
        flow,
        valid,
        tuple(actor.source.name for actor in scene.of_kind("character")),
    )


def compose(backdrop: Actor, actors: list[Actor], camera: list[Matrix], size: tuple[int, int]) -> Shot:
    """Draw a shot of a backdrop and actors (back to front) under a camera; see :class:`Scene`."""
    return draw_shot(Scene(backdrop, actors, camera, size))


def _place(found: list[Actor], actor: Actor) -> int:
    return next(i for i, other in enumerate(found) if other is actor)


def _graded(image: U8, table: U8) -> U8:
    return np.stack([table[image[..., channel], channel] for channel in range(3)], axis=-1)


def _bytes(image: NDArray[np.float32]) -> U8:
    result: U8 = (
        cv2.convertScaleAbs(np.clip(image, 0.0, 1.0), alpha=255.0) if image.size else image.astype(np.uint8)
    )
    return result
