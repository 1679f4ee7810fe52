"""Depthwise convolution of single pictures whose gradient is fast on a CPU.

The gradient that PyTorch computes takes ten times as long as the convolution; as two more convolutions it
takes three times as long.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _Depthwise(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(plane: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(plane, weight, padding=weight.shape[2] // 2, groups=plane.shape[1])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor, Tensor]:
        plane, weight = ctx.saved_tensors
        (gradient,) = given
        reach, channels = weight.shape[2] // 2, plane.shape[1]
        of_plane = F.conv2d(gradient, weight.flip(2, 3), padding=reach, groups=channels)
        # Each channel of the padded picture, filtered with its gradient.
        kernels = gradient.transpose(0, 1).contiguous()
        of_weight = F.conv2d(F.pad(plane, (reach,) * 4), kernels, groups=channels)
        return of_plane, of_weight.transpose(0, 1).to(weight.dtype)


class QuickDepthwise(nn.Module):
    """In the place of a depthwise ``nn.Conv2d`` without bias, whose weight it takes over.

    Args:
        conv: odd kernel, padded by half of it, stride 1.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.weight = conv.weight

    def forward(self, plane: Tensor) -> Tensor:
        """``[1, C, h, w]`` to ``[1, C, h, w]``."""
        weight = self.weight
        if torch.is_autocast_enabled("cpu"):
            lower = torch.get_autocast_dtype("cpu")
            plane, weight = plane.to(lower), weight.to(lower)
        filtered: Tensor = _Depthwise.apply(plane, weight)  # type: ignore[no-untyped-call]
        return filtered
