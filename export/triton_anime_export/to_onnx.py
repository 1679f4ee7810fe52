"""From a served PyTorch module to one ONNX file, and the proof that both compute the same.

Parameters keep their PyTorch names in the file and normalisations are left for the runtime to fold, so that a
committed ``model.onnx`` is also the checkpoint: :mod:`triton_anime_export.weights` reads it back.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx_ir import passes as ir_passes
from onnx_ir import serde
from onnx_ir.passes import common
from onnxscript.optimizer import _constant_folding
from torch import nn

from triton_anime_export.errors import ParityError
from triton_anime_export.network import Network, Tolerance
from triton_anime_export.to_precision import round_weights, store

OPSET = 18
"""Native to the dynamo exporter; later ones are ahead of some TensorRT parsers."""

BATCHES = (1, 2)


@dataclass(frozen=True)
class Dialect:
    """The operators that a graph is written in.

    Attributes:
        opset: of ONNX.
        translations: torch operator of our own -> what writes it with the operators of onnxscript.
    """

    opset: int = OPSET
    translations: Mapping[Any, Callable[..., Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """One output of one call: largest differences and whether they are tolerated."""

    case: str
    output: str
    absolute: float
    relative: float
    within: bool


def export(
    network: Network, module: nn.Module, path: Path, dialect: Dialect | None = None
) -> list[Comparison]:
    """Write ``module`` to ``path`` at the network's precision and compare both on its example inputs.

    Args:
        network: the description.
        module: its served module; its matrices are first rounded, in place, to what will be stored.
        path: of the ONNX file; its folder is made.
        dialect: of the graph, the usual one when None.

    Returns:
        One comparison per output, example and batch size.

    Raises:
        ParityError: the file strays beyond the network's tolerance. It is left on disk for inspection.
    """
    write(network, module, path, dialect)
    comparisons = compare(network, module, path)
    for found in comparisons:
        if not found.within:
            raise ParityError(
                f"{network.name}: {found.output} strays by {found.absolute:.3g} at {found.case}, more than "
                f"its tolerance {network.tolerance.atol:g}; look for sizes that were baked into the graph"
            )
    return comparisons


def write(network: Network, module: nn.Module, path: Path, dialect: Dialect | None = None) -> None:
    """Write ``module`` to ``path`` as :func:`export` does, without comparing.

    Args:
        network: the description.
        module: its served module, whose matrices are rounded in place.
        path: of the ONNX file; its folder is made.
        dialect: of the graph, the usual one when None.
    """
    module.eval()
    round_weights(module, network.precision)
    arguments = tuple(network.make_inputs(2, network.example[0]).values())
    proto = to_proto(
        module,
        arguments,
        [tensor.name for tensor in network.inputs],
        [tensor.name for tensor in network.outputs],
        network.export_shapes(),
        dialect,
    )
    store(proto, network.precision)
    onnx.checker.check_model(proto)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(proto, path)


def to_proto(
    module: nn.Module,
    arguments: tuple[torch.Tensor, ...],
    inputs: Sequence[str],
    outputs: Sequence[str],
    dynamic_shapes: tuple[Any, ...] | None,
    dialect: Dialect | None = None,
) -> onnx.ModelProto:
    """Trace ``module`` with torch.export; parameters keep their names, what is constant is folded."""
    dialect = dialect or Dialect()
    with torch.no_grad(), _quiet():
        program = torch.onnx.export(
            module,
            arguments,
            dynamo=True,
            opset_version=dialect.opset,
            custom_translation_table=dict(dialect.translations),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=dynamic_shapes,
            external_data=False,
            optimize=False,
            verbose=False,
        )
    assert program is not None
    model = program.model
    parameters = set(model.graph.initializers)

    def keep(node: Any) -> bool | None:
        named = any(value is not None and value.name in parameters for value in node.inputs)
        return False if named else None

    ir_passes.Sequential(
        common.InlinePass(),
        _constant_folding.FoldConstantsPass(
            shape_inference=True, input_size_limit=8192, output_size_limit=1 << 18, should_fold=keep
        ),
        common.IdentityEliminationPass(),
        common.RemoveUnusedNodesPass(),
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        common.CommonSubexpressionEliminationPass(),
        common.RemoveUnusedNodesPass(),
        common.RemoveUnusedFunctionsPass(),  # type: ignore[no-untyped-call]
        common.RemoveUnusedOpsetsPass(),
        common.OutputFixPass(),
        common.ClearMetadataAndDocStringPass(),
    )(model)
    proto: onnx.ModelProto = serde.serialize_model(model)
    return proto


def session(path: Path | bytes, threads: int = 2) -> ort.InferenceSession:
    """A CPU session that does not spin between calls."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    content = path if isinstance(path, bytes) else str(path)
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run(opened: ort.InferenceSession, inputs: Mapping[str, torch.Tensor]) -> dict[str, NDArray[Any]]:
    """One call; inputs the graph does not know are left out."""
    known = {value.name for value in opened.get_inputs()}
    names = [value.name for value in opened.get_outputs()]
    values = opened.run(names, {name: value.numpy() for name, value in inputs.items() if name in known})
    return dict(zip(names, values, strict=True))


def compare(
    network: Network, module: nn.Module, path: Path, opened: ort.InferenceSession | None = None
) -> list[Comparison]:
    """PyTorch against the file at every example size and, where there is a batch axis, two batch sizes.

    Args:
        network: the description.
        module: its served module; takes and gives tensors of the CPU.
        path: of the file.
        opened: the file, opened already.
    """
    opened = opened or session(path)
    batches = BATCHES if network.batching.max_batch > 1 else (1,)
    found: list[Comparison] = []
    for lengths in network.example:
        for batch in batches:
            inputs = network.make_inputs(batch, lengths)
            with torch.no_grad():
                said = module(*inputs.values())
            wanted = said if isinstance(said, tuple) else (said,)
            given = run(opened, inputs)
            case = f"batch {batch}, " + ", ".join(f"{word} {length}" for word, length in lengths.items())
            for tensor, value in zip(network.outputs, wanted, strict=True):
                tolerance = network.tolerances.get(tensor.name, network.tolerance)
                found.append(difference(case, tensor.name, given[tensor.name], value.numpy(), tolerance))
    return found


def difference(
    case: str, output: str, given: NDArray[Any], wanted: NDArray[Any], tolerance: Tolerance
) -> Comparison:
    """Compare two arrays; another shape is as far off as can be."""
    if given.shape != wanted.shape:
        return Comparison(case, output, float("inf"), float("inf"), within=False)
    a, b = given.astype(np.float64), wanted.astype(np.float64)
    error = np.abs(a - b)
    beyond = error > tolerance.atol + tolerance.rtol * np.abs(b)
    largest = float(error.max(initial=0.0))
    scale = max(float(np.abs(b).max(initial=0.0)), 1e-12)
    finite = bool(np.isfinite(a).all())
    within = finite and float(beyond.mean() if beyond.size else 0.0) <= tolerance.outliers
    return Comparison(case, output, largest, largest / scale, within)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter: it reports torchvision, which we do not use, and its own progress."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)
