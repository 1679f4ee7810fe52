"""How well the lite DeAOT carries first masks through a shot."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from triton_anime.trackers.deaot_logits import nearest
from triton_anime_export.frame_io import Normalise
from triton_anime_export.networks._deaot_core import DeAOT
from triton_anime_export.networks._deaot_served import ServedIdentify, ServedPropagate, ServedReference
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training import tracking_score


@torch.no_grad()
def propagate(core: DeAOT, frames: NDArray[np.uint8], first: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Carry the labels of the first drawing through the others.

    Args:
        core: the network in eval mode.
        frames: RGB ``[T, H, W, 3]``, sides multiples of 16.
        first: ``[H, W]`` labels 0..K of the first drawing, K at most 10.

    Returns:
        ``[T, H, W]`` labels.
    """
    known, (height, width) = int(first.max()) + 1, first.shape
    size = height + 1, width + 1
    pictures = torch.from_numpy(frames.astype(np.float32) / 255.0).permute(0, 3, 1, 2)
    pictures = F.interpolate(pictures, size=size, mode="bicubic", align_corners=False)
    refer, read, identify = ServedReference(core), ServedPropagate(core), ServedIdentify(core)

    def on_grid(labels: NDArray[np.uint8]) -> torch.Tensor:
        return torch.from_numpy(nearest(labels, size))

    answers: list[NDArray[np.uint8]] = []
    for image in Normalise()(pictures):
        seen = [part[0] for part in core.see(image[None])]
        if not answers:
            answers.append(first)
            key, value = refer(seen[0], on_grid(first))
            # The drawings are few: the first alone is remembered for long.
            long = key.flatten(1, 2), value.flatten(1, 2), torch.ones(key.shape[1] * key.shape[2])
            continue
        logits, key, pending = read(*seen, *long, key, value)
        large = F.interpolate(logits[None, :known], size=first.shape, mode="bilinear", align_corners=True)
        answers.append(large[0].argmax(dim=0).numpy().astype(np.uint8))
        value = identify(pending, on_grid(answers[-1]))
    return np.stack(answers)


def score(core: DeAOT, bank: Bank, *, clips: int = 60, rivals: bool = True) -> dict[str, float]:
    """J and F of the last drawing of held-out shots, see :func:`tracking_score.score`."""
    return tracking_score.score(partial(propagate, core), bank, clips=clips, rivals=rivals)
