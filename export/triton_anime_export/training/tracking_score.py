"""How well a tracker carries first masks through held-out shots, against two trivial answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from triton_anime_export.scores.measures.boundary_f import boundary_f
from triton_anime_export.scores.measures.mask_iou import mask_iou
from triton_anime_export.scores.peers import warped_masks
from triton_anime_export.studio.bank import Bank

U8 = NDArray[np.uint8]

Carry = Callable[[U8, U8], U8]
"""Frames ``[T, H, W, 3]`` and labels ``[H, W]`` of the first to labels ``[T, H, W]``."""

_SMALLEST = 400  # pixels of 448x256; smaller first masks are not followed


def score(carry: Carry, bank: Bank, *, clips: int = 60, rivals: bool = True) -> dict[str, float]:
    """Region overlap J and contour accuracy F of the last drawing of held-out shots, the mean over objects.

    Args:
        carry: the tracker; labels are at most 10.
        bank: held-out shots.
        clips: how many of them.
        rivals: others answer too.

    Returns:
        ``j`` and ``f`` of the tracker and, with ``rivals``, of the first mask copied and of the first mask
        warped along OpenCV's DIS flow.
    """
    sums: dict[str, list[float]] = {}
    for index in np.linspace(0, len(bank) - 1, min(clips, len(bank))).astype(int):
        clip = bank.clip(int(index))
        found, areas = np.unique(clip.ids[0], return_counts=True)
        chosen = found[(found > 0) & (areas >= _SMALLEST)][:10]
        if len(chosen) == 0:
            continue
        table = np.zeros(256, np.uint8)
        table[chosen] = np.arange(1, len(chosen) + 1)
        truth = table[clip.ids]
        frames = np.array(clip.frames)
        answers = {"": carry(frames, truth[0])[-1]}
        if rivals:
            answers["copied_"] = truth[0]
            answers["dis_"] = warped_masks(list(frames), truth[0])[-1]
        for name, answer in answers.items():
            for k in range(1, len(chosen) + 1):
                if not (truth[-1] == k).any():
                    continue
                sums.setdefault(f"{name}j", []).append(mask_iou(answer == k, truth[-1] == k))
                sums.setdefault(f"{name}f", []).append(boundary_f(answer == k, truth[-1] == k))
    return {name: round(float(np.mean(values)), 3) for name, values in sums.items()}
