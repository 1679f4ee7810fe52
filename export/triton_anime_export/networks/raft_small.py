"""RAFT-small: optical flow between two frames (Teed and Deng, ECCV 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import to_float, working_size
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
from triton_anime_export.networks._golden_cases import under_core
from triton_anime_export.networks._raft_modules import RaftSmall, RaftSmallWidths, upsample_flow

LITE_WIDTHS = RaftSmallWidths(
    stages=(32, 48, 64),
    feature=96,
    hidden=48,
    context=32,
    correlation=64,
    flow=(32, 16),
    motion=46,
    head=64,
)
LONG_SIDE: dict[Size, int] = {"lite": 384, "full": 768}
ITERATIONS: dict[Size, int] = {"lite": 5, "full": 12}
# Below 128 pixels the coarsest correlation map is one cell wide and cannot be normalised.
SHORTEST_SIDE = 128


class ServedRaftSmall(nn.Module):
    """Frames of any size in, flow in their own pixels out."""

    def __init__(self, core: RaftSmall, long_side: int) -> None:
        super().__init__()
        self.core = core
        self.long_side = long_side

    def forward(self, frame0: torch.Tensor, frame1: torch.Tensor) -> torch.Tensor:
        """Frames uint8 ``[B, H, W, 3]`` to the flow float32 ``[B, H, W, 2]`` in pixels, x first."""
        height, width = frame0.shape[1], frame0.shape[2]
        inner_h, inner_w = working_size(height, width, self.long_side, 8)
        inner_h = torch.sym_max(inner_h, SHORTEST_SIDE)  # type: ignore[no-untyped-call]
        inner_w = torch.sym_max(inner_w, SHORTEST_SIDE)  # type: ignore[no-untyped-call]
        size = (inner_h, inner_w)
        coarse = self.core(255.0 * to_float(frame0, size), 255.0 * to_float(frame1, size))[-1]
        flow = F.interpolate(
            upsample_flow(coarse), size=(height, width), mode="bilinear", align_corners=False
        )
        dx = flow[:, 0] * (width / inner_w)
        dy = flow[:, 1] * (height / inner_h)
        return torch.stack([dx, dy], dim=-1)


def build(size: Size) -> ServedRaftSmall:
    """The served module of a size with fresh weights."""
    widths = LITE_WIDTHS if size == "lite" else RaftSmallWidths()
    return ServedRaftSmall(RaftSmall(widths, ITERATIONS[size]), LONG_SIDE[size])


class _Published(nn.Module):
    """Twelve iterations at the given size, as the reference was run."""

    def __init__(self) -> None:
        super().__init__()
        self.core = RaftSmall()

    def forward(self, image1: torch.Tensor, image2: torch.Tensor) -> tuple[torch.Tensor, ...]:
        flows = self.core(image1.float(), image2.float())
        return flows[5], flows[-1], upsample_flow(flows[-1])


def _cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    names = ("flow_low_6", "flow_low_12", "flow_up_12")
    return [
        GoldenCase(
            "12 iterations",
            {"image1": archive["in_image1"], "image2": archive["in_image2"]},
            {name: archive[f"out_{name}"] for name in names},
        )
    ]


def _without_module_prefix(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    # The authors saved from DataParallel.
    return {key.removeprefix("module."): value for key, value in state.items()}


NETWORK = Network(
    name="raft_small",
    role="optical flow",
    summary="Where each pixel of one drawing is found in the next.",
    paper="Teed and Deng, RAFT: Recurrent All-Pairs Field Transforms for Optical Flow, ECCV 2020",
    inputs=(
        Tensor("FRAME0", "uint8", ("height", "width", 3), "RGB, the drawing the flow starts from"),
        Tensor("FRAME1", "uint8", ("height", "width", 3), "RGB, the drawing it leads to"),
    ),
    outputs=(
        Tensor(
            "FLOW",
            "float32",
            ("height", "width", 2),
            "(dx, dy) in pixels: (x, y) is found at (x + dx, y + dy)",
        ),
    ),
    batching=Batching(8),
    # Pixels. Five rounds of refinement carry a rounding on.
    tolerance=Tolerance(atol=0.02, rtol=1e-3),
    build=build,
    example=({"height": 144, "width": 256}, {"height": 200, "width": 136}),
    official=(
        Weights(
            "https://dl.dropboxusercontent.com/s/4j4z58wuv8o0mfz/models.zip",
            None,
            "BSD-3-Clause",
            True,
            "raft-small.pth inside the archive",
        ),
    ),
    adapt_official=_without_module_prefix,
    golden=Golden(lambda keys: _Published(), _cases, under_core, tolerance=1e-4),
    inside="bilinear to a long side of 384 (lite) or 768 (full), sides multiples of 8 and at least 128",
)
