"""Recipe of the lite LaMa: clean plates with holes in the shape of characters, strokes and boxes.

Two stages. The first learns colours and outlines on small views; the second works at the served resolution
and adds a patch critic (Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks",
CVPR 2017, hinge form), because absolute errors alone are smallest for a blur. The paper's perceptual loss
needs a pretrained segmenter; differences of Laplacian pyramids take its place.
"""

from __future__ import annotations

import itertools
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from triton_anime_export.networks._lama_modules import LITE, LamaGenerator, complete
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training.augment import sample_degrade, sample_view
from triton_anime_export.training.lama_score import score
from triton_anime_export.training.loop import fit
from triton_anime_export.training.run import Run

SMALL, SERVED = (128, 224), (256, 448)
BATCH = {SMALL: 8, SERVED: 3}
FIRST_STAGE = 0.6
"""Share of the schedule that the first stage takes."""

Batch = tuple[Tensor, Tensor]
"""Plates float [B,3,H,W] in 0..1 and holes float [B,1,H,W], 1 inside."""


class Critic(nn.Module):
    """Says for each patch whether it is drawn (positive) or made up (negative); keeps its features."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 24, 48, 96)
        self.stages = nn.ModuleList(
            [
                nn.utils.parametrizations.spectral_norm(nn.Conv2d(a, b, 4, 2, 1))
                for a, b in itertools.pairwise(widths)
            ]
        )
        self.verdict = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map [B,3,H,W] in 0..1 to the features of each stage and, last, the verdicts [B,1,H/8,W/8]."""
        found = []
        x = image * 2.0 - 1.0
        for stage in self.stages:
            x = F.leaky_relu(stage(x), 0.2)
            found.append(x)
        return [*found, self.verdict(x)]


class Trainee(nn.Module):
    """The generator and, in the second stage, its critic: one optimiser steps both."""

    def __init__(self, *, adversarial: bool) -> None:
        super().__init__()
        self.core = LamaGenerator(LITE)
        last = cast("nn.Conv2d", self.core.model[-2])
        # Noise on top of the first guess costs more than texture gains: the last layers would learn silence,
        # and their units would die of it. Silent from the start, they have nothing to unlearn.
        nn.init.zeros_(last.weight)
        nn.init.zeros_(cast("Tensor", last.bias))
        if adversarial:
            self.critic = Critic()


