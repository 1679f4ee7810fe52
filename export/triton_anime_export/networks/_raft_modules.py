"""Parts of RAFT's small variant with parameterised widths.

Architecture: Teed and Deng, "RAFT: Recurrent All-Pairs Field Transforms for Optical Flow" (ECCV 2020). Names
of attributes follow the official checkpoint (``raft-small.pth``), so that its keys load as they are; widths
default to the published ones.
"""

from __future__ import annotations

import dataclasses

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triton_anime_export.networks._raft_refinement import (
    CELL,
    FlowHead,
    RecurrentFlow,
    Refined,
    UpdateBlock,
)


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


class RaftSmall(RecurrentFlow):
    """RAFT-small; a flow is upsampled without weights.

    Args:
        widths: channel counts; the published ones when left out.
        iterations: refinements of :meth:`forward`.
    """

    widths: RaftSmallWidths

    def __init__(self, widths: RaftSmallWidths | None = None, iterations: int = 12) -> None:
        w = widths or RaftSmallWidths()
        super().__init__(
            w,
            SmallEncoder(w.stages, w.feature, normalised=True),
            SmallEncoder(w.stages, w.hidden + w.context, normalised=False),
            UpdateBlock(
                MotionEncoder(w), ConvGRU(w.hidden, w.context + w.motion + 2), FlowHead(w.hidden, w.head)
            ),
        )
        self.iterations = iterations

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


def _normalise(x: Tensor, normalised: bool) -> Tensor:
    return F.instance_norm(x, eps=1e-5) if normalised else x


def _stage(channels_in: int, channels: int, stride: int, normalised: bool) -> nn.Sequential:
    return nn.Sequential(
        BottleneckBlock(channels_in, channels, stride, normalised=normalised),
        BottleneckBlock(channels, channels, 1, normalised=normalised),
    )
