"""IS-Net trained on anime: U²-Net's nest at half resolution, read at its finest side output.

Qin et al., "Highly Accurate Dichotomous Image Segmentation", ECCV 2022; the checkpoint for anime is
SkyTNT's (anime-segmentation, Apache-2.0), whose keys are used as they are.
"""

from __future__ import annotations

import torch
from torch import nn

from triton_anime_export.frame_io import resize, to_float, to_uint8, working_size
from triton_anime_export.network import (
    Batching,
    Golden,
    Network,
    Published,
    Size,
    StateDict,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks._golden_cases import pictures, under_core
from triton_anime_export.networks._nested_u import FULL, LITE, Nest, Widths

LONG_SIDE, MULTIPLE = {"full": 1024, "lite": 320}, 64


class ISNet(Nest):
    """The network proper.

    Args:
        widths: of the stages.
        first: channels of the convolution that halves the picture.
    """

    def __init__(self, widths: Widths, first: int = 64) -> None:
        super().__init__(widths, into=first)
        self.conv_in = nn.Conv2d(3, first, 3, stride=2, padding=1)

    def logits(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Image [B,3,h,w] in 0..1 -> six logit maps [B,1,h,w], the finest first."""
        sides = self.sides(self.decoded(self.conv_in(image)))
        return [resize(side, image.shape[2:]) for side in sides]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Image [B,3,h,w] in 0..1 -> probability [B,1,h,w] of the finest side; the others taught it."""
        (finest,) = self.sides(self.decoded(self.conv_in(image))[:1])
        return torch.sigmoid(resize(finest, image.shape[2:]))


class Served(nn.Module):
    """Frames in, alpha at the same size out; no mean, no deviation, as the official script has it."""

    def __init__(self, core: ISNet, long_side: int) -> None:
        super().__init__()
        self.core, self.long_side = core, long_side

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        """FRAME uint8 [B,H,W,3] -> ALPHA uint8 [B,H,W]."""
        height, width = frame.shape[1], frame.shape[2]
        image = to_float(frame, working_size(height, width, self.long_side, MULTIPLE))
        return to_uint8(resize(self.core(image), (height, width)))[:, 0]


def build(size: Size) -> Served:
    """``full`` is isnetis.ckpt's network, ``lite`` the same with the narrow stages of our U²-Net."""
    core = ISNet(FULL) if size == "full" else ISNet(LITE, first=12)
    return Served(core, LONG_SIDE[size])


def adapt_official(state: StateDict) -> StateDict:
    """The three official forms: under ``net.`` beside an encoder that only taught, or bare."""
    inside = {key.removeprefix("net."): value for key, value in state.items() if key.startswith("net.")}
    return inside or {key: value for key, value in state.items() if not key.startswith("gt_encoder.")}


class _Published(nn.Module):
    """What the golden vectors recorded: all side maps, and the official answer."""

    def __init__(self) -> None:
        super().__init__()
        self.core = ISNet(FULL)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        logits = self.core.logits(image)
        return (*logits, torch.sigmoid(logits[0]))


NETWORK = Network(
    name="isnet_anime",
    role="character detail",
    summary="Finds anime characters in a frame or a crop: IS-Net with weights trained on anime by SkyTNT.",
    paper="Qin et al., Highly Accurate Dichotomous Image Segmentation, ECCV 2022",
    inputs=(Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),),
    outputs=(Tensor("ALPHA", "uint8", ("height", "width"), "probability * 255 of a character"),),
    batching=Batching(max_batch=8),
    tolerance=Tolerance(atol=1.01),
    build=build,
    example=({"height": 90, "width": 160}, {"height": 213, "width": 120}),
    official=(
        Weights(
            "https://huggingface.co/skytnt/anime-seg/resolve/main/model.safetensors",
            "3351563ba8b61a01a66bacb79cf36aabce2da62d88b7606a719f573f23fe5d3e",
            "Apache-2.0",
            commercial=True,
            note="204 MB; isnetis.ckpt beside it holds the same tensors as a pickle",
        ),
    ),
    adapt_official=adapt_official,
    published=(
        Published(
            "scores of the anime checkpoint",
            "none published",
            "README of SkyTNT/anime-segmentation; those of the IS-Net paper are of other weights",
        ),
    ),
    golden=Golden(
        core=lambda shapes: _Published(),
        cases=pictures(*(f"logit{level}" for level in range(1, 7)), "mask"),
        adapt=under_core,
    ),
    inside="long side to 1024 (lite 320), sides to multiples of 64 (bilinear), 0..1; alpha back to the frame",
)
