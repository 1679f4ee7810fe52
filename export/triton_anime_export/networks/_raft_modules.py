"""Parts of RAFT's small variant with parameterised widths.

Architecture: Teed and Deng, "RAFT: Recurrent All-Pairs Field Transforms for Optical Flow" (ECCV 2020). Names
of attributes follow the official checkpoint (``raft-small.pth``), so that its keys load as they are; widths
default to the published ones.
"""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CELL = 8
"""Pixels of the image to a side of one cell of the flow."""


@dataclasses.dataclass(frozen=True)
class RaftSmallWidths:
    """Channel counts of one size of RAFT-small.

    Attributes:
        stages: channels of the three encoder stages (strides 2, 4, 8).
        feature: channels of the matching features.
        hidden: channels of the recurrent state.
        context: channels of the context that every update sees.
        correlation: channels after the 1x1 convolution over the correlations.
        flow: channels of the two convolutions over the current flow.
        motion: channels of the motion features, the two of the flow itself not counted.
        head: channels inside the flow head.
        levels: levels of the correlation pyramid.
        radius: look-up radius in cells of each level.
    """

    stages: tuple[int, int, int] = (32, 64, 96)
    feature: int = 128
    hidden: int = 96
    context: int = 64
    correlation: int = 96
    flow: tuple[int, int] = (64, 32)
    motion: int = 80
    head: int = 128
    levels: int = 4
    radius: int = 3


class BottleneckBlock(nn.Module):
    """1x1 to a quarter, 3x3 (carries the stride), 1x1 back, each with norm and ReLU, plus a shortcut."""

    def __init__(self, channels_in: int, channels: int, stride: int, *, normalised: bool) -> None:
        super().__init__()
        quarter = channels // 4
        self.normalised = normalised
        self.conv1 = nn.Conv2d(channels_in, quarter, 1)
        self.conv2 = nn.Conv2d(quarter, quarter, 3, stride=stride, padding=1)
        self.conv3 = nn.Conv2d(quarter, channels, 1)
        # A Sequential of one, because the published key is "downsample.0".
        self.downsample = (
            nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride=stride)) if stride != 1 else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C_in, H, W]`` to ``[B, C, H / stride, W / stride]``."""
        y = F.relu(_normalise(self.conv1(x), self.normalised))
        y = F.relu(_normalise(self.conv2(y), self.normalised))
        y = F.relu(_normalise(self.conv3(y), self.normalised))
        if self.downsample is not None:
            x = _normalise(self.downsample(x), self.normalised)
        return F.relu(x + y)


class SmallEncoder(nn.Module):
    """Image to features at an eighth of its size; with or without affine-free instance normalisation."""

    def __init__(self, stages: tuple[int, int, int], channels_out: int, *, normalised: bool) -> None:
        super().__init__()
        self.normalised = normalised
        self.conv1 = nn.Conv2d(3, stages[0], 7, stride=2, padding=3)
        self.layer1 = _stage(stages[0], stages[0], 1, normalised)
        self.layer2 = _stage(stages[0], stages[1], 2, normalised)
        self.layer3 = _stage(stages[1], stages[2], 2, normalised)
        self.conv2 = nn.Conv2d(stages[2], channels_out, 1)

    def forward(self, image: Tensor) -> Tensor:
        """``image`` ``[B, 3, H, W]`` in -1..1 to ``[B, C, H/8, W/8]``."""
        x = F.relu(_normalise(self.conv1(image), self.normalised))
        features: Tensor = self.conv2(self.layer3(self.layer2(self.layer1(x))))
        return features


class MotionEncoder(nn.Module):
    """Looked-up correlations and the current flow to motion features; the flow itself is appended."""

    def __init__(self, widths: RaftSmallWidths) -> None:
        super().__init__()
        taps = widths.levels * (2 * widths.radius + 1) ** 2
        self.convc1 = nn.Conv2d(taps, widths.correlation, 1)
        self.convf1 = nn.Conv2d(2, widths.flow[0], 7, padding=3)
        self.convf2 = nn.Conv2d(widths.flow[0], widths.flow[1], 3, padding=1)
        self.conv = nn.Conv2d(widths.correlation + widths.flow[1], widths.motion, 3, padding=1)

    def forward(self, flow: Tensor, correlation: Tensor) -> Tensor:
        """``flow`` ``[B, 2, h, w]`` and ``correlation`` ``[B, taps, h, w]`` to ``[B, motion + 2, h, w]``."""
        c = F.relu(self.convc1(correlation))
        f = F.relu(self.convf2(F.relu(self.convf1(flow))))
        motion = F.relu(self.conv(torch.cat([c, f], dim=1)))
        return torch.cat([motion, flow], dim=1)


class ConvGRU(nn.Module):
    """A gated recurrent unit of 3x3 convolutions."""

    def __init__(self, hidden: int, channels_in: int) -> None:
        super().__init__()
        self.convz = nn.Conv2d(hidden + channels_in, hidden, 3, padding=1)
        self.convr = nn.Conv2d(hidden + channels_in, hidden, 3, padding=1)
        self.convq = nn.Conv2d(hidden + channels_in, hidden, 3, padding=1)

    def forward(self, hidden: Tensor, x: Tensor) -> Tensor:
        """The next hidden state, same shape as ``hidden``."""
        joint = torch.cat([hidden, x], dim=1)
        update = torch.sigmoid(self.convz(joint))
        reset = torch.sigmoid(self.convr(joint))
        candidate = torch.tanh(self.convq(torch.cat([reset * hidden, x], dim=1)))
        return (1 - update) * hidden + update * candidate


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


class SmallUpdateBlock(nn.Module):
    """One refinement: motion features, recurrent unit, flow head."""

    def __init__(self, widths: RaftSmallWidths) -> None:
        super().__init__()
        self.encoder = MotionEncoder(widths)
        self.gru = ConvGRU(widths.hidden, widths.context + widths.motion + 2)
        self.flow_head = FlowHead(widths.hidden, widths.head)

    def forward(
        self, hidden: Tensor, context: Tensor, correlation: Tensor, flow: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The next hidden state and the correction of the flow."""
        motion = self.encoder(flow, correlation)
        hidden = self.gru(hidden, torch.cat([context, motion], dim=1))
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


