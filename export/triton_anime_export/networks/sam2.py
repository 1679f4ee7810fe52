"""SAM 2.1 on single pictures: the mask of what a box encloses, by a smaller encoder than SAM's.

Ravi et al., "SAM 2: Segment Anything in Images and Videos", ICLR 2025. Two graphs of one network, that of
the ``transformers`` package, with the tensors of :mod:`~triton_anime_export.networks.sam`; its memory of a
clip is left out. The full size is hiera-tiny with the official checkpoint. The lite size has its layers,
narrow and few, and nobody trains it: it shows that the graphs are right.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from transformers import (
    Sam2Config,
    Sam2HieraDetConfig,
    Sam2MaskDecoderConfig,
    Sam2Model,
    Sam2PromptEncoderConfig,
    Sam2VisionConfig,
)

from triton_anime_export.frame_io import Normalise, to_uint8
from triton_anime_export.network import Network, Size, StateDict, Tolerance, Weights
from triton_anime_export.networks._sam_contract import contract, one_picture_a_box
from triton_anime_export.networks._transformers_checkpoint import current_keys

SIDE: dict[Size, int] = {"lite": 128, "full": 1024}
"""Of the square frame."""

WIDTH: dict[Size, int] = {"lite": 32, "full": 256}
"""Channels of the coarsest map. Maps twice and four times as fine have a quarter and an eighth of them."""


def config(size: Size) -> Sam2Config:
    """``full`` is hiera-tiny of the official checkpoints."""
    if size == "full":
        return Sam2Config(attn_implementation="eager")  # type: ignore[call-arg]
    side, width = SIDE[size], WIDTH[size]
    backbone = Sam2HieraDetConfig(
        hidden_size=16,
        image_size=[side, side],
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[16, 32, 48, 64],
        num_attention_heads_per_stage=[1, 1, 2, 4],
        window_size_per_stage=[8, 4, 6, 3],
        global_attention_blocks=[3],
    )
    return Sam2Config(  # type: ignore[call-arg]
        vision_config=Sam2VisionConfig(
            backbone_config=backbone,
            backbone_channel_list=[64, 48, 32, 16],
            backbone_feature_sizes=[[side // 4] * 2, [side // 8] * 2, [side // 16] * 2],
            fpn_hidden_size=width,
        ),
        prompt_encoder_config=Sam2PromptEncoderConfig(hidden_size=width, image_size=side),
        mask_decoder_config=Sam2MaskDecoderConfig(
            hidden_size=width, mlp_dim=64, num_attention_heads=4, iou_head_hidden_dim=32
        ),
        attn_implementation="eager",
    )


def channels(size: Size) -> int:
    """Of the embedding: the finer maps are folded into the coarse one's cells, 16 and 4 values a channel."""
    return WIDTH[size] * (16 // 8 + 4 // 4 + 1)


class ServedEncode(nn.Module):
    """Frames in, embeddings out."""

    def __init__(self, core: Sam2Model) -> None:
        super().__init__()
        self.core = core
        self.normalise = Normalise()

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        """FRAME uint8 ``[B, S, S, 3]``, RGB -> EMBEDDING float32 ``[B, 4C, S/16, S/16]``."""
        picture = self.normalise(frame.permute(0, 3, 1, 2).float() / 255.0)
        fine, middle, coarse = self.core.get_image_embeddings(picture)
        return torch.cat([F.pixel_unshuffle(fine, 4), F.pixel_unshuffle(middle, 2), coarse], dim=1)


class ServedDecode(nn.Module):
    """Embeddings and boxes in, one mask for each box out."""

    def __init__(self, core: Sam2Model) -> None:
        super().__init__()
        self.core = core

    def forward(self, embedding: torch.Tensor, boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The masks of what the boxes enclose.

        A mask that would change much with its threshold gives way to the best of the three that the network
        has for ambiguous prompts, as in the official predictor.

        Args:
            embedding: float32 ``[B, 4C, h, w]``, from ``sam2_encode``.
            boxes: float32 ``[B, P, 4]``: x0, y0, x1, y1 in pixels of the frame that was encoded.

        Returns:
            MASKS uint8 ``[B, P, 4h, 4w]``, probability times 255, SCORES float32 ``[B, P]``, the
            intersection over union that the network expects of each mask.
        """
        batch, count = boxes.shape[:2]
        prompts: Any = self.core.prompt_encoder
        pictures, corners = one_picture_a_box(embedding, boxes)
        corners = prompts.shared_embedding((corners + 0.5) * (1.0 / prompts.input_image_size))
        corners = corners + prompts.point_embed.weight[2:4]
        nothing = prompts.not_a_point_embed.weight.expand(corners.shape[0], 1, 1, -1)
        width = self.core.hidden_dim
        fine, middle, coarse = torch.split(pictures, [2 * width, width, width], dim=1)
        logits, expected, _, _ = self.core.mask_decoder(
            image_embeddings=coarse,
            image_positional_embeddings=self.core.get_image_wide_positional_embeddings(),
            sparse_prompt_embeddings=torch.cat([corners, nothing], dim=2),
            dense_prompt_embeddings=prompts.no_mask_embed.weight.reshape(1, -1, 1, 1),
            multimask_output=False,
            high_resolution_features=[F.pixel_shuffle(fine, 4), F.pixel_shuffle(middle, 2)],
        )
        masks = to_uint8(torch.sigmoid(logits))
        return masks.reshape(batch, count, *masks.shape[-2:]), expected.reshape(batch, count)


def build_encode(size: Size) -> ServedEncode:
    """The served encoder of a size with fresh weights."""
    return ServedEncode(Sam2Model(config(size)))


def build_decode(size: Size) -> ServedDecode:
    """The served decoder of a size with fresh weights."""
    return ServedDecode(Sam2Model(config(size)))


def adapt_official(state: StateDict) -> StateDict:
    """What the checkpoint has for single pictures, under the keys of the installed package."""
    return current_keys(Sam2Model, config("full"), state)


_PAPER = "Ravi et al., SAM 2: Segment Anything in Images and Videos, ICLR 2025"
_OFFICIAL = (
    Weights(
        "https://huggingface.co/facebook/sam2.1-hiera-tiny/resolve/main/model.safetensors",
        None,
        "Apache-2.0",
        commercial=True,
        note="sam2.1-hiera-tiny, 156 MB",
    ),
)
_LITE = contract(SIDE["lite"], channels("lite"), "sam2_encode")
_FULL = contract(SIDE["full"], channels("full"), "sam2_encode")

SAM2_ENCODE = Network(
    name="sam2_encode",
    family="sam2",
    paper=_PAPER,
    **_LITE[0],
    tolerance=Tolerance(atol=1e-3, rtol=1e-3),
    build=build_encode,
    official=_OFFICIAL,
    adapt_official=adapt_official,
    inside="ImageNet's mean and deviation; maps of three resolutions folded into one",
    full=_FULL[0],
)

SAM2_DECODE = Network(
    name="sam2_decode",
    family="sam2",
    paper=_PAPER,
    **_LITE[1],
    # Grey levels; a mask at the limit of being stable may fall either way.
    tolerance=Tolerance(atol=1.01, outliers=1e-4),
    build=build_decode,
    official=_OFFICIAL,
    adapt_official=adapt_official,
    inside="boxes as random Fourier features of their corners; one mask, the most stable",
    full=_FULL[1],
)
