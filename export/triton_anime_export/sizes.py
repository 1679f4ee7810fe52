"""Published sizes of the networks: which there are, what they are called, how they are built."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import nn

from triton_anime_export.errors import UnknownNetworkError
from triton_anime_export.network import Network, Shapes, Weights

Sizes = Mapping[str, Callable[[], nn.Module]]


def has_full_size(network: Network) -> bool:
    """Whether somebody published weights for it: a full size that nobody trained is only a plan."""
    return bool(network.official)


def sizes_of(network: Network) -> Sizes:
    """Name of a published size -> its served module, fresh weights; the name is empty where there is one."""
    return network.sizes or {"": lambda: network.build("full")}


def key(network: Network, size: str = "") -> str:
    """The name of a record: the network's for its first size, else ``NETWORK/SIZE``."""
    return network.name if size == next(iter(sizes_of(network))) else f"{network.name}/{size}"


def keys(networks: Iterable[Network], *, every: bool = False) -> list[str]:
    """Names of the published sizes of ``networks``: the first of each, or every one."""
    return [
        key(network, size)
        for network in networks
        if has_full_size(network)
        for size in (list(sizes_of(network)) if every else list(sizes_of(network))[:1])
    ]


def find_size(networks: Iterable[Network], name: str) -> tuple[Network, str]:
    """The network and the size that a key names.

    Raises:
        UnknownNetworkError: there is none; the message lists those there are.
    """
    known = list(networks)
    for network in known:
        for size in sizes_of(network):
            if has_full_size(network) and name == key(network, size):
                return network, size
    listed = ", ".join(keys(known, every=True))
    raise UnknownNetworkError(f"no published size is called {name!r}; there are: {listed}")


def parameters(module: nn.Module) -> int:
    """How many numbers training would change."""
    return sum(parameter.numel() for parameter in module.parameters())


def count(network: Network) -> dict[str, int]:
    """Parameters of every published size; nothing is allocated."""
    with torch.device("meta"):
        return {size: parameters(build()) for size, build in sizes_of(network).items()}


def size_with(network: Network, shapes: Shapes) -> str:
    """The published size whose core has these keys and shapes; the first where none has."""
    with torch.device("meta"):
        for size, build in network.sizes.items():
            state = build().get_submodule("core").state_dict()
            if {name: tuple(value.shape) for name, value in state.items()} == dict(shapes):
                return size
    return next(iter(sizes_of(network)))


def size_of(network: Network, weights: Weights) -> str:
    """The published size that a checkpoint belongs to: the one its note names."""
    return next((size for size in network.sizes if named(size, weights.note)), next(iter(sizes_of(network))))


def named(word: str, text: str) -> bool:
    """Whether ``text`` has ``word`` as a whole word: ``u2net`` is not in ``u2netp.pth``."""
    return bool(re.search(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", text))
