"""RAFT-small: optical flow between two frames (Teed and Deng, ECCV 2020)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import to_float, working_size
from triton_anime_export.network import (
    Batching,
    Golden,
    Network,
    Size,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks._golden_cases import under_core
from triton_anime_export.networks._raft_golden import RecordedSmall, raft_small_cases
from triton_anime_export.networks._raft_modules import RaftSmall, RaftSmallWidths, upsample_flow
from triton_anime_export.networks._served_flow import ServedFlow
from triton_anime_export.refinements import parameter

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
"""``full`` as the authors train; they evaluate with 32 on Sintel and 24 on KITTI, and demonstrate with 20."""
# Below 128 pixels the coarsest correlation map is one cell wide and cannot be normalised.
SHORTEST_SIDE = 128


class PaddedRaftSmall(ServedFlow):
    """The published size, at the frame's own resolution with a repeated border as the authors run it."""

    def estimate(self, image0: torch.Tensor, image1: torch.Tensor) -> torch.Tensor:
        """The last of the core's answers, in pixels of the images."""
        return upsample_flow(self.core(image0, image1)[-1])


class ServedRaftSmall(nn.Module):
    """The lite size: frames of any size in, flow in their own pixels out.

    Unlike the authors it does not repeat the border but stretches frames by a few pixels to multiples of 8:
    that is how it was trained, with long sides of one length.
    """

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


def build(size: Size, iterations: int | None = None) -> ServedRaftSmall | PaddedRaftSmall:
    """The served module of a size with fresh weights.

    Args:
        size: ``full`` is the network of raft-small.pth; ``lite`` a narrower one of this project's training.
        iterations: refinements; those of ``ITERATIONS`` when left out. Weights fit any number.
    """
    refinements = iterations or ITERATIONS[size]
    if size == "lite":
        return ServedRaftSmall(RaftSmall(LITE_WIDTHS, refinements), LONG_SIDE[size])
    return PaddedRaftSmall(RaftSmall(RaftSmallWidths(), refinements), LONG_SIDE[size])


def _without_module_prefix(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    # The authors saved from DataParallel.
    return {key.removeprefix("module."): value for key, value in state.items()}


ARCHIVE = "https://dl.dropboxusercontent.com/s/4j4z58wuv8o0mfz/models.zip"
"""Where the authors' download_models.sh gets all their checkpoints."""

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
            ARCHIVE,
            None,
            "BSD-3-Clause",
            True,
            "raft-small.pth inside the archive",
            member="raft-small.pth",
        ),
    ),
    adapt_official=_without_module_prefix,
    golden=Golden(lambda keys: RecordedSmall(RaftSmall()), raft_small_cases, under_core, tolerance=1e-4),
    parameters=parameter(ITERATIONS["lite"]),
    full={
        "parameters": parameter(ITERATIONS["full"]),
        # The second has a border on every side.
        "example": ({"height": 144, "width": 256}, {"height": 150, "width": 93}),
    },
    inside="bilinear to a long side of 384, sides multiples of 8 and at least 128 (lite), or at the frame's "
    "own size, shrunk to a long side of 768 where it is larger, borders repeated up to multiples of 8 and at "
    "least 128 (full); 12 refinements (full) or 5 (lite)",
)
