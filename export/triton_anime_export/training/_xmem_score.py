"""How well the lite XMem carries first masks through a shot."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from triton_anime_export.frame_io import Normalise
from triton_anime_export.networks._xmem_core import XMem, aggregate
from triton_anime_export.networks._xmem_memory import read_memory, similarity
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training import tracking_score


@torch.no_grad()
def propagate(core: XMem, frames: NDArray[np.uint8], first: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Carry the labels of the first drawing through the others.

    Args:
        core: the network in eval mode.
        frames: RGB ``[T, H, W, 3]``, sides multiples of 16.
        first: ``[H, W]`` labels 0..K of the first drawing.

    Returns:
        ``[T, H, W]`` labels.
    """
    objects = int(first.max())
    images = Normalise()(torch.from_numpy(frames.astype(np.float32) / 255.0).permute(0, 3, 1, 2))
    masks = torch.stack([torch.from_numpy((first == k + 1).astype(np.float32)) for k in range(objects)])
    features = [core.key_encoder(image[None]) for image in images]
    projected = [[x[0].flatten(1) for x in core.key_proj(f16)] for f16, _, _ in features]
    h, w = features[0][0].shape[-2:]
    hidden = torch.zeros(objects, core.widths.hidden, h, w)
    value, hidden = core.value_encoder(images[:1], features[0][0], masks, hidden)
    answers = [first]
    for (f16, f8, f4), (key, _, selection) in zip(features[1:], projected[1:], strict=True):
        scores = similarity(projected[0][0], projected[0][1], key, selection)
        readout, _ = read_memory(
            scores, value.flatten(2), torch.ones(1, h * w), torch.zeros(objects, dtype=torch.long)
        )
        logits, hidden = core.decoder(f16, f8, f4, hidden, readout.reshape(objects, -1, h, w))
        answers.append(aggregate(torch.sigmoid(logits)).argmax(dim=0).numpy().astype(np.uint8))
    return np.stack(answers)


def score(core: XMem, bank: Bank, *, clips: int = 60, rivals: bool = True) -> dict[str, float]:
    """J and F of the last drawing of held-out shots, see :func:`tracking_score.score`."""
    return tracking_score.score(partial(propagate, core), bank, clips=clips, rivals=rivals)
