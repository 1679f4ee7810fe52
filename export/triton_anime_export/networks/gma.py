"""GMA: RAFT that infers hidden motion from similar places (Jiang et al., ICCV 2021)."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from triton_anime_export.network import Golden, Network, Published, Size, StateDict, Weights
from triton_anime_export.networks import raft
from triton_anime_export.networks._gma_modules import Gma, relative_index
from triton_anime_export.networks._golden_cases import under_core
from triton_anime_export.networks._raft_full_modules import NARROW, RaftWidths
from triton_anime_export.networks._raft_golden import RecordedGma, gma_cases
from triton_anime_export.networks._served_flow import ServedFlow


def build(size: Size, iterations: int | None = None) -> ServedFlow:
    """The served module of a size with fresh weights.

    Args:
        size: ``full`` is the network of gma-things.pth; ``lite`` has its layers, narrow, and nobody trains
            it: it shows that the graph is right.
        iterations: refinements; those of RAFT when left out, which the authors share. Weights fit any number.
    """
    widths = NARROW if size == "lite" else RaftWidths()
    return ServedFlow(Gma(widths, iterations or raft.ITERATIONS[size]), raft.LONG_SIDE[size])


def _recorded(_: object) -> nn.Module:
    return RecordedGma(Gma())


def _filled(state: StateDict) -> StateDict:
    """The rule's weights but for the one buffer of indices, which no rule can draw."""
    return under_core(state | {"att.pos_emb.rel_ind": relative_index()})


_FOLDER = "https://github.com/zacjiang/GMA/raw/2f1fd29468a86a354d44dd25d107930b3f175043/checkpoints"
_PAPER = "Jiang et al., ICCV 2021"


def _weights(name: str, trained: str) -> Weights:
    return Weights(
        f"{_FOLDER}/{name}.pth",
        None,
        "WTFPL",
        commercial=True,
        note=f"{name}.pth, 24 MB; trained {trained}",
    )


NETWORK: Network = replace(
    raft.NETWORK,
    name="gma",
    summary="Where each pixel of one drawing is found in the next, hidden ones guessed from places that look "
    "like them; in place of raft_small, several times its work.",
    paper="Jiang et al., Learning to Estimate Hidden Motions with Global Motion Aggregation, ICCV 2021",
    build=build,
    official=(
        _weights("gma-things", "on FlyingChairs and FlyingThings3D"),
        _weights("gma-sintel", "on Sintel, KITTI and HD1K too"),
        _weights("gma-kitti", "like gma-sintel, then on KITTI alone"),
        _weights("gma-chairs", "on FlyingChairs"),
    ),
    published=(
        Published("EPE, Sintel train, clean pass", "1.30", f"{_PAPER}, C+T", "gma-things"),
        Published("EPE, Sintel train, final pass", "2.74", f"{_PAPER}, C+T", "gma-things"),
        Published("EPE, KITTI 2015 train", "4.69", f"{_PAPER}, C+T", "gma-things"),
        Published("F1-all, KITTI 2015 train", "17.1 %", f"{_PAPER}, C+T", "gma-things"),
    ),
    golden=Golden(_recorded, gma_cases, _filled, tolerance=1e-4),
)
