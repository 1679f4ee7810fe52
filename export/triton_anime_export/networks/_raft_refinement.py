"""What all sizes of RAFT share: correlations of all pairs of cells, looked up and refined again and again.

Architecture: Teed and Deng, "RAFT: Recurrent All-Pairs Field Transforms for Optical Flow" (ECCV 2020). Names
of attributes follow the official checkpoints, so that their keys load as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CELL = 8
"""Pixels of the image to a side of one cell of the flow."""


class Widths(Protocol):
    """What of a size the refinement asks for: channels of the state, levels and radius of the look-up."""

    @property
    def hidden(self) -> int: ...
    @property
    def levels(self) -> int: ...
    @property
    def radius(self) -> int: ...


class FlowHead(nn.Module):
    """Hidden state to a correction of the flow."""

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(hidden, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2, 3, padding=1)

    def forward(self, hidden: Tensor) -> Tensor:
        """``[B, hidden, h, w]`` to ``[B, 2, h, w]`` in cells."""
        delta: Tensor = self.conv2(F.relu(self.conv1(hidden)))
        return delta


class UpdateBlock(nn.Module):
    """The parts of one refinement: motion encoder, recurrent unit, flow head."""

    def __init__(self, encoder: nn.Module, gru: nn.Module, flow_head: FlowHead) -> None:
        super().__init__()
        self.encoder = encoder
        self.gru = gru
        self.flow_head = flow_head

    def forward(self, hidden: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """The next hidden state and the correction of the flow ``[B, 2, h, w]`` in cells."""
        hidden = self.gru(hidden, seen)
        return hidden, self.flow_head(hidden)


class Pair(NamedTuple):
    """What is computed once for two images.

    Attributes:
        features0, features1: for matching, ``[B, C, h, w]``.
        pyramid: correlations of all pairs of cells, as ``correlation_pyramid`` gives them.
        hidden: the recurrent state to begin with, ``[B, hidden, h, w]``.
        context: of the first image, ``[B, context, h, w]``.
    """

    features0: Tensor
    features1: Tensor
    pyramid: list[Tensor]
    hidden: Tensor
    context: Tensor


class Refined(NamedTuple):
    """After one refinement: the flow ``[B, 2, h, w]`` in cells, x first, and the state behind it."""

    flow: Tensor
    hidden: Tensor


class RecurrentFlow(nn.Module):
    """Features, all-pairs correlation, recurrent refinement at an eighth of the resolution.

    Args:
        widths: channel counts.
        fnet: images ``[B, 3, H, W]`` in -1..1 to the features that are matched, ``[B, C, h, w]``.
        cnet: the same to the state to begin with and the context, one behind the other.
        update_block: the parts of one refinement.
    """

    def __init__(self, widths: Widths, fnet: nn.Module, cnet: nn.Module, update_block: UpdateBlock) -> None:
        super().__init__()
        self.widths = widths
        self.fnet = fnet
        self.cnet = cnet
        self.update_block = update_block

    def prepare(self, image0: Tensor, image1: Tensor) -> Pair:
        """Everything that refinements have in common; images ``[B, 3, H, W]`` of 0..255."""
        image0 = 2 * (image0 / 255) - 1
        image1 = 2 * (image1 / 255) - 1
        # Two passes instead of one doubled batch: the same numbers (instance normalisation), a simpler graph.
        features0, features1 = self.fnet(image0), self.fnet(image1)
        with torch.autocast(features0.device.type, enabled=False):
            pyramid = correlation_pyramid(features0.float(), features1.float(), self.widths.levels)
        start = self.cnet(image0)
        hidden = torch.tanh(start[:, : self.widths.hidden])
        return Pair(features0, features1, pyramid, hidden, F.relu(start[:, self.widths.hidden :]))

    def refine(self, pair: Pair, iterations: int, flow_init: Tensor | None = None) -> list[Refined]:
        """The flow after each refinement, the last one is the answer.

        Args:
            pair: of the images, by :meth:`prepare`.
            iterations: how many refinements.
            flow_init: ``[B, 2, h, w]`` in cells to start from, or None for zero.
        """
        grid = cell_grid(pair.features0)
        flow = torch.zeros_like(grid) if flow_init is None else flow_init
        hidden = pair.hidden
        answers: list[Refined] = []
        see = self.sight(pair)
        for _ in range(iterations):
            # As the authors train it: a refinement is not blamed for where it was told to look.
            flow = flow.detach()
            with torch.autocast(pair.features0.device.type, enabled=False):
                correlation = look_up(pair.pyramid, grid + flow, self.widths.radius)
            hidden, delta = self.update_block(hidden, see(self.update_block.encoder(flow, correlation)))
            flow = flow + delta.float()
            answers.append(Refined(flow, hidden))
        return answers

    def sight(self, pair: Pair) -> Callable[[Tensor], Tensor]:
        """From the motion features of a refinement to what its recurrent unit sees."""
        return lambda motion: torch.cat([pair.context, motion], dim=1)


def cell_grid(features: Tensor) -> Tensor:
    """Cell coordinates ``[B, 2, h, w]`` float32, x first, of a feature map ``[B, C, h, w]``."""
    b, _, h, w = features.shape
    ys = torch.arange(h, dtype=torch.float32, device=features.device).view(1, 1, h, 1)
    xs = torch.arange(w, dtype=torch.float32, device=features.device).view(1, 1, 1, w)
    return torch.cat([xs.expand(b, 1, h, w), ys.expand(b, 1, h, w)], dim=1)


def correlation_pyramid(features0: Tensor, features1: Tensor, levels: int) -> list[Tensor]:
    """Scaled dot products of all pairs of cells and their 2x2 averages.

    Returns:
        Per level ``[B * h * w, 1, h / 2^level, w / 2^level]``: for each cell of the first image a map over
        the second.
    """
    b, c, h, w = features0.shape
    volume = torch.matmul(features0.flatten(2).transpose(1, 2), features1.flatten(2)) / math.sqrt(c)
    pyramid = [volume.reshape(b * h * w, 1, h, w)]
    for _ in range(levels - 1):
        pyramid.append(F.avg_pool2d(pyramid[-1], 2, stride=2))
    return pyramid


def look_up(pyramid: list[Tensor], coordinates: Tensor, radius: int) -> Tensor:
    """Read the correlations around where each cell is now believed to go.

    Args:
        pyramid: as :func:`correlation_pyramid` gives it.
        coordinates: ``[B, 2, h, w]`` cells of the second image, x first.
        radius: cells on each side, at every level.

    Returns:
        ``[B, levels * (2 radius + 1)^2, h, w]``. The outer tap index moves x and the inner one y: the
        published weights were trained with that order.
    """
    b, _, h, w = coordinates.shape
    side = 2 * radius + 1
    steps = torch.arange(-radius, radius + 1, dtype=torch.float32, device=coordinates.device)
    dx = steps.view(1, side, 1)
    dy = steps.view(1, 1, side)
    centre = coordinates.permute(0, 2, 3, 1).reshape(b * h * w, 2)
    cx, cy = centre[:, 0].view(-1, 1, 1), centre[:, 1].view(-1, 1, 1)
    samples: list[Tensor] = []
    for level, volume in enumerate(pyramid):
        level_h, level_w = volume.shape[-2:]
        x = (cx / 2**level + dx).expand(-1, side, side)
        y = (cy / 2**level + dy).expand(-1, side, side)
        # A map one cell wide has no span to normalise by: callers keep images at 128 pixels a side or more.
        grid = torch.stack([2 * x / (level_w - 1) - 1, 2 * y / (level_h - 1) - 1], dim=-1)
        taps = F.grid_sample(volume, grid, mode="bilinear", padding_mode="zeros", align_corners=True)
        samples.append(taps.reshape(b, h, w, side * side))
    return torch.cat(samples, dim=-1).permute(0, 3, 1, 2).contiguous()
