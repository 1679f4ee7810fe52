"""How often a flow network refines its answer: a constant of the graph, and the user's choice.

RAFT and its kin correct the flow again and again with the same weights, so that one checkpoint serves any
number of rounds: fewer are quicker, more follow larger motions. The loop is unrolled in the graph; the number
stands in the description's parameters, and so in config.pbtxt.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from torch import nn

from triton_anime_export.errors import ExportError
from triton_anime_export.network import Network, Size

PARAMETER = "iterations"
"""Its name in config.pbtxt."""


def parameter(iterations: int) -> Mapping[str, str]:
    """The number as a description's ``parameters`` has it."""
    return {PARAMETER: str(iterations)}


def refining(network: Network, iterations: int) -> Network:
    """``network`` with another number of refinements.

    Args:
        network: the description, of the size that is built; its ``build`` takes the number as its second
            argument.
        iterations: how many, one or more.

    Raises:
        ExportError: the network does not refine its answer, or the number is none.
    """
    if PARAMETER not in network.parameters:
        raise ExportError(
            f"{network.name} does not refine its answer; leave out --iterations, which is for raft_small, "
            "raft and gma"
        )
    if iterations < 1:
        raise ExportError(f"{iterations} refinements give no flow; name 1 or more with --iterations")
    usual = cast("Callable[[Size, int], nn.Module]", network.build)

    # Wrapped, because config.pbtxt names the module that a network is described in.
    @functools.wraps(network.build)
    def build(size: Size) -> nn.Module:
        return usual(size, iterations)

    return replace(network, build=build, parameters={**network.parameters, **parameter(iterations)})
