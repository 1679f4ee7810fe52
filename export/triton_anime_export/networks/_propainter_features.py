"""ProPainter's generator before its transformer: the encoder, and features carried along the flow.

Zhou et al., "ProPainter: Improving Propagation and Transformer for Video Inpainting" (ICCV 2023); names
follow the official checkpoint ``ProPainter.pth``.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triton_anime_export.networks._deformable import DeformableAlignment, warp
from triton_anime_export.networks._propainter_flow import activation
from triton_anime_export.networks._propainter_images import agrees

REACH = 3.0
PLAIN = 5
"""Convolutions before the grouped ones, each of which sees the output of the fourth again."""


class Encoder(nn.Module):
    """Frames with their masks to features at a quarter of their size.

    Args:
        width: channels of the first convolutions; twice as many come out.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        w = width
        self.groups = (2, 4, 8, 1)
        convolutions = [
            nn.Conv2d(5, w, 3, stride=2, padding=1),
            nn.Conv2d(w, w, 3, padding=1),
            nn.Conv2d(w, 2 * w, 3, stride=2, padding=1),
            nn.Conv2d(2 * w, 4 * w, 3, padding=1),
            nn.Conv2d(4 * w, 6 * w, 3, padding=1),
        ]
        channels = 6 * w
        for groups, wanted in zip(self.groups, (8 * w, 6 * w, 4 * w, 2 * w), strict=True):
            convolutions.append(nn.Conv2d(4 * w + channels, wanted, 3, padding=1, groups=groups))
            channels = wanted
        self.layers = nn.ModuleList()
        for convolution in convolutions:
            self.layers.extend((convolution, activation()))

    def forward(self, x: Tensor) -> Tensor:
        """``[N, 5, H, W]`` (RGB in -1..1, hole, what of it is unknown) to ``[N, 2 w, H/4, W/4]``."""
        for layer in self.layers[: 2 * (PLAIN - 1)]:
            x = layer(x)
        again = x
        for layer in self.layers[2 * (PLAIN - 1) : 2 * PLAIN]:
            x = layer(x)
        for index, groups in enumerate(self.groups):
            convolution, act = self.layers[2 * (PLAIN + index)], self.layers[2 * (PLAIN + index) + 1]
            parts = [
                part for pair in zip(again.chunk(groups, 1), x.chunk(groups, 1), strict=True) for part in pair
            ]
            x = act(convolution(torch.cat(parts, dim=1)))
        return x


class FeaturePropagation(nn.Module):
    """Features of each frame, aligned with those of its neighbours along the flow, in both directions.

    Args:
        channels: of the features.
        groups: of the deformable convolutions.
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.deform_align = nn.ModuleDict()
        self.backbone = nn.ModuleDict()
        for direction in ("backward_1", "forward_1"):
            # The condition: this frame and its neighbour, the flow and whether it is valid, two masks.
            self.deform_align[direction] = DeformableAlignment(
                channels, channels, 2 * channels + 5, groups, REACH
            )
            self.backbone[direction] = _fuse(channels)
        self.fuse = _fuse(channels)

    def forward(self, frames: Tensor, forward: Tensor, backward: Tensor, masks: Tensor) -> Tensor:
        """Propagate.

        Args:
            frames: float ``[B, T, C, H, W]``.
            forward: float ``[B, T - 1, 2, H, W]`` in pixels of this grid, from each frame to the next.
            backward: float, like ``forward``, from each frame's successor to it.
            masks: float ``[B, T, 2, H, W]``: the hole, and what of it is still unknown.

        Returns:
            float ``[B, T, C, H, W]``.
        """
        hidden, ahead, back = list(masks.unbind(1)), list(forward.unbind(1)), list(backward.unbind(1))
        given = list(frames.unbind(1))
        later = self._carry("backward_1", given[::-1], hidden[::-1], ahead[::-1], back[::-1])[::-1]
        earlier = self._carry("forward_1", later, hidden, back, ahead)
        fused = [
            frame + self.fuse(torch.cat([after, before, mask], dim=1))
            for frame, after, before, mask in zip(given, later, earlier, hidden, strict=True)
        ]
        return torch.stack(fused, dim=1)

    def _carry(
        self,
        direction: str,
        frames: list[Tensor],
        masks: list[Tensor],
        flows: list[Tensor],
        returning: list[Tensor],
    ) -> list[Tensor]:
        """One direction; ``flows[i]`` leads from frame ``i + 1`` to frame ``i`` of the lists."""
        align, backbone = self.deform_align[direction], self.backbone[direction]
        states: list[Tensor] = []
        for index, (frame, mask) in enumerate(zip(frames, masks, strict=True)):
            state = frame
            if index:
                last, flow = states[-1], flows[index - 1]
                known = agrees(flow, returning[index - 1])
                state = align(last, torch.cat([frame, warp(last, flow), flow, known, mask], dim=1), flow)
            states.append(state + backbone(torch.cat([frame, state, mask], dim=1)))
        return states


def _fuse(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2 * channels + 2, channels, 3, padding=1),
        activation(),
        nn.Conv2d(channels, channels, 3, padding=1),
    )


def quarter_flow(flow: Tensor) -> Tensor:
    """Flow ``[B, T, 2, H, W]`` in pixels to a quarter of the size, in its pixels; H and W multiples of 4."""
    b, t, _, h, w = flow.shape
    # Halfway between the second and the third of four pixels: what bilinear resizing without smoothing reads.
    small = F.avg_pool2d(flow.reshape(b * t, 2, h, w)[:, :, 1:-1, 1:-1], 2, stride=4)
    return small.reshape(b, t, 2, h // 4, w // 4) / 4


def quarter_mask(mask: Tensor) -> Tensor:
    """Mask ``[B, T, 1, H, W]`` to a quarter of the size, by its first pixel of four."""
    return mask[..., ::4, ::4]
