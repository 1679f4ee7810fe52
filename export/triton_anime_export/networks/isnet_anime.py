"""IS-Net trained on anime: U²-Net's nest at half resolution, read at its finest side output.

Qin et al., "Highly Accurate Dichotomous Image Segmentation", ECCV 2022; the checkpoint for anime is
SkyTNT's (anime-segmentation, Apache-2.0), whose keys are used as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import resize, to_float, to_uint8, working_size
from triton_anime_export.network import (
    Batching,
    Golden,
    GoldenCase,
    Network,
    Size,
    StateDict,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks.u2net import FULL, HEIGHTS, LITE, STAGES, ResidualU, Widths

LONG_SIDE, MULTIPLE = {"full": 1024, "lite": 320}, 64


class ISNet(nn.Module):
    """The network proper.

    Args:
        widths: of the stages, see :mod:`u2net`.
        first: channels of the convolution that halves the picture.
    """

    def __init__(self, widths: Widths, first: int = 64) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(3, first, 3, stride=2, padding=1)
        into = first
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

    def decoded(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Image [B,3,h,w] in 0..1 -> features that the sides read, finest first."""
        down: list[torch.Tensor] = []
        x = self.conv_in(image)
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

    def logits(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Image [B,3,h,w] in 0..1 -> six logit maps [B,1,h,w], the finest first."""
        size = image.shape[2:]
        features = enumerate(self.decoded(image), start=1)
        return [resize(self.get_submodule(f"side{level}")(x), size) for level, x in features]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Image [B,3,h,w] in 0..1 -> probability [B,1,h,w] of the finest side; the others taught it."""
        finest = self.get_submodule("side1")(self.decoded(image)[0])
        return torch.sigmoid(resize(finest, image.shape[2:]))


class Served(nn.Module):
    """Frames in, alpha at the same size out; no mean, no deviation, as the official script has it."""

    def __init__(self, core: ISNet, long_side: int) -> None:
        super().__init__()
        self.core, self.long_side = core, long_side

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        """FRAME uint8 [B,H,W,3] -> ALPHA uint8 [B,H,W]."""
        height, width = frame.shape[1], frame.shape[2]
        image = to_float(frame, working_size(height, width, self.long_side, MULTIPLE))
        return to_uint8(resize(self.core(image), (height, width)))[:, 0]


def build(size: Size) -> Served:
    """``full`` is isnetis.ckpt's network, ``lite`` the same with the narrow stages of our U²-Net."""
    core = ISNet(FULL) if size == "full" else ISNet(LITE, first=12)
    return Served(core, LONG_SIDE[size])


def adapt_official(state: StateDict) -> StateDict:
    """The three official forms: under ``net.`` beside an encoder that only taught, or bare."""
    inside = {key.removeprefix("net."): value for key, value in state.items() if key.startswith("net.")}
    return inside or {key: value for key, value in state.items() if not key.startswith("gt_encoder.")}


class _Published(nn.Module):
    """What the golden vectors recorded: all side maps, and the official answer."""

    def __init__(self) -> None:
        super().__init__()
        self.core = ISNet(FULL)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        logits = self.core.logits(image)
        return (*logits, torch.sigmoid(logits[0]))


def _cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    names = (*(f"logit{level}" for level in range(1, 7)), "mask")
    return [
        GoldenCase(
            case,
            {"image": np.asarray(archive[f"{case}_input"], np.float32)},
            {name: archive[f"{case}_{name}"] for name in names},
        )
        for case in ("a", "b")
    ]


def _under_core(state: StateDict) -> StateDict:
    return {f"core.{key}": value for key, value in state.items()}


NETWORK = Network(
    name="isnet_anime",
    role="character detail",
    summary="Finds anime characters in a frame or a crop: IS-Net with weights trained on anime by SkyTNT.",
    paper="Qin et al., Highly Accurate Dichotomous Image Segmentation, ECCV 2022",
    inputs=(Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),),
    outputs=(Tensor("ALPHA", "uint8", ("height", "width"), "probability * 255 of a character"),),
    batching=Batching(max_batch=8),
    tolerance=Tolerance(atol=1.01),
    build=build,
    example=({"height": 90, "width": 160}, {"height": 213, "width": 120}),
    official=(
        Weights(
            "https://huggingface.co/skytnt/anime-seg/resolve/main/model.safetensors",
            "3351563ba8b61a01a66bacb79cf36aabce2da62d88b7606a719f573f23fe5d3e",
            "Apache-2.0",
            commercial=True,
            note="204 MB; isnetis.ckpt beside it holds the same tensors as a pickle",
        ),
    ),
    adapt_official=adapt_official,
    golden=Golden(core=lambda shapes: _Published(), cases=_cases, adapt=_under_core),
    inside="long side to 1024 (lite 320), sides to multiples of 64 (bilinear), 0..1; alpha back to the frame",
)
