"""One published size, built, exported and measured: whether the graph computes what PyTorch computes.

Weights are random, since what is asked is whether two programs agree, and official ones need not be here.
"""

from __future__ import annotations

import importlib.metadata
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from torch import nn

from triton_anime_export.errors import ExportError
from triton_anime_export.network import Network, Precision
from triton_anime_export.random_weights import shake
from triton_anime_export.records import Record
from triton_anime_export.sizes import count, parameters, sizes_of
from triton_anime_export.tensorrt_ops import ops_of, warnings_for
from triton_anime_export.to_onnx import Comparison, compare, difference, run, write

SEED = 0
THREADS = 2

REFERENCE = 1e-4
"""Largest error against another implementation, as a share of the largest number that it gives."""


def measure(
    network: Network,
    size: str,
    folder: Path,
    runs: int = 3,
    device: str = "cpu",
    *,
    seed: int = SEED,
    single: bool = False,
    lean: bool = False,
) -> Record:
    """Export one published size with random weights and say how it went.

    Args:
        network: the description, as in ``NETWORKS``.
        size: one of :func:`triton_anime_export.sizes.sizes_of`.
        folder: for the ONNX file.
        runs: calls of ONNX Runtime that are timed.
        device: where both sides compute, ``cpu`` or ``cuda``; the export is the CPU's affair.
        seed: of the weights.
        single: compare requests one by one only, which needs half the memory.
        lean: ONNX Runtime gives memory back at once, so that the peak is what the graph itself needs; its
            calls are slower.

    Returns:
        Plain data for JSON: ``parameters``, ``sizes`` (parameters of every published size), ``onnx_mb``,
        ``nodes``, ``tensorrt`` (what stands in its way), ``export_cpu_s``, ``peak_mib``, ``cases``,
        ``largest_absolute``, ``largest_relative``, ``within``, ``outputs``, ``call``, ``versions``, and
        ``core`` or ``reference`` where a package implements the network too, ``lean`` where it was asked for.

    Raises:
        ExportError: the device is not there.
    """
    opened_with = providers(device)
    torch.manual_seed(seed)
    module = sizes_of(network)[size]()
    described = replace(network.at("full"), precision=Precision.FP32)
    shake(described, module, seed)
    if single and described.batching.max_batch:
        described = replace(described, batching=replace(described.batching, max_batch=1))
    record: Record = {
        "parameters": parameters(module),
        "precision": described.precision.value,
        "seed": seed,
        "device": device,
        "reference": _reference(network, module),
    }
    if lean:
        record["lean"] = True
    if network.sizes:
        record["sizes"] = count(network)
    path = folder / "model.onnx"
    began = time.process_time()
    write(described, module, path)
    record["export_cpu_s"] = round(time.process_time() - began, 1)
    ops = ops_of(path)
    record["onnx_mb"] = round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6, 1)
    record["nodes"] = sum(ops.values())
    record["tensorrt"] = warnings_for(ops)
    session = _session(path, opened_with, lean)
    computed = _Elsewhere(module, device)
    record |= _agreement(described, compare(described, computed, path, session), computed)
    record["call"] = _call(described, session, runs)
    # Linux counts in KiB.
    record["peak_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if device == "cuda":
        record["gpu"] = torch.cuda.get_device_name()
        record["peak_gpu_mib"] = round(torch.cuda.max_memory_allocated() / 2**20)
    packages = ("torch", "onnxruntime-gpu" if device == "cuda" else "onnxruntime", "onnx", "transformers")
    record["versions"] = {package: _version(package) for package in packages}
    return record


def providers(device: str) -> list[Any]:
    """ONNX Runtime's execution providers for a device.

    Raises:
        ExportError: torch or ONNX Runtime does not see the GPU.
    """
    if device == "cpu":
        return ["CPUExecutionProvider"]
    if not torch.cuda.is_available():
        raise ExportError("torch sees no GPU; install a build with CUDA or use --device cpu")
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        raise ExportError(
            "onnxruntime has no CUDAExecutionProvider; install onnxruntime-gpu or use --device cpu"
        )
    # TensorFloat-32 keeps ten bits: it would be measured instead of the graph.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    return [("CUDAExecutionProvider", {"use_tf32": "0"}), "CPUExecutionProvider"]


class _Elsewhere(nn.Module):
    """A module that computes on its device; tensors come from the CPU and return to it."""

    def __init__(self, module: nn.Module, device: str) -> None:
        super().__init__()
        self.module, self.device = module.to(device), device

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        said = self.module(*(value.to(self.device) for value in inputs))
        return tuple(value.cpu() for value in (said if isinstance(said, tuple) else (said,)))


def _session(path: Path, opened_with: Sequence[Any], lean: bool) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.enable_cpu_mem_arena = options.enable_mem_pattern = not lean
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(str(path), options, providers=list(opened_with))


def _agreement(network: Network, found: Sequence[Comparison], module: nn.Module) -> Record:
    """Errors over all cases, for each output, and how much each output varies at all."""
    with torch.no_grad():
        said = module(*network.make_inputs(1, network.example[0]).values())
    outputs: dict[str, Record] = {}
    for tensor, value in zip(network.outputs, said, strict=True):
        rows = [row for row in found if row.output == tensor.name]
        outputs[tensor.name] = {
            "dtype": tensor.dtype,
            "absolute": _digits(max(row.absolute for row in rows)),
            "relative": _digits(max(row.relative for row in rows)),
            # An output that is the same everywhere agrees with anything.
            "deviation": _digits(float(value.double().std(correction=0))),
            "within": all(row.within for row in rows),
        }
        if tensor.name in network.tolerances:
            outputs[tensor.name]["tolerance"] = asdict(network.tolerances[tensor.name])
    return {
        "cases": list(dict.fromkeys(row.case for row in found)),
        "largest_absolute": _digits(max(row.absolute for row in found)),
        "largest_relative": _digits(max(row.relative for row in found)),
        "tolerance": asdict(network.tolerance),
        "within": all(row.within for row in found),
        "outputs": outputs,
    }


def _reference(network: Network, module: nn.Module) -> Record | None:
    """The served module against the package that publishes the network, or whose network it is."""
    core = type(module.get_submodule("core"))
    own = core.__module__.startswith("transformers.")
    record: Record = {"package": "transformers"} | ({"core": core.__name__} if own else {})
    if network.reference is not None:
        with torch.no_grad():
            pairs = network.reference(module)
        compared = record.setdefault("compared", {})
        for what, ours, theirs in pairs:
            wanted = theirs.double().numpy()
            found = difference("", what, ours.double().numpy(), wanted, network.tolerance)
            # Grey levels are rounded: there a step is the least error there is.
            allowed = 1.01 if ours.dtype == torch.uint8 else REFERENCE * float(np.abs(wanted).max())
            compared[what] = {
                "dtype": str(ours.dtype).removeprefix("torch."),
                "absolute": _digits(found.absolute),
                "relative": _digits(found.relative),
                "within": bool(found.absolute <= allowed),
            }
    return record if len(record) > 1 else None


def _call(network: Network, session: ort.InferenceSession, runs: int) -> Record:
    """The fastest of some calls with one request of the first example."""
    inputs = network.make_inputs(1, network.example[0])
    run(session, inputs)
    walls, processor = [], []
    for _ in range(max(1, runs)):
        wall, cpu = time.perf_counter(), time.process_time()
        run(session, inputs)
        walls.append(time.perf_counter() - wall)
        processor.append(time.process_time() - cpu)
    shapes = ", ".join(f"{name} {'x'.join(map(str, value.shape))}" for name, value in inputs.items())
    return {
        "inputs": shapes,
        "wall_s": round(min(walls), 3),
        "cpu_s": round(min(processor), 3),
        "threads": THREADS,
        "runs": max(1, runs),
    }


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
