"""Grounding DINO: boxes of whatever a sentence names.

Liu et al., "Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object Detection", ECCV
2024. The network is that of the ``transformers`` package; the full size is swin-tiny with the official
checkpoint. The lite size has its layers, narrow and few, and nobody trains it: it shows that the graph is
right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from transformers import BertConfig, GroundingDinoConfig, GroundingDinoForObjectDetection, SwinConfig

from triton_anime_export.frame_io import Normalise
from triton_anime_export.network import (
    Batching,
    Network,
    Published,
    Size,
    StateDict,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks._grounding_dino_text import SPECIAL, Similarity, plain_operators
from triton_anime_export.networks._transformers_checkpoint import current_keys

FRAME: dict[Size, tuple[int, int]] = {"lite": (96, 160), "full": (768, 1344)}
"""Height and width. Reference points and windows are laid out for one size of picture: the graph has one."""

QUERIES: dict[Size, int] = {"lite": 24, "full": 900}

TOKENS = 256
"""The longest prompt that the network was trained with, [CLS] and [SEP] included."""

START, END, STOP, _ = SPECIAL


def config(size: Size) -> GroundingDinoConfig:
    """``full`` is that of the official checkpoint."""
    if size == "full":
        # The package's defaults are swin-tiny and bert-base.
        return GroundingDinoConfig()
    picture = SwinConfig(  # type: ignore[call-arg]
        embed_dim=16,
        depths=[2, 1, 1],
        num_heads=[1, 2, 2],
        window_size=3,
        out_indices=[2, 3],
    )
    text = BertConfig(
        vocab_size=1100,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    return GroundingDinoConfig(
        backbone_config=picture,
        text_config=text,
        num_queries=QUERIES[size],
        num_feature_levels=3,
        d_model=32,
        encoder_layers=1,
        encoder_ffn_dim=64,
        encoder_attention_heads=4,
        decoder_layers=2,
        decoder_ffn_dim=64,
        decoder_attention_heads=4,
    )


class Served(nn.Module):
    """Frames and token ids in, the fit of every query to every token and the queries' boxes out."""

    def __init__(self, core: GroundingDinoForObjectDetection) -> None:
        super().__init__()
        # Heads without parameters, so the checkpoint's keys stay as they are.
        core.class_embed = nn.ModuleList([Similarity() for _ in core.class_embed])
        core.model.encoder_output_class_embed = Similarity()
        self.core = core
        self.normalise = Normalise()

    def forward(self, frame: torch.Tensor, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Find what the sentences name.

        Args:
            frame: uint8 ``[B, H, W, 3]``, RGB, of the size's height and width.
            tokens: int32 ``[B, N]``, ids of bert-base-uncased, 0 is padding.

        Returns:
            SCORES float32 ``[B, Q, N]`` probabilities, BOXES float32 ``[B, Q, 4]`` centre x, centre y, width,
            height as shares of the frame.
        """
        ids = tokens.long()
        with plain_operators():
            found = self.core(
                pixel_values=self.normalise(frame.permute(0, 3, 1, 2).float() / 255.0),
                input_ids=ids,
                token_type_ids=torch.zeros_like(ids),
                attention_mask=ids != 0,
                return_dict=True,
            )
        return torch.sigmoid(found.logits), found.pred_boxes


def build(size: Size) -> Served:
    """The served module of a size with fresh weights."""
    return Served(GroundingDinoForObjectDetection(config(size)))


def adapt_official(state: StateDict) -> StateDict:
    """The checkpoint under the keys of the installed package."""
    return current_keys(GroundingDinoForObjectDetection, config("full"), state)


def _shapes() -> tuple[Any, ...]:
    batch, tokens = torch.export.Dim("batch"), torch.export.Dim("tokens", max=TOKENS)
    return {0: batch}, {0: batch, 1: tokens}


def _inputs(size: Size) -> Callable[[int, Mapping[str, int]], dict[str, torch.Tensor]]:
    """Soft blotches, and prompts of phrases of three words; each row ends earlier than the one above."""

    def make(batch: int, lengths: Mapping[str, int]) -> dict[str, torch.Tensor]:
        count = lengths["tokens"]
        generator = torch.Generator().manual_seed(count)
        ids = torch.randint(1030, 1100, (batch, count), generator=generator, dtype=torch.int32)
        ids[:, 4::4] = STOP
        ids[:, 0] = START
        for row in range(batch):
            last = count - 1 - 3 * row
            ids[row, last - 1 :] = torch.tensor([STOP, END] + [0] * (3 * row))
        height, width = FRAME[size]
        coarse = torch.rand(batch, 3, height // 12, width // 12, generator=generator)
        frame = nn.functional.interpolate(coarse, (height, width), mode="bicubic")
        return {"FRAME": (frame.permute(0, 2, 3, 1) * 255).clamp(0, 255).to(torch.uint8), "TOKENS": ids}

    return make


def _tensors(size: Size) -> dict[str, Any]:
    """What differs between the sizes."""
    height, width = FRAME[size]
    score = "probability that a box is what a token says"
    box = "centre x, centre y, width, height, as shares of FRAME"
    return {
        "inputs": (
            Tensor("FRAME", "uint8", (height, width, 3), "RGB, fitted in and padded with the ImageNet mean"),
            Tensor("TOKENS", "int32", ("tokens",), "ids from bert_tokenizer, 0 is padding; at most 256"),
        ),
        "outputs": (
            Tensor("SCORES", "float32", (QUERIES[size], "tokens"), score),
            Tensor("BOXES", "float32", (QUERIES[size], 4), box),
        ),
        "example_inputs": _inputs(size),
    }


NETWORK = Network(
    name="grounding_dino",
    role="boxes by prompt",
    summary="Boxes of whatever the phrases of a sentence name, each phrase closed by a full stop.",
    paper="Liu et al., Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object "
    "Detection, ECCV 2024",
    **_tensors("lite"),
    batching=Batching(4),
    tolerance=Tolerance(atol=1e-3),
    build=build,
    example=({"tokens": 12}, {"tokens": 19}),
    official=(
        Weights(
            "https://huggingface.co/IDEA-Research/grounding-dino-tiny/resolve/main/model.safetensors",
            None,
            "Apache-2.0",
            commercial=True,
            note="grounding-dino-tiny (swin-tiny, bert-base), 690 MB",
            companions=(
                "https://huggingface.co/IDEA-Research/grounding-dino-tiny/resolve/main/tokenizer.json",
            ),
        ),
    ),
    adapt_official=adapt_official,
    published=(
        Published(
            "box AP, COCO, zero-shot", "48.4", "README of IDEA-Research/GroundingDINO, GroundingDINO-T"
        ),
    ),
    dynamic_shapes=_shapes,
    inside="ImageNet's mean and deviation; which tokens see one another follows from the full stops",
    # Queries are the best of 21,000 cells in order: of 900 some score so alike that the last bit of a float
    # decides which comes first, and two rows change places.
    full={**_tensors("full"), "tolerance": Tolerance(atol=2e-3, outliers=5e-2)},
)
