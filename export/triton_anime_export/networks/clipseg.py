"""CLIPSeg: masks of whatever a sentence names (Lüddecke and Ecker, CVPR 2022); the image half."""

from __future__ import annotations

import torch
from torch import nn

from triton_anime_export.frame_io import resize, to_float, to_uint8, working_size
from triton_anime_export.network import (
    Batching,
    Network,
    Precision,
    Published,
    Size,
    StateDict,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks._clipseg_lite import CONDITION, LiteClipseg
from triton_anime_export.networks._clipseg_modules import FULL, Clipseg
from triton_anime_export.networks._clipseg_reference import image_half

LONG_SIDE, MULTIPLE = 320, 32
"""Of the small size; the published one squashes to a square."""

OFFICIAL = (
    Weights(
        "https://huggingface.co/CIDAS/clipseg-rd64-refined/resolve/main/pytorch_model.bin",
        None,
        "Apache-2.0",
        True,
        "both halves in one file; rd64-refined",
        # Its tokens are those of CLIP, in a form that the checkpoint's own folder does not have.
        ("https://huggingface.co/openai/clip-vit-base-patch16/resolve/main/tokenizer.json",),
    ),
)


PUBLISHED = (
    Published(
        "scores of rd64-refined",
        "none published",
        "README of timojl/clipseg; the paper's are those of weights before refining",
    ),
)


class ServedClipseg(nn.Module):
    """Frame of any size and the embeddings of some sentences in, one mask for each out."""

    def __init__(self, core: Clipseg | LiteClipseg) -> None:
        super().__init__()
        self.core = core

    def forward(self, frame: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """Find what the sentences name.

        Args:
            frame: uint8 [B,H,W,3], RGB.
            condition: float32 [B,P,C], from ``clipseg_text``.

        Returns:
            uint8 [B,P,H,W], probability times 255.
        """
        if isinstance(self.core, Clipseg):
            size = (self.core.size.image, self.core.size.image)
        else:
            size = working_size(frame.shape[1], frame.shape[2], LONG_SIDE, MULTIPLE)
        logits = self.core(to_float(frame, size), condition)
        return to_uint8(resize(torch.sigmoid(logits), (frame.shape[1], frame.shape[2])))


def build(size: Size) -> ServedClipseg:
    """The served module of a size with fresh weights."""
    return ServedClipseg(Clipseg(FULL) if size == "full" else LiteClipseg())


def adapt_official(state: StateDict) -> StateDict:
    """The image half of the checkpoint, without what does not reach the masks."""
    core = Clipseg(FULL)
    return {key: value for key, value in state.items() if key in core.state_dict()}


def _inputs(width: int) -> tuple[Tensor, ...]:
    return (
        Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),
        Tensor("CONDITION", "float32", ("prompts", width), "sentence embeddings from clipseg_text"),
    )


NETWORK = Network(
    name="clipseg",
    family="clipseg",
    role="effects by prompt",
    summary="One mask for each sentence: where in the frame is what it names.",
    paper="Lüddecke and Ecker, Image Segmentation Using Text and Image Prompts, CVPR 2022",
    inputs=_inputs(CONDITION),
    outputs=(
        Tensor("MASKS", "uint8", ("prompts", "height", "width"), "probability times 255, one map a sentence"),
    ),
    batching=Batching(8),
    # Grey levels; rounding turns the last bit of a float into one of them.
    tolerance=Tolerance(atol=1.0, outliers=1e-4),
    precision=Precision.INT8_WEIGHTS,
    build=build,
    example=({"height": 144, "width": 256, "prompts": 5}, {"height": 240, "width": 136, "prompts": 3}),
    official=OFFICIAL,
    adapt_official=adapt_official,
    # Nobody has tried the published weights in whole numbers.
    full={"inputs": _inputs(FULL.condition), "precision": Precision.FP16_WEIGHTS},
    published=PUBLISHED,
    reference=image_half,
    inside=(
        "lite: long side to 320, sides to multiples of 32, the encoder of panoptic_deeplab, a decoder like "
        "its own and a head that the sentence modulates; full: squashed to 352x352; both bilinear"
    ),
)
