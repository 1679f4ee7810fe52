"""SAM: the mask of what a box encloses (Kirillov et al., "Segment Anything", ICCV 2023).

Two graphs of one network, that of the ``transformers`` package: the frame to an embedding (``sam_encode``),
the embedding and boxes to masks (``sam_decode``). A frame is encoded once, whatever is asked of it. The full
size is ViT-B with the official checkpoint. The lite size has its layers, narrow and few, and nobody trains
it: it shows that the graphs are right.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import SamConfig, SamMaskDecoderConfig, SamModel, SamPromptEncoderConfig, SamVisionConfig

from triton_anime_export.frame_io import Normalise, to_uint8
from triton_anime_export.network import Batching, Network, Size, StateDict, Tolerance, Weights
from triton_anime_export.networks._sam_contract import contract, one_picture_a_box
from triton_anime_export.networks._transformers_checkpoint import current_keys

SIDE: dict[Size, int] = {"lite": 128, "full": 1024}
"""Of the square frame. Positions and windows are laid out for one size of picture, so the graph has one."""

CHANNELS: dict[Size, int] = {"lite": 32, "full": 256}
"""Of the embedding."""


def config(size: Size) -> SamConfig:
    """``full`` is ViT-B of the official checkpoints."""
    if size == "full":
        return SamConfig(  # type: ignore[call-arg]
            vision_config=SamVisionConfig(),
            prompt_encoder_config=SamPromptEncoderConfig(),
            mask_decoder_config=SamMaskDecoderConfig(),
            attn_implementation="eager",
        )
    width = CHANNELS[size]
    return SamConfig(  # type: ignore[call-arg]
        vision_config=SamVisionConfig(
            hidden_size=32,
            output_channels=width,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=SIDE[size],
            window_size=3,
            global_attn_indexes=[1],
            num_pos_feats=width // 2,
        ),
        prompt_encoder_config=SamPromptEncoderConfig(hidden_size=width, image_size=SIDE[size]),
        mask_decoder_config=SamMaskDecoderConfig(
            hidden_size=width, mlp_dim=64, num_attention_heads=4, iou_head_hidden_dim=32
        ),
        attn_implementation="eager",
    )


class ServedEncode(nn.Module):
    """Frames in, embeddings out."""

    def __init__(self, core: SamModel) -> None:
        super().__init__()
        self.core = core
        self.normalise = Normalise()

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        """FRAME uint8 ``[B, S, S, 3]``, RGB -> EMBEDDING float32 ``[B, C, S/16, S/16]``."""
        picture = self.normalise(frame.permute(0, 3, 1, 2).float() / 255.0)
        embedding: torch.Tensor = self.core.vision_encoder(picture).last_hidden_state
        return embedding


class ServedDecode(nn.Module):
    """Embeddings and boxes in, one mask for each box out."""

    def __init__(self, core: SamModel) -> None:
        super().__init__()
        self.core = core

    def forward(self, embedding: torch.Tensor, boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The masks of what the boxes enclose.

        Args:
            embedding: float32 ``[B, C, h, w]``, from ``sam_encode``.
            boxes: float32 ``[B, P, 4]``: x0, y0, x1, y1 in pixels of the frame that was encoded.

        Returns:
            MASKS uint8 ``[B, P, 4h, 4w]``, probability times 255, SCORES float32 ``[B, P]``, the
            intersection over union that the network expects of each mask.
        """
        batch, count = boxes.shape[:2]
        core: Any = self.core
        prompts = core.prompt_encoder
        pictures, corners = one_picture_a_box(embedding, boxes)
        corners = (corners + 0.5) * (1.0 / prompts.input_image_size)
        kinds = torch.cat([prompts.point_embed[2].weight, prompts.point_embed[3].weight])
        logits, expected = core.mask_decoder(
            image_embeddings=pictures,
            image_positional_embeddings=core.get_image_wide_positional_embeddings(),
            sparse_prompt_embeddings=prompts.shared_embedding(corners) + kinds,
            dense_prompt_embeddings=prompts.no_mask_embed.weight.reshape(1, -1, 1, 1),
            multimask_output=False,
        )
        masks = to_uint8(torch.sigmoid(logits))
        return masks.reshape(batch, count, *masks.shape[-2:]), expected.reshape(batch, count)


def build_encode(size: Size) -> ServedEncode:
    """The served encoder of a size with fresh weights."""
    return ServedEncode(SamModel(config(size)))


def build_decode(size: Size) -> ServedDecode:
    """The served decoder of a size with fresh weights."""
    return ServedDecode(SamModel(config(size)))


def adapt_official(state: StateDict) -> StateDict:
    """The checkpoint under the keys of the installed package."""
    return current_keys(SamModel, config("full"), state)


# ---------------------------------------------------------------- descriptions


_PAPER = "Kirillov et al., Segment Anything, ICCV 2023"
_OFFICIAL = (
    Weights(
        "https://huggingface.co/facebook/sam-vit-base/resolve/main/model.safetensors",
        None,
        "Apache-2.0",
        commercial=True,
        note="ViT-B, both halves in one file, 375 MB",
    ),
)
_LITE = contract(SIDE["lite"], CHANNELS["lite"], "sam_encode")
_FULL = contract(SIDE["full"], CHANNELS["full"], "sam_encode")

SAM_ENCODE = Network(
    name="sam_encode",
    family="sam",
    paper=_PAPER,
    **_LITE[0],
    tolerance=Tolerance(atol=1e-3, rtol=1e-3),
    build=build_encode,
    official=_OFFICIAL,
    adapt_official=adapt_official,
    inside="ImageNet's mean and deviation",
    # Four layers see the whole frame at once: 800 MB of attention for each frame, several times over.
    full={**_FULL[0], "batching": Batching(1, dynamic=False)},
)

SAM_DECODE = Network(
    name="sam_decode",
    family="sam",
    paper=_PAPER,
    **_LITE[1],
    # Grey levels and shares; rounding turns the last bit of a float into a level.
    tolerance=Tolerance(atol=1.01, outliers=1e-4),
    build=build_decode,
    official=_OFFICIAL,
    adapt_official=adapt_official,
    inside="boxes as random Fourier features of their corners; the single mask, not the three",
    full=_FULL[1],
)
