"""RAFT at its full size: optical flow between two frames (Teed and Deng, ECCV 2020)."""

from __future__ import annotations

from torch import nn

from triton_anime_export.network import (
    Batching,
    Golden,
    Network,
    Published,
    Size,
    StateDict,
    Tolerance,
    Weights,
)
from triton_anime_export.networks import raft_small
from triton_anime_export.networks._golden_cases import under_core
from triton_anime_export.networks._raft_full_modules import NARROW, Raft, RaftWidths
from triton_anime_export.networks._raft_golden import Recorded, raft_cases
from triton_anime_export.networks._served_flow import ServedFlow
from triton_anime_export.refinements import parameter

LONG_SIDE: dict[Size, int] = {"lite": 160, "full": 1024}
ITERATIONS: dict[Size, int] = {"lite": 2, "full": 32}
"""``full`` as the authors evaluate on Sintel, a drawn film; 24 on KITTI, 20 in their demonstration."""


def build(size: Size, iterations: int | None = None) -> ServedFlow:
    """The served module of a size with fresh weights.

    Args:
        size: ``full`` is the network of raft-things.pth; ``lite`` has its layers, narrow, and nobody trains
            it: it shows that the graph is right.
        iterations: refinements; those of ``ITERATIONS`` when left out. Weights fit any number.
    """
    widths = NARROW if size == "lite" else RaftWidths()
    return ServedFlow(Raft(widths, iterations or ITERATIONS[size]), LONG_SIDE[size])


def adapt_official(state: StateDict) -> StateDict:
    """The authors saved from DataParallel: every key begins with ``module.``."""
    return {key.removeprefix("module."): value for key, value in state.items()}


def _recorded(_: object) -> nn.Module:
    return Recorded(Raft())


_PAPER = "Teed and Deng, ECCV 2020"

NETWORK = Network(
    name="raft",
    role=raft_small.NETWORK.role,
    summary="Where each pixel of one drawing is found in the next; the published network in place of "
    "raft_small, several times its work.",
    paper=raft_small.NETWORK.paper,
    inputs=raft_small.NETWORK.inputs,
    outputs=raft_small.NETWORK.outputs,
    # The ensemble of both directions is shared with raft_small, and asks for no smaller batch than its own.
    batching=Batching(raft_small.NETWORK.batching.max_batch),
    # Pixels. Thirty-two rounds of refinement carry a rounding on.
    tolerance=Tolerance(atol=0.02, rtol=1e-3),
    build=build,
    # The lite size shrinks the first and pads the second.
    example=({"height": 144, "width": 256}, {"height": 150, "width": 93}),
    official=(
        Weights(
            "https://drive.google.com/file/d/1MqDajR89k-xLV0HIrmJ0k-n8ZpG6_suM",
            None,
            "BSD-3-Clause",
            commercial=True,
            note="raft-things.pth, 21 MB; trained on FlyingChairs and FlyingThings3D",
        ),
        Weights(
            raft_small.ARCHIVE,
            None,
            "BSD-3-Clause",
            commercial=True,
            member="raft-sintel.pth",
            note="raft-sintel.pth inside the archive; raft-things on Sintel, KITTI and HD1K too",
        ),
        Weights(
            raft_small.ARCHIVE,
            None,
            "BSD-3-Clause",
            commercial=True,
            member="raft-kitti.pth",
            note="raft-kitti.pth inside the archive; raft-sintel on KITTI alone",
        ),
    ),
    adapt_official=adapt_official,
    published=(
        Published("EPE, Sintel train, clean pass", "1.43", f"{_PAPER}, Table 1, C+T", "raft-things"),
        Published("EPE, Sintel train, final pass", "2.71", f"{_PAPER}, Table 1, C+T", "raft-things"),
        Published("EPE, KITTI 2015 train", "5.04", f"{_PAPER}, Table 1, C+T", "raft-things"),
        Published("F1-all, KITTI 2015 train", "17.4 %", f"{_PAPER}, Table 1, C+T", "raft-things"),
        Published(
            "EPE, Sintel test, final pass, started from the flow of the frame before",
            "2.855",
            f"{_PAPER}, abstract",
            "raft-sintel",
        ),
        Published("F1-all, KITTI 2015 test", "5.10 %", f"{_PAPER}, abstract", "raft-kitti"),
    ),
    golden=Golden(_recorded, raft_cases, under_core, tolerance=1e-4),
    parameters=parameter(ITERATIONS["lite"]),
    full={"parameters": parameter(ITERATIONS["full"])},
    inside="at the frame's own size, shrunk to a long side of 1024 (full) or 160 (lite) where it is larger; "
    "borders repeated up to multiples of 8 and at least 128; 32 refinements (full) or 2 (lite)",
)
