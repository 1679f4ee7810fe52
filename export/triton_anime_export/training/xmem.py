"""Recipe of the lite XMem: drawn shots of three or four drawings, the first mask given."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import Normalise
from triton_anime_export.networks._xmem_core import LITE, XMem, XMemWidths, aggregate
from triton_anime_export.networks._xmem_memory import similarity
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training._xmem_score import score
from triton_anime_export.training.loop import fit
from triton_anime_export.training.run import Run
from triton_anime_export.training.tracking_clips import Clips, draw_clips
from triton_anime_export.training.tracking_losses import bootstrapped


class TrainableXMem(nn.Module):
    """The core with two helpers of training: heads that see the character, keys that follow the motion."""

    def __init__(self, widths: XMemWidths = LITE) -> None:
        super().__init__()
        self.core = XMem(widths)
        self.normalise = Normalise()
        self.heads = nn.ModuleList(nn.Conv2d(c, 1, 1) for c in (widths.f16, widths.f8, widths.f4))

    def forward(self, clips: Clips) -> dict[str, torch.Tensor]:
        """Losses of one batch of clips."""
        core = self.core
        b, t, _, height, width = clips.frames.shape
        k = clips.masks.shape[2]
        owner = torch.arange(b).repeat_interleave(k)
        images = self.normalise(clips.frames / 255.0)
        f16, f8, f4 = core.key_encoder(images.flatten(0, 1))
        keys, shrinkages, selections = (x.float() for x in core.key_proj(f16))
        seen = self._character_loss((f16, f8, f4), clips.character.flatten(0, 1))
        f16, f8, f4 = (_split(x, b) for x in (f16, f8, f4))
        keys, shrinkages, selections = (_split(x.flatten(2), b) for x in (keys, shrinkages, selections))
        h, w = height // 16, width // 16
        hidden = torch.zeros(b * k, core.widths.hidden, h, w)
        values: list[torch.Tensor] = []
        remembered: list[int] = []

        def remember(at: int, masks: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
            others = masks.sum(dim=1, keepdim=True) - masks
            value, state = core.value_encoder.encode(
                images[:, at][owner],
                f16[:, at][owner],
                masks.flatten(0, 1).unsqueeze(1),
                others.flatten(0, 1).unsqueeze(1),
                state,
            )
            values.append(_split(value.float().flatten(2), b))
            remembered.append(at)
            return state

        hidden = remember(0, clips.given, hidden)
        entropy, overlap = [], []
        for at in range(1, t):
            readouts = []
            for i in range(b):
                with torch.autocast("cpu", enabled=False):
                    scores = similarity(
                        torch.cat([keys[i, m] for m in remembered], dim=1),
                        torch.cat([shrinkages[i, m] for m in remembered], dim=1),
                        keys[i, at],
                        selections[i, at],
                    )
                    memory = torch.cat([v[i] for v in values], dim=2)
                    readouts.append(torch.matmul(memory, torch.softmax(scores, dim=1).transpose(0, 1)))
            readout = torch.stack(readouts).reshape(b * k, core.widths.value, h, w)
            logits, hidden = core.decoder(f16[:, at], f8[:, at], f4[:, at], hidden, readout, owner)
            probabilities = _split(torch.sigmoid(logits.float()), b) * clips.present[:, :, None, None]
            joint = torch.stack([aggregate(p) for p in probabilities])
            entropy.append(bootstrapped(joint, clips.labels[:, at]))
            foreground = torch.softmax(joint, dim=1)[:, 1:]
            overlap.append(_dice(foreground, clips.masks[:, at], clips.present))
            if at < t - 1 and torch.rand(()) < 0.5:
                hidden = remember(at, foreground, hidden)
        return {
            "entropy": torch.stack(entropy).mean(),
            "dice": torch.stack(overlap).mean(),
            "seen": 0.2 * seen,
            "motion": 0.1 * _motion_loss(keys, shrinkages, selections, clips.matches, (h, w)),
        }

    def _character_loss(self, features: tuple[torch.Tensor, ...], character: torch.Tensor) -> torch.Tensor:
        losses = []
        for head, feature in zip(self.heads, features, strict=True):
            stride = character.shape[-1] // feature.shape[-1]
            target = F.avg_pool2d(character.unsqueeze(1), stride)
            losses.append(F.binary_cross_entropy_with_logits(head(feature).float(), target))
        return torch.stack(losses).mean()


def _split(x: torch.Tensor, parts: int) -> torch.Tensor:
    """``[P * n, ...]`` to ``[P, n, ...]``."""
    return x.reshape(parts, -1, *x.shape[1:])


def _dice(foreground: torch.Tensor, masks: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    both = 2 * (foreground * masks).sum(dim=(2, 3)) + 1
    loss = 1 - both / (foreground.sum(dim=(2, 3)) + masks.sum(dim=(2, 3)) + 1)
    return (loss * present).sum() / present.sum().clamp(min=1)


def _motion_loss(
    keys: torch.Tensor,
    shrinkages: torch.Tensor,
    selections: torch.Tensor,
    matches: torch.Tensor,
    grid: tuple[int, int],
) -> torch.Tensor:
    """Each cell should find, in the drawing before, the cell it came from.

    Args:
        keys: ``[B, T, CK, Q]``, like ``selections``; ``shrinkages`` ``[B, T, 1, Q]``.
        shrinkages: see ``keys``.
        selections: see ``keys``.
        matches: ``[M, 4]`` int: clip, drawing, its cell, the cell of the drawing before.
        grid: cells down and across.
    """
    losses = []
    for i in range(keys.shape[0]):
        for at in range(1, keys.shape[1]):
            rows = matches[(matches[:, 0] == i) & (matches[:, 1] == at)]
            if len(rows) == 0:
                continue
            with torch.autocast("cpu", enabled=False):
                scores = similarity(keys[i, at - 1], shrinkages[i, at - 1], keys[i, at], selections[i, at])
                losses.append(F.cross_entropy(scores[rows[:, 2]], rows[:, 3]))
    return torch.stack(losses).mean() if losses else keys.sum() * 0.0


def train(run: Run) -> nn.Module:
    """Train the lite size.

    Returns:
        The core network with averaged weights.
    """
    torch.manual_seed(run.seed)
    bank, held_out = Bank(run.bank, "train"), Bank(run.bank, "val")
    trainee = TrainableXMem()
    run.begin(trainee.core)
    return fit(
        "xmem",
        trainee,
        lambda rng: draw_clips(bank, rng),
        lambda model, clips: model(clips),
        out=run.out,
        beside=run.beside,
        minutes=run.minutes,
        steps=run.steps,
        lr=run.lr or (1e-3 if run.start is None else 7e-4),
        weight_decay=1e-2,
        seed=run.seed,
        average=0.995,
        clip_norm=3.0,
        evaluate=lambda core: score(cast("XMem", core), held_out, clips=16, rivals=False),
        part="core",
        muon=True,
    )
