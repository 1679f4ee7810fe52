"""The shelf: one file per network. ``NETWORKS`` is in the order of the pipeline."""

from __future__ import annotations

from triton_anime_export.errors import UnknownNetworkError
from triton_anime_export.network import Network

NETWORKS: tuple[Network, ...] = ()


def find(name: str) -> Network:
    """The description called ``name``.

    Raises:
        UnknownNetworkError: there is none; the message lists those there are.
    """
    for network in NETWORKS:
        if network.name == name:
            return network
    known = ", ".join(network.name for network in NETWORKS)
    raise UnknownNetworkError(f"no network is called {name!r}; there are: {known}")