class RaftSmall(nn.Module):
    """RAFT-small: features, all-pairs correlation, recurrent refinement at an eighth of the resolution."""

    def __init__(self, widths: RaftSmallWidths | None = None, iterations: int = 12) -> None:
        super().__init__()
        self.widths = widths or RaftSmallWidths()
        self.iterations = iterations
        self.fnet = SmallEncoder(self.widths.stages, self.widths.feature, normalised=True)
        self.cnet = SmallEncoder(
            self.widths.stages, self.widths.hidden + self.widths.context, normalised=False
        )
        self.update_block = SmallUpdateBlock(self.widths)

    def prepare(self, image0: Tensor, image1: Tensor) -> Pair:
        """Everything that refinements have in common; images as for :meth:`forward`."""
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
        for _ in range(iterations):
            flow = flow.detach()
            with torch.autocast(pair.features0.device.type, enabled=False):
                correlation = look_up(pair.pyramid, grid + flow, self.widths.radius)
            hidden, delta = self.update_block(hidden, pair.context, correlation, flow)
            flow = flow + delta.float()
            answers.append(Refined(flow, hidden))
        return answers

    def upsampled(self, refined: Refined) -> Tensor:
        """The flow in pixels of the images, ``[B, 2, H, W]``."""
        return upsample_flow(refined.flow)

    def forward(self, image0: Tensor, image1: Tensor, flow_init: Tensor | None = None) -> list[Tensor]:
        """Flow from ``image0`` to ``image1``.

        Args:
            image0: ``[B, 3, H, W]`` float, 0..255; H and W are multiples of 8 and at least 128.
            image1: like ``image0``.
            flow_init: ``[B, 2, H/8, W/8]`` in cells to start from, or None for zero.

        Returns:
            The flow after each iteration, ``[B, 2, H/8, W/8]`` in cells (x first), the last one is the
            answer.
        """
        refined = self.refine(self.prepare(image0, image1), self.iterations, flow_init)
        return [each.flow for each in refined]


def upsample_flow(flow: Tensor) -> Tensor:
    """From cells of 8 pixels to full resolution and pixels: ``[B, 2, h, w]`` to ``[B, 2, 8h, 8w]``.

    Bilinear with aligned corners, as the authors upsample. Written out, since runtimes round the coordinates
    of a Resize differently, which steep flows show.
    """
    for axis in (3, 2):
        flow = _stretched(flow, axis)
    return CELL * flow


def _stretched(flow: Tensor, axis: int) -> Tensor:
    """Linear between cells along one axis, ``n`` of them to ``8 n``; first and last stay where they are."""
    cells = flow.shape[axis]
    places = torch.arange(CELL * cells, dtype=torch.float32, device=flow.device)
    places = places * ((cells - 1) / (CELL * cells - 1))
    before = torch.floor(places)
    share = (places - before).reshape([-1 if each == axis else 1 for each in range(flow.ndim)])
    index = before.long()
    left, right = flow.index_select(axis, index), flow.index_select(axis, (index + 1).clamp_max(cells - 1))
    return left * (1 - share) + right * share


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


def _normalise(x: Tensor, normalised: bool) -> Tensor:
    return F.instance_norm(x, eps=1e-5) if normalised else x


def _stage(channels_in: int, channels: int, stride: int, normalised: bool) -> nn.Sequential:
    return nn.Sequential(
        BottleneckBlock(channels_in, channels, stride, normalised=normalised),
        BottleneckBlock(channels, channels, 1, normalised=normalised),
    )
