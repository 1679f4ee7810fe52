"""Recipe of modnet: the official three losses, on an encoder that panoptic_deeplab taught to see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import IMAGENET_STD
from triton_anime_export.networks import modnet as network
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training import scores
from triton_anime_export.training.encoder import encoder_of, teacher_of
from triton_anime_export.training.loop import Losses, device, fit
from triton_anime_export.training.matting_views import draw_views
from triton_anime_export.training.run import Run
from triton_anime_export.training.u2net import pairs

SIZES = ((256, 192), (288, 160), (224, 224), (192, 256), (320, 192))
"""Height and width of a batch's views: mostly small ones, since variety teaches more than pixels do."""

BATCH = 8

BOUNDARY = 11
"""Side in pixels of the square that grows the edge of the alpha into the band of the detail loss."""


@dataclass(frozen=True)
class Batch:
    """Frames in -1..1 [B,3,h,w], alpha [B,1,h,w] in 0..1, boundary band [B,1,h,w] of zeros and ones."""

    frames: torch.Tensor
    alpha: torch.Tensor
    boundary: torch.Tensor


@dataclass(frozen=True)
class Sampler:
    """Random views, one size a batch."""

    bank: Bank
    batch: int

    def __call__(self, rng: np.random.Generator) -> Batch:
        """One batch."""
        frames, alphas = draw_views(rng, self.bank, self.batch, SIZES)
        bands = [band(alpha) for alpha in alphas]
        stacked = torch.from_numpy(np.stack(frames)).to(device()).permute(0, 3, 1, 2).float() / 127.5 - 1
        alpha, boundary = (
            torch.from_numpy(np.stack(maps_of))[:, None].to(device()).float() for maps_of in (alphas, bands)
        )
        return Batch(stacked.contiguous(memory_format=torch.channels_last), alpha / 255, boundary)


def band(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """1 near the edge of an alpha uint8 [H,W], and wherever it is soft."""
    kernel = np.ones((BOUNDARY, BOUNDARY), np.uint8)
    return (cv2.dilate(alpha, kernel) != cv2.erode(alpha, kernel)).astype(np.uint8)


def loss(model: nn.Module, batch: Batch) -> Losses:
    """Semantic (blurred alpha at 1/16), detail (in the band), matte (band counted four times) and its mask.

    The compositional term of the paper needs the true foreground colours under soft edges; alphas here are
    exact, which says the same.
    """
    assert isinstance(model, network.MODNet)
    matte, detail, semantic = (logits.float() for logits in model.everything(batch.frames))
    coarse = F.interpolate(batch.alpha, size=semantic.shape[2:], mode="area")
    near = batch.boundary
    wanted = torch.sigmoid(matte)
    error = (wanted - batch.alpha).abs()
    entropy = F.binary_cross_entropy_with_logits(matte, batch.alpha)
    detail_error = (torch.sigmoid(detail) - batch.alpha).abs() * near
    return {
        "semantic": F.binary_cross_entropy_with_logits(semantic, coarse),
        "detail": detail_error.sum() / near.sum().clamp_min(1),
        "matte": 2 * (error * (1 + 3 * near)).mean(),
        "entropy": entropy,
    }


def start_from_panoptic(model: network.MODNet, weights: Path) -> None:
    """Copy the encoder of a panoptic_deeplab run into ``model``.

    That network saw (x - mean) / std, this one sees -1..1: the first convolution is scaled accordingly; the
    shift is taken up by the BatchNorm behind it.
    """
    encoder = encoder_of(weights)
    first = "stem.0.0.weight"
    encoder[first] = encoder[first] * (0.5 / torch.tensor(IMAGENET_STD)).view(1, 3, 1, 1)
    model.backbone.model.load_state_dict(encoder)


def score(core: nn.Module, bank: Bank, *, clips: int | None = None) -> dict[str, float]:
    """Alpha scores of the served network on whole frames of ``bank``."""
    assert isinstance(core, network.MODNet)
    served = network.Served(core).to(device()).eval()

    def predict(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        with torch.no_grad():
            alpha = served(torch.from_numpy(np.array(frame))[None].to(device()))
        return np.asarray(alpha[0].cpu().numpy(), np.uint8)

    return scores.over_frames(predict, pairs(bank, clips))


def train(run: Run) -> nn.Module:
    """Train the lite size.

    Without a start the encoder is that of ``../panoptic_deeplab/{weights,checkpoint}.pt`` beside the run's
    folder, where there is one.

    Returns:
        The core network with averaged weights.
    """
    torch.manual_seed(run.seed)
    model = network.build("lite").core
    taught = teacher_of(run.out)
    if run.start is None and taught is not None:
        start_from_panoptic(model, taught)
    run.begin(model)
    held_out = Bank(run.bank, "val")
    return fit(
        "modnet",
        model,
        Sampler(Bank(run.bank, "train"), BATCH),
        loss,
        out=run.out,
        beside=run.beside,
        minutes=run.minutes,
        steps=run.steps,
        lr=run.lr or (2e-3 if run.start is None else 1e-3),
        seed=run.seed,
        evaluate=lambda current: score(current, held_out, clips=40),
        muon=True,
    )
