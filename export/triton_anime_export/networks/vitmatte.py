"""VitMatte: the alpha of an uncertain band, from the picture and a trimap.

Yao et al., "ViTMatte: Boosting Image Matting with Pre-trained Plain Vision Transformers", Information Fusion
2024. The network is that of the ``transformers`` package, whose keys the official checkpoints have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from transformers import VitDetConfig, VitMatteConfig, VitMatteForImageMatting

from triton_anime_export.frame_io import Normalise, to_uint8
from triton_anime_export.network import (
    Batching,
    Network,
    Published,
    Size,
    Tensor,
    Tolerance,
    Weights,
)

SIDE = 512
"""Of the squares. Windows and positions are laid out for one size of picture, so the graph has one."""

UNKNOWN = 128


def config(size: Size) -> VitMatteConfig:
    """``full`` is vitmatte-small of the official checkpoints; ``lite`` has its layers, narrow and few."""
    full = size == "full"
    depth = 12 if full else 4
    whole = tuple(range(2 if full else 1, depth, 3 if full else 2))
    backbone = VitDetConfig(  # type: ignore[call-arg]
        hidden_size=384 if full else 32,
        num_hidden_layers=depth,
        num_attention_heads=6 if full else 2,
        image_size=SIDE,
        num_channels=4,
        window_size=14,
        window_block_indices=[i for i in range(depth) if i not in whole],
        residual_block_indices=list(whole),
        use_relative_position_embeddings=True,
        out_features=[f"stage{depth}"],
    )
    return VitMatteConfig(
        backbone_config=backbone,
        hidden_size=384 if full else 32,
        convstream_hidden_sizes=[48, 96, 192] if full else [8, 16, 32],
        fusion_hidden_sizes=[256, 128, 64, 32] if full else [32, 16, 8, 8],
    )


class Served(nn.Module):
    """Squares and trimaps in, alphas out; what the trimap knows is not answered anew."""

    def __init__(self, core: VitMatteForImageMatting) -> None:
        super().__init__()
        self.core = core
        self.normalise = Normalise((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

    def forward(self, square: torch.Tensor, trimap: torch.Tensor) -> torch.Tensor:
        """SQUARE uint8 [B,S,S,3], TRIMAP uint8 [B,S,S] (0, 128, 255) -> ALPHA uint8 [B,S,S]."""
        picture = self.normalise(square.permute(0, 3, 1, 2).float() / 255.0)
        known = trimap.unsqueeze(1).float() / 255.0
        alpha = to_uint8(self.core(torch.cat([picture, known], 1)).alphas)[:, 0]
        return torch.where(trimap == UNKNOWN, alpha, trimap)


def build(size: Size) -> Served:
    """The served module of a size with fresh weights."""
    return Served(VitMatteForImageMatting(config(size)))


def _shapes() -> tuple[Any, ...]:
    batch = torch.export.Dim("batch")
    return {0: batch}, {0: batch}


def _example(batch: int, lengths: Mapping[str, int]) -> dict[str, torch.Tensor]:
    """Squares of soft blotches; a third of the trimap is to be answered, or outputs would be inputs."""
    generator = torch.Generator().manual_seed(batch)

    def drawn(channels: int, cells: int) -> torch.Tensor:
        blotches = torch.rand(batch, channels, cells, cells, generator=generator)
        return nn.functional.interpolate(blotches, (SIDE, SIDE), mode="bilinear").permute(0, 2, 3, 1)

    known = (
        nn.functional.interpolate(torch.rand(batch, 1, 9, 9, generator=generator), (SIDE, SIDE))[:, 0] * 3
    ).int()
    return {
        "SQUARE": (drawn(3, 40) * 255).to(torch.uint8).contiguous(),
        "TRIMAP": (known * UNKNOWN).clamp_max(255).to(torch.uint8),
    }


def reference(served: nn.Module) -> Sequence[tuple[str, torch.Tensor, torch.Tensor]]:
    """Alphas of the band, behind the package's image processor."""
    from transformers import VitMatteImageProcessorPil

    square, trimap = _example(2, {}).values()
    processor: Any = VitMatteImageProcessorPil()
    pixels = processor(
        images=[picture.numpy() for picture in square],
        trimaps=[known.numpy() for known in trimap],
        return_tensors="pt",
    )["pixel_values"]
    band = trimap == UNKNOWN
    theirs = to_uint8(served.get_submodule("core")(pixels).alphas)[:, 0]
    return (("ALPHA of the band", served(square, trimap)[band], theirs[band]),)


NETWORK = Network(
    name="vitmatte",
    role="fine edges",
    summary="Answers how much of a character is in each pixel of the band where others are not sure: "
    "hair, lace, motion blur. Optional: without it the picture's own edges decide.",
    paper="Yao et al., ViTMatte: Boosting Image Matting with Pre-trained Plain Vision Transformers, "
    "Information Fusion 2024",
    inputs=(
        Tensor("SQUARE", "uint8", (SIDE, SIDE, 3), "RGB, a part of the frame at its own resolution"),
        Tensor("TRIMAP", "uint8", (SIDE, SIDE), "255 the character, 0 the rest, 128 to be answered"),
    ),
    outputs=(Tensor("ALPHA", "uint8", (SIDE, SIDE), "alpha * 255; the trimap where that is sure"),),
    batching=Batching(max_batch=8),
    tolerance=Tolerance(atol=1.01),
    build=build,
    example=({},),
    example_inputs=_example,
    official=(
        Weights(
            "https://huggingface.co/hustvl/vitmatte-small-composition-1k/resolve/main/model.safetensors",
            None,
            "Apache-2.0",
            commercial=True,
            note="vitmatte-small-composition-1k, 103 MB; trained on Adobe's Composition-1k",
        ),
    ),
    dynamic_shapes=_shapes,
    reference=reference,
    published=tuple(
        Published(f"{measure}, Composition-1k", value, "README of hustvl/ViTMatte, ViTMatte-S")
        for measure, value in (("SAD", "21.46"), ("MSE (x 1000)", "3.3"), ("Grad", "7.24"), ("Conn", "16.21"))
    ),
    inside="values to -1..1, the trimap 0..1 as fourth channel",
)
