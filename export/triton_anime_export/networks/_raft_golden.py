"""What the reference computed with RAFT, RAFT-small and GMA: the whole way and each part of it on its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from triton_anime_export.network import GoldenCase
from triton_anime_export.networks._gma_modules import Gma
from triton_anime_export.networks._raft_full_modules import Raft, upsample_convex
from triton_anime_export.networks._raft_modules import RaftSmall
from triton_anime_export.networks._raft_refinement import CELL, cell_grid, look_up

ITERATIONS = 12
LEADING_TAPS = {4: 72, 3: 54}
"""Look-up radius -> channels of a look-up that were recorded."""
LEADING_MASK = 64
"""Channels of a mask that were recorded."""

_COMMON_INPUTS = ("image1", "image2", "flow_init", "lookup_offset")
_COMMON_OUTPUTS = (
    "fmap1",
    "fmap2",
    "net0",
    "inp",
    "corr_iter0",
    "corr_offset",
    "net_iter1",
    "delta_flow_iter1",
    "flow_low_6",
    "flow_up_6",
    "flow_low_12",
    "flow_up_12",
    "flow_low_init_6",
    "flow_up_init_6",
    "flow_up_all_stride8",
)
_MIXING_INPUTS = ("up_flow_probe", "up_mask_probe")
_MIXING_OUTPUTS = ("up_mask_iter1_first64", "upsample_probe")
_INPUTS, _OUTPUTS = _COMMON_INPUTS + _MIXING_INPUTS, _COMMON_OUTPUTS + _MIXING_OUTPUTS
_ATTENTION_INPUTS = ("att_probe", "motion_probe")
_ATTENTION_OUTPUTS = ("attention_probe", "aggregate_probe")


class RecordedSmall(nn.Module):
    """A network's ``forward`` as the recording was made: inputs and outputs in the order of the case."""

    def __init__(self, core: Raft | RaftSmall) -> None:
        super().__init__()
        self.core = core

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Every recorded output that all sizes have."""
        image1, image2, flow_init, lookup_offset = inputs
        core = self.core
        pair = core.prepare(image1.float(), image2.float())
        grid, radius = cell_grid(pair.features0), core.widths.radius
        refined = core.refine(pair, ITERATIONS)
        flows = [core.upsampled(each) for each in refined]
        begun = core.refine(pair, ITERATIONS // 2, flow_init)[-1]
        return (
            pair.features0,
            pair.features1,
            pair.hidden,
            pair.context,
            look_up(pair.pyramid, grid, radius),
            look_up(pair.pyramid, grid + lookup_offset, radius)[:, : LEADING_TAPS[radius]],
            refined[0].hidden,
            refined[0].flow,
            refined[5].flow,
            flows[5],
            refined[-1].flow,
            flows[-1],
            begun.flow,
            core.upsampled(begun),
            torch.stack([flow[..., ::CELL, ::CELL] for flow in flows]),
        )


class Recorded(RecordedSmall):
    """The same with the upsampling on its own, which the small network has no weights for."""

    core: Raft

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Every recorded output."""
        *common, up_flow, up_mask = inputs
        said = super().forward(*common)
        hidden = said[_COMMON_OUTPUTS.index("net_iter1")]
        mask = self.core.update_block.upsampling(hidden)[:, :LEADING_MASK]
        return (*said, mask, upsample_convex(up_flow, up_mask))


class RecordedGma(Recorded):
    """The same with the attention on its own: random weights make it nearly uniform elsewhere."""

    core: Gma

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Every recorded output."""
        *common, looks, motion = inputs
        attention = self.core.att(looks)
        aggregated = self.core.update_block.aggregator(attention, motion)
        return (*super().forward(*common), attention.unsqueeze(1), aggregated)


def raft_small_cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    """The one case of a recording of RAFT-small."""
    return [_case(archive, _COMMON_INPUTS, _COMMON_OUTPUTS)]


def raft_cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    """The one case of a recording of RAFT."""
    return [_case(archive, _INPUTS, _OUTPUTS)]


def gma_cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    """The one case of a recording of GMA."""
    return [_case(archive, _INPUTS + _ATTENTION_INPUTS, _OUTPUTS + _ATTENTION_OUTPUTS)]


def _case(archive: Mapping[str, NDArray[Any]], inputs: Sequence[str], outputs: Sequence[str]) -> GoldenCase:
    return GoldenCase(
        "x".join(map(str, np.shape(archive["in_image1"])[2:])),
        {name: archive[f"in_{name}"] for name in inputs},
        {name: archive[f"out_{name}"] for name in outputs},
    )
