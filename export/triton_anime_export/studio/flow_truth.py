"""Optical flow of a planned scene: exact motion of every layer, and what is seen in both frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.scene import Scene

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


def flow_between(scene: Scene, tops: tuple[U8, U8], t: int, other: int, step: int = 1) -> tuple[F32, U8]:
    """Flow from frame ``t`` to frame ``other`` of a scene.

    Args:
        scene: what is drawn.
        tops: which actor is seen in frame t and in the other frame, uint8 [H,W] each.
        t: frame the flow starts from.
        other: frame it leads to, before or after t.
        step: 1 for full resolution; 2 samples the centres of 2x2 blocks.

    Returns:
        float32 [2,H/step,W/step], (dx,dy) in pixels, and uint8 [H/step,W/step], 1 where the same thing is
        seen in the other frame and 0 where it is covered there or has left the frame.
    """
    width, height = scene.size
    across, down = width // step, height // step
    shift = (step - 1) / 2
    ys, xs = np.mgrid[0:down, 0:across].astype(np.float64) * step + shift
    points = np.stack([xs.ravel(), ys.ravel(), np.ones(xs.size)])
    flow, valid = np.zeros((2, xs.size)), np.zeros(xs.size, np.uint8)
    here = tops[0][::step, ::step][:down, :across].ravel()
    for order, actor in enumerate([scene.backdrop, *scene.actors]):
        mask = here == order
        if not mask.any():
            continue
        move = (scene.camera[other] @ actor.motion[other]) @ np.linalg.inv(scene.camera[t] @ actor.motion[t])
        moved = move @ points[:, mask]
        flow[:, mask] = (moved - points[:, mask])[:2]
        x, y = np.rint(moved[0]).astype(int), np.rint(moved[1]).astype(int)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        same = np.zeros(inside.shape, bool)
        same[inside] = tops[1][y[inside], x[inside]] == order
        valid[mask] = same
    return flow.reshape(2, down, across).astype(np.float32), valid.reshape(down, across)


def flows(scene: Scene, tops: list[U8]) -> tuple[NDArray[np.float16], U8]:
    """Flow from each frame to the next at half resolution: float16 [T-1,2,H/2,W/2], uint8 [T-1,H/2,W/2]."""
    width, height = scene.size
    pairs = [
        flow_between(scene, (tops[t], tops[t + 1]), t, t + 1, step=2) for t in range(len(scene.camera) - 1)
    ]
    if not pairs:
        empty = (0, 2, height // 2, width // 2)
        return np.zeros(empty, np.float16), np.zeros((0, *empty[2:]), np.uint8)
    return np.stack([flow.astype(np.float16) for flow, _ in pairs]), np.stack([valid for _, valid in pairs])
