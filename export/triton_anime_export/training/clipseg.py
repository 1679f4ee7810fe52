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
from triton_anime_export.networks._clipseg_lite import CONDITION, SHARED, LiteClipseg
from triton_anime_export.networks._clipseg_text_modules import LITE as LITE_TEXT
from triton_anime_export.networks._clipseg_text_modules import ClipsegText
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training import recompose
from triton_anime_export.training.augment import augment
from triton_anime_export.training.clipseg_phrases import MEANINGS, Asked, Scene, ask, name_something
from triton_anime_export.training.clipseg_score import pixels_of, score
from triton_anime_export.training.clipseg_words import COLOURS
from triton_anime_export.training.encoder import body_of, teacher_of
from triton_anime_export.training.kinds import KIND_WEIGHTS, KINDS
from triton_anime_export.training.loop import fit
from triton_anime_export.training.panoptic_deeplab import VIEWS, WITH_EFFECTS
from triton_anime_export.training.run import Run

BATCH, PROMPTS = 8, 4
"""Frames of a batch, and sentences for each."""

SIZES = ((192, 320), (160, 288), (192, 256), (256, 160))
"""Height and width of a batch's views, about as large as the served graph sees frames."""

PHRASES = 24

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
"""Pixels float [B,3,h,w]; tokens int [B*P,N]; masks and weights float [B,P,h,w]; kinds int [B,h/4,w/4];
phrases int [Q,N] and their meanings int [Q,2]."""


class Trainee(nn.Module):
    """Both halves, and two readers that are only there to be taught.

    ``classes`` reads the kind of thing at each pixel from the shared features, ``meaning`` the named type and
    colour from a sentence's embedding. What they ask for is dense and cheap, so that features and embeddings
    are worth modulating long before the head has learnt to.

    Args:
        body: weights of panoptic_deeplab's encoder and decoder: they are taken over. The encoder stays as it
            is, which spares most of a step's work; None: it learns with the rest.
    """

    def __init__(self, body: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        self.is_taught = body is not None
        self.image = LiteClipseg()
        self.text = ClipsegText(LITE_TEXT)
        self.classes = nn.Conv2d(SHARED, len(KINDS), 1)
        self.meaning = nn.Linear(CONDITION, len(MEANINGS) + len(COLOURS) + 1)
        for name, parameter in self.text.named_parameters():
            if name.endswith("position_embedding.weight"):
                nn.init.normal_(parameter, std=0.02)
            elif name.endswith("token_embedding.weight"):
                nn.init.normal_(parameter, std=0.1)
        if body is not None:
            self.image.body.load_state_dict(body)
            self.image.body.backbone.requires_grad_(False)

    def train(self, mode: bool = True) -> Trainee:
        """As of any module, but the statistics of an encoder that stays as it is stay as well."""
        super().train(mode)
        if self.is_taught:
            self.image.body.backbone.eval()
        return self

    def forward(self, pixels: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the sentences [B,P,h,w] and of the kinds of things [B,K,h/4,w/4]."""
        condition = self.text(tokens).reshape(pixels.shape[0], -1, CONDITION)
        shared, fine = self.image.features(pixels)
        return self.image.answer(shared, fine, condition), self.classes(shared)


def draw_scenes(bank: Bank, rng: np.random.Generator, count: int) -> list[Scene]:
    """Views of drawn and recomposed frames with their truth, of one size; most have an effect."""
    size = SIZES[int(rng.integers(len(SIZES)))]
    scenes: list[Scene] = []
    while len(scenes) < count:
        frame, maps = recompose.draw(rng, bank, effects=WITH_EFFECTS)
        maps = {name: maps[name] for name in ("alpha", "object", "effect", "effect_type")}
        if np.max(maps["effect"][::4, ::4]) > 40 or rng.random() < 0.2:
            for _ in range(VIEWS):
                seen, truth = augment(rng, frame, maps, size, prefer="effect")
                scenes.append(Scene(seen, **truth))
    return scenes[:count]


def draw_batch(bank: Bank, rng: np.random.Generator) -> Batch:
    """Views with ``PROMPTS`` sentences each."""
    scenes = draw_scenes(bank, rng, BATCH)
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
    """Index into ``KINDS`` of what lies on top, int64 [h/4,w/4]; 0 is background."""
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


def train(run: Run) -> nn.Module:
    """Train both halves of the lite size; the encoder is that of ``../panoptic_deeplab`` and stays.

    What it starts from is ``text.pt`` of an earlier run: the words are known already. So is the rest where
    that run's ``weights.pt``, the image half, lies beside it. Both are written again.

    Returns:
        The image half with averaged weights.
    """
    torch.manual_seed(run.seed)
    bank, held_out = Bank(run.bank, "train"), Bank(run.bank, "val")
    taught = teacher_of(run.out)
    trainee = Trainee(None if taught is None else body_of(taught))
    run.begin(trainee.text)
    if run.start is not None:
        _begin(trainee.image, run.start.with_name("weights.pt"))
    trained = cast(
        "Trainee",
        fit(
            "clipseg",
            trainee,
            lambda rng: draw_batch(bank, rng),
            loss,
            out=run.out,
            beside=run.beside,
            minutes=run.minutes,
            steps=run.steps,
            lr=run.lr or 2e-3,
            weight_decay=2e-2,
            seed=run.seed,
            clip_norm=1.0,
            evaluate=lambda model: _score(model, held_out),
            muon=True,
        ),
    )
    torch.save(trained.image.state_dict(), run.out / "weights.pt")
    torch.save(trained.text.state_dict(), run.out / "text.pt")
    return trained.image


def _begin(image: LiteClipseg, earlier: Path) -> None:
    """Give everything but the encoder what an earlier run has learnt, where there was one."""
    if earlier.is_file():
        state = torch.load(earlier, map_location="cpu", weights_only=True)
        image.load_state_dict(
            {k: v for k, v in state.items() if not k.startswith("body.backbone.")}, strict=False
        )


def _score(model: nn.Module, bank: Bank) -> dict[str, float]:
    trainee = cast("Trainee", model)
    return score(trainee.image, trainee.text, bank, clips=48, rivals=False)
