"""Recipe of panoptic_deeplab: drawn shots in, classes, centres and offsets out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import Normalise
from triton_anime_export.networks import panoptic_deeplab as network
from triton_anime_export.studio.bank import Bank, Clip
from triton_anime_export.training import augment, recompose, scores
from triton_anime_export.training.kinds import KIND_WEIGHTS, KINDS
from triton_anime_export.training.loop import Losses, device, fit
from triton_anime_export.training.run import Run

SIZES = ((160, 288), (160, 288), (192, 256), (224, 224), (256, 160), (256, 448))
"""Height and width of a batch's views: mostly small ones, since variety teaches more than pixels do."""

BATCH, VIEWS = 8, 2
"""Views of a batch, and how many of them show one drawing: composing it costs as much as learning from it."""

WITH_EFFECTS = (0.5, 0.75)
"""Share of drawn and of recomposed frames that get more effects; as it is, these have 3 % of the pixels."""

CLASS_WEIGHTS = (1.0, 1.0, 2.0, 3.0)
"""Of each class in the cross-entropy, the rarer the more."""

CENTER_SIGMA = 2.5
"""Of a centre's blob, in grid cells."""

EFFECT_SEEN, EFFECT_HIDES = 64, 200
"""Effect alpha from which background counts as effect, and from which it hides a character."""


@dataclass(frozen=True)
class Batch:
    """Frames [B,3,h,w] in 0..1, class shares [B,4,h/2,w/2], heat [B,1,h/4,w/4], offsets, their weight, kinds.

    ``kinds`` is int64 [B,h/4,w/4], an index into ``KINDS``.
    """

    frames: torch.Tensor
    classes: torch.Tensor
    heat: torch.Tensor
    offset: torch.Tensor
    inside: torch.Tensor
    kinds: torch.Tensor


class Trainee(nn.Module):
    """The network, and a reader that is only there to teach it.

    ``kinds`` tells the types of effects apart: features that know fire from smoke know both from a lamp, and
    the networks that start from this encoder want them.
    """

    def __init__(self, core: network.PanopticDeepLab) -> None:
        super().__init__()
        self.core = core
        self.kinds = nn.Conv2d(core.decoded_channels, len(KINDS), 1)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Normalised image [B,3,h,w] -> what the core gives, and logits of the kinds [B,K,h/4,w/4]."""
        x, first = self.core.decoded_and_fine(image)
        return *self.core.answers(x, first), self.kinds(x)


def class_map(
    ids: NDArray[np.uint8], effect: NDArray[np.uint8], objects: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Index into ``CLASSES`` per pixel, all uint8 [H,W]: light over a character leaves it a character."""
    label = np.where(objects >= 128, 3, 0).astype(np.uint8)
    label[effect >= EFFECT_SEEN] = 2
    label[(ids > 0) & (effect < EFFECT_HIDES)] = 1
    return label


def targets(
    label: NDArray[np.uint8], ids: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Class shares [4,2h,2w], heat [1,h,w], offsets [2,h,w] in ``OFFSET_UNIT``, their weight [1,h,w]."""
    h, w = label.shape[0] // network.STRIDE, label.shape[1] // network.STRIDE
    onehot = (label[..., None] == np.arange(len(network.CLASSES))).astype(np.float32)
    fine = (label.shape[1] // network.FINE_STRIDE, label.shape[0] // network.FINE_STRIDE)
    shares = cv2.resize(onehot, fine, interpolation=cv2.INTER_AREA).transpose(2, 0, 1)
    half = network.STRIDE // 2
    grid_ids = ids[half :: network.STRIDE, half :: network.STRIDE]
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    heat = np.zeros((h, w), np.float32)
    offset = np.zeros((2, h, w), np.float32)
    inside = np.zeros((h, w), np.float32)
    for identity in np.unique(grid_ids):
        mask = grid_ids == identity
        area = int(mask.sum())
        if identity == 0 or area < 6:
            continue
        cy, cx = float(ys[mask].mean()), float(xs[mask].mean())
        blob = np.exp(-((ys - cy) ** 2 + (xs - cx) ** 2) / (2 * CENTER_SIGMA**2))
        np.maximum(heat, blob, out=heat)
        offset[0][mask], offset[1][mask] = cx - xs[mask], cy - ys[mask]
        # Every character weighs alike, up to a point: otherwise close-ups drown the crowd.
        inside[mask] = np.clip(600.0 / area, 0.5, 3.0)
    return shares, heat[None], offset / network.OFFSET_UNIT, inside[None]


def kind_map(label: NDArray[np.uint8], effect_type: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Index into ``KINDS`` [h,w] of a :func:`class_map` and a map of effect types, both uint8 [H,W]."""
    kinds = np.where(label == 2, effect_type, 0).astype(np.int64)
    kinds[label == 1] = KINDS.index("character")
    kinds[label == 3] = KINDS.index("object")
    half = network.STRIDE // 2
    return kinds[half :: network.STRIDE, half :: network.STRIDE]


@dataclass(frozen=True)
class Sampler:
    """Random drawings of random clips, seen in random ways, one size a batch."""

    bank: Bank
    batch: int

    def __call__(self, rng: np.random.Generator) -> Batch:
        """One batch."""
        size = SIZES[int(rng.integers(len(SIZES)))]
        frames, rows = [], []
        for index in range(self.batch):
            if index % VIEWS == 0:
                drawn, maps = recompose.draw(rng, self.bank, effects=WITH_EFFECTS)
            frame, seen = augment.augment(rng, drawn, maps, size, prefer="ids")
            frames.append(frame)
            label = class_map(seen["ids"], seen["effect"], seen["object"])
            rows.append((*targets(label, seen["ids"]), kind_map(label, seen["effect_type"])))
        maps_of = [torch.from_numpy(np.stack(column)).to(device()) for column in zip(*rows, strict=True)]
        return Batch(frames_to_tensor(frames), *maps_of)


def frames_to_tensor(frames: list[NDArray[np.uint8]]) -> torch.Tensor:
    """Frames uint8 [H,W,3] -> float32 [B,3,H,W] in 0..1, channels last."""
    stacked = torch.from_numpy(np.stack(frames)).to(device())
    return stacked.permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=torch.channels_last)


