"""Recipe of u2net: drawn frames and close-ups in, the characters' alpha out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import Normalise
from triton_anime_export.networks import u2net as network
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training import scores
from triton_anime_export.training.loop import Losses, device, fit
from triton_anime_export.training.matting_views import draw_views
from triton_anime_export.training.run import Run

SIZES = ((192, 160), (224, 128), (192, 192), (160, 224), (256, 160), (320, 192))
"""Height and width of a batch's views: mostly small ones, since variety teaches more than pixels do."""

BATCH = 8

_NORMALISE = Normalise()


@dataclass(frozen=True)
class Batch:
    """Normalised frames [B,3,h,w] and alpha [B,1,h,w] in 0..1."""

    frames: torch.Tensor
    alpha: torch.Tensor


@dataclass(frozen=True)
class Sampler:
    """Random views with one size a batch; the network meets whole frames and crops around a character."""

    bank: Bank
    batch: int
    sizes: Sequence[tuple[int, int]] = SIZES

    def __call__(self, rng: np.random.Generator) -> Batch:
        """One batch."""
        frames, alphas = draw_views(rng, self.bank, self.batch, self.sizes)
        alpha = torch.from_numpy(np.stack(alphas))[:, None].to(device())
        return Batch(to_tensor(frames), alpha.float() / 255)


def to_tensor(frames: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
    """Frames uint8 [H,W,3] -> normalised float32 [B,3,H,W], channels last."""
    stacked = torch.from_numpy(np.stack(frames)).to(device()).permute(0, 3, 1, 2).float() / 255
    normalised: torch.Tensor = _NORMALISE.to(stacked.device)(stacked)
    return normalised.contiguous(memory_format=torch.channels_last)


def loss(model: nn.Module, batch: Batch) -> Losses:
    """The paper's deep supervision (cross-entropy on all seven maps) and a soft IoU of the fused one."""
    assert isinstance(model, network.U2Net)
    logits = [logit.float() for logit in model.logits(batch.frames)]
    entropies = [F.binary_cross_entropy_with_logits(logit, batch.alpha) for logit in logits]
    alpha = torch.sigmoid(logits[0])
    overlap = (alpha * batch.alpha).sum() + 50
    union = (alpha + batch.alpha - alpha * batch.alpha).sum() + 50
    return {
        "fused": entropies[0],
        "sides": 0.5 * torch.stack(entropies[1:]).mean(),
        "iou": 0.5 * (1 - overlap / union),
    }


def pairs(bank: Bank, clips: int | None = None) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """(frame, true alpha) of the last drawing of every clip."""
    chosen = [bank.clip(index) for index in range(min(clips or len(bank), len(bank)))]
    return [(np.asarray(clip.frames[-1]), np.asarray(clip.alpha[-1])) for clip in chosen]


def score(core: nn.Module, bank: Bank, *, clips: int | None = None) -> dict[str, float]:
    """Alpha scores of the served network on whole frames of ``bank``."""
    assert isinstance(core, network.U2Net)
    served = network.Served(core, official=False).to(device()).eval()

    def predict(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        with torch.no_grad():
            alpha = served(torch.from_numpy(np.array(frame))[None].to(device()))
        return np.asarray(alpha[0].cpu().numpy(), np.uint8)

    return scores.over_frames(predict, pairs(bank, clips))


def train(run: Run) -> nn.Module:
    """Train the lite size.

    Returns:
        The core network with averaged weights.
    """
    torch.manual_seed(run.seed)
    model = network.build("lite").core
    run.begin(model)
    held_out = Bank(run.bank, "val")
    return fit(
        "u2net",
        model,
        Sampler(Bank(run.bank, "train"), BATCH),
        loss,
        out=run.out,
        beside=run.beside,
        minutes=run.minutes,
        steps=run.steps,
        lr=run.lr or (4e-3 if run.start is None else 2e-3),
        seed=run.seed,
        evaluate=lambda current: score(current, held_out, clips=40),
        muon=True,
    )
