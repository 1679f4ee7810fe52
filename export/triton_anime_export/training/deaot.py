"""Recipe of the lite DeAOT: drawn shots of three or four drawings, the first masks given.

As its authors train it (Yang and Yang, NeurIPS 2022): bootstrapped cross-entropy and soft Jaccard of every
drawing, the given one among them; objects take identities at random; what is remembered of a drawing are true
masks or those that the network decided. Ours is that attention is shown where things moved to, as in the
recipe of XMem, and that half of the batches number their objects from 1, as they are served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import torch
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import Normalise
from triton_anime_export.networks._deaot_core import IDENTITIES, LITE, DeAOT, DeAOTWidths, Passed, one_hot
from triton_anime_export.networks._deaot_propagation import DepthwiseFilter, Memory
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training._deaot_score import score
from triton_anime_export.training.depthwise import QuickDepthwise
from triton_anime_export.training.loop import fit
from triton_anime_export.training.run import Run
from triton_anime_export.training.tracking_clips import Clips, draw_clips
from triton_anime_export.training.tracking_losses import bootstrapped, soft_jaccard

_ABSENT = -1e4
_GIVEN = 0.3  # how much the given drawing counts
_TRUE = 0.5  # how often what is remembered are true masks
_KEPT = 0.5  # how often a drawing is remembered for long


class TrainableDeAOT(nn.Module):
    """The core and its losses."""

    def __init__(self, widths: DeAOTWidths = LITE) -> None:
        super().__init__()
        self.core = DeAOT(widths)
        for part in self.core.modules():
            if isinstance(part, DepthwiseFilter):
                part.conv = QuickDepthwise(part.conv)  # type: ignore[assignment]
        self.normalise = Normalise()

    def forward(self, clips: Clips) -> dict[str, torch.Tensor]:
        """Losses of one batch of clips."""
        core = self.core
        b, t, _, height, width = clips.frames.shape
        numbers = _identities(clips.masks.shape[2])
        pictures = clips.frames.flatten(0, 1) / 255.0
        pictures = F.interpolate(pictures, size=(height + 1, width + 1), mode="bicubic", align_corners=False)
        cells, *skips = (x.reshape(b, t, *x.shape[1:]) for x in core.see(self.normalise(pictures)))

        def judged(at: int, read: _Read) -> torch.Tensor:
            """Logits ``[B, K + 1, H, W]`` of the objects there are, whose losses are taken down."""
            planes = read.branches.transpose(1, 2).reshape(b, -1, *cells.shape[-2:])
            logits = core.decoder(planes, *(skip[:, at] for skip in skips)).float()
            logits = torch.cat([logits[:, :1], logits[:, numbers]], dim=1)
            there = torch.cat([torch.ones(b, 1), clips.present], dim=1)[:, :, None, None]
            logits = torch.where(there > 0, logits, _ABSENT)
            joint = F.interpolate(logits, size=(height, width), mode="bilinear", align_corners=True)
            shares = torch.softmax(joint, dim=1)[:, 1:]
            entropy.append(bootstrapped(joint, clips.labels[:, at]))
            overlap.append(soft_jaccard(shares, clips.masks[:, at], clips.present))
            keys.append(read.key)
            return joint

        def identified(labels: torch.Tensor) -> torch.Tensor:
            """Identities ``[B, N, embed]`` of masks ``[B, H, W]``."""
            known = torch.cat([numbers.new_zeros(1), numbers])[_nearest(labels, (height + 1, width + 1))]
            return torch.vmap(lambda each: core.identify(one_hot(each)))(known)

        entropy, overlap, keys = list[torch.Tensor](), list[torch.Tensor](), list[torch.Tensor]()
        given = (clips.given * torch.arange(1, 1 + clips.given.shape[1])[:, None, None]).sum(dim=1).long()
        read = torch.vmap(self._refer)(cells[:, 0], identified(given))
        judged(0, read)
        short = read.key, read.value
        long = [short]
        for at in range(1, t):
            long_key, long_value = (torch.cat(each, dim=2) for each in zip(*long, strict=True))
            read = torch.vmap(self._read)(cells[:, at], long_key, long_value, *short)
            joint = judged(at, read)
            if at == t - 1:
                break
            decided = clips.labels[:, at] if torch.rand(()) < _TRUE else joint.argmax(dim=1)
            short = read.key, torch.vmap(self._decide)(read.value, read.identity, identified(decided))
            if torch.rand(()) < _KEPT:
                long.append(short)
        weights = torch.tensor([_GIVEN] + [1.0] * (t - 1))
        weights = weights / weights.sum()
        return {
            "entropy": (torch.stack(entropy) * weights).sum(),
            "jaccard": (torch.stack(overlap) * weights).sum(),
            "motion": 0.1 * _motion_loss(keys, clips.matches),
        }

    def _refer(self, cells: torch.Tensor, masks: torch.Tensor) -> _Read:
        """One drawing ``[embed, h, w]`` with identities ``[N, embed]`` that are given."""
        passed = self.core.propagate(cells, masks=masks)
        values = [torch.cat(pair, dim=1) for pair in zip(passed.values, passed.id_values, strict=True)]
        return _packed(passed, values)

    def _read(
        self,
        cells: torch.Tensor,
        long_key: torch.Tensor,
        long_value: torch.Tensor,
        short_key: torch.Tensor,
        short_value: torch.Tensor,
    ) -> _Read:
        """One drawing ``[embed, h, w]`` read out of keys and values ``[L, M, .]``."""
        long = [Memory(key, value) for key, value in zip(long_key, long_value, strict=True)]
        short = [Memory(key, value) for key, value in zip(short_key, short_value, strict=True)]
        passed = self.core.propagate(cells, long=long, short=short)
        return _packed(passed, passed.values)

    def _decide(self, value: torch.Tensor, identity: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        """Values ``[L, N, 4 embed]`` of a drawing that was read, now that its masks are decided."""
        made = []
        for index, block in enumerate(self.core.blocks):
            own = block.id_value(None if block.first else identity[index], masks)
            made.append(torch.cat([value[index], own], dim=1))
        return torch.stack(made)


class _Read(NamedTuple):
    """One drawing after the propagation; under ``vmap`` each has the clips as its first axis.

    Attributes:
        branches: ``[N, 2 embed]``, for the decoder.
        key: ``[L, N, A]`` of all blocks.
        value: ``[L, N, 2 embed]``, or ``[L, N, 4 embed]`` with identities.
        identity: ``[L, N, embed]``, zeros in the first block.
    """

    branches: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    identity: torch.Tensor


def _packed(passed: Passed, values: Sequence[torch.Tensor]) -> _Read:
    none = torch.zeros_like(values[0][:, : passed.branches[0].shape[1] // 2])
    identities = [none if identity is None else identity for identity in passed.identities]
    return _Read(
        passed.branches[-1], torch.stack(passed.keys), torch.stack(list(values)), torch.stack(identities)
    )


def _identities(objects: int) -> torch.Tensor:
    """Which of the ten identities the objects take."""
    in_order = bool(torch.rand(()) < 0.5)
    return 1 + (torch.arange(objects) if in_order else torch.randperm(IDENTITIES - 1)[:objects])


def _nearest(labels: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Labels ``[B, H, W]`` at another size, as the client makes them."""
    rows, columns = (torch.arange(out) * has // out for has, out in zip(labels.shape[1:], size, strict=True))
    return labels[:, rows[:, None], columns]


def _motion_loss(keys: Sequence[torch.Tensor], matches: torch.Tensor) -> torch.Tensor:
    """Each cell should find, in the drawing before, the cell it came from.

    Args:
        keys: of each drawing ``[B, L, N, A]``.
        matches: ``[M, 4]`` int: clip, drawing, its cell, the cell of the drawing before.
    """
    losses = []
    for at in range(1, len(keys)):
        clip, _, cell, origin = matches[matches[:, 1] == at].unbind(dim=1)
        if len(clip) == 0:
            continue
        scores = torch.matmul(keys[at], keys[at - 1].transpose(2, 3)) / keys[at].shape[3] ** 0.5
        rows = scores[clip, :, cell].float()  # [M, L, N]
        losses.append(F.cross_entropy(rows.flatten(0, 1), origin.repeat_interleave(rows.shape[1])))
    return torch.stack(losses).mean() if losses else keys[0].float().sum() * 0.0


def encoder_of_xmem(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights of XMem's key encoder under the names of DeAOT's encoder, its running statistics frozen.

    Args:
        state: of :class:`triton_anime_export.networks._xmem_core.XMem`.
    """
    prefix = "key_encoder."
    return {
        key.removeprefix(prefix).replace("res2.", "layer1."): value
        for key, value in state.items()
        if key.startswith(prefix) and not key.endswith("num_batches_tracked")
    }


def train(run: Run) -> nn.Module:
    """Train the lite size.

    It may start from weights of the recipe of XMem, too, whose encoder is begun with. Without a start the
    normalisations of the encoder, which do not learn, do nothing.

    Returns:
        The core network with averaged weights.
    """
    torch.manual_seed(run.seed)
    bank, held_out = Bank(run.bank, "train"), Bank(run.bank, "val")
    trainee = TrainableDeAOT()
    if run.start is not None:
        state = torch.load(run.start, map_location="cpu", weights_only=True)
        if "key_encoder.conv1.weight" in state:
            trainee.core.encoder.load_state_dict(encoder_of_xmem(state))
        else:
            trainee.core.load_state_dict(state)
    return fit(
        "deaot",
        trainee,
        lambda rng: draw_clips(bank, rng, corners=True),
        lambda model, clips: model(clips),
        out=run.out,
        beside=run.beside,
        minutes=run.minutes,
        steps=run.steps,
        lr=run.lr or 1e-3,
        weight_decay=1e-2,
        seed=run.seed,
        average=0.995,
        clip_norm=3.0,
        evaluate=lambda core: score(cast("DeAOT", core), held_out, clips=16, rivals=False),
        evaluations=6,
        part="core",
        muon=True,
    )
