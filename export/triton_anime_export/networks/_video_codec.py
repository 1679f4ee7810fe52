"""Ends that the video-inpainting networks share: pictures to features at a quarter of the size, and back.

STTN (Zeng et al., ECCV 2020) and E2FGVI-HQ (Li et al., CVPR 2022) have the same four first convolutions and
the same decoder; the numbers in the keys count the activations between the layers, as in their checkpoints.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.2
"""Of every LeakyReLU in encoder and decoder."""


class UpsampledConv(nn.Module):
    """Twice as large, then a 3x3 convolution; its key is ``conv``.

    Args:
        channels: in.
        out: channels out.
    """

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,C,h,w] to [N,out,2h,2w]."""
        # The first and the last sample stay where they are: pixel centres are not those of a plain resize.
        larger = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)
        return cast("Tensor", self.conv(larger))


def down_to_a_quarter(width: int) -> list[nn.Module]:
    """Layers from pictures [N,3,H,W] to features [N,4*width,H/4,W/4]; published with a width of 64."""
    return [
        nn.Conv2d(3, width, 3, stride=2, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, width, 3, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, width * 2, 3, stride=2, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width * 2, width * 4, 3, padding=1),
        nn.LeakyReLU(SLOPE),
    ]


def decoder(channels: int, width: int) -> nn.Sequential:
    """Layers from features [N,channels,h,w] to pictures [N,3,4h,4w] before their tanh."""
    return nn.Sequential(
        UpsampledConv(channels, width * 2),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width * 2, width, 3, padding=1),
        nn.LeakyReLU(SLOPE),
        UpsampledConv(width, width),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, 3, 3, padding=1),
    )
