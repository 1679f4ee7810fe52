"""SPyNet: optical flow from coarse to fine, in the shape that video restoration uses.

Ranjan and Black, "Optical Flow Estimation using a Spatial Pyramid Network", CVPR 2017; keys are those of
``update_spynet`` in the official checkpoint of E2FGVI-HQ.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from triton_anime_export.frame_io import IMAGENET_MEAN, IMAGENET_STD, resize
from triton_anime_export.networks._deformable import sample

LEVELS = 6
MULTIPLE = 32
"""Sides of the finest level are multiples of this: the coarsest one halves them five times."""

WIDTHS = (32, 64, 32, 16)


class SpyNet(nn.Module):
    """Where each pixel of one picture is found in another.

    Args:
        widths: channels between the five convolutions of a level.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, widths: tuple[int, int, int, int] = WIDTHS) -> None:
        super().__init__()
        # The checkpoint has them, so they stay in the state dict.
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))
        self.basic_module = nn.ModuleList(_Level(widths) for _ in range(LEVELS))

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Flow from one picture to the other.

        Args:
            source: float [N,3,H,W] in 0..1.
            target: float [N,3,H,W] in 0..1.

        Returns:
            float [N,2,H,W] in pixels, x first.
        """
        height, width = source.shape[2:]
        inner = (-(-height // MULTIPLE) * MULTIPLE, -(-width // MULTIPLE) * MULTIPLE)
        sources, targets = (self._pyramid(resize(picture, inner)) for picture in (source, target))
        flow = torch.zeros_like(sources[0][:, :2])
        for step, level in enumerate(self.basic_module):
            if step > 0:
                flow = 2.0 * F.interpolate(flow, scale_factor=2.0, mode="bilinear", align_corners=True)
            seen = torch.cat([sources[step], _from_border(targets[step], flow), flow], dim=1)
            flow = flow + level(seen)
        flow = resize(flow, (height, width))
        return torch.cat([flow[:, :1] * (width / inner[1]), flow[:, 1:] * (height / inner[0])], dim=1)

    def _pyramid(self, picture: Tensor) -> list[Tensor]:
        """Normalised pictures, the coarsest first."""
        levels = [(picture - self.mean) / self.std]
        for _ in range(LEVELS - 1):
            levels.append(F.avg_pool2d(levels[-1], 2))
        return levels[::-1]


class _Level(nn.Module):
    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        channels = (8, *widths, 2)
        self.basic_module = nn.Sequential(
            *(
                _Conv(channels[i], channels[i + 1], last=i + 2 == len(channels))
                for i in range(len(widths) + 1)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", self.basic_module(x))


class _Conv(nn.Module):
    def __init__(self, channels: int, out: int, *, last: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 7, padding=3)
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.conv(x)
        return made if self.last else made.relu()


def _from_border(x: Tensor, flow: Tensor) -> Tensor:
    """What stands at each pixel's destination; beyond the picture, its border."""
    height, width = x.shape[2:]
    columns = torch.arange(width, dtype=x.dtype, device=x.device).view(1, 1, width) + flow[:, 0]
    rows = torch.arange(height, dtype=x.dtype, device=x.device).view(1, height, 1) + flow[:, 1]
    return sample(x, columns.clamp(0, width - 1), rows.clamp(0, height - 1))
