"""Complete model repositories: which networks at which size, and how a folder of them is written.

A profile is a model repository for the ensembles of this project. ``lite`` is what is committed; ``full`` has
the published networks of every role that has them, each from its official checkpoint. Where a checkpoint is
not on this machine the committed network of that name takes its place, or none, and the caller is told: the
repository is complete either way.

Of the networks that look at several frames ``full`` has those that may be used commercially; ProPainter and
E2FGVI-HQ are added by name.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import nn

from triton_anime_export.download import cached
from triton_anime_export.folders import is_served, model_folder, onnx_file
from triton_anime_export.network import Network, Size
from triton_anime_export.networks import NETWORKS, find, find_all
from triton_anime_export.stand_in import standing_in
from triton_anime_export.to_config import config_text
from triton_anime_export.to_onnx import export
from triton_anime_export.to_tokenizer import Kind, write_tokenizer
from triton_anime_export.weights import load

Profile = Literal["lite", "full"]

PROFILES: dict[Profile, tuple[str, ...]] = {
    "lite": (),
    "full": (
        "mask2former_wide",
        "u2net",
        "isnet_anime",
        "modnet",
        "vitmatte",
        "clipseg",
        "clipseg_text",
        "grounding_dino",
        "sam_encode",
        "sam_decode",
        "lama",
        "sttn",
        "raft",
        "xmem_encode",
        "xmem_decode",
        "xmem_value",
        "deaot_encode",
        "deaot_reference",
        "deaot_propagate",
        "deaot_identify",
    ),
}
"""Networks at their full size; the others are the committed ones. Every further shape of Mask2Former holds
all its weights again, so one shape is usual: ``--add mask2former_standard`` puts another beside it."""

STANDS_IN: dict[str, tuple[str, ...]] = {
    "panoptic_deeplab": ("mask2former_wide", "mask2former_standard", "mask2former_tall"),
    "raft_small": ("raft", "gma"),
}
"""Committed networks whose role a full one of another name fills."""

PLACES: dict[str, str] = {"raft": "raft_small", "gma": "raft_small"}
"""Networks that are written into another's model folder, since an ensemble names the model of its steps:
``estimate_flow`` calls ``raft_small``. There is room for one; what is added by name goes first."""

TOKENIZERS: dict[str, tuple[str, Kind]] = {
    "clipseg_text": ("clip_tokenizer", "clip"),
    "grounding_dino": ("bert_tokenizer", "bert"),
}
"""Networks that read tokens at their full size -> the model that makes them, and its convention."""


@dataclass(frozen=True)
class Source:
    """Weights of a full network on this machine.

    Attributes:
        module: the served module with these weights.
        vocabulary: tokenizer.json of its text tower, where it has one.
    """

    module: nn.Module
    vocabulary: Path | None = None


@dataclass(frozen=True)
class Placed:
    """What became of one network.

    Attributes:
        name: of the network.
        size: that was written, or None where nothing was.
        note: why, where it is not what the profile says, or what is missing beside it.
    """

    name: str
    size: Size | None
    note: str = ""


Find = Callable[[Network], Source | None]
"""Finds a full network's weights; None where there are none on this machine."""


def official(network: Network) -> Source | None:
    """The network with the first of its published checkpoints that is in the cache folder."""
    for published in network.official:
        path = cached(network, published)
        if path.is_file():
            vocabulary = path.with_name("tokenizer.json")
            module = load(network, "full", path)
            return Source(module, vocabulary if vocabulary.is_file() else None)
    return None


def write(
    profile: Profile,
    folder: Path,
    *,
    add: Iterable[str] = (),
    leave_out: Iterable[str] = (),
    find_weights: Find = official,
) -> Iterator[Placed]:
    """Write a model repository, network by network; those that are there already are written again.

    Args:
        profile: which.
        folder: of the repository; made where it is missing.
        add: further networks, or families of them, at their full size.
        leave_out: networks, or families of them, that are not written.
        find_weights: finds a full network's weights.

    Yields:
        What became of each network, as soon as it is there.

    Raises:
        UnknownNetworkError: a name that is no network's.
        WeightsError: a checkpoint does not fit.
        ParityError: a graph strays from its module.
        OSError: the folder cannot be written.
    """
    skipped = {network.name for name in leave_out for network in find_all(name)}
    added = {network.name for name in add for network in find_all(name)}
    full = added.union(PROFILES[profile])
    folder.mkdir(parents=True, exist_ok=True)
    written: set[str] = set()
    notes: dict[str, str] = {}
    chosen = [network for network in NETWORKS if network.name not in skipped]
    # Where two want one place, the user's choice is asked before the profile's.
    for network in sorted(chosen, key=lambda network: network.name not in added):
        if network.name in full:
            placed = _write_full(network, folder, written, find_weights)
            if placed.size is None:
                notes[network.name] = placed.note
            else:
                written.add(network.name)
                yield placed
    for network in chosen:
        if network.name not in written:
            note = notes.get(network.name, "")
            lite = _copy_lite(network, folder, written, note)
            if lite is not None or note:
                yield lite or Placed(network.name, None, note)


def _write_full(network: Network, folder: Path, written: set[str], find_weights: Find) -> Placed:
    place = find(PLACES.get(network.name, network.name))
    if place.name in PLACES.values():
        before = next((name for name in (place.name, *STANDS_IN[place.name]) if name in written), "")
        if before:
            return Placed(network.name, None, f"{before} fills its role")
    source = find_weights(network)
    if source is None:
        return Placed(network.name, None, f"its checkpoint is not here; run: {_fetch(network)}")
    described = network.at("full")
    if place.name != network.name:
        described = standing_in(described, place)
    export(described, source.module, onnx_file(described, folder))
    (model_folder(described, folder) / "config.pbtxt").write_text(config_text(described), "utf-8")
    if place.name != network.name:
        return Placed(network.name, "full", f"as {place.name}")
    if network.name not in TOKENIZERS:
        return Placed(network.name, "full")
    name, kind = TOKENIZERS[network.name]
    if source.vocabulary is None:
        note = f"{name} is missing, for its tokenizer.json is not here; run: {_fetch(network)}"
        return Placed(network.name, "full", note)
    write_tokenizer(folder, name, source.vocabulary, kind)
    return Placed(network.name, "full", f"with {name}")


def _copy_lite(network: Network, folder: Path, written: set[str], note: str) -> Placed | None:
    """Copy what is committed; None where nothing is."""
    if not is_served(network):
        return None
    instead = next((name for name in STANDS_IN.get(network.name, ()) if name in written), "")
    if instead:
        return Placed(network.name, None, f"{instead} fills its role")
    target = model_folder(network, folder)
    shutil.rmtree(target, ignore_errors=True)
    not_served = shutil.ignore_patterns("README.md", "card.json", "*.jpg", "*.png")
    shutil.copytree(model_folder(network), target, ignore=not_served)
    return Placed(network.name, "lite", note)


def _fetch(network: Network) -> str:
    return f"triton-anime-export weights {network.family or network.name}"
