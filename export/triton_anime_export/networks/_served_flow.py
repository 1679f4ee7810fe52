"""Frames of any size to a RAFT of a published size and its flow back to the frames' pixels."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from triton_anime_export.frame_io import resize
from triton_anime_export.networks._raft_refinement import CELL

SHORTEST_SIDE = 128
"""Below it the coarsest correlation map is one cell wide and cannot be normalised."""


class ServedFlow(nn.Module):
    """Frames of any size in, flow in their own pixels out.

    The authors run at the frame's own resolution, its border repeated on both sides up to multiples of 8. So
    does this, but for frames whose long side is more than ``long_side``: they are shrunk to it, since memory
    grows with the square of the area.

    Args:
        core: the network; called with two images [B,3,H,W] of 0..255 it gives the flow [B,2,H,W] in pixels.
        long_side: pixels, a multiple of 8.
    """

    def __init__(self, core: nn.Module, long_side: int) -> None:
        super().__init__()
        self.core = core
        self.long_side = long_side

    def estimate(self, image0: torch.Tensor, image1: torch.Tensor) -> torch.Tensor:
        """Flow of images whose sides fit the network; where a core answers otherwise it is brought here."""
        flow: torch.Tensor = self.core(image0, image1)
        return flow

    def forward(self, frame0: torch.Tensor, frame1: torch.Tensor) -> torch.Tensor:
        """Frames uint8 ``[B, H, W, 3]`` to the flow float32 ``[B, H, W, 2]`` in pixels, x first."""
        height, width = frame0.shape[1], frame0.shape[2]
        inner = _shrunk(height, width, self.long_side)
        outer = _padded(inner, self.long_side)
        before = [(whole - side) // 2 for whole, side in zip(outer, inner, strict=True)]
        rows, columns = (
            (torch.arange(whole, device=frame0.device) - first).clamp(torch.tensor(0), torch.tensor(side - 1))
            for whole, side, first in zip(outer, inner, before, strict=True)
        )
        images = [
            resize(frame.permute(0, 3, 1, 2).float(), inner).index_select(2, rows).index_select(3, columns)
            for frame in (frame0, frame1)
        ]
        flow = self.estimate(*images)
        for axis, (side, first) in enumerate(zip(inner, before, strict=True), start=2):
            flow = flow.index_select(axis, torch.arange(side, device=flow.device) + first)
        flow = resize(flow, (height, width))
        return torch.stack([flow[:, 0] * (width / inner[1]), flow[:, 1] * (height / inner[0])], dim=-1)


def _shrunk(height: int, width: int, long_side: int) -> tuple[int, int]:
    """The frame's size, or that with ``long_side`` as its long side where it is larger."""
    # max() and min() would compare symbolic sizes and so pin the graph to the traced orientation.
    longest: Any = torch.sym_max(height, width)  # type: ignore[no-untyped-call]
    limit: Any = torch.sym_min(longest, long_side)  # type: ignore[no-untyped-call]

    def side(length: int) -> int:
        shorter: int = torch.sym_max(1, (length * limit + longest // 2) // longest)  # type: ignore[no-untyped-call]
        return shorter

    return side(height), side(width)


def _padded(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """The next multiples of 8 that the network can work on; while exporting two plain unknowns.

    Shapes of a thousand nodes are derived from these two, and simplifying their formula anew for each of them
    takes minutes.
    """
    least = SHORTEST_SIDE // CELL
    cells: list[Any] = [
        torch.sym_max(least, (side + CELL - 1) // CELL)  # type: ignore[no-untyped-call]
        for side in size
    ]
    if torch.compiler.is_exporting():
        cells = [torch.scalar_tensor(count, dtype=torch.int64).item() for count in cells]
        for count in cells:
            torch._check(count >= least)  # type: ignore[no-untyped-call]
            torch._check(count <= max(least, long_side // CELL))  # type: ignore[no-untyped-call]
    return cells[0] * CELL, cells[1] * CELL
