"""CLIPSeg's text half: a sentence becomes the embedding that conditions the decoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from triton_anime_export.network import Batching, Network, Size, StateDict, Tensor, Tolerance
from triton_anime_export.networks._clipseg_reference import text_half
from triton_anime_export.networks._clipseg_text_modules import FULL, LITE, ClipsegText, TextSize
from triton_anime_export.networks.clipseg import OFFICIAL, PUBLISHED

SIZES: dict[Size, TextSize] = {"lite": LITE, "full": FULL}


class ServedClipsegText(nn.Module):
    """Token ids in, sentence embeddings out."""

    def __init__(self, size: TextSize) -> None:
        super().__init__()
        self.core = ClipsegText(size)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """``tokens`` int32 [B,N] to float32 [B,C]."""
        embedding: torch.Tensor = self.core(tokens.long())
        return embedding


def build(size: Size) -> ServedClipsegText:
    """The served module of a size with fresh weights."""
    return ServedClipsegText(SIZES[size])


def adapt_official(state: StateDict) -> StateDict:
    """The text half of the checkpoint."""
    core = ClipsegText(FULL)
    return {key: value for key, value in state.items() if key in core.state_dict()}


def _example(
    batch: int, lengths: Mapping[str, int], vocabulary: int = LITE.vocabulary
) -> dict[str, torch.Tensor]:
    """Sentences of different lengths, padded."""
    count = lengths["tokens"]
    ids = torch.arange(batch * count).reshape(batch, count) * 7919 % (vocabulary - 1) + 1
    ends = torch.tensor([count - (3 * row) % (count - 1) for row in range(batch)])
    padded = torch.where(torch.arange(count)[None] < ends[:, None], ids, 0)
    return {"TOKENS": padded.to(torch.int32)}


def _shapes() -> tuple[Any, ...]:
    """No sentence is longer than the table of positions."""
    tokens = torch.export.Dim("tokens", min=2, max=FULL.length)
    return ({0: torch.export.Dim("batch"), 1: tokens},)


NETWORK = Network(
    name="clipseg_text",
    family="clipseg",
    role="effects by prompt (text)",
    summary="Turns a sentence into the embedding that tells clipseg what to look for.",
    paper="Lüddecke and Ecker, Image Segmentation Using Text and Image Prompts, CVPR 2022",
    inputs=(Tensor("TOKENS", "int32", ("tokens",), "token ids of one sentence, 0 is padding"),),
    outputs=(Tensor("CONDITION", "float32", (LITE.condition,), "sentence embedding"),),
    batching=Batching(32),
    tolerance=Tolerance(atol=1e-4, rtol=1e-3),
    build=build,
    example=({"tokens": LITE.length}, {"tokens": 20}),
    example_inputs=_example,
    official=OFFICIAL,
    adapt_official=adapt_official,
    full={
        "outputs": (Tensor("CONDITION", "float32", (FULL.condition,), "sentence embedding"),),
        "example": ({"tokens": FULL.length}, {"tokens": 20}),
        "dynamic_shapes": _shapes,
        "example_inputs": lambda batch, lengths: _example(batch, lengths, FULL.vocabulary),
    },
    published=PUBLISHED,
    reference=text_half,
    inside=(
        "the lite size reads hashed words and trigrams (tokens of triton_anime.prompts; Bojanowski et al. "
        "2017) and needs no vocabulary; the full size reads CLIP's byte-pair codes"
    ),
)
