"""Recipe of the lite CLIPSeg: image half and text half learn together from sentences about drawn effects."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from triton_anime.prompts import token_batch
from triton_anime_export.networks._clipseg_modules import LITE, Clipseg
from triton_anime_export.networks._clipseg_text_modules import LITE as LITE_TEXT
from triton_anime_export.networks._clipseg_text_modules import ClipsegText
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training.augment import augment
from triton_anime_export.training.clipseg_phrases import Asked, Scene, ask
from triton_anime_export.training.clipseg_score import pixels_of, score, squash
from triton_anime_export.training.loop import fit

PROMPTS = 4
STAGES = ((LITE.image // 2, 8, 0.55, 1.5e-3), (LITE.image, 4, 0.45, 7e-4))
"""Side of the square, frames in a batch, share of the schedule, peak learning rate.

Small squares teach words and shapes at a quarter of the price, the last stage edges.
"""

Batch = tuple[Tensor, Tensor, Tensor, Tensor]
"""Pixels float [B,3,S,S], tokens int [B*P,N], masks and weights float [B,P,S,S]."""


class Trainee(nn.Module):
    """Both halves."""

    def __init__(self) -> None:
        super().__init__()
        self.image = Clipseg(LITE)
        self.text = ClipsegText(LITE_TEXT)
        for name, parameter in self.named_parameters():
            if name.endswith("position_embedding.weight"):
                nn.init.normal_(parameter, std=0.02)
            elif name.endswith("token_embedding.weight"):
                nn.init.normal_(parameter, std=0.1)
            elif name.endswith("coarse.bias"):
                # Most of a frame is not what a sentence names; details count from the start.
                parameter.data.copy_(torch.tensor([-3.0, 0.5]))

    def forward(self, pixels: Tensor, tokens: Tensor) -> Tensor:
        """Logits [B,P,S,S]."""
        condition = self.text(tokens).reshape(pixels.shape[0], -1, LITE.condition)
        logits: Tensor = self.image(pixels, condition)
        return logits


def draw_scene(bank: Bank, rng: np.random.Generator, side: int = LITE.image) -> Scene:
    """One squashed, augmented frame with its truth; most have an effect."""
    while True:
        clip = bank.clip(int(rng.integers(len(bank))))
        t = int(rng.integers(len(clip.frames)))
        if np.max(clip.effect[t][::4, ::4]) > 40 or rng.random() < 0.2:
            break
    maps = {name: np.array(getattr(clip, name)[t]) for name in ("alpha", "object", "effect", "effect_type")}
    height, width = clip.frames.shape[1:3]
    frame, seen = augment(rng, np.array(clip.frames[t]), maps, (height, width))
    return squash(Scene(frame, **seen), side)


def draw_batch(bank: Bank, rng: np.random.Generator, side: int, frames: int) -> Batch:
    """Squashed frames with ``PROMPTS`` sentences each."""
    scenes = [draw_scene(bank, rng, side) for _ in range(frames)]
    asked: list[list[Asked]] = [ask(rng, scene, PROMPTS) for scene in scenes]
    return (
        pixels_of(scenes),
        torch.from_numpy(token_batch(a.prompt for row in asked for a in row)),
        torch.from_numpy(np.stack([[a.mask for a in row] for row in asked])),
        torch.from_numpy(np.stack([[a.weight for a in row] for row in asked])),
    )


def loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Cross-entropy against the soft strength, and soft Dice where there is something to find."""
    pixels, tokens, mask, weight = batch
    logits = model(pixels, tokens).float()
    entropy = F.binary_cross_entropy_with_logits(logits, mask, weight, reduction="sum") / (weight.sum() + 1.0)
    # Every other pixel is enough for an overlap.
    weight = weight[..., ::2, ::2]
    shown, mask = torch.sigmoid(logits[..., ::2, ::2]) * weight, mask[..., ::2, ::2] * weight
    overlap = 2.0 * (shown * mask).sum((2, 3)) / ((shown * shown + mask * mask).sum((2, 3)) + 1.0)
    there = (mask.sum((2, 3)) > 15.0).float()
    dice = ((1.0 - overlap) * there).sum() / (there.sum() + 1.0)
    return {"entropy": 2.0 * entropy, "dice": dice}


def train(
    bank_folder: Path, out: Path, *, minutes: float | None = None, steps: int | None = None, seed: int = 0
) -> nn.Module:
    """Train both halves of the lite size.

    Args:
        bank_folder: where the studio's bank was drawn.
        out: folder of the stages and, at the end, of ``weights.pt`` (image half) and ``text.pt``.
        minutes: CPU minutes of the schedule, or
        steps: its optimiser steps.
        seed: of weights and batches.

    Returns:
        The image half with averaged weights.
    """
    torch.manual_seed(seed)
    bank, held_out = Bank(bank_folder, "train"), Bank(bank_folder, "val")
    trainee = Trainee()
    for stage, (side, frames, share, rate) in enumerate(STAGES):
        trained = fit(
            f"clipseg {side}x{side}",
            trainee,
            lambda rng, side=side, frames=frames: draw_batch(bank, rng, side, frames),  # type: ignore[misc]
            loss,
            out=out / f"stage{stage + 1}",
            minutes=None if minutes is None else minutes * share,
            steps=None if steps is None else max(1, round(steps * share)),
            lr=rate,
            weight_decay=2e-2,
            seed=seed * 2 + stage,
            average=0.997,
            clip_norm=1.0,
            evaluate=lambda model: _score(model, held_out),
        )
        trainee = Trainee()
        trainee.load_state_dict(trained.state_dict())
    torch.save(trainee.image.state_dict(), out / "weights.pt")
    torch.save(trainee.text.state_dict(), out / "text.pt")
    return trainee.image


def _score(model: nn.Module, bank: Bank) -> dict[str, float]:
    trainee = cast("Trainee", model)
    return score(trainee.image, trainee.text, bank, clips=48, rivals=False)
