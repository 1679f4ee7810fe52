"""STTN: every frame of a window asks all others, patch by patch at four scales, what is behind its hole.

Zeng et al., "Learning Joint Spatial-Temporal Transformations for Video Inpainting", ECCV 2020; keys are those
of ``netG`` in the official ``sttn.pth``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from triton_anime_export.networks._video_codec import SLOPE, decoder, down_to_a_quarter

GRIDS = (1, 3, 6, 12)
"""Patches along each side of the picture, for each head. At 432x240 the authors' patches of 108x60, 36x20,
18x10 and 9x5 cells; other sizes scale the patches, as the authors advise."""
MULTIPLE = 48
"""Sides of a picture are multiples of this: 4 pixels a cell, the finest grid twelve patches."""


@dataclass(frozen=True)
class SttnSize:
    """Size of the network.

    Attributes:
        width: channels after the first convolution; features have four times as many.
        blocks: of the transformer.
    """

    width: int = 64
    blocks: int = 8


class Sttn(nn.Module):
    """The generator; 16,556,163 parameters in 112 tensors at the published size.

    The authors' masks of tokens have no effect in the code that the checkpoint was released with: holes count
    only by being blank. There are none here.

    Args:
        size: widths and depth.
    """

    def __init__(self, size: SttnSize) -> None:
        super().__init__()
        features = size.width * 4
        self.encoder = nn.Sequential(*down_to_a_quarter(size.width))
        self.transformer = nn.Sequential(*(_Block(features) for _ in range(size.blocks)))
        self.decoder = decoder(features, size.width)

    def forward(self, frames: Tensor) -> Tensor:
        """Draw every frame of a window.

        Args:
            frames: float [T,3,H,W] in -1..1, 0 inside the holes; H and W multiples of 48.

        Returns:
            float [T,3,H,W] in -1..1.
        """
        return self.draw(self.transformer(self.encoder(frames)))

    def draw(self, features: Tensor) -> Tensor:
        """Features [N,C,h,w] to pictures [N,3,4h,4w] in -1..1."""
        return torch.tanh(self.decoder(features))


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention = _PatchAttention(channels)
        self.feed_forward = _FeedForward(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(x)
        return x + cast("Tensor", self.feed_forward(x))


class _PatchAttention(nn.Module):
    """Four heads; in each a patch over all of the head's channels is one token."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query_embedding = nn.Conv2d(channels, channels, 1)
        self.value_embedding = nn.Conv2d(channels, channels, 1)
        self.key_embedding = nn.Conv2d(channels, channels, 1)
        self.output_linear = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.LeakyReLU(SLOPE))

    def forward(self, x: Tensor) -> Tensor:
        queries, keys, values = (
            embed(x).chunk(len(GRIDS), dim=1)
            for embed in (self.query_embedding, self.key_embedding, self.value_embedding)
        )
        heads = [_attend(*head) for head in zip(queries, keys, values, GRIDS, strict=True)]
        return cast("Tensor", self.output_linear(torch.cat(heads, dim=1)))


class _FeedForward(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=2, dilation=2),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(SLOPE),
        )

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", self.conv(x))


def _attend(query: Tensor, key: Tensor, value: Tensor, grid: int) -> Tensor:
    """One head on maps [T,C,h,w] cut into ``grid`` x ``grid`` patches a frame."""
    frames, channels, height, width = query.shape
    patch = (height // grid, width // grid)

    def tokens(x: Tensor) -> Tensor:
        cut = x.reshape(frames, channels, grid, patch[0], grid, patch[1])
        return cut.permute(0, 2, 4, 1, 3, 5).reshape(frames * grid * grid, channels * patch[0] * patch[1])

    q, k, v = tokens(query), tokens(key), tokens(value)
    alike = (q @ k.transpose(0, 1)) * q.shape[1] ** -0.5
    taken = (alike.softmax(dim=-1) @ v).reshape(frames, grid, grid, channels, *patch)
    return taken.permute(0, 3, 1, 4, 2, 5).reshape(frames, channels, height, width)