def draw_hole(bank: Bank, rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A hole uint8 [H,W] of 0 and 1: silhouettes of another clip, strokes or boxes; 2 to 65 % of it all."""
    height, width = size
    while True:
        hole = np.zeros(size, np.uint8)
        kind = rng.random()
        if kind < 0.7:
            clip = bank.clip(int(rng.integers(len(bank))))
            t = int(rng.integers(len(clip.alpha)))
            view = sample_view(rng, clip.alpha.shape[1:], size, zoom=(0.8, 1.6))
            hole = (view(np.array(clip.alpha[t]), False) > 8).astype(np.uint8)
            if rng.random() < 0.3:
                hole |= (view(np.array(clip.effect[t]), False) > 96).astype(np.uint8)
            # What is served has its masks widened by a safety margin.
            margin = int(rng.integers(0, max(2, height // 32)))
            hole = np.asarray(cv2.dilate(hole, np.ones((2 * margin + 1,) * 2, np.uint8)), np.uint8)
        if kind > 0.6:
            for _ in range(int(rng.integers(1, 5))):
                points = rng.uniform((0, 0), (width, height), (int(rng.integers(2, 6)), 2)).astype(np.int32)
                cv2.polylines(hole, [points], False, 1, int(rng.integers(height // 24, height // 6)))
            if rng.random() < 0.5:
                x, y = int(rng.integers(width)), int(rng.integers(height))
                w, h = (
                    int(rng.integers(width // 10, width // 2)),
                    int(rng.integers(height // 10, 2 * height // 3)),
                )
                cv2.rectangle(hole, (x - w // 2, y - h // 2), (x + w // 2, y + h // 2), 1, -1)
        if 0.02 < hole.mean() < 0.65:
            return hole


def draw_batch(bank: Bank, rng: np.random.Generator, size: tuple[int, int]) -> Batch:
    """Plates and holes of ``size``, as many as fit a step."""
    plates, holes = [], []
    for _ in range(BATCH[size]):
        clip = bank.clip(int(rng.integers(len(bank))))
        plate = np.array(clip.plate[int(rng.integers(len(clip.plate)))])
        zoom = (1.0, 2.0) if size == SMALL else (1.0, 1.4)
        view = sample_view(rng, plate.shape[:2], size, zoom=zoom)
        plates.append(sample_degrade(rng, 0.5)(view(plate, False)))
        holes.append(draw_hole(bank, rng, size))
    return (
        torch.from_numpy(np.stack(plates)).permute(0, 3, 1, 2).float() / 255.0,
        torch.from_numpy(np.stack(holes))[:, None].float(),
    )


def reconstruction(made: Tensor, plate: Tensor, hole: Tensor) -> dict[str, Tensor]:
    """Absolute errors of colours and of Laplacian pyramids, mostly inside the hole."""
    error = (made - plate).abs().mean(dim=1, keepdim=True)
    inside = (error * hole).sum() / (hole.sum() + 1.0)
    outside = error.mean()
    # Outside is the truth: a difference at the rim is a seam, and the pyramid sees it.
    a, b, w = made * hole + plate * (1.0 - hole), plate, hole
    details = torch.zeros(())
    for level in range(4):
        coarse_a, coarse_b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        fine_a = a - F.interpolate(coarse_a, scale_factor=2.0, mode="bilinear", align_corners=False)
        fine_b = b - F.interpolate(coarse_b, scale_factor=2.0, mode="bilinear", align_corners=False)
        difference = ((fine_a - fine_b).abs().mean(dim=1, keepdim=True) * w).sum() / (w.sum() + 1.0)
        details = details + difference * 2.0**level * 0.5
        a, b, w = coarse_a, coarse_b, F.max_pool2d(w, 2)
    return {"inside": 5.0 * inside, "outside": 0.5 * outside, "details": 2.0 * details}


def loss(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """All losses of a step; with a critic, those of both sides."""
    trainee = cast("Trainee", model)
    plate, hole = batch
    made = complete(trainee.core, plate, hole).float()
    losses = reconstruction(made, plate, hole)
    if hasattr(trainee, "critic"):
        losses |= adversarial(trainee.critic, made, plate, hole)
    return losses


def adversarial(critic: Critic, made: Tensor, plate: Tensor, hole: Tensor) -> dict[str, Tensor]:
    """Hinge losses of critic and generator and the generator's feature matching, over patches in the hole."""
    picture = made * hole + plate * (1.0 - hole)
    patches = F.max_pool2d(hole, 8)
    within = patches / (patches.sum() + 1.0)
    real = critic(plate)
    fake = critic(picture.detach())
    doubt = F.relu(1.0 - real[-1].float()).mean() + (F.relu(1.0 + fake[-1].float()) * within).sum()
    # The generator is judged by the critic as it stands: its weights take no gradient from here.
    frozen = {name: value.detach() for name, value in critic.named_parameters()}
    judged = cast("list[Tensor]", functional_call(critic, frozen, (picture,)))
    matching = torch.zeros(())
    for a, b in zip(judged[:-1], real[:-1], strict=True):
        weight = F.interpolate(patches, size=a.shape[2:], mode="nearest")
        error = (a.float() - b.detach().float()).abs().mean(dim=1, keepdim=True)
        matching = matching + (error * weight).sum() / (weight.sum() + 1.0)
    return {
        "critic": doubt,
        "deceive": -0.06 * (judged[-1].float() * within).sum(),
        "matching": 1.0 * matching,
    }


def train(run: Run) -> nn.Module:
    """Train the lite size: both stages together last as long as the run, each in a folder of its own.

    Returns:
        The core network with averaged weights.
    """
    torch.manual_seed(run.seed)
    bank, held_out = Bank(run.bank, "train"), Bank(run.bank, "val")
    state: dict[str, Tensor] = {}
    trainee = Trainee(adversarial=False)
    for stage, (size, share, rate) in enumerate(
        ((SMALL, FIRST_STAGE, 1.5e-3), (SERVED, 1.0 - FIRST_STAGE, 8e-4))
    ):
        trainee = Trainee(adversarial=stage > 0)
        trainee.load_state_dict(state, strict=False)
        trained = fit(
            f"lama stage {stage + 1}",
            trainee,
            lambda rng, size=size: draw_batch(bank, rng, size),  # type: ignore[misc]
            loss,
            out=run.out / f"stage{stage + 1}",
            beside=None if run.beside is None else run.beside / f"stage{stage + 1}",
            minutes=None if run.minutes is None else run.minutes * share,
            steps=None if run.steps is None else max(1, round(run.steps * share)),
            lr=rate,
            weight_decay=1e-4,
            seed=run.seed * 2 + stage,
            average=0.995,
            clip_norm=2.0,
            muon=True,
            evaluate=lambda model: score(cast("Trainee", model).core, held_out, clips=12, rivals=False),
        )
        trainee = cast("Trainee", trained)
        state = trainee.state_dict()
    torch.save(trainee.core.state_dict(), run.out / "weights.pt")
    return trainee.core
