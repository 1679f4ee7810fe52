"""The nest of U-blocks that U²-Net and IS-Net share, with the names of their official checkpoints.

Qin et al., "U²-Net", Pattern Recognition 2020; "Highly Accurate Dichotomous Image Segmentation", ECCV 2022.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import resize

STAGES = ("stage1", "stage2", "stage3", "stage4", "stage5", "stage6")
DECODERS = ("stage5d", "stage4d", "stage3d", "stage2d", "stage1d")
HEIGHTS = {1: 7, 2: 6, 3: 5, 4: 4}
"""Levels of the U inside a stage; stages 5 and 6 dilate instead of pooling."""

Widths = dict[str, tuple[int, int]]
"""Stage -> (channels inside its U, channels out)."""

FULL: Widths = {
    "stage1": (32, 64),
    "stage2": (32, 128),
    "stage3": (64, 256),
    "stage4": (128, 512),
    "stage5": (256, 512),
    "stage6": (256, 512),
    "stage5d": (256, 512),
    "stage4d": (128, 256),
    "stage3d": (64, 128),
    "stage2d": (32, 64),
    "stage1d": (16, 64),
}
SMALL: Widths = dict.fromkeys((*STAGES, *DECODERS), (16, 64))
"""u2netp of the official repository: 1.1 M parameters."""

LITE: Widths = {
    "stage1": (8, 12),
    "stage2": (8, 24),
    "stage3": (16, 48),
    "stage4": (24, 64),
    "stage5": (32, 96),
    "stage6": (40, 96),
    "stage5d": (32, 64),
    "stage4d": (24, 48),
    "stage3d": (16, 32),
    "stage2d": (8, 16),
    "stage1d": (8, 12),
}
"""1.1 M parameters, 1.5 GMAC at 320x192."""


class ConvUnit(nn.Module):
    """3x3 convolution, BatchNorm, ReLU, with the official names."""

    def __init__(self, into: int, out: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv_s1 = nn.Conv2d(into, out, 3, padding=dilation, dilation=dilation)
        self.bn_s1 = nn.BatchNorm2d(out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B,into,h,w] -> [B,out,h,w]."""
        return F.relu(self.bn_s1(self.conv_s1(x)), inplace=True)


class ResidualU(nn.Module):
    """A U inside a stage, added to the stage's own first features (RSU-L; RSU-4F when dilated)."""

    def __init__(self, levels: int, into: int, middle: int, out: int, *, dilated: bool = False) -> None:
        super().__init__()
        self.levels, self.dilated = levels, dilated
        self.rebnconvin = ConvUnit(into, out)
        for level in range(1, levels + 1):
            bottom = level == levels and not dilated
            dilation = 2 ** (level - 1) if dilated else 2 if bottom else 1
            self.add_module(f"rebnconv{level}", ConvUnit(out if level == 1 else middle, middle, dilation))
        for level in range(levels - 1, 0, -1):
            dilation = 2 ** (level - 1) if dilated else 1
            ending = out if level == 1 else middle
            self.add_module(f"rebnconv{level}d", ConvUnit(2 * middle, ending, dilation))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B,into,h,w] -> [B,out,h,w]."""
        trunk: torch.Tensor = self.rebnconvin(x)
        down: list[torch.Tensor] = []
        y = trunk
        for level in range(1, self.levels + 1):
            y = self.get_submodule(f"rebnconv{level}")(y)
            down.append(y)
            if not self.dilated and level <= self.levels - 2:
                y = F.max_pool2d(y, 2, 2, ceil_mode=True)
        for level in range(self.levels - 1, 0, -1):
            skip = down[level - 1]
            # The first decoder unit already stands on the grid of its skip.
            if not self.dilated and level <= self.levels - 2:
                y = resize(y, skip.shape[2:])
            y = self.get_submodule(f"rebnconv{level}d")(torch.cat([y, skip], 1))
        return y + trunk


class Nest(nn.Module):
    """Encoder and decoder of U-blocks, and a side output of one map for each decoder stage and the bottom.

    Args:
        widths: of the stages.
        into: channels of what comes in.
    """

    def __init__(self, widths: Widths, into: int) -> None:
        super().__init__()
        outs: list[int] = []
        for index, stage in enumerate(STAGES, start=1):
            middle, out = widths[stage]
            self.add_module(stage, ResidualU(HEIGHTS.get(index, 4), into, middle, out, dilated=index > 4))
            outs.append(out)
            into = out
        for level in range(5, 0, -1):
            middle, out = widths[f"stage{level}d"]
            block = ResidualU(HEIGHTS.get(level, 4), into + outs[level - 1], middle, out, dilated=level > 4)
            self.add_module(f"stage{level}d", block)
            into = out
        sides = [widths[f"stage{level}d"][1] for level in range(1, 6)] + [outs[5]]
        for level, width in enumerate(sides, start=1):
            self.add_module(f"side{level}", nn.Conv2d(width, 1, 3, padding=1))

    def decoded(self, x: torch.Tensor) -> list[torch.Tensor]:
        """[B,into,h,w] -> features that the sides read, finest first."""
        down: list[torch.Tensor] = []
        for index, stage in enumerate(STAGES, start=1):
            x = self.get_submodule(stage)(x)
            down.append(x)
            if index < len(STAGES):
                x = F.max_pool2d(x, 2, 2, ceil_mode=True)
        up = [x]
        for level in range(5, 0, -1):
            skip = down[level - 1]
            x = self.get_submodule(f"stage{level}d")(torch.cat([resize(x, skip.shape[2:]), skip], 1))
            up.append(x)
        return up[::-1]

    def sides(self, features: list[torch.Tensor]) -> list[torch.Tensor]:
        """One logit map [B,1,..] of each of the features that :meth:`decoded` gave, each at its own size."""
        return [self.get_submodule(f"side{level}")(x) for level, x in enumerate(features, start=1)]
