"""CLIPSeg: masks of whatever a sentence names (Lüddecke and Ecker, CVPR 2022); the image half."""

from __future__ import annotations

import torch
from torch import nn

from triton_anime_export.frame_io import resize, to_float, to_uint8
from triton_anime_export.network import Batching, Network, Size, StateDict, Tensor, Tolerance, Weights
from triton_anime_export.networks._clipseg_modules import FULL, LITE, Clipseg, ClipsegSize

SIZES: dict[Size, ClipsegSize] = {"lite": LITE, "full": FULL}
OFFICIAL = (
    Weights(
        "https://huggingface.co/CIDAS/clipseg-rd64-refined/resolve/main/pytorch_model.bin",
        None,
        "Apache-2.0",
        True,
        "both halves in one file; rd64-refined",
    ),
)


class ServedClipseg(nn.Module):
    """Frame of any size and the embeddings of some sentences in, one mask for each out."""

    def __init__(self, size: ClipsegSize) -> None:
        super().__init__()
        self.core = Clipseg(size)
        self.side = size.image

    def forward(self, frame: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """Find what the sentences name.

        Args:
            frame: uint8 [B,H,W,3], RGB.
            condition: float32 [B,P,C], from ``clipseg_text``.

        Returns:
            uint8 [B,P,H,W], probability times 255.
        """
        logits = self.core(to_float(frame, (self.side, self.side)), condition)
        return to_uint8(resize(torch.sigmoid(logits), (frame.shape[1], frame.shape[2])))


def build(size: Size) -> ServedClipseg:
    """The served module of a size with fresh weights."""
    return ServedClipseg(SIZES[size])


def adapt_official(state: StateDict) -> StateDict:
    """The image half of the checkpoint, without what does not reach the masks."""
    core = Clipseg(FULL)
    return {key: value for key, value in state.items() if key in core.state_dict()}


NETWORK = Network(
    name="clipseg",
    role="effects by prompt",
    summary="One mask for each sentence: where in the frame is what it names.",
    paper="Lüddecke and Ecker, Image Segmentation Using Text and Image Prompts, CVPR 2022",
    inputs=(
        Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),
        Tensor("CONDITION", "float32", ("prompts", LITE.condition), "sentence embeddings from clipseg_text"),
    ),
    outputs=(
        Tensor("MASKS", "uint8", ("prompts", "height", "width"), "probability times 255, one map a sentence"),
    ),
    batching=Batching(8),
    # Grey levels; rounding turns the last bit of a float into one of them.
    tolerance=Tolerance(atol=1.0, outliers=1e-4),
    build=build,
    example=({"height": 144, "width": 256, "prompts": 5}, {"height": 240, "width": 136, "prompts": 3}),
    official=OFFICIAL,
    adapt_official=adapt_official,
    inside=(
        "squashed to 256x256 (lite) or 352x352 (full), bilinear. The lite size has a convolutional stem "
        "(Xiao et al. 2021) in place of the patch embedding, and stem features reach its head"
    ),
)
