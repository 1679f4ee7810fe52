"""U²-Net: nested U-blocks that find what stands out, here the character.

Qin et al., "U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection", Pattern Recognition
2020.
Key names are those of the official checkpoints (u2net.pth, u2netp.pth), which differ in widths only.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from triton_anime_export.frame_io import Normalise, resize, to_float, to_uint8, working_size
from triton_anime_export.network import (
    Batching,
    Golden,
    Network,
    Published,
    Size,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks._golden_cases import pictures
from triton_anime_export.networks._nested_u import DECODERS, FULL, LITE, SMALL, STAGES, Nest, Widths

LONG_SIDE, MULTIPLE = 320, 32


class U2Net(Nest):
    """The network proper; :meth:`forward` gives the seven maps of the paper, fused first."""

    def __init__(self, widths: Widths) -> None:
        super().__init__(widths, into=3)
        self.outconv = nn.Conv2d(6, 1, 1)

    def logits(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Normalised image [B,3,h,w] -> seven logit maps [B,1,h,w]: fused, side 1 to side 6."""
        sides = self.sides(self.decoded(image))
        sides = [sides[0], *(resize(side, sides[0].shape[2:]) for side in sides[1:])]
        return [self.outconv(torch.cat(sides, 1)), *sides]

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Normalised image [B,3,h,w] -> seven probability maps [B,1,h,w]: fused, side 1 to side 6."""
        return tuple(torch.sigmoid(logit) for logit in self.logits(image))


class Served(nn.Module):
    """Frames in, alpha at the same size out.

    Args:
        core: the network.
        official: process as the official test script does: divide by the frame's own maximum, stretch the
            answer to 0..1. Official checkpoints were trained for the first and are read with the second; ours
            are calibrated, and stretching would invent a character where there is none.
    """

    def __init__(self, core: U2Net, *, official: bool) -> None:
        super().__init__()
        self.core, self.official = core, official
        self.normalise = Normalise()

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        """FRAME uint8 [B,H,W,3] -> ALPHA uint8 [B,H,W]."""
        height, width = frame.shape[1], frame.shape[2]
        image = to_float(frame, working_size(height, width, LONG_SIDE, MULTIPLE))
        if self.official:
            image = image / image.amax((1, 2, 3), keepdim=True).clamp_min(1e-3)
        alpha = torch.sigmoid(self.core.logits(self.normalise(image))[0])
        if self.official:
            low, high = alpha.amin((1, 2, 3), keepdim=True), alpha.amax((1, 2, 3), keepdim=True)
            alpha = (alpha - low) / (high - low).clamp_min(1e-6)
        return to_uint8(resize(alpha, (height, width)))[:, 0]


def build(size: Size) -> Served:
    """``full`` is u2net.pth's network, ``lite`` the same nest with narrower stages."""
    return Served(U2Net(FULL if size == "full" else LITE), official=size == "full")


def variant(shapes: Mapping[str, tuple[int, ...]]) -> U2Net:
    """The variant that official keys and shapes belong to: widths are read off the convolutions."""
    widths = {
        stage: (
            shapes[f"{stage}.rebnconv1.conv_s1.weight"][0],
            shapes[f"{stage}.rebnconvin.conv_s1.weight"][0],
        )
        for stage in (*STAGES, *DECODERS)
    }
    return U2Net(widths)


def served_variant(shapes: Mapping[str, tuple[int, ...]]) -> Served:
    """The served module that an official checkpoint belongs to: u2net.pth or u2netp.pth."""
    return Served(variant(shapes), official=True)


_PAPER = "Qin et al., Pattern Recognition 2020"

NETWORK = Network(
    name="u2net",
    role="character detail",
    summary="Finds the outline of the characters in a frame or a crop, thin parts included.",
    paper="Qin et al., U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection, "
    "Pattern Recognition 2020",
    inputs=(Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),),
    outputs=(Tensor("ALPHA", "uint8", ("height", "width"), "probability * 255 of a character"),),
    batching=Batching(max_batch=8),
    tolerance=Tolerance(atol=1.01),
    build=build,
    example=({"height": 90, "width": 160}, {"height": 213, "width": 120}),
    official=(
        Weights(
            "https://drive.google.com/file/d/1ao1ovG1Qtx4b7EoskHXmi2E9rp5CHLcZ",
            None,
            "Apache-2.0",
            commercial=True,
            note="u2net.pth, 176 MB",
        ),
        Weights(
            "https://drive.google.com/file/d/1rbSTGKAE-MTxBYHd-51l2hMOQPT_7EPy",
            None,
            "Apache-2.0",
            commercial=True,
            note="u2netp.pth, 4.7 MB, the small variant",
        ),
    ),
    variant=served_variant,
    sizes={
        "u2net": lambda: build("full"),
        "u2netp": lambda: Served(U2Net(SMALL), official=True),
    },
    published=(
        *(
            Published(f"MAE, {data}", value, _PAPER, "u2net")
            for data, value in (
                ("DUTS-TE", "0.044"),
                ("DUT-OMRON", "0.054"),
                ("ECSSD", "0.033"),
                ("HKU-IS", "0.031"),
                ("PASCAL-S", "0.074"),
            )
        ),
        Published("speed, GTX 1080 Ti", "30 frames/s", f"{_PAPER}, abstract", "u2net"),
        Published("speed, GTX 1080 Ti", "40 frames/s", f"{_PAPER}, abstract", "u2netp"),
    ),
    golden=Golden(core=variant, cases=pictures(*(f"d{index}" for index in range(7)))),
    inside="long side to 320, sides to multiples of 32 (bilinear), ImageNet mean; alpha back to the frame",
)
