"""The small CLIPSeg: what panoptic_deeplab sees, modulated by a sentence (FiLM) as in CLIPSeg.

Lüddecke & Ecker, CVPR 2022, decode what CLIP sees, which has learnt from 400 million pictures. A small tower,
trained from nothing, told no type of effect from another; the encoder of the panoptic network, which has to
find effects anyway, takes its place, and a decoder that begins as that network's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from triton_anime_export.frame_io import Normalise
from triton_anime_export.networks._residual_encoder import WIDTHS, ConvNormRelu
from triton_anime_export.networks.panoptic_deeplab import PanopticBody

CONDITION = 64
"""Width of a sentence's embedding."""

SHARED, ASKED, DETAILS = 96, 32, 8
"""Channels of the features of all sentences, of each sentence's own, and of the details at full size."""


class LiteClipseg(nn.Module):
    """Picture and sentence embeddings in, logits out.

    A sentence modulates features at a quarter of the size; at full size it only chooses among a few shared
    maps (a product of matrices), and a gate drawn at a quarter says where these count: many sentences cost
    little.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = PanopticBody()
        self.mix = nn.Sequential(
            ConvNormRelu(self.body.decoded_channels, SHARED), ConvNormRelu(SHARED, SHARED)
        )
        self.read = nn.Linear(CONDITION, SHARED)
        self.reduce = nn.Conv2d(SHARED, ASKED, 1)
        self.film = nn.Linear(CONDITION, 2 * ASKED)
        self.refine = nn.Conv2d(ASKED, ASKED, 3, padding=1)
        self.coarse = nn.Conv2d(ASKED, 2, 3, padding=1)
        self.details = nn.Sequential(
            nn.Conv2d(WIDTHS[0], DETAILS * 2, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(DETAILS * 2, DETAILS * 4, 1),
            nn.PixelShuffle(2),
        )
        self.choose = nn.Linear(CONDITION, DETAILS)
        self.normalise = Normalise()
        # Most of a frame is not what a sentence names; details count from the start.
        self.coarse.get_parameter("bias").data.copy_(torch.tensor([-3.0, 0.5]))

    def forward(self, pixels: Tensor, condition: Tensor) -> Tensor:
        """Find what each sentence names.

        Args:
            pixels: float [B,3,h,w], RGB in 0..1, sides multiples of 32.
            condition: float [B,P,C] sentence embeddings.

        Returns:
            Logits [B,P,h,w].
        """
        return self.answer(*self.features(pixels), condition)

    def features(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """What all sentences share: [B,F,h/4,w/4], and the encoder's first features [B,C,h/2,w/2]."""
        decoded, fine = self.body.decoded_and_fine(self.normalise(pixels))
        return self.mix(decoded), fine

    def answer(self, shared: Tensor, fine: Tensor, condition: Tensor) -> Tensor:
        """Logits [B,P,h,w] of the sentences from what :meth:`features` gave."""
        batch, prompts = condition.shape[:2]
        height, width = shared.shape[2:]
        read = torch.matmul(self.read(condition), shared.flatten(2)) * SHARED**-0.5
        reduced = self.reduce(shared)[:, None].expand(-1, prompts, -1, -1, -1).flatten(0, 1)
        scale, shift = self.film(condition).reshape(-1, 2 * ASKED, 1, 1).chunk(2, dim=1)
        y = torch.relu(self.refine(torch.relu(reduced * (1.0 + scale) + shift)))
        judged = self.coarse(y).reshape(batch, prompts, 2, height, width)
        logits = judged[:, :, 0] + read.reshape(batch, prompts, height, width)
        size = (4 * height, 4 * width)
        gate = F.interpolate(judged[:, :, 1], size=size, mode="bilinear", align_corners=False)
        maps = self.details(fine)
        details = torch.matmul(self.choose(condition), maps.flatten(2)).reshape(batch, prompts, *size)
        return F.interpolate(logits, size=size, mode="bilinear", align_corners=False) + gate * details
