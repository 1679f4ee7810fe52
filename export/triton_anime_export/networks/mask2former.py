"""Mask2Former: panoptic segmentation by masked attention, one query a thing.

Cheng et al., "Masked-attention Mask Transformer for Universal Image Segmentation", CVPR 2022. The network is
that of the ``transformers`` package, whose keys the official checkpoints have; here are its sizes, the fixed
frames it is exported for, and the panoptic inference of the official repository as far as a graph of fixed
shapes can go. What depends on the data (which segments are kept) is decided by its caller, from areas.

Sizes of feature maps are baked into the graph (deformable attention, Swin's windows): another height or width
would be silently wrong. So there is one description for each shape of frame, and callers letterbox into it.
"""

from __future__ import annotations

import math
import re
from functools import partial
from typing import Any, cast

import torch
from torch import nn
from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig

from triton_anime_export.frame_io import Normalise, to_uint8
from triton_anime_export.network import (
    Batching,
    Network,
    Published,
    Shapes,
    Size,
    StateDict,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks._transformers_checkpoint import current_keys

CLASSES = 133
"""Of COCO panoptic: 80 things, then 53 kinds of stuff."""
ROLES = 4
"""Background, character, effect, object: what the classes are mapped to."""

Frame = tuple[int, int]
"""Height and width; multiples of 32."""

FRAMES: dict[str, dict[Size, Frame]] = {
    "mask2former_wide": {"full": (768, 1344), "lite": (64, 128)},
    "mask2former_standard": {"full": (800, 1088), "lite": (96, 128)},
    "mask2former_tall": {"full": (1344, 768), "lite": (128, 64)},
}
"""16:9, 4:3 and 9:16 at the official test size: short side 800, long side 1333, sides multiples of 32."""

_SWIN: dict[str, dict[str, Any]] = {
    "swin-tiny": {"embed": 96, "depths": (2, 2, 6, 2), "window": 7, "queries": 100},
    "swin-small": {"embed": 96, "depths": (2, 2, 18, 2), "window": 7, "queries": 100},
    "swin-base": {
        "embed": 128,
        "depths": (2, 2, 18, 2),
        "window": 12,
        "queries": 100,
        "heads": (4, 8, 16, 32),
    },
    "swin-large": {
        "embed": 192,
        "depths": (2, 2, 18, 2),
        "window": 12,
        "queries": 200,
        "heads": (6, 12, 24, 48),
    },
}
"""What the official sizes differ in."""

_BLOCK = re.compile(r"\.layers\.(\d)\.blocks\.(\d+)\.")
_MASKED = 0.5
"""Mask probability from which a query claims a pixel (official panoptic inference)."""


def config(size: Size) -> Mask2FormerConfig:
    """``full`` is swin-tiny, the smallest official one; ``lite`` has its layers, narrow and few (tests)."""
    if size == "full":
        return _config(**_SWIN["swin-tiny"])
    return _config(
        embed=12,
        depths=(1, 1, 2, 1),
        window=4,
        queries=10,
        width=32,
        heads=(1, 2, 2, 4),
        encoder=2,
        decoder=3,
    )


def config_of(shapes: Shapes) -> Mask2FormerConfig:
    """The configuration that keys and shapes of a checkpoint belong to (swin-tiny to swin-large).

    Raises:
        KeyError: they are not Mask2Former's.
    """

    def ending(end: str) -> tuple[int, ...]:
        found = next((shapes[key] for key in sorted(shapes) if key.endswith(end)), None)
        if found is None:
            raise KeyError(end)
        return found

    blocks = {match.groups() for key in shapes if (match := _BLOCK.search(key))}
    # (2w - 1)² rows, one for each distance inside a window; the first stage's table comes first.
    rows, heads = ending("relative_position_bias_table")
    return _config(
        embed=ending("patch_embeddings.projection.weight")[0],
        depths=tuple(sum(stage == str(number) for stage, _ in blocks) for number in range(4)),
        window=(math.isqrt(rows) + 1) // 2,
        queries=ending("queries_features.weight")[0],
        heads=tuple(heads * 2**stage for stage in range(4)),
    )


def adapt_official(state: StateDict) -> StateDict:
    """A published state dict under the keys of the installed package."""
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    try:
        chosen = config_of(shapes)
    except KeyError:
        return state
    return current_keys(Mask2FormerForUniversalSegmentation, chosen, state)


def _config(
    *,
    embed: int,
    depths: tuple[int, ...],
    window: int,
    queries: int,
    heads: tuple[int, ...] = (3, 6, 12, 24),
    width: int = 256,
    encoder: int = 6,
    decoder: int = 9,
) -> Mask2FormerConfig:
    backbone = SwinConfig(  # type: ignore[call-arg]
        embed_dim=embed,
        depths=list(depths),
        num_heads=list(heads),
        window_size=window,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    return Mask2FormerConfig(  # type: ignore[call-arg]
        backbone_config=backbone,
        feature_size=width,
        mask_feature_size=width,
        hidden_dim=width,
        encoder_feedforward_dim=4 * width,
        dim_feedforward=8 * width,
        num_attention_heads=8 if width >= 64 else 2,
        encoder_layers=encoder,
        # The first answer comes from the queries alone, before any layer, and counts as one.
        decoder_layers=decoder + 1,
        num_queries=queries,
        num_labels=CLASSES,
    )


class Served(nn.Module):
    """A letterboxed frame in; what each pixel is, and which query it went to, out.

    The attention masks of the decoder threshold at one half, so a difference of one bit can flip a cell.
    """

    def __init__(self, core: Mask2FormerForUniversalSegmentation) -> None:
        super().__init__()
        self.core = core
        self.normalise = Normalise()

    def forward(
        self, frame: torch.Tensor, roles: torch.Tensor, threshold: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """One batch of frames.

        Args:
            frame: uint8 [B,H,W,3] RGB, letterboxed.
            roles: float32 [B,133,4] share of each class that each role gets.
            threshold: float32 [B,1] least score of a query that may claim pixels.

        Returns:
            PROBABILITY uint8 [B,4,h,w] probability * 255 of the roles; SEGMENTS uint8 [B,h,w] 0 nobody, else
            query + 1; SCORES float32 [B,Q]; LABELS int32 [B,Q] class, 133 for none; AREAS int32 [B,Q,2] cells
            that the query won, cells that it claims. h, w are a quarter of H, W.
        """
        image = self.normalise(frame.permute(0, 3, 1, 2).float() / 255.0)
        # All pixels count, the letterbox's too: the network knows padding only as the mean colour.
        said = self.core(pixel_values=image, pixel_mask=torch.ones_like(image[:, 0]))
        chances = torch.softmax(said.class_queries_logits, -1)
        masks = torch.sigmoid(said.masks_queries_logits)
        return (
            _by_role(chances[..., :-1] @ roles, masks),
            *_segments(chances, masks, threshold),
        )


def _by_role(chances: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """PROBABILITY from role chances [B,Q,4] and masks [B,Q,h,w]: the paper's semantic inference.

    Votes that add up to more than one are shares; what nobody votes for is background.
    """
    votes = torch.einsum("bqr,bqhw->brhw", chances, masks)
    total = votes.sum(1, keepdim=True)
    shares = votes / total.clamp_min(1.0)
    rest = 1.0 - total.clamp_max(1.0)
    return to_uint8(torch.cat([shares[:, :1] + rest, shares[:, 1:]], 1))


def _segments(
    chances: torch.Tensor, masks: torch.Tensor, threshold: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """SEGMENTS, SCORES, LABELS, AREAS of the official panoptic inference, before segments are dropped."""
    scores, labels = chances.max(-1)
    count = masks.shape[1]
    allowed = (labels < CLASSES) & (scores > threshold)
    weighted = masks * (scores * allowed)[..., None, None]
    best, winner = weighted.max(1)
    claimed = (masks >= _MASKED) & allowed[..., None, None]
    queries = torch.arange(count).view(1, -1, 1, 1)
    won = (winner[:, None] == queries) & allowed[..., None, None] & (best > 0)[:, None]
    segments = ((won & claimed) * (queries + 1)).sum(1)
    areas = torch.stack([won.int().sum((2, 3)), claimed.int().sum((2, 3))], -1)
    return segments.to(torch.uint8), scores, labels.to(torch.int32), areas.to(torch.int32)


def build(size: Size) -> Served:
    """The served module of a size with fresh weights."""
    return _served(config(size))


def variant(shapes: Shapes) -> Served:
    """The served module that an official checkpoint belongs to."""
    return _served(config_of(shapes))


def _of(name: str) -> Served:
    return _served(_config(**_SWIN[name]))


def _served(chosen: Mask2FormerConfig) -> Served:
    return Served(cast("Any", Mask2FormerForUniversalSegmentation)(chosen))


def _shapes() -> tuple[Any, ...]:
    batch = torch.export.Dim("batch")
    return {0: batch}, {0: batch}, {0: batch}


def _weights(name: str) -> Weights:
    return Weights(
        f"https://huggingface.co/facebook/mask2former-{name}-coco-panoptic/resolve/main/model.safetensors",
        None,
        "CC-BY-NC-4.0",
        commercial=False,
        note=f"mask2former-{name}-coco-panoptic",
    )


_ZOO = "MODEL_ZOO.md of facebookresearch/Mask2Former"


def _published(variant: str, pq: str) -> Published:
    return Published("PQ, COCO val2017", pq, _ZOO, variant)


def _tensors(frame: Frame, queries: int) -> dict[str, Any]:
    height, width = frame
    cells = (height // 4, width // 4)
    return {
        "inputs": (
            Tensor("FRAME", "uint8", (height, width, 3), "RGB, letterboxed with the mean colour"),
            Tensor("ROLES", "float32", (CLASSES, ROLES), "share of each COCO class that each role gets"),
            Tensor("THRESHOLD", "float32", (1,), "least score of a query that may claim pixels"),
        ),
        "outputs": (
            Tensor("PROBABILITY", "uint8", (ROLES, *cells), "probability * 255 of the roles"),
            Tensor("SEGMENTS", "uint8", cells, "0 nobody, else query + 1"),
            Tensor("SCORES", "float32", ("queries",), "probability of the query's class"),
            Tensor("LABELS", "int32", ("queries",), "COCO class, 133 for none"),
            Tensor("AREAS", "int32", ("queries", 2), "cells that the query won, cells that it claims"),
        ),
    }


def _describe(name: str, title: str) -> Network:
    frames = FRAMES[name]
    lite = _tensors(frames["lite"], 10)
    return Network(
        name=name,
        family="mask2former",
        role="panoptic segmentation",
        summary=f"Names every pixel of a {title} frame and tells characters apart: 133 classes of COCO, "
        "which a file maps to character, effect, object and background.",
        paper="Cheng et al., Masked-attention Mask Transformer for Universal Image Segmentation, CVPR 2022",
        **lite,
        batching=Batching(max_batch=4),
        # Scores in shares, probabilities in grey levels. Masked attention thresholds at one half.
        tolerance=Tolerance(atol=1.01, outliers=2e-3),
        # Cells, thousands of them; those between two queries of nearly one score go to either.
        tolerances={"AREAS": Tolerance(atol=1.01, rtol=0.05, outliers=0.01)},
        build=build,
        example=({},),
        example_inputs=lambda batch, lengths: _example(batch, frames["lite"]),
        dynamic_shapes=_shapes,
        official=tuple(_weights(f"swin-{which}") for which in ("large", "base", "small", "tiny")),
        adapt_official=adapt_official,
        variant=variant,
        published=(
            # Two of swin-base are listed there; which one the checkpoint is, is not said.
            _published("swin-large", "57.8"),
            _published("swin-small", "54.6"),
            _published("swin-tiny", "53.2"),
        ),
        sizes={name: partial(_of, name) for name in _SWIN},
        inside="ImageNet mean; official panoptic inference on the grid of the masks, a quarter of the frame",
        full={
            **_tensors(frames["full"], 100),
            "example_inputs": lambda batch, lengths: _example(batch, frames["full"]),
        },
    )


def _example(batch: int, frame: Frame) -> dict[str, torch.Tensor]:
    """Flat shapes on a gradient, a role for every class, a threshold that some queries pass."""
    generator = torch.Generator().manual_seed(batch)
    height, width = frame
    blotches = torch.rand(batch, 3, 6, 9, generator=generator)
    picture = nn.functional.interpolate(blotches, (height, width), mode="nearest")
    ramp = torch.linspace(0, 0.3, width)
    pixels = ((picture * 0.7 + ramp) * 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()
    roles = nn.functional.one_hot(torch.arange(CLASSES) % ROLES, ROLES).float().expand(batch, -1, -1)
    return {"FRAME": pixels, "ROLES": roles.contiguous(), "THRESHOLD": torch.full((batch, 1), 0.01)}


WIDE = _describe("mask2former_wide", "16:9")
STANDARD = _describe("mask2former_standard", "4:3")
TALL = _describe("mask2former_tall", "9:16")
