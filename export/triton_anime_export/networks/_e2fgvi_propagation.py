"""E2FGVI's second part: features carried from frame to frame along the flow, there and back.

Li et al., "Towards An End-to-End Framework for Flow-Guided Video Inpainting", CVPR 2022; keys are those of
``feat_prop_module`` in the official checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from triton_anime_export.networks._deformable import DeformableAlignment, warp

GROUPS = 16
REACH = 10.0
"""How far a tap may go from where the flow points, in cells."""
SLOPE = 0.1


class SecondOrderAlignment(DeformableAlignment):
    """Moves the last two states onto the current frame, each by its own flow and what is added to it.

    Args:
        channels: of one state.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(2 * channels, channels, 3 * channels + 4, GROUPS, REACH)

    def align(self, states: Tensor, condition: Tensor, flow: Tensor, flow2: Tensor) -> Tensor:
        """Align two states.

        Args:
            states: float [1,2C,h,w], the last one, then the one before.
            condition: float [1,3C,h,w].
            flow: float [1,2,h,w] in cells, x first; to the last state.
            flow2: float [1,2,h,w]; to the one before.

        Returns:
            float [1,C,h,w].
        """
        read: Tensor = self.conv_offset(torch.cat([condition, flow, flow2], dim=1))
        taps = read.shape[1] // 3
        # Half of the groups belong to either state. Flows have x first, offsets have y first.
        towards = [either.flip(1).repeat(1, taps // 2, 1, 1) for either in (flow, flow2)]
        offsets = self.reach * torch.tanh(read[:, : 2 * taps]) + torch.cat(towards, dim=1)
        return self.convolve(states, offsets, torch.sigmoid(read[:, 2 * taps :]))


class Propagation(nn.Module):
    """Features of consecutive frames, each with what its neighbours contribute.

    Args:
        channels: of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.deform_align = nn.ModuleDict(
            {direction: SecondOrderAlignment(channels) for direction in ("backward_", "forward_")}
        )
        self.backbone = nn.ModuleDict(
            {
                direction: nn.Sequential(
                    nn.Conv2d(parts * channels, channels, 3, padding=1),
                    nn.LeakyReLU(SLOPE),
                    nn.Conv2d(channels, channels, 3, padding=1),
                )
                for direction, parts in (("backward_", 2), ("forward_", 3))
            }
        )
        self.fusion = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, features: Tensor, flows_forward: Tensor, flows_backward: Tensor) -> Tensor:
        """Propagate.

        Args:
            features: float [L,C,h,w] of consecutive frames.
            flows_forward: float [L-1,2,h,w] in cells, from each frame to the next.
            flows_backward: float [L-1,2,h,w] in cells, from each frame to the one before.

        Returns:
            float [L,C,h,w].
        """
        frames = list(torch.split(features, 1))
        # The authors' backward pass takes the frames in reverse but the flows from the first on. The
        # checkpoint was trained with it, so it is part of the network.
        later = self._carry("backward_", [[frame] for frame in frames[::-1]], flows_forward)[::-1]
        earlier = self._carry(
            "forward_", [list(pair) for pair in zip(frames, later, strict=True)], flows_backward
        )
        both = torch.cat([torch.cat(later), torch.cat(earlier)], dim=1)
        return cast("Tensor", self.fusion(both)) + features

    def _carry(self, direction: str, seen: Sequence[Sequence[Tensor]], flows: Tensor) -> list[Tensor]:
        """The states of one direction, in the order of ``seen``; the current frame is its first tensor."""
        align = cast("SecondOrderAlignment", self.deform_align[direction])
        backbone = self.backbone[direction]
        nothing = torch.zeros_like(seen[0][0])
        states: list[Tensor] = []
        for step, parts in enumerate(seen):
            state = nothing
            if step > 0:
                flow = flows[step - 1 : step]
                before, flow2, warped2 = nothing, torch.zeros_like(flow), nothing
                if step > 1:
                    before = states[-2]
                    flow2 = flow + warp(flows[step - 2 : step - 1], flow)
                    warped2 = warp(before, flow2)
                condition = torch.cat([warp(states[-1], flow), parts[0], warped2], dim=1)
                state = align.align(torch.cat([states[-1], before], dim=1), condition, flow, flow2)
            states.append(state + backbone(torch.cat([*parts, state], dim=1)))
        return states
