"""The encoders of DeAOT: three stages of a ResNet-50, and MobileNetV2 held at stride 16.

He et al., "Deep Residual Learning for Image Recognition", CVPR 2016; Sandler et al., "MobileNetV2: Inverted
Residuals and Linear Bottlenecks", CVPR 2018. Attribute names follow DeAOT's official checkpoints, whose
normalisations are frozen and keep no counter. Paddings are half a kernel: sides of 16 n + 1 pixels become
4 n + 1, 2 n + 1 and n + 1 cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triton_anime_export.networks._mobilenetv2 import BLOCKS, LAST, STEM

ENDS = (4, 7, 14)
"""MobileNetV2's layers before which strides 4, 8 and 16 are complete; the rest is the last feature."""

STRIDE = 16


class FrozenNorm(nn.BatchNorm2d):
    """BatchNorm that does not learn: four buffers, and no ``num_batches_tracked`` among the keys."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        del self.weight, self.bias
        self.register_buffer("weight", torch.ones(channels))
        self.register_buffer("bias", torch.zeros(channels))
        self.num_batches_tracked = None

    def train(self, mode: bool = True) -> FrozenNorm:
        """Stay in eval mode: statistics of a batch are never used."""
        return super().train(False)

    def _load_from_state_dict(self, *given: Any) -> None:
        # BatchNorm's own would put a counter in and then not know it.
        nn.Module._load_from_state_dict(self, *given)


class Bottleneck(nn.Module):
    """1x1, 3x3 (carries the stride), 1x1 with a shortcut; the last convolution widens four times."""

    expansion = 4

    def __init__(self, into: int, planes: int, stride: int) -> None:
        super().__init__()
        out = planes * self.expansion
        self.conv1 = nn.Conv2d(into, planes, 1, bias=False)
        self.bn1 = FrozenNorm(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = FrozenNorm(planes)
        self.conv3 = nn.Conv2d(planes, out, 1, bias=False)
        self.bn3 = FrozenNorm(out)
        self.downsample = (
            nn.Sequential(nn.Conv2d(into, out, 1, stride, bias=False), FrozenNorm(out))
            if stride > 1 or into != out
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[B, into, H, W]`` to ``[B, 4 planes, H / stride, W / stride]``."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """Stem and three stages; the last feature is that of stride 16.

    Args:
        stem: channels of the first convolution.
        planes: planes of the stages, a quarter of what they end with.
        blocks: residual blocks of the stages.
    """

    def __init__(self, stem: int, planes: Sequence[int], blocks: Sequence[int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, stem, 7, 2, 3, bias=False)
        self.bn1 = FrozenNorm(stem)
        into = stem
        for index, (width, depth) in enumerate(zip(planes, blocks, strict=True)):
            stage = [Bottleneck(into, width, 1 if index == 0 else 2)]
            into = width * Bottleneck.expansion
            stage += [Bottleneck(into, width, 1) for _ in range(depth - 1)]
            self.add_module(f"layer{index + 1}", nn.Sequential(*stage))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Normalised ``[B, 3, H, W]`` to features of strides 4, 8, 16 and the last one, here the same."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(image))), 3, 2, 1)
        f4 = self.get_submodule("layer1")(x)
        f8 = self.get_submodule("layer2")(f4)
        f16 = self.get_submodule("layer3")(f8)
        return f4, f8, f16, f16


def _conv_norm(into: int, out: int, kernel: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> Any:
    padding = kernel // 2 * dilation
    return [
        nn.Conv2d(into, out, kernel, stride, padding, dilation, groups, bias=False),
        FrozenNorm(out),
    ]


def _activated(*given: Any) -> nn.Sequential:
    return nn.Sequential(*_conv_norm(*given), nn.ReLU6())


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow; added to its input where the shapes agree."""

    def __init__(self, into: int, out: int, stride: int, dilation: int, expansion: int) -> None:
        super().__init__()
        hidden = into * expansion
        self.adds = stride == 1 and into == out
        widen = [_activated(into, hidden, 1)] if expansion != 1 else []
        self.conv = nn.Sequential(
            *widen,
            _activated(hidden, hidden, 3, stride, hidden, dilation),
            *_conv_norm(hidden, out, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[B, into, h, w]`` to ``[B, out, h / stride, w / stride]``."""
        y: Tensor = self.conv(x)
        return x + y if self.adds else y


class MobileNetV2(nn.Module):
    """MobileNetV2 whose later strides are dilations, so that it ends at stride 16."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [_activated(3, STEM, 3, 2)]
        into, reached, dilation = STEM, 2, 1
        for expansion, out, repeats, stride in BLOCKS:
            # The first block of a stage that may not shrink still sees its input at the old spacing.
            first = dilation
            if reached == STRIDE:
                dilation, stride = dilation * stride, 1
            reached *= stride
            for repeat in range(repeats):
                spaced = (stride, first) if repeat == 0 else (1, dilation)
                layers.append(InvertedResidual(into, out, *spaced, expansion))
                into = out
        layers.append(_activated(into, LAST, 1))
        self.features = nn.Sequential(*layers)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Normalised ``[B, 3, H, W]`` to features of strides 4, 8, 16 and the last one, of stride 16 too."""
        found: list[Tensor] = []
        x = image
        for index, layer in enumerate(self.features):
            if index in ENDS:
                found.append(x)
            x = layer(x)
        f4, f8, f16 = found
        return f4, f8, f16, x
