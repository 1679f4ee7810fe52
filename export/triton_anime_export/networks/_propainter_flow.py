"""ProPainter's first part: flows inside a hole, completed from the flows around it and of other frames.

Zhou et al., "ProPainter: Improving Propagation and Transformer for Video Inpainting" (ICCV 2023); names
follow the official checkpoint ``recurrent_flow_completion.pth``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from triton_anime_export.networks._deformable import DeformableAlignment
from triton_anime_export.networks._video_codec import SLOPE, UpsampledConv

REACH = 5.0


@dataclass(frozen=True)
class FlowSize:
    """Size of the flow completion.

    Attributes:
        width: channels at half resolution; four times as many carry the recurrence at an eighth.
        groups: of the deformable convolutions.
        edge: channels of the edge detector, which only training uses.
    """

    width: int = 32
    groups: int = 16
    edge: int = 16


FULL = FlowSize()
LITE = FlowSize(width=4, groups=4, edge=2)


def activation() -> nn.LeakyReLU:
    """The leaky ReLU that all parts use, unless they say otherwise."""
    return nn.LeakyReLU(SLOPE)


class SpaceThenTime(nn.Module):
    """A convolution over space, then one over every second of five frames."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv3d(channels_in, channels, (1, 3, 3), stride=(1, stride, stride), padding=(0, 1, 1)),
            activation(),
        )
        self.conv2 = nn.Sequential(
            nn.Conv3d(channels, channels, (3, 1, 1), padding=(2, 0, 0), dilation=(2, 1, 1))
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C_in, T, H, W]`` to ``[B, C, T, H / stride, W / stride]``."""
        seen: Tensor = self.conv2(self.conv1(x))
        return seen


class _Recurrence(nn.Module):
    """Features carried through the frames, first from the last to the first, then the other way."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.deform_align = nn.ModuleDict()
        self.backbone = nn.ModuleDict()
        for direction, seen in (("backward_", 2), ("forward_", 3)):
            self.deform_align[direction] = DeformableAlignment(
                2 * channels, channels, 3 * channels, groups, REACH
            )
            self.backbone[direction] = nn.Sequential(
                nn.Conv2d(seen * channels, channels, 3, padding=1),
                nn.LeakyReLU(0.1),
                nn.Conv2d(channels, channels, 3, padding=1),
            )
        self.fusion = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, frames: list[Tensor]) -> list[Tensor]:
        """Each frame's features ``[B, C, H, W]``, with what the others contribute."""
        later = self._carry("backward_", [[frame] for frame in reversed(frames)])[::-1]
        earlier = self._carry(
            "forward_", [[frame, other] for frame, other in zip(frames, later, strict=True)]
        )
        return [
            frame + self.fusion(torch.cat([back, forth], dim=1))
            for frame, back, forth in zip(frames, later, earlier, strict=True)
        ]

    def _carry(self, direction: str, steps: list[list[Tensor]]) -> list[Tensor]:
        align, backbone = self.deform_align[direction], self.backbone[direction]
        nothing = torch.zeros_like(steps[0][0])
        states: list[Tensor] = []
        for seen in steps:
            state = nothing
            if states:
                last = states[-1]
                before = states[-2] if len(states) > 1 else nothing
                state = align(torch.cat([last, before], dim=1), torch.cat([last, seen[0], before], dim=1))
            states.append(state + backbone(torch.cat([*seen, state], dim=1)))
        return states


class _EdgeDetector(nn.Module):
    """Weights that the checkpoint has for a loss of its training; nothing is computed with them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.projection = nn.Sequential(nn.Conv2d(2, width, 3, padding=1))
        self.mid_layer_1 = nn.Sequential(nn.Conv2d(width, width, 3, padding=1))
        self.mid_layer_2 = nn.Sequential(nn.Conv2d(width, width, 3, padding=1))
        self.out_layer = nn.Conv2d(width, 1, 1)


class FlowCompletion(nn.Module):
    """Completes the flows of one direction.

    Args:
        size: widths; ``FULL`` has the keys of the official checkpoint.
    """

    def __init__(self, size: FlowSize = FULL) -> None:
        super().__init__()
        w = size.width
        self.downsample = nn.Sequential(
            nn.Conv3d(3, w, (1, 5, 5), stride=(1, 2, 2), padding=(0, 2, 2), padding_mode="replicate"),
            activation(),
        )
        self.encoder1 = _encoder(w, 2 * w)
        self.encoder2 = _encoder(2 * w, 4 * w)
        layers: list[nn.Module] = []
        for dilation in (3, 2, 1):
            around = (0, dilation, dilation)
            spread = (1, dilation, dilation)
            layers += [nn.Conv3d(4 * w, 4 * w, (1, 3, 3), padding=around, dilation=spread), activation()]
        self.mid_dilation = nn.Sequential(*layers)
        self.feat_prop_module = _Recurrence(4 * w, size.groups)
        self.decoder2 = nn.Sequential(*_decoder(4 * w, 2 * w), activation())
        self.decoder1 = nn.Sequential(*_decoder(2 * w, w), activation())
        self.upsample = nn.Sequential(*_decoder(w, 2))
        self.edgeDetector = _EdgeDetector(size.edge)

    def forward(self, flows: Tensor, masks: Tensor) -> Tensor:
        """Flows that are known nowhere in a hole to flows that are known everywhere.

        Args:
            flows: float ``[B, T, 2, H, W]`` in pixels, 0 inside the hole; H and W multiples of 8.
            masks: float ``[B, T, 1, H, W]``, 1 inside the hole.

        Returns:
            float ``[B, T, 2, H, W]``, also where the flow was known: :func:`complete` puts both together.
        """
        b, t = flows.shape[:2]
        x = torch.cat([flows, masks], dim=2).transpose(1, 2)
        fine = self.encoder1(self.downsample(x))
        carried = self.feat_prop_module(list(self.mid_dilation(self.encoder2(fine)).unbind(2)))
        # The frames are a second batch axis from here on.
        skipped = fine.transpose(1, 2).flatten(0, 1)
        decoded = self.decoder2(torch.stack(carried, dim=1).flatten(0, 1)) + skipped
        flow: Tensor = self.upsample(self.decoder1(decoded))
        return flow.reshape(b, t, 2, flow.shape[2], flow.shape[3])


def complete(network: FlowCompletion, forward: Tensor, backward: Tensor, masks: Tensor) -> tuple[Tensor, ...]:
    """Both directions of flow between the frames of a window.

    Args:
        network: of any size.
        forward: float ``[B, T - 1, 2, H, W]`` in pixels, from each frame to the next.
        backward: float, like ``forward``, from each frame's successor to it.
        masks: float ``[B, T, 1, H, W]``, 1 inside the hole.

    Returns:
        What the network says of both directions, forward first, then the same with the given flows
        outside the hole; all float ``[B, T - 1, 2, H, W]``.
    """
    here, there = masks[:, :-1], masks[:, 1:]
    ahead = network(forward * (1 - here), here)
    # The other direction is a video that runs backwards.
    back = network((backward * (1 - there)).flip(1), there.flip(1)).flip(1)
    kept_ahead = ahead * here + forward * (1 - here)
    return ahead, back, kept_ahead, back * there + backward * (1 - there)


def _encoder(channels_in: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        SpaceThenTime(channels_in, channels_in, 1),
        activation(),
        SpaceThenTime(channels_in, channels, 2),
        activation(),
    )


def _decoder(channels_in: int, channels: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(channels_in, channels_in, 3, padding=1),
        activation(),
        UpsampledConv(channels_in, channels),
    )
