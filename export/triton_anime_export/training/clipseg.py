"""Recipe of the lite CLIPSeg: image half and text half learn together from sentences about drawn effects."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from triton_anime.prompts import token_batch
from triton_anime_export.networks._clipseg_modules import LITE, Clipseg, SkipHead
from triton_anime_export.networks._clipseg_text_modules import LITE as LITE_TEXT
from triton_anime_export.networks._clipseg_text_modules import ClipsegText
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training.augment import augment
from triton_anime_export.training.clipseg_phrases import MEANINGS, Asked, Scene, ask, name_something
from triton_anime_export.training.clipseg_score import pixels_of, score, squash
from triton_anime_export.training.clipseg_words import COLOURS
from triton_anime_export.training.kinds import KIND_WEIGHTS, KINDS
from triton_anime_export.training.loop import fit

PROMPTS = 4
STAGES = ((LITE.image // 2, 8, 0.43, 2e-3), (LITE.image, 4, 0.57, 8e-4))
"""Side of the square, frames in a batch, share of the schedule, peak learning rate.

Small squares teach words and shapes at a quarter of the price, the last stage edges.
"""

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
"""Pixels float [B,3,S,S]; tokens int [B*P,N]; masks and weights float [B,P,S,S]; kinds int [B,S/4,S/4];
phrases int [Q,N] and their meanings int [Q,2]."""

PHRASES = 24


class Trainee(nn.Module):
    """Both halves, and two readers that are only there to be taught.

    ``classes`` reads the kind of thing at each pixel from the fused features, ``meaning`` the named type and
    colour from a sentence's embedding. What they ask for is dense and cheap, so that features and embeddings
    are worth modulating long before the decoder has learnt to.
    """

    def __init__(self) -> None:
        super().__init__()
        self.image = Clipseg(LITE)
        self.text = ClipsegText(LITE_TEXT)
        self.classes = nn.Conv2d(LITE.stem[1], len(KINDS), 1)
        self.meaning = nn.Linear(LITE.condition, len(MEANINGS) + len(COLOURS) + 1)
        for name, parameter in self.named_parameters():
            if name.endswith("position_embedding.weight"):
                nn.init.normal_(parameter, std=0.02)
            elif name.endswith("token_embedding.weight"):
                nn.init.normal_(parameter, std=0.1)
            elif name.endswith("coarse.bias"):
                # Most of a frame is not what a sentence names; details count from the start.
                parameter.data.copy_(torch.tensor([-3.0, 0.5]))

    def forward(self, pixels: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the sentences [B,P,S,S] and of the kinds of things [B,K,S/4,S/4]."""
        condition = self.text(tokens).reshape(pixels.shape[0], -1, LITE.condition)
        kinds: list[Tensor] = []
        head = self.image.decoder.transposed_convolution
        assert isinstance(head, SkipHead)
        hook = head.fusion.register_forward_hook(
            lambda module, given, fused: kinds.append(self.classes(fused))
        )
        try:
            logits: Tensor = self.image(pixels, condition)
        finally:
            hook.remove()
        return logits, kinds[0]


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
        torch.from_numpy(np.stack([kinds_of(scene) for scene in scenes])),
        *phrases_of(rng),
    )


def kinds_of(scene: Scene) -> NDArray[np.int64]:
    """Index into ``KINDS`` of what lies on top, int64 [S/4,S/4]; 0 is background."""
    kinds = np.where(scene.effect > 40, scene.effect_type, 0).astype(np.int64)
    kinds[(kinds == 0) & (scene.object > 127)] = KINDS.index("object")
    kinds[(kinds == 0) & (scene.alpha > 127)] = KINDS.index("character")
    return kinds[2::4, 2::4]


def phrases_of(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Token ids [Q,N] of sentences, and the indices of their type and colour (the last: none named) [Q,2]."""
    said = [name_something(rng) for _ in range(PHRASES)]
    return torch.from_numpy(token_batch(s for s, _, _ in said)), torch.tensor([[t, c] for _, t, c in said])


def loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Cross-entropy with the soft strength, soft Dice where there is something to find, and both readers'."""
    trainee = cast("Trainee", model)
    pixels, tokens, mask, weight, kinds, phrases, meanings = batch
    logits, seen = trainee(pixels, tokens)
    logits = logits.float()
    entropy = F.binary_cross_entropy_with_logits(logits, mask, weight, reduction="sum") / (weight.sum() + 1.0)
    weight, mask = F.avg_pool2d(weight, 2), F.avg_pool2d(mask, 2)
    shown, mask = F.avg_pool2d(torch.sigmoid(logits), 2) * weight, mask * weight
    overlap = 2.0 * (shown * mask).sum((2, 3)) / ((shown * shown + mask * mask).sum((2, 3)) + 1.0)
    there = (mask.sum((2, 3)) > 15.0).float()
    dice = ((1.0 - overlap) * there).sum() / (there.sum() + 1.0)
    said = trainee.meaning(trainee.text(phrases)).float()
    split = len(MEANINGS)
    return {
        "entropy": 2.0 * entropy,
        "dice": dice,
        "kinds": 0.5 * F.cross_entropy(seen.float(), kinds, KIND_WEIGHTS),
        "meaning": 0.2 * F.cross_entropy(said[:, :split], meanings[:, 0])
        + 0.2 * F.cross_entropy(said[:, split:], meanings[:, 1]),
    }


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
            average=0.99,
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
