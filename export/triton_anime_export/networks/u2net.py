"""U²-Net: nested U-blocks that find what stands out, here the character.

Qin et al., "U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection", Pattern Recognition
2020.
Key names are those of the official checkpoints (u2net.pth, u2netp.pth), which differ in widths only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import Normalise, resize, to_float, to_uint8, working_size
from triton_anime_export.network import (
    Batching,
    Golden,
    GoldenCase,
    Network,
    Size,
    Tensor,
    Tolerance,
    Weights,
)

LONG_SIDE, MULTIPLE = 320, 32

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


class U2Net(nn.Module):
    """The network proper; :meth:`forward` gives the seven maps of the paper, fused first."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        into = 3
        outs: list[int] = []
        for index, stage in enumerate(STAGES, start=1):
            middle, out = widths[stage]
            levels, dilated = HEIGHTS.get(index, 4), index > 4
            self.add_module(stage, ResidualU(levels, into, middle, out, dilated=dilated))
            outs.append(out)
            into = out
        for level in range(5, 0, -1):
            middle, out = widths[f"stage{level}d"]
            levels, dilated = HEIGHTS.get(level, 4), level > 4
            block = ResidualU(levels, into + outs[level - 1], middle, out, dilated=dilated)
            self.add_module(f"stage{level}d", block)
            into = out
        sides = [widths[f"stage{level}d"][1] for level in range(1, 6)] + [outs[5]]
        for level, width in enumerate(sides, start=1):
            self.add_module(f"side{level}", nn.Conv2d(width, 1, 3, padding=1))
        self.outconv = nn.Conv2d(6, 1, 1)

    def logits(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Normalised image [B,3,h,w] -> seven logit maps [B,1,h,w]: fused, side 1 to side 6."""
        down: list[torch.Tensor] = []
        x = image
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
        sides = [self.get_submodule(f"side{level}")(up[6 - level]) for level in range(1, 7)]
        sides = [sides[0], *(resize(side, sides[0].shape[2:]) for side in sides[1:])]
        return [self.outconv(torch.cat(sides, 1)), *sides]

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Normalised image [B,3,h,w] -> seven probability maps [B,1,h,w]: fused, side 1 to side 6."""
        return tuple(torch.sigmoid(logit) for logit in self.logits(image))


class Served(nn.Module):
    """Frames in, alpha at the same size out.

    Args:
        core: the network.
        official: process as the official test script does: divide by the frame's own maximum, stretch the
            answer to 0..1. Official checkpoints were trained for the first and are read with the second; ours
            are calibrated, and stretching would invent a character where there is none.
    """

    def __init__(self, core: U2Net, *, official: bool) -> None:
        super().__init__()
        self.core, self.official = core, official
        self.normalise = Normalise()

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        """FRAME uint8 [B,H,W,3] -> ALPHA uint8 [B,H,W]."""
        height, width = frame.shape[1], frame.shape[2]
        image = to_float(frame, working_size(height, width, LONG_SIDE, MULTIPLE))
        if self.official:
            image = image / image.amax((1, 2, 3), keepdim=True).clamp_min(1e-3)
        alpha = torch.sigmoid(self.core.logits(self.normalise(image))[0])
        if self.official:
            low, high = alpha.amin((1, 2, 3), keepdim=True), alpha.amax((1, 2, 3), keepdim=True)
            alpha = (alpha - low) / (high - low).clamp_min(1e-6)
        return to_uint8(resize(alpha, (height, width)))[:, 0]


def build(size: Size) -> Served:
    """``full`` is u2net.pth's network, ``lite`` the same nest with narrower stages."""
    return Served(U2Net(FULL if size == "full" else LITE), official=size == "full")


def variant(shapes: Mapping[str, tuple[int, ...]]) -> U2Net:
    """The variant that official keys and shapes belong to: widths are read off the convolutions."""
    widths = {
        stage: (
            shapes[f"{stage}.rebnconv1.conv_s1.weight"][0],
            shapes[f"{stage}.rebnconvin.conv_s1.weight"][0],
        )
        for stage in (*STAGES, *DECODERS)
    }
    return U2Net(widths)


def _cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    maps = [f"d{index}" for index in range(7)]
    return [
        GoldenCase(
            case,
            {"input": np.asarray(archive[f"{case}_input"], np.float32)},
            {name: archive[f"{case}_{name}"] for name in maps},
        )
        for case in ("a", "b")
    ]


NETWORK = Network(
    name="u2net",
    role="character detail",
    summary="Finds the outline of the characters in a frame or a crop, thin parts included.",
    paper="Qin et al., U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection, "
    "Pattern Recognition 2020",
    inputs=(Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),),
    outputs=(Tensor("ALPHA", "uint8", ("height", "width"), "probability * 255 of a character"),),
    batching=Batching(max_batch=8),
    tolerance=Tolerance(atol=1.01),
    build=build,
    example=({"height": 90, "width": 160}, {"height": 213, "width": 120}),
    official=(
        Weights(
            "https://drive.google.com/file/d/1ao1ovG1Qtx4b7EoskHXmi2E9rp5CHLcZ",
            None,
            "Apache-2.0",
            commercial=True,
            note="u2net.pth, 176 MB",
        ),
        Weights(
            "https://drive.google.com/file/d/1rbSTGKAE-MTxBYHd-51l2hMOQPT_7EPy",
            None,
            "Apache-2.0",
            commercial=True,
            note="u2netp.pth, 4.7 MB, the small variant",
        ),
    ),
    golden=Golden(core=variant, cases=_cases),
    inside="long side to 320, sides to multiples of 32 (bilinear), ImageNet mean; alpha back to the frame",
)
