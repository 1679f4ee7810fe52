"""Sampling at arbitrary places: warping by a flow, and modulated deformable convolution.

Zhu et al., "Deformable ConvNets v2: More Deformable, Better Results" (CVPR 2019). The convolution is written
as one ``grid_sample`` and a plain convolution, so that it exports to operators that every runtime has. ONNX's
own DeformConv begins with opset 19: :mod:`triton_anime_export.deform_operator` writes that instead, for
modules whose ``operator`` is set.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KERNEL = 3
TAPS = KERNEL * KERNEL

Mode = Literal["bilinear", "nearest"]


def sample(x: Tensor, columns: Tensor, rows: Tensor, mode: Mode = "bilinear") -> Tensor:
    """Read a map at places in pixels; outside of it is zero.

    Args:
        x: float ``[N, C, H, W]``.
        columns: float ``[N, h, w]``; 0 is the centre of the first.
        rows: float, like ``columns``.
        mode: of interpolation.

    Returns:
        float ``[N, C, h, w]``.
    """
    # This convention of normalising has no singular case: with the other one a side of one pixel has no span.
    horizontal = (2 * columns + 1) / x.shape[3] - 1
    vertical = (2 * rows + 1) / x.shape[2] - 1
    grid = torch.stack([horizontal, vertical], dim=-1)
    return F.grid_sample(x, grid, mode=mode, padding_mode="zeros", align_corners=False)


def warp(x: Tensor, flow: Tensor, mode: Mode = "bilinear") -> Tensor:
    """What stands where each pixel goes: ``x`` ``[N, C, H, W]``, ``flow`` ``[N, 2, H, W]`` in pixels."""
    rows, columns = _places(x)
    return sample(x, columns + flow[:, 0], rows + flow[:, 1], mode)


def deformable_convolution(x: Tensor, offsets: Tensor, mask: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A 3x3 convolution, stride 1, whose taps are moved and weighted at each place.

    Args:
        x: float ``[B, C, H, W]``; zero outside.
        offsets: float ``[B, G * 9 * 2, H, W]`` in pixels: for each of G groups of channels and each tap,
            row by row, first down, then to the right.
        mask: float ``[B, G * 9, H, W]``, the weight of each tap.
        weight: float ``[O, C, 3, 3]``.
        bias: float ``[O]``.

    Returns:
        float ``[B, O, H, W]``.
    """
    b, c, h, w = x.shape
    groups = mask.shape[1] // TAPS
    moved = offsets.reshape(b * groups, TAPS, 2, h, w)
    steps = torch.arange(KERNEL, dtype=x.dtype, device=x.device) - KERNEL // 2
    down = steps.view(KERNEL, 1).expand(KERNEL, KERNEL).reshape(1, TAPS, 1, 1)
    right = steps.view(1, KERNEL).expand(KERNEL, KERNEL).reshape(1, TAPS, 1, 1)
    rows, columns = _places(x)
    at_rows = (moved[:, :, 0] + down + rows).reshape(b * groups, TAPS * h, w)
    at_columns = (moved[:, :, 1] + right + columns).reshape(b * groups, TAPS * h, w)
    read = sample(x.reshape(b * groups, c // groups, h, w), at_columns, at_rows)
    read = read.reshape(b * groups, c // groups, TAPS, h, w) * mask.reshape(b * groups, 1, TAPS, h, w)
    # What each place reads is laid out as channels: the rest is a convolution of one tap.
    return F.conv2d(read.reshape(b, c * TAPS, h, w), weight.reshape(weight.shape[0], c * TAPS, 1, 1), bias)


@torch.library.custom_op("triton_anime::deform_conv", mutates_args=())
def deform_conv(
    x: Tensor, offsets: Tensor, mask: Tensor, weight: Tensor, bias: Tensor, groups: int
) -> Tensor:
    """:func:`deformable_convolution` as one operator, which a graph may keep as one; ``groups`` is G."""
    del groups  # the mask tells it here; the graph's operator has it as an attribute
    return deformable_convolution(x, offsets, mask, weight, bias)


@deform_conv.register_fake
def _shape(x: Tensor, offsets: Tensor, mask: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    return x.new_empty(x.shape[0], weight.shape[0], x.shape[2], x.shape[3])


def _places(x: Tensor) -> tuple[Tensor, Tensor]:
    """Row ``[H, 1]`` and column ``[1, W]`` of each pixel."""
    rows = torch.arange(x.shape[2], dtype=x.dtype, device=x.device)
    columns = torch.arange(x.shape[3], dtype=x.dtype, device=x.device)
    return rows[:, None], columns[None, :]


class DeformableAlignment(nn.Module):
    """Deformable convolution whose offsets and weights a small network reads from a condition.

    Args:
        channels_in: of what is aligned.
        channels: of the result.
        condition: channels of the condition.
        groups: groups of channels that move together.
        reach: how far a tap may go, in pixels.

    Attributes:
        operator: whether the convolution is to be one operator of the graph.
    """

    operator: bool = False

    def __init__(self, channels_in: int, channels: int, condition: int, groups: int, reach: float) -> None:
        super().__init__()
        self.reach = reach
        self.weight = nn.Parameter(torch.empty(channels, channels_in, KERNEL, KERNEL))
        self.bias = nn.Parameter(torch.zeros(channels))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        layers: list[nn.Module] = []
        for width in (condition, channels, channels):
            layers += [nn.Conv2d(width, channels, 3, padding=1), nn.LeakyReLU(0.1)]
        self.conv_offset = nn.Sequential(*layers, nn.Conv2d(channels, 3 * TAPS * groups, 3, padding=1))

    def forward(self, x: Tensor, condition: Tensor, flow: Tensor | None = None) -> Tensor:
        """Align ``x`` ``[B, C_in, H, W]`` by ``condition``; taps start from ``flow`` ``[B, 2, H, W]``."""
        read: Tensor = self.conv_offset(condition)
        border = read.shape[1] // 3 * 2
        offsets = self.reach * torch.tanh(read[:, :border])
        if flow is not None:
            offsets = offsets + flow.flip(1).repeat(1, border // 2, 1, 1)
        mask = torch.sigmoid(read[:, border:])
        return self.convolve(x, offsets, mask)

    def convolve(self, x: Tensor, offsets: Tensor, mask: Tensor) -> Tensor:
        """:func:`deformable_convolution` with this module's weights."""
        if self.operator:
            groups = mask.shape[1] // TAPS
            return deform_conv(x, offsets, mask, self.weight, self.bias, groups)
        return deformable_convolution(x, offsets, mask, self.weight, self.bias)
