"""Parts of XMem with parameterised widths.

Architecture: Cheng and Schwing, "XMem: Long-Term Video Object Segmentation with an Atkinson-Shiffrin Memory
Model" (ECCV 2022). Attribute names follow the official checkpoint (``XMem.pth``), so that its keys load as
they are.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Bottleneck(nn.Module):
    """ResNet's 1x1, 3x3 (carries the stride), 1x1 residual block; the last convolution widens four times."""

    expansion = 4

    def __init__(self, channels_in: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * self.expansion, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * self.expansion)
        self.downsample = _projection(channels_in, planes * self.expansion, stride)

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C_in, H, W]`` to ``[B, 4 planes, H / stride, W / stride]``."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class BasicBlock(nn.Module):
    """ResNet's residual block of two 3x3 convolutions."""

    expansion = 1

    def __init__(self, channels_in: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = _projection(channels_in, planes, stride)

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C_in, H, W]`` to ``[B, planes, H / stride, W / stride]``."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def stage(
    block: type[Bottleneck] | type[BasicBlock], channels_in: int, planes: int, blocks: int, stride: int
) -> nn.Sequential:
    """``blocks`` residual blocks, the first of which carries the stride."""
    first = block(channels_in, planes, stride)
    rest = [block(planes * block.expansion, planes, 1) for _ in range(blocks - 1)]
    return nn.Sequential(first, *rest)


class GroupResBlock(nn.Module):
    """Two pre-activated 3x3 convolutions beside a skip, a 3x3 convolution itself when the width changes."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.downsample = nn.Conv2d(channels_in, channels, 3, padding=1) if channels_in != channels else None
        self.conv1 = nn.Conv2d(channels_in, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C_in, H, W]`` to ``[B, C, H, W]``."""
        y: Tensor = self.conv2(F.relu(self.conv1(F.relu(x))))
        return y + (x if self.downsample is None else self.downsample(x))


class _Flatten(nn.Module):
    """Present because the published MLP counts its flattening as layer 0."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)


class ChannelGate(nn.Module):
    """Scales each channel by what its global average and global maximum say."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        narrow = max(channels // reduction, 1)
        self.mlp = nn.Sequential(
            _Flatten(), nn.Linear(channels, narrow), nn.ReLU(), nn.Linear(narrow, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C, H, W]``, same shape out."""
        votes = self.mlp(x.mean(dim=(2, 3))) + self.mlp(x.amax(dim=(2, 3)))
        return x * torch.sigmoid(votes)[:, :, None, None]


class _SpatialConv(nn.Module):
    """The published key is ``spatial.conv``."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


class SpatialGate(nn.Module):
    """Scales each place by what its channels' maximum and mean say."""

    def __init__(self) -> None:
        super().__init__()
        self.spatial = _SpatialConv()

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C, H, W]``, same shape out."""
        pooled = torch.cat([x.amax(dim=1, keepdim=True), x.mean(dim=1, keepdim=True)], dim=1)
        return x * torch.sigmoid(self.spatial(pooled))


class CBAM(nn.Module):
    """Channel gate, then spatial gate (Woo et al., ECCV 2018, without batch normalisation)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.ChannelGate = ChannelGate(channels)
        self.SpatialGate = SpatialGate()

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C, H, W]``, same shape out."""
        gated: Tensor = self.SpatialGate(self.ChannelGate(x))
        return gated


class FeatureFusionBlock(nn.Module):
    """Fuses features of the frame with features of one object."""

    def __init__(self, channels_frame: int, channels_object: int, channels: int) -> None:
        super().__init__()
        self.block1 = GroupResBlock(channels_frame + channels_object, channels)
        self.attention = CBAM(channels)
        self.block2 = GroupResBlock(channels, channels)

    def forward(self, frame: Tensor, per_object: Tensor) -> Tensor:
        """``frame`` ``[O, C_f, h, w]`` and ``per_object`` ``[O, C_o, h, w]`` to ``[O, C, h, w]``."""
        fused = self.block1(torch.cat([frame, per_object], dim=1))
        answer: Tensor = self.block2(fused + self.attention(fused))
        return answer


def recur(transformed: Tensor, hidden: Tensor) -> Tensor:
    """XMem's gated update. Unlike a GRU, the new value does not see a gated state.

    Args:
        transformed: ``[O, 3 CH, h, w]``: forget, update and new value, before their non-linearities.
        hidden: ``[O, CH, h, w]``.
    """
    forget, update, new = transformed.float().chunk(3, dim=1)
    forget, update = torch.sigmoid(forget), torch.sigmoid(update)
    return forget * hidden * (1 - update) + update * torch.tanh(new)


class HiddenUpdater(nn.Module):
    """Updates the hidden state from the decoder's features at three scales."""

    def __init__(self, g16: int, g8: int, g4: int, middle: int, hidden: int) -> None:
        super().__init__()
        self.g16_conv = nn.Conv2d(g16, middle, 1)
        self.g8_conv = nn.Conv2d(g8, middle, 1)
        self.g4_conv = nn.Conv2d(g4 + 1, middle, 1)
        self.transform = nn.Conv2d(middle + hidden, 3 * hidden, 3, padding=1)

    def forward(self, g16: Tensor, g8: Tensor, g4: Tensor, hidden: Tensor) -> Tensor:
        """Features at strides 16, 8, 4 (the last with the logit appended) and the state to the next state."""
        # Averages over whole tiles: what the published "area" interpolation does at exact factors.
        joint = self.g16_conv(g16) + self.g8_conv(F.avg_pool2d(g8, 2)) + self.g4_conv(F.avg_pool2d(g4, 4))
        return recur(self.transform(torch.cat([joint, hidden], dim=1)), hidden)


class HiddenReinforcer(nn.Module):
    """Updates the hidden state from a new memory value."""

    def __init__(self, value: int, hidden: int) -> None:
        super().__init__()
        self.transform = nn.Conv2d(value + hidden, 3 * hidden, 3, padding=1)

    def forward(self, value: Tensor, hidden: Tensor) -> Tensor:
        """``[O, CV, h, w]`` and ``[O, CH, h, w]`` to the next state."""
        return recur(self.transform(torch.cat([value, hidden], dim=1)), hidden)


class UpsampleBlock(nn.Module):
    """Doubles the resolution of object features and adds the frame's features of that scale."""

    def __init__(self, skip: int, up: int, channels: int) -> None:
        super().__init__()
        self.skip_conv = nn.Conv2d(skip, up, 3, padding=1)
        self.out_conv = GroupResBlock(up, channels)

    def forward(self, skip: Tensor, up: Tensor, owner: Tensor | None = None) -> Tensor:
        """Features of the next finer scale, ``[O, C, 2h, 2w]``.

        Args:
            skip: the frames' features ``[B, C_s, 2h, 2w]``; one frame serves all objects.
            up: ``[O, C_u, h, w]``.
            owner: ``[O]`` int, which frame each object is in, when there are several.
        """
        doubled = F.interpolate(up, scale_factor=2.0, mode="bilinear", align_corners=False)
        frame = self.skip_conv(skip)
        answer: Tensor = self.out_conv((frame if owner is None else frame[owner]) + doubled)
        return answer


def _projection(channels_in: int, channels: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and channels_in == channels:
        return None
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels)
    )
