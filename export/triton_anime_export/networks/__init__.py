"""The shelf: one file per network. ``NETWORKS`` is in the order of the pipeline."""

from __future__ import annotations

from triton_anime_export.errors import UnknownNetworkError
from triton_anime_export.network import Network
from triton_anime_export.networks import (
    clipseg,
    clipseg_text,
    deaot,
    e2fgvi_hq,
    gma,
    grounding_dino,
    isnet_anime,
    lama,
    mask2former,
    modnet,
    panoptic_deeplab,
    propainter,
    raft,
    raft_small,
    sam,
    sam2,
    sttn,
    u2net,
    vitmatte,
    xmem,
)

NETWORKS: tuple[Network, ...] = (
    mask2former.WIDE,
    mask2former.STANDARD,
    mask2former.TALL,
    panoptic_deeplab.NETWORK,
    u2net.NETWORK,
    isnet_anime.NETWORK,
    modnet.NETWORK,
    vitmatte.NETWORK,
    clipseg.NETWORK,
    clipseg_text.NETWORK,
    grounding_dino.NETWORK,
    sam.SAM_ENCODE,
    sam.SAM_DECODE,
    sam2.SAM2_ENCODE,
    sam2.SAM2_DECODE,
    lama.NETWORK,
    propainter.PROPAINTER_COMPLETE,
    propainter.PROPAINTER_PROPAGATE,
    propainter.PROPAINTER_GENERATE,
    sttn.NETWORK,
    e2fgvi_hq.NETWORK,
    raft_small.NETWORK,
    raft.NETWORK,
    gma.NETWORK,
    xmem.XMEM_ENCODE,
    xmem.XMEM_DECODE,
    xmem.XMEM_VALUE,
    deaot.DEAOT_ENCODE,
    deaot.DEAOT_REFERENCE,
    deaot.DEAOT_PROPAGATE,
    deaot.DEAOT_IDENTIFY,
)


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


def find_all(name: str) -> tuple[Network, ...]:
    """The description called ``name``, or all that share the checkpoint of that family (``xmem``).

    Raises:
        UnknownNetworkError: there is neither.
    """
    family = tuple(network for network in NETWORKS if network.family == name)
    return family or (find(name),)
