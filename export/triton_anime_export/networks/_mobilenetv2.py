"""MobileNetV2 without its classifier, with the key names that MODNet's checkpoints use.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
"""

from __future__ import annotations

import torch
from torch import nn

BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels out, repeats, stride of the first."""

STEM, LAST = 32, 1280

TAPS = (1, 3, 6, 13, 18)
"""The layers after which the strides 2, 4, 8, 16, 32 are complete."""


def _conv_norm(into: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(into, out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out),
    ]


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow; added to its input where the shapes agree."""

    def __init__(self, into: int, out: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = into * expansion
        self.adds = stride == 1 and into == out
        widen = [*_conv_norm(into, hidden, 1), nn.ReLU6(inplace=True)] if expansion != 1 else []
        self.conv = nn.Sequential(
            *widen,
            *_conv_norm(hidden, hidden, 3, stride, hidden),
            nn.ReLU6(inplace=True),
            *_conv_norm(hidden, out, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B,into,h,w] -> [B,out,h/stride,w/stride]."""
        y: torch.Tensor = self.conv(x)
        return x + y if self.adds else y


class MobileNetV2(nn.Module):
    """Features at five strides."""

    widths = (16, 24, 32, 96, LAST)

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Sequential(*_conv_norm(3, STEM, 3, 2), nn.ReLU6(inplace=True))]
        into = STEM
        for expansion, out, repeats, stride in BLOCKS:
            for repeat in range(repeats):
                layers.append(InvertedResidual(into, out, stride if repeat == 0 else 1, expansion))
                into = out
        layers.append(nn.Sequential(*_conv_norm(into, LAST, 1), nn.ReLU6(inplace=True)))
        self.features = nn.Sequential(*layers)

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Normalised image [B,3,h,w] -> features at strides 2, 4, 8, 16, 32."""
        found: list[torch.Tensor] = []
        x = image
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in TAPS:
                found.append(x)
        return found
