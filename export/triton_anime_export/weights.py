"""Weights into a served module: from a training run, a committed ONNX file or an official checkpoint."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file
from torch import nn

from triton_anime_export.errors import WeightsError
from triton_anime_export.network import Network, Size, StateDict
from triton_anime_export.to_precision import HALF_SUFFIX, SCALE_SUFFIX, WHOLE_SUFFIX

CORE = "core."


NAMED = 4
"""Missing and unknown keys that a message names."""


def load(network: Network, size: Size, path: Path) -> nn.Module:
    """The served module of ``size`` with the weights of ``path``, in eval mode.

    Args:
        network: the description.
        size: which variant to build.
        path: ``weights.pt`` of a training run, a ``model.onnx`` written by this package, or (for ``full``) an
            official checkpoint; where a network has several, its keys and shapes say which it is.

    Raises:
        WeightsError: the file is missing, cannot be read, or holds another network's weights.
    """
    state = _read(network, size, path)
    module = _module(network, size, state)
    core = module.get_submodule("core")
    core.load_state_dict(_fitting(network, size, path, state, core), strict=False)
    return module.eval()


def fitted(network: Network, size: Size, path: Path) -> StateDict:
    """What ``path`` holds for the network, by the keys of its ``core``.

    Args:
        network: the description.
        size: of the variant.
        path: as for :func:`load`.

    Raises:
        WeightsError: as for :func:`load`; the message names keys that are missing, unknown or misshapen.
    """
    state = _read(network, size, path)
    with torch.device("meta"):
        core = _module(network, size, state).get_submodule("core")
    return _fitting(network, size, path, state, core)


def _read(network: Network, size: Size, path: Path) -> StateDict:
    if not path.is_file():
        raise WeightsError(f"{path} does not exist; train with: triton-anime-export train {network.name}")
    state = from_onnx(path) if path.suffix == ".onnx" else from_checkpoint(path)
    return network.adapt_official(state) if size == "full" and path.suffix != ".onnx" else state


def _module(network: Network, size: Size, state: StateDict) -> nn.Module:
    """The variant that the weights belong to; the usual one where they are nobody's: keys will tell."""
    usual = network.build(size)
    if size != "full" or network.variant is None:
        return usual
    # The variants share most keys, which is enough to see a prefix.
    bare = without_prefix(state, usual.get_submodule("core").state_dict())
    try:
        return network.variant({key: tuple(value.shape) for key, value in bare.items()})
    except (KeyError, IndexError):
        return usual


def _fitting(network: Network, size: Size, path: Path, state: StateDict, core: nn.Module) -> StateDict:
    wanted = core.state_dict()
    if size == "full":
        state = without_prefix(state, wanted)
    fitting = {
        key: value for key, value in state.items() if key in wanted and value.shape == wanted[key].shape
    }
    # Counters of BatchNorm do not travel and are not missed. A file of ours holds what its graph uses, no
    # more: the comparison after it is loaded is the proof.
    missing = [key for key in wanted if key not in state and not key.endswith("num_batches_tracked")]
    # Constants that a module keeps out of its state dict are in the graph all the same.
    constants = {name for name, _ in core.named_buffers()}
    unexpected = [key for key in state if key not in wanted and key not in constants]
    other = [key for key in state if key in wanted and key not in fitting]
    if unexpected or other or (missing and path.suffix != ".onnx"):
        raise WeightsError(
            f"{path} is not a checkpoint of {network.name} ({size}): {_named('missing', missing)}, "
            f"{_named('unknown', unexpected)}, {_named('of another shape', other)}"
        )
    return fitting


def without_prefix(state: StateDict, wanted: Container[str]) -> StateDict:
    """The state dict without the prefix (``module.``, ``net.`` ...) that hides most of its keys."""
    prefixes = {key[: dot + 1] for key in state for dot in range(len(key)) if key[dot] == "."}

    def fitting(prefix: str) -> int:
        return sum(key.startswith(prefix) and key.removeprefix(prefix) in wanted for key in state)

    best = max(("", *sorted(prefixes, key=len)), key=fitting)
    return {key.removeprefix(best): value for key, value in state.items()}


def _named(what: str, keys: list[str]) -> str:
    some = ", ".join(keys[:NAMED]) + (", ..." if len(keys) > NAMED else "")
    return f"{len(keys)} keys {what}" + (f" ({some})" if keys else "")


def from_checkpoint(path: Path) -> StateDict:
    """A state dict saved by torch or as safetensors; pickles that hold anything but tensors are refused.

    Raises:
        WeightsError: it cannot be read.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WeightsError(f"{path} is not a readable checkpoint: {error}".splitlines()[0]) from error
    # Ours keep the averaged weights beside others; published ones often sit one level down.
    for key in ("averaged", "state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    return dict(state)


def from_onnx(path: Path) -> StateDict:
    """The parameters of ``core`` out of a file written by :func:`triton_anime_export.to_onnx.export`.

    Raises:
        WeightsError: it is not such a file.
    """
    try:
        graph = onnx.load(path).graph
    except Exception as error:
        raise WeightsError(f"{path} is not an ONNX file") from error
    stored = {initializer.name: numpy_helper.to_array(initializer) for initializer in graph.initializer}
    state: StateDict = {}
    for stored_name, values in stored.items():
        name = stored_name.removesuffix(HALF_SUFFIX).removesuffix(WHOLE_SUFFIX)
        if not name.startswith(CORE) or stored_name.removesuffix(SCALE_SUFFIX) + WHOLE_SUFFIX in stored:
            continue
        if stored_name.endswith(WHOLE_SUFFIX):
            values = values.astype(np.float32) * stored[name + SCALE_SUFFIX]
        elif values.dtype == np.float16:
            values = values.astype(np.float32)
        state[name.removeprefix(CORE)] = torch.from_numpy(np.array(values))
    if not state:
        raise WeightsError(f"{path} holds no named parameters; it was not written by this package")
    return state
