"""E2FGVI-HQ: flow, propagation along it and a focal transformer, in one network.

Li et al., "Towards An End-to-End Framework for Flow-Guided Video Inpainting", CVPR 2022; keys are those of
the official ``E2FGVI-HQ-CVPR22.pth``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from triton_anime_export.networks._e2fgvi_propagation import Propagation
from triton_anime_export.networks._focal_attention import FocalBlock
from triton_anime_export.networks._soft_split import SoftComposition, SoftSplit
from triton_anime_export.networks._spynet import WIDTHS, SpyNet
from triton_anime_export.networks._video_codec import SLOPE, decoder, down_to_a_quarter

MULTIPLE = (60, 108)
"""Height and width of a picture are multiples of these: 4 pixels a cell, 3 cells a token, 5x9 tokens."""

_FIRST_GROUPED = 8
"""From this layer on the encoder's convolutions see the features at this place as well, group by group."""
_GROUPS = (1, 2, 4, 8, 1)


@dataclass(frozen=True)
class E2fgviSize:
    """Size of the network.

    Attributes:
        width: channels after the first convolution; the others are multiples of it.
        blocks: of the transformer.
        mixed: channels of the map inside its feed-forward layers.
        flow: channels between the convolutions of SPyNet.
    """

    width: int = 64
    blocks: int = 8
    mixed: int = 40
    flow: tuple[int, int, int, int] = WIDTHS


class Inside(NamedTuple):
    """What the network computes on its way, of L neighbours and R references (T = L + R).

    Attributes:
        flow_forward, flow_backward: [L-1,2,h,w] in cells, x first; h and w a quarter of the picture's.
        encoded: [T,C,h,w].
        propagated: [T,C,h,w]; references as encoded.
        tokens: [T,rows,columns,D] after the transformer.
        features: [T,C,h,w], what the decoder draws.
    """

    flow_forward: Tensor
    flow_backward: Tensor
    encoded: Tensor
    propagated: Tensor
    tokens: Tensor
    features: Tensor


class E2fgviHq(nn.Module):
    """The generator; 41.1 million parameters in 244 tensors at the published size.

    It is given no masks: holes count by being blank.

    Args:
        size: widths and depth.
    """

    def __init__(self, size: E2fgviSize) -> None:
        super().__init__()
        channels, features = 2 * size.width, 8 * size.width
        self.encoder = _Encoder(size.width)
        self.decoder = decoder(channels, size.width)
        self.feat_prop_module = Propagation(channels)
        self.ss = SoftSplit(channels, features)
        self.sc = SoftComposition(channels, features)
        self.transformer = nn.ModuleList(FocalBlock(features, size.mixed) for _ in range(size.blocks))
        self.update_spynet = SpyNet(size.flow)

    def forward(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """Draw every frame of a window.

        Args:
            neighbours: float [L,3,H,W] in -1..1, 0 inside the holes, consecutive frames, two at least; H a
                multiple of 60, W of 108.
            references: float [R,3,H,W], frames from elsewhere in the shot.

        Returns:
            float [L+R,3,H,W] in -1..1.

        Raises:
            ValueError: H or W is no multiple.
        """
        return self.draw(self.inside(neighbours, references).features)

    def inside(self, neighbours: Tensor, references: Tensor) -> Inside:
        """All but the decoder, for the same arguments."""
        count, _, height, width = neighbours.shape
        if height % MULTIPLE[0] or width % MULTIPLE[1]:
            raise ValueError(
                f"a picture of {width}x{height} does not tile; "
                f"resize to multiples of {MULTIPLE[1]}x{MULTIPLE[0]}"
            )
        flow_forward, flow_backward = self.flows(neighbours)
        encoded = self.encoder(torch.cat([neighbours, references]))
        carried = self.feat_prop_module(encoded[:count], flow_forward, flow_backward)
        propagated = torch.cat([carried, encoded[count:]])
        grid = (height // 4, width // 4)
        tokens = self.ss(propagated)
        for block in self.transformer:
            tokens = block(tokens, grid)
        features = propagated + self.sc(tokens, grid)
        return Inside(flow_forward, flow_backward, encoded, propagated, tokens, features)

    def flows(self, neighbours: Tensor) -> tuple[Tensor, Tensor]:
        """Flow of neighbours [L,3,H,W] with their holes, forward and backward: [L-1,2,H/4,W/4] each."""
        size = (neighbours.shape[2] // 4, neighbours.shape[3] // 4)
        small = F.interpolate((neighbours + 1.0) / 2.0, size=size, mode="bilinear", align_corners=True)
        first, second = small[:-1], small[1:]
        both = self.update_spynet(torch.cat([first, second]), torch.cat([second, first]))
        return both[: first.shape[0]], both[first.shape[0] :]

    def draw(self, features: Tensor) -> Tensor:
        """Features [N,C,h,w] to pictures [N,3,4h,4w] in -1..1."""
        return torch.tanh(self.decoder(features))


class _Encoder(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        outs = [width * times for times in (6, 8, 6, 4, 2)]
        ins = [4 * width, *(4 * width + out for out in outs[:-1])]
        later: list[nn.Module] = []
        for channels, out, groups in zip(ins, outs, _GROUPS, strict=True):
            later += [nn.Conv2d(channels, out, 3, padding=1, groups=groups), nn.LeakyReLU(SLOPE)]
        self.layers = nn.ModuleList([*down_to_a_quarter(width), *later])

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,3,H,W] to [N,2*width,H/4,W/4]."""
        kept = x
        for index, layer in enumerate(self.layers):
            if index == _FIRST_GROUPED:
                kept = x
            elif index > _FIRST_GROUPED and index % 2 == 0:
                groups = _GROUPS[(index - _FIRST_GROUPED) // 2]
                parts = [both.reshape(x.shape[0], groups, -1, *x.shape[2:]) for both in (kept, x)]
                x = torch.cat(parts, dim=2).flatten(1, 2)
            x = cast("Tensor", layer(x))
        return x
