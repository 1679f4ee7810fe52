"""A network in another's model folder: the same tensors, so that whoever calls the other gets this one."""

from __future__ import annotations

from dataclasses import replace

from triton_anime_export.errors import ExportError
from triton_anime_export.network import Network, Tensor


def standing_in(network: Network, other: Network) -> Network:
    """``network`` as the model repository is to know it: by the name of ``other``.

    The configuration's parameter ``network`` tells which it is. An ensemble names the models of its steps,
    and this is how it gets another one: ``estimate_flow`` calls ``raft_small``, whichever network that is.

    Args:
        network: the description, of the size that is served.
        other: the description whose place it takes.

    Raises:
        ExportError: callers of ``other`` would notice: the role, a tensor or the largest batch differs.
    """
    differing = [
        what
        for what, differs in (
            ("role", network.role != other.role),
            ("inputs", _on_the_wire(network.inputs) != _on_the_wire(other.inputs)),
            ("outputs", _on_the_wire(network.outputs) != _on_the_wire(other.outputs)),
            ("largest batch", not _takes(network.batching.max_batch, other.batching.max_batch)),
        )
        if differs
    ]
    if differing:
        raise ExportError(
            f"{network.name} cannot take the place of {other.name}: {', '.join(differing)} differ; name a "
            "network of the same tensors with --serve-as"
        )
    return replace(network, name=other.name, parameters={**network.parameters, "network": network.name})


def _on_the_wire(tensors: tuple[Tensor, ...]) -> list[tuple[object, ...]]:
    return [(tensor.name, tensor.dtype, tensor.dims, tensor.optional) for tensor in tensors]


def _takes(batch: int, wanted: int) -> bool:
    """Whether requests made for one batch axis fit the other; 0 means that there is none."""
    return (batch > 0) == (wanted > 0) and batch >= wanted
