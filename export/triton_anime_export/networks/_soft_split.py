"""Overlapping patches as tokens and back, without taking patches apart.

FuseFormer (Liu et al., ICCV 2021) unfolds a map into patches of 7x7 with a step of 3 and multiplies each by a
matrix: a convolution. It multiplies tokens by a matrix and adds the patches up where they overlap: the
transpose of one. The checkpoints keep matrices; here they are read as kernels, which every runtime has.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KERNEL, STEP, PADDING = 7, 3, 3
PATCH = KERNEL * KERNEL


def split(x: Tensor, linear: nn.Linear) -> Tensor:
    """Patches of maps [T,C,h,w] through a layer [D, C*49]: tokens [T,rows,columns,D]."""
    kernel = linear.weight.reshape(linear.weight.shape[0], x.shape[1], KERNEL, KERNEL)
    return F.conv2d(x, kernel, linear.bias, stride=STEP, padding=PADDING).permute(0, 2, 3, 1)


def compose(tokens: Tensor, linear: nn.Linear, size: tuple[int, int]) -> Tensor:
    """Tokens [T,rows,columns,D] through a layer [C*49, D], added up where they overlap: maps [T,C,h,w].

    ``size`` is h and w: as many steps as there are tokens.
    """
    features = tokens.shape[3]
    kernel = linear.weight.transpose(0, 1).reshape(features, -1, KERNEL, KERNEL)
    bias = linear.bias.reshape(1, -1, KERNEL, KERNEL)
    # The layer adds its bias before patches overlap.
    everywhere = _added_up(torch.ones_like(tokens[:1, :, :, :1]).permute(0, 3, 1, 2), bias, size)
    return _added_up(tokens.permute(0, 3, 1, 2), kernel, size) + everywhere


def overlaps(tokens: Tensor, size: tuple[int, int]) -> Tensor:
    """How many patches cover each place: [1,1,h,w]."""
    ones = torch.ones_like(tokens[:1, :, :, :1]).permute(0, 3, 1, 2)
    return _added_up(ones, torch.ones_like(ones[:, :, :1, :1]).expand(1, 1, KERNEL, KERNEL), size)


def _added_up(x: Tensor, kernel: Tensor, size: tuple[int, int]) -> Tensor:
    covered = [(count - 1) * STEP - 2 * PADDING + KERNEL for count in x.shape[2:]]
    missing = [side - have for side, have in zip(size, covered, strict=True)]
    return F.conv_transpose2d(x, kernel, stride=STEP, padding=PADDING, output_padding=missing)


class SoftSplit(nn.Module):
    """Maps to tokens."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.embedding = nn.Linear(channels * PATCH, features)

    def forward(self, x: Tensor) -> Tensor:
        """Map [T,C,h,w] to [T,rows,columns,D]."""
        return split(x, self.embedding)


class SoftComposition(nn.Module):
    """Tokens to maps."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.embedding = nn.Linear(features, channels * PATCH)
        self.bias_conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        """Map [T,rows,columns,D] to [T,C,h,w]."""
        return cast("Tensor", self.bias_conv(compose(tokens, self.embedding, size)))


class FusionFeedForward(nn.Module):
    """A feed-forward layer in whose middle overlapping patches are averaged.

    The authors take the averaged map apart into patches before its activation; it is the same to activate the
    map, since zero stays zero.
    """

    def __init__(self, features: int, mixed: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(nn.Linear(features, mixed * PATCH))
        self.conv2 = nn.Sequential(nn.GELU(), nn.Linear(mixed * PATCH, features))

    def forward(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        """Map [T,rows,columns,D] to the same shape; ``size`` of the map that the tokens were split from."""
        mixed = compose(tokens, cast("nn.Linear", self.conv1[0]), size) / overlaps(tokens, size)
        return split(self.conv2[0](mixed), cast("nn.Linear", self.conv2[1]))
