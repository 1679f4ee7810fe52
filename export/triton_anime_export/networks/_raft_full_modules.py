"""RAFT as published at full size, with parameterised widths; look-ups and pyramid are those of the small one.

Architecture: Teed and Deng, "RAFT: Recurrent All-Pairs Field Transforms for Optical Flow" (ECCV 2020). Names
of attributes follow the official checkpoints (``raft-things.pth`` and its kin), so that their keys load as
they are; widths default to the published ones.
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

NEIGHBOURS = 9
"""Cells that a pixel's flow is mixed from: its own and those around it."""
MASK_GRADIENT = 0.25
"""The authors scale the mask to balance its gradient; trained weights expect it."""


@dataclasses.dataclass(frozen=True)
class RaftWidths:
    """Channel counts.

    Attributes:
        stages: channels of the three encoder stages (strides 2, 4, 8).
        feature: channels of the matching features.
        hidden: channels of the recurrent state.
        context: channels of the context that every update sees.
        correlation: channels of the two convolutions over the correlations.
        flow: channels of the two convolutions over the current flow.
        motion: channels of the motion features, the two of the flow itself not counted.
        head: channels inside the flow head and the mask head.
        levels: levels of the correlation pyramid.
        radius: look-up radius in cells of each level.
    """

    stages: tuple[int, int, int] = (64, 96, 128)
    feature: int = 256
    hidden: int = 128
    context: int = 128
    correlation: tuple[int, int] = (256, 192)
    flow: tuple[int, int] = (128, 64)
    motion: int = 126
    head: int = 256
    levels: int = 4
    radius: int = 4


NARROW = RaftWidths(
    stages=(8, 12, 16),
    feature=16,
    hidden=16,
    context=16,
    correlation=(24, 16),
    flow=(16, 8),
    motion=14,
    head=16,
)
"""The lite size: the same layers, so that a graph can be checked in seconds. Nobody trains it."""


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, the first carries the stride, plus a shortcut."""

    def __init__(self, channels_in: int, channels: int, stride: int, norm: type[nn.Module]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm1 = norm(channels)
        self.norm2 = norm(channels)
        self.downsample: nn.Sequential | None = None
        if stride != 1:
            # Official files name this one norm twice. Registered in this order the second name wins where
            # their values differ, as it does for the authors.
            self.norm3 = norm(channels)
            self.downsample = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride=stride), self.norm3)

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C_in, H, W]`` to ``[B, C, H / stride, W / stride]``."""
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        if self.downsample is not None:
            x = self.downsample(x)
        return F.relu(x + y)


class Encoder(nn.Module):
    """Image to features at an eighth of its size.

    Args:
        stages: channels of the stages.
        channels_out: of the features.
        norm: ``nn.InstanceNorm2d`` (matching; it has no keys) or ``nn.BatchNorm2d`` (context).
    """

    def __init__(self, stages: tuple[int, int, int], channels_out: int, norm: type[nn.Module]) -> None:
        super().__init__()
        self.norm1 = norm(stages[0])
        self.conv1 = nn.Conv2d(3, stages[0], 7, stride=2, padding=3)
        self.layer1 = _stage(stages[0], stages[0], 1, norm)
        self.layer2 = _stage(stages[0], stages[1], 2, norm)
        self.layer3 = _stage(stages[1], stages[2], 2, norm)
        self.conv2 = nn.Conv2d(stages[2], channels_out, 1)

    def forward(self, image: Tensor) -> Tensor:
        """``image`` ``[B, 3, H, W]`` in -1..1 to ``[B, C, H/8, W/8]``."""
        x = F.relu(self.norm1(self.conv1(image)))
        features: Tensor = self.conv2(self.layer3(self.layer2(self.layer1(x))))
        return features


class MotionEncoder(nn.Module):
    """Looked-up correlations and the current flow to motion features; the flow itself is appended."""

    def __init__(self, widths: RaftWidths) -> None:
        super().__init__()
        taps = widths.levels * (2 * widths.radius + 1) ** 2
        self.convc1 = nn.Conv2d(taps, widths.correlation[0], 1)
        self.convc2 = nn.Conv2d(widths.correlation[0], widths.correlation[1], 3, padding=1)
        self.convf1 = nn.Conv2d(2, widths.flow[0], 7, padding=3)
        self.convf2 = nn.Conv2d(widths.flow[0], widths.flow[1], 3, padding=1)
        self.conv = nn.Conv2d(widths.correlation[1] + widths.flow[1], widths.motion, 3, padding=1)

    def forward(self, flow: Tensor, correlation: Tensor) -> Tensor:
        """``flow`` ``[B, 2, h, w]`` and ``correlation`` ``[B, taps, h, w]`` to ``[B, motion + 2, h, w]``."""
        c = F.relu(self.convc2(F.relu(self.convc1(correlation))))
        f = F.relu(self.convf2(F.relu(self.convf1(flow))))
        motion = F.relu(self.conv(torch.cat([c, f], dim=1)))
        return torch.cat([motion, flow], dim=1)