def loss(model: nn.Module, batch: Batch) -> Losses:
    """Soft cross-entropy with bootstrapping, Dice over the batch, focal-weighted heat, L1 offsets."""
    semantic, center, offset, kinds = (output.float() for output in model(_normalised(batch.frames)))
    entropy = -(batch.classes * F.log_softmax(semantic, 1)).sum(1)
    floor = -(batch.classes * batch.classes.clamp_min(1e-6).log()).sum(1)
    weights = torch.tensor(CLASS_WEIGHTS, device=semantic.device).view(1, -1, 1, 1)
    excess = ((entropy - floor) * (batch.classes * weights).sum(1)).flatten()
    hardest = excess.topk(excess.numel() // 5, sorted=False).values.mean()
    shares = torch.softmax(semantic, 1)[:, 1:]
    wanted = batch.classes[:, 1:]
    overlap = 2 * (shares * wanted).sum((0, 2, 3)) + 20
    dice = 1 - overlap / (shares.square().sum((0, 2, 3)) + wanted.square().sum((0, 2, 3)) + 20)
    heat = torch.sigmoid(center)
    heat_loss = ((heat - batch.heat).square() * (1 + 20 * batch.heat)).mean()
    distance = F.smooth_l1_loss(offset, batch.offset, beta=0.2, reduction="none").sum(1, keepdim=True)
    offset_loss = (distance * batch.inside).sum() / batch.inside.sum().clamp_min(1)
    return {
        "entropy": excess.mean() + 0.5 * hardest,
        "dice": 0.5 * dice.mean(),
        "heat": 20 * heat_loss,
        "offset": 0.3 * offset_loss,
        "kinds": F.cross_entropy(kinds, batch.kinds, KIND_WEIGHTS.to(kinds.device)),
    }


_NORMALISE = Normalise()


def _normalised(frames: torch.Tensor) -> torch.Tensor:
    normalised: torch.Tensor = _NORMALISE.to(frames.device)(frames)
    return normalised


def predict(
    model: nn.Module, frame: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """One frame uint8 [H,W,3] -> SEMANTIC uint8 [4,2h,2w], CENTER uint8 [h,w], OFFSET float32 [2,h,w]."""
    served = network.Served(model).to(device()).eval()  # type: ignore[arg-type]
    with torch.no_grad():
        outputs = served(torch.from_numpy(np.array(frame))[None].to(device()))
    semantic, center, offset = (output[0].cpu().numpy() for output in outputs)
    return semantic, center, offset


def score(core: nn.Module, bank: Bank, *, clips: int | None = None) -> dict[str, float]:
    """Scores on the last drawing of every clip of ``bank``; see :mod:`scores` for what they mean."""
    tally = scores.PanopticTally()
    for index in range(min(clips or len(bank), len(bank))):
        clip: Clip = bank.clip(index)
        semantic, center, offset = predict(core, clip.frames[-1])
        label = class_map(clip.ids[-1], clip.effect[-1], clip.object[-1])
        tally.add(semantic, center, offset, label, np.asarray(clip.ids[-1]))
    return tally.result()


def train(run: Run) -> nn.Module:
    """Train the lite size.

    Returns:
        The core network with averaged weights.
    """
    torch.manual_seed(run.seed)
    core = network.build("lite").core
    run.begin(core)
    held_out = Bank(run.bank, "val")
    return fit(
        "panoptic_deeplab",
        Trainee(core),
        Sampler(Bank(run.bank, "train"), BATCH),
        loss,
        out=run.out,
        beside=run.beside,
        minutes=run.minutes,
        steps=run.steps,
        lr=run.lr or (3e-3 if run.start is None else 1.5e-3),
        weight_decay=2e-2,
        seed=run.seed,
        evaluate=lambda current: score(current, held_out, clips=40),
        part="core",
        muon=True,
    )
