"""Optical flow of a planned scene: the motion of every layer and limb, and what is seen in both frames.

Layers that keep their drawing move exactly by camera and stage. Where a studio character changes its drawing,
every piece of it follows its outline, whose strokes are the same in both drawings; what bends too far for
that turns with its bone if it has one: trunk and limbs have, hair and cloth that hang loose have not. Where
art of others or an opaque effect changes its drawing, only what stays the same is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.bending import bend
from triton_anime_export.studio.keypoints import BONES, PARTS
from triton_anime_export.studio.scene import Actor, Matrix, Scene
from triton_anime_export.studio.source import Source

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
UNKNOWN, EXACT, BENT = 0, 1, 2
"""How well a vector is known: not at all; exactly; exactly on outlines, between them as these bend."""
_REDRAWN = 0.25  # share of a drawing from which on nothing of it is known to have stayed
_ALIKE = 3  # levels up to which two drawings are one picture
_MISSED = 0.75  # pixels of the frame by which bent outlines may be missed
_SCRAP = 8  # points of a rigid piece below which the bone is good enough for it
_AROUND = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))


@dataclass(frozen=True)
class Flow:
    """Flow from one frame to another.

    Attributes:
        vectors: float32 [2,H,W], (dx,dy) in pixels of the frame.
        sure: uint8 [H,W], :data:`EXACT`, :data:`BENT` or :data:`UNKNOWN`.
        seen: uint8 [H,W], 1 where the vector is known and the same thing is seen in the other frame; 0 where
            that is covered there or has left the frame.
    """

    vectors: F32
    sure: U8
    seen: U8


def flow_between(scene: Scene, tops: tuple[U8, U8], t: int, other: int, step: int = 1) -> Flow:
    """Flow from frame ``t`` to frame ``other`` of a scene.

    Args:
        scene: what is drawn.
        tops: which actor is seen in frame t and in the other frame, uint8 [H,W] each.
        t: frame the flow starts from.
        other: frame it leads to, before or after t.
        step: 1 for full resolution; 2 samples the centres of 2x2 blocks, at half the height and width.
    """
    width, height = scene.size
    across, down = width // step, height // step
    shift = (step - 1) / 2
    ys, xs = np.mgrid[0:down, 0:across].astype(np.float64) * step + shift
    points = np.stack([xs.ravel(), ys.ravel(), np.ones(xs.size)])
    vectors = np.zeros((2, xs.size), np.float32)
    known, seen = np.ones(xs.size, np.uint8), np.zeros(xs.size, np.uint8)
    here = tops[0][::step, ::step][:down, :across].ravel()
    for order, actor in enumerate([scene.backdrop, *scene.actors]):
        mask = here == order
        if not mask.any():
            continue
        before = scene.camera[t] @ actor.motion[t]
        after = scene.camera[other] @ actor.motion[other]
        drawn, part, sure = _limbs(actor, t, other, np.linalg.inv(before) @ points[:, mask], after)
        moved = after @ drawn
        vectors[:, mask] = (moved - points[:, mask])[:2]
        x, y = np.rint(moved[0]).astype(int), np.rint(moved[1]).astype(int)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (sure != UNKNOWN)
        same = np.zeros(inside.shape, bool)
        same[inside] = tops[1][y[inside], x[inside]] == order
        if part is not None:
            # A limb may be covered by another part of the same figure; its very edge is not.
            parts = actor.source.parts[_drawing(actor, other)]
            same &= np.any(
                [_sampled(parts, drawn + np.array([[x], [y], [0.0]])) == part for x, y in _AROUND], axis=0
            )
        known[mask], seen[mask] = sure, same
    return Flow(vectors.reshape(2, down, across), known.reshape(down, across), seen.reshape(down, across))


def _drawing(actor: Actor, t: int) -> int:
    return actor.drawing[t] % len(actor.source.drawings)


def _unchanged(now: U8, then: U8) -> U8:
    """Where two drawings [h,w,4] show the same, a pixel around included: 1, elsewhere 0."""
    other = (cv2.absdiff(now, then).max(axis=2) > _ALIKE).astype(np.uint8)
    if np.count_nonzero(other) > _REDRAWN * np.count_nonzero(now[..., 3] | then[..., 3]):
        return np.zeros_like(other)
    return np.asarray(1 - cv2.dilate(other, np.ones((3, 3), np.uint8)), np.uint8)


def _sampled(values: U8, points: F64) -> U8:
    x = np.clip(np.rint(points[0]).astype(int), 0, values.shape[1] - 1)
    y = np.clip(np.rint(points[1]).astype(int), 0, values.shape[0] - 1)
    return values[y, x]


def _limbs(actor: Actor, t: int, other: int, points: F64, shown: Matrix) -> tuple[F64, U8 | None, U8]:
    """Where points of one drawing lie in another: bones turn the limbs, loose hair and cloth bend.

    ``shown`` maps the other drawing to its frame. Also returned: the part each point is on, how sure it is.
    """
    sure = np.full(points.shape[1], EXACT, np.uint8)
    source, now, then = actor.source, _drawing(actor, t), _drawing(actor, other)
    if now == then:
        return points, None, sure
    if not source.parts:
        alike = _sampled(_unchanged(source.drawings[now], source.drawings[then]), points)
        return points, None, alike
    part = _sampled(source.parts[now], points)
    moved = points.copy()
    for index, name in enumerate(PARTS):
        mask = part == index
        if not mask.any():
            continue
        chosen = points[:, mask]
        bent, known = _bent(source, now, then, chosen, shown, _SCRAP if name in BONES else 1)
        if name not in BONES:
            moved[:, mask], sure[mask] = bent, np.where(known, BENT, UNKNOWN)
            continue
        far = np.full(chosen.shape[1], np.inf)
        result = chosen.copy()
        for start, end in BONES[name]:
            first, last = _bone(source.key_points[now], start, end)
            aimed_first, aimed_last = _bone(source.key_points[then], start, end)
            distance = _distance(chosen[:2], first, last)
            nearer = distance < far
            turned = _turn((first, last), (aimed_first, aimed_last)) @ chosen
            result[:, nearer] = turned[:, nearer]
            far = np.minimum(far, distance)
        moved[:, mask] = np.where(known, bent, result)
    return moved, part, sure


def _bent(
    source: Source, now: int, then: int, points: F64, shown: Matrix, fewest: int
) -> tuple[F64, NDArray[np.bool_]]:
    """Where points lie in another drawing by the outlines of their pieces, and which of them these tell."""
    moved, known = points.copy(), np.zeros(points.shape[1], bool)
    if not source.pieces:
        return moved, known
    tolerance = _MISSED / max(float(np.sqrt(abs(np.linalg.det(shown[:2, :2])))), 1e-6)
    piece = _sampled(source.pieces[now], points)
    for number in np.flatnonzero(np.bincount(piece, minlength=1) >= fewest):
        if not number:
            continue
        on = piece == number
        outlines = [source.outlines[drawing].get(int(number)) for drawing in (now, then)]
        if outlines[0] is None or outlines[1] is None:
            continue
        found = bend(outlines[0], outlines[1], points[:, on], tolerance)
        if found is not None:
            moved[:, on], known[on] = found, True
    return moved, known


def _bone(points: F32, start: tuple[int, ...], end: tuple[int, ...]) -> tuple[F64, F64]:
    return (
        points[list(start), :2].mean(axis=0).astype(np.float64),
        points[list(end), :2].mean(axis=0).astype(np.float64),
    )


def _distance(points: F64, start: F64, end: F64) -> F64:
    along = end - start
    length = float(along @ along) or 1.0
    share = np.clip(((points - start[:, None]) * along[:, None]).sum(axis=0) / length, 0.0, 1.0)
    nearest = start[:, None] + along[:, None] * share
    result: F64 = np.hypot(*(points - nearest))
    return result


def _turn(bone: tuple[F64, F64], aim: tuple[F64, F64]) -> F64:
    """Rigid motion that takes one bone to another (its start exactly; bones keep their length)."""
    before, after = bone[1] - bone[0], aim[1] - aim[0]
    angle = np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0])
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    turn[:2, 2] = aim[0] - turn[:2, :2] @ bone[0]
    return turn


def flows(scene: Scene, tops: list[U8]) -> tuple[NDArray[np.float16], U8]:
    """Flow from each frame to the next at half resolution: float16 [T-1,2,H/2,W/2], uint8 [T-1,H/2,W/2].

    The second is 1 where the vector is known and the same thing is seen in the next frame.
    """
    width, height = scene.size
    pairs = [
        flow_between(scene, (tops[t], tops[t + 1]), t, t + 1, step=2) for t in range(len(scene.camera) - 1)
    ]
    if not pairs:
        empty = (0, 2, height // 2, width // 2)
        return np.zeros(empty, np.float16), np.zeros((0, *empty[2:]), np.uint8)
    return np.stack([flow.vectors.astype(np.float16) for flow in pairs]), np.stack([f.seen for f in pairs])