class SeparableGRU(nn.Module):
    """A gated recurrent unit that looks five cells far along rows, then along columns."""

    def __init__(self, hidden: int, channels_in: int) -> None:
        super().__init__()

        def conv(kernel: tuple[int, int]) -> nn.Conv2d:
            padding = (kernel[0] // 2, kernel[1] // 2)
            return nn.Conv2d(hidden + channels_in, hidden, kernel, padding=padding)

        self.convz1, self.convr1, self.convq1 = conv((1, 5)), conv((1, 5)), conv((1, 5))
        self.convz2, self.convr2, self.convq2 = conv((5, 1)), conv((5, 1)), conv((5, 1))

    def forward(self, hidden: Tensor, x: Tensor) -> Tensor:
        """The next hidden state, same shape as ``hidden``."""
        for convz, convr, convq in (
            (self.convz1, self.convr1, self.convq1),
            (self.convz2, self.convr2, self.convq2),
        ):
            joint = torch.cat([hidden, x], dim=1)
            update = torch.sigmoid(convz(joint))
            reset = torch.sigmoid(convr(joint))
            candidate = torch.tanh(convq(torch.cat([reset * hidden, x], dim=1)))
            hidden = (1 - update) * hidden + update * candidate
        return hidden


class MixingUpdateBlock(UpdateBlock):
    """The parts of one refinement, and a head for the mask that its flow is upsampled with.

    Args:
        widths: channel counts.
        seen: channels that the recurrent unit sees beside its state.
    """

    def __init__(self, widths: RaftWidths, seen: int) -> None:
        super().__init__(
            MotionEncoder(widths), SeparableGRU(widths.hidden, seen), FlowHead(widths.hidden, widths.head)
        )
        self.mask = nn.Sequential(
            nn.Conv2d(widths.hidden, widths.head, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(widths.head, NEIGHBOURS * CELL**2, 1),
        )

    def upsampling(self, hidden: Tensor) -> Tensor:
        """The mask for :func:`upsample_convex`, ``[B, 576, h, w]``."""
        mask: Tensor = MASK_GRADIENT * self.mask(hidden)
        return mask


class Raft(RecurrentFlow):
    """RAFT; what a flow is upsampled with is read out of the state behind it.

    Args:
        widths: channel counts; the published ones when left out.
        iterations: refinements of :meth:`forward`.
    """

    widths: RaftWidths
    update_block: MixingUpdateBlock

    def __init__(self, widths: RaftWidths | None = None, iterations: int = 12) -> None:
        w = widths or RaftWidths()
        super().__init__(
            w,
            Encoder(w.stages, w.feature, nn.InstanceNorm2d),
            Encoder(w.stages, w.hidden + w.context, nn.BatchNorm2d),
            MixingUpdateBlock(w, w.context + w.motion + 2),
        )
        self.iterations = iterations

    def upsampled(self, refined: Refined) -> Tensor:
        """The flow in pixels of the images, ``[B, 2, H, W]``."""
        return upsample_convex(refined.flow, self.update_block.upsampling(refined.hidden))

    def forward(self, image0: Tensor, image1: Tensor) -> Tensor:
        """Flow from ``image0`` to ``image1``.

        Args:
            image0: ``[B, 3, H, W]`` float, 0..255; H and W are multiples of 8 and at least 128.
            image1: like ``image0``.

        Returns:
            ``[B, 2, H, W]`` in pixels, x first.
        """
        return self.upsampled(self.refine(self.prepare(image0, image1), self.iterations)[-1])


def upsample_convex(flow: Tensor, mask: Tensor) -> Tensor:
    """Every pixel a mixture of the 3x3 cells around it, with shares that sum to one; zero beyond the border.

    Args:
        flow: ``[B, 2, h, w]`` in cells.
        mask: ``[B, 9 * 64, h, w]``, logits of the shares: cell (rows first), then pixel (rows first).

    Returns:
        ``[B, 2, 8h, 8w]`` in pixels.
    """
    b, _, h, w = flow.shape
    shares = torch.softmax(mask.reshape(b, NEIGHBOURS, CELL**2, h, w), dim=1)
    around = F.pad(CELL * flow, (1, 1, 1, 1))
    # Nine shifted maps rather than an unfolding, which has no operator of its own in ONNX.
    mixed = [torch.zeros_like(shares[:, 0])] * 2
    for neighbour in range(NEIGHBOURS):
        dy, dx = divmod(neighbour, 3)
        cells = around[:, :, dy : dy + h, dx : dx + w]
        share = shares[:, neighbour]
        mixed = [sofar + share * cells[:, axis : axis + 1] for axis, sofar in enumerate(mixed)]
    return F.pixel_shuffle(torch.cat(mixed, dim=1), CELL)


def _stage(channels_in: int, channels: int, stride: int, norm: type[nn.Module]) -> nn.Sequential:
    return nn.Sequential(
        ResidualBlock(channels_in, channels, stride, norm), ResidualBlock(channels, channels, 1, norm)
    )
