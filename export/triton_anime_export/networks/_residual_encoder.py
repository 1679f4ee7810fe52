"""The encoder that the small networks of this project share.

A plain residual network (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016) with dense 3x3
convolutions: on CPUs with matrix units it learns seven times as many pictures in the same time as depthwise
convolutions do, and ONNX Runtime serves it as fast.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

WIDTHS = (32, 64, 128, 224, 288)
"""Channels at strides 2, 4, 8, 16, 32 of the lite networks: narrower ones leave the matrix units waiting."""
DEPTHS = (2, 2, 3, 2)
"""Residual blocks at strides 4, 8, 16, 32 of the lite networks."""


class ConvNormRelu(nn.Sequential):
    """Convolution without bias, BatchNorm, ReLU."""

    def __init__(self, into: int, out: int, kernel: int = 3, stride: int = 1, dilation: int = 1) -> None:
        super().__init__(
            nn.Conv2d(into, out, kernel, stride, dilation * (kernel // 2), dilation, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut; where the stride is 2 the shortcut averages (ResNet-D)."""

    def __init__(self, into: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = ConvNormRelu(into, out, 3, stride)
        self.conv2 = nn.Sequential(nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out))
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or into != out:
            pool: list[nn.Module] = [nn.AvgPool2d(stride)] if stride > 1 else []
            self.shortcut = nn.Sequential(*pool, nn.Conv2d(into, out, 1, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B,into,h,w] -> [B,out,h/stride,w/stride]."""
        y: torch.Tensor = self.conv2(self.conv1(x))
        return F.relu(y + self.shortcut(x))


class ResidualEncoder(nn.Module):
    """Features at falling resolution, each level half the size of the one before.

    Args:
        widths: channels at strides 2, 4, 8, 16, 32; fewer for fewer levels.
        depths: residual blocks at strides 4, 8, 16, 32, one less than widths.
    """

    def __init__(self, widths: Sequence[int] = WIDTHS, depths: Sequence[int] = DEPTHS) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.stem = nn.Sequential(ConvNormRelu(3, widths[0], 3, 2), ConvNormRelu(widths[0], widths[0]))
        self.stages = nn.ModuleList(
            nn.Sequential(
                ResidualBlock(into, out, 2), *(ResidualBlock(out, out, 1) for _ in range(depth - 1))
            )
            for into, out, depth in zip(widths[:-1], widths[1:], depths, strict=True)
        )

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Normalised image [B,3,h,w], sides multiples of the last stride -> features at strides 2, 4 ..."""
        features = [self.stem(image)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features
