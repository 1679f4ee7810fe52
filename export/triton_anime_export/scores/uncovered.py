"""Which hidden background another drawing of the clip shows: what time can bring back, and a still cannot."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.scene import Actor, Scene, Shot, draw_frame

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_LOOK_UP = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP


def uncovered(scene: Scene, shot: Shot) -> Mask:
    """Background of each drawing that another drawing of the shot has in plain sight.

    The sheets and objects of the background are drawn alone; the pixels that a drawing shows of each are
    collected on the sheet itself and from there looked up by every drawing, so neither camera nor parallax
    stands between them.

    Args:
        scene: the plan, of T drawings.
        shot: what was drawn from it, [T,H,W].

    Returns:
        [T,H,W]; only what characters and effects touch is hidden.
    """
    width, height = scene.size
    things = [actor for actor in scene.actors if actor.source.kind in {"backdrop", "object"}]
    bare = replace(scene, actors=things)
    tops = [draw_frame(bare, t).top for t in range(len(scene.camera))]
    free = [(shot.alpha[t] == 0) & (shot.effect[t] <= 8) for t in range(len(tops))]
    found = np.zeros((len(tops), height, width), bool)
    for order, actor in enumerate([scene.backdrop, *things]):
        for number in sorted({_drawing(actor, t) for t in range(len(tops))}):
            when = [t for t in range(len(tops)) if _drawing(actor, t) == number]
            h, w = actor.source.drawings[number].shape[:2]
            seen = np.zeros((h, w), np.uint8)
            for t in when:
                plain = ((tops[t] == order) & free[t]).astype(np.uint8)
                to_frame = (scene.camera[t] @ actor.motion[t])[:2]
                moved = cv2.warpAffine(plain, to_frame, (w, h), flags=_LOOK_UP, borderValue=0)
                np.maximum(seen, np.asarray(moved, np.uint8), out=seen)
            for t in when:
                to_frame = (scene.camera[t] @ actor.motion[t])[:2]
                shown = cv2.warpAffine(seen, to_frame, (width, height), flags=cv2.INTER_NEAREST)
                found[t] |= (tops[t] == order) & ~free[t] & (np.asarray(shown) > 0)
    return found


def _drawing(actor: Actor, t: int) -> int:
    return actor.drawing[t] % len(actor.source.drawings)
