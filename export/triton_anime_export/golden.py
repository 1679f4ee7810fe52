"""Replays what the reference implementations computed, in PyTorch and in ONNX.

Official checkpoints are not needed: every tensor of the official state dict is drawn from a generator seeded
by its own key name: an implementation with the same keys, shapes and arithmetic gives the recorded numbers.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from triton_anime_export.errors import DataError, WeightsError
from triton_anime_export.network import Golden, GoldenCase, Network, Tolerance
from triton_anime_export.to_onnx import Comparison, difference, run, session, to_proto

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Replay:
    """One output of one recorded case, by one runtime (``PyTorch`` or ``ONNX``)."""

    runtime: str
    found: Comparison


def fill(shapes: Mapping[str, tuple[int, ...]], gain: float, salt: int = 0) -> dict[str, torch.Tensor]:
    """The weights of the rule: normal numbers, scaled by fan-in, seeded by the key's CRC-32 and ``salt``."""
    state: dict[str, torch.Tensor] = {}
    for key, shape in shapes.items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.zeros(shape, dtype=torch.int64)
            continue
        rng = np.random.default_rng(zlib.crc32(key.encode()) ^ salt)
        values = rng.standard_normal(shape).astype(np.float32)
        if key.endswith("running_var"):
            values = 1 + 0.1 * np.abs(values)
        elif key.endswith("running_mean"):
            values = 0.02 * values
        elif len(shape) >= 2:
            values = values * (gain / np.sqrt(np.prod(shape[1:])))
        elif key.endswith(("weight", "gamma")):
            values = 1 + 0.1 * values
        else:
            values = 0.02 * values
        state[key] = torch.from_numpy(np.asarray(values, np.float32))
    return state


def replay(network: Network, folder: Path, *, onnx: bool = True) -> list[Replay]:
    """Every output of every case in ``folder`` against what the reference recorded.

    Args:
        network: a description with a :class:`Golden`.
        folder: holds ``state_dict.json`` (official keys and shapes) and ``golden.npz``, or the files that the
            network's :class:`Golden` names.
        onnx: also export the core and run that.

    Raises:
        DataError: the folder is incomplete or the network has no golden description.
        WeightsError: our module's keys are not the official ones.
    """
    if network.golden is None:
        raise DataError(f"{network.name} has no golden vectors to be compared with")
    return [
        row
        for golden in recordings(network, folder)
        for row in _replay(golden, network.name, folder, onnx=onnx)
    ]


def recordings(network: Network, folder: Path) -> tuple[Golden, ...]:
    """The network's recording, then those of its further variants that the folder holds."""
    if network.golden is None:
        return ()
    more = (golden for golden in network.golden.also if (folder / golden.archive).is_file())
    return (replace(network.golden, also=()), *more)


def _replay(golden: Golden, name: str, folder: Path, *, onnx: bool) -> list[Replay]:
    shapes = official_shapes(golden, folder)
    archive = _archive(golden, folder)
    core = _core(golden, name, shapes, archive)
    tolerance = Tolerance(golden.tolerance)
    replays: list[Replay] = []
    for case in golden.cases(archive):
        arguments = tuple(torch.from_numpy(np.array(value)) for value in case.inputs.values())
        with torch.no_grad():
            said = core(*arguments)
        values = said if isinstance(said, tuple) else (said,)
        results = dict(zip(case.outputs, (value.numpy() for value in values), strict=True))
        replays += _compare("PyTorch", case, results, tolerance)
        if onnx:
            proto = to_proto(core, arguments, list(case.inputs), list(case.outputs), None)
            inputs = dict(zip(case.inputs, arguments, strict=True))
            replays += _compare("ONNX", case, run(session(proto.SerializeToString()), inputs), tolerance)
    return replays


def _compare(
    runtime: str, case: GoldenCase, results: Mapping[str, NDArray[Any]], tolerance: Tolerance
) -> list[Replay]:
    return [
        Replay(runtime, difference(case.name, name, results[name], np.asarray(wanted), tolerance))
        for name, wanted in case.outputs.items()
    ]


def official_shapes(golden: Golden, folder: Path) -> Shapes:
    """Official keys and their shapes; none where the network has no weights.

    Raises:
        DataError: the file is missing.
    """
    if not golden.keys:
        return {}
    path = _found(folder / golden.keys, golden)
    return {key: tuple(shape) for key, shape in json.loads(path.read_text("utf-8")).items()}


def _archive(golden: Golden, folder: Path) -> dict[str, NDArray[Any]]:
    with np.load(_found(folder / golden.archive, golden)) as archive:
        own = dict(archive)
    if not golden.inputs:
        return own
    with np.load(_found(folder / golden.inputs, golden)) as others:
        return {name: others[name] for name in others.files if name.startswith("in_")} | own


def _found(path: Path, golden: Golden) -> Path:
    if not path.is_file():
        wanted = " and ".join(name for name in (golden.keys, golden.archive, golden.inputs) if name)
        raise DataError(f"{path} is missing; a golden folder of this network holds {wanted}")
    return path


def _core(golden: Golden, name: str, shapes: Shapes, archive: Mapping[str, NDArray[Any]]) -> torch.nn.Module:
    core = golden.core(shapes)
    gain, salt = (archive.get(name, np.array(0)) for name in ("gain", "salt"))
    state = golden.adapt(fill(shapes, float(gain), int(salt)))
    try:
        core.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(
            f"{name}: keys differ from the official ones: {error}".replace("\n", " ")
        ) from error
    return core.eval()
