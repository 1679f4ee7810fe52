"""What a network is, as data.

One description feeds the ONNX export, its example inputs, its numeric comparison, ``config.pbtxt``, the
model card and the table of the top README. A network is one file in ``networks/`` that ends in
``NETWORK = Network(...)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Size = Literal["lite", "full"]
"""``lite``: small, trained by this project. ``full``: the published size with the official checkpoint."""

SIZES: tuple[Size, ...] = ("lite", "full")

StateDict = dict[str, torch.Tensor]

Shapes = Mapping[str, tuple[int, ...]]
"""Official key -> shape."""

_DTYPES = {
    "uint8": torch.uint8,
    "int32": torch.int32,
    "int64": torch.int64,
    "float32": torch.float32,
    "bool": torch.bool,
}


@dataclass(frozen=True)
class Tensor:
    """One input or output of a served network, without its batch axis.

    Attributes:
        name: the name on the wire, in capitals.
        dtype: numpy name of the element type.
        axes: a number for a fixed axis, a word for one that may vary; inputs that share a word share it.
        meaning: one phrase for the card: content and unit.
        optional: the request may leave it out.
    """

    name: str
    dtype: Literal["uint8", "int32", "int64", "float32", "bool"]
    axes: tuple[int | str, ...]
    meaning: str = ""
    optional: bool = False

    @property
    def dims(self) -> tuple[int, ...]:
        """Triton's dims: -1 for every axis that may vary."""
        return tuple(axis if isinstance(axis, int) else -1 for axis in self.axes)

    @property
    def torch_dtype(self) -> torch.dtype:
        """The element type as torch names it."""
        return _DTYPES[self.dtype]


@dataclass(frozen=True)
class Weights:
    """A published checkpoint of the full size.

    Attributes:
        url: where its authors offer it.
        sha256: of the file, or None where nobody published one.
        licence: SPDX name, or a phrase.
        commercial: whether the licence allows commercial use.
        note: which variant this is.
        companions: addresses of small files that belong to it, such as the vocabulary of a text tower.
        member: the file's name inside the zip archive that ``url`` leads to, whatever folder it is in there;
            empty where ``url`` leads to the file itself.
    """

    url: str
    sha256: str | None
    licence: str
    commercial: bool
    note: str = ""
    companions: tuple[str, ...] = ()
    member: str = ""


@dataclass(frozen=True)
class Published:
    """A number that the authors of a checkpoint report.

    Attributes:
        measure: as they call it, with the data it was measured on.
        value: as they print it, unit included.
        source: the paper's table, the model card or the repository that states it.
        variant: the checkpoint, where there are several.
    """

    measure: str
    value: str
    source: str
    variant: str = ""


@dataclass(frozen=True)
class Batching:
    """How Triton may join requests. ``max_batch`` 0 means that the tensors carry no batch axis at all."""

    max_batch: int
    dynamic: bool = True
    queue_delay_us: int = 500


class Precision(Enum):
    """What the numbers in the ONNX file are."""

    FP32 = "fp32"
    FP16_WEIGHTS = "fp16 weights"
    """Matrices stored as float16 behind a Cast that the runtime folds when it loads: half the file."""
    FP16 = "fp16"
    """The whole graph computes in float16 (GPU)."""
    INT8_WEIGHTS = "int8 weights, fp32 arithmetic"
    """Matrices stored as int8 with a scale for each output channel; half the size of float16."""
    INT8 = "int8"
    """Explicit Q/DQ pairs."""


@dataclass(frozen=True)
class Tolerance:
    """How far an exported graph may stray from PyTorch: |a - b| <= atol + rtol * |b|, in the output's unit.

    ``outliers`` is the share of elements that may stray further: a threshold inside the graph (rounding, NMS)
    turns a difference of one bit into a large one for a few elements.
    """

    atol: float
    rtol: float = 0.0
    outliers: float = 0.0


@dataclass(frozen=True)
class GoldenCase:
    """Recorded inputs and outputs of the reference implementation, by name, in the order of ``forward``."""

    name: str
    inputs: dict[str, NDArray[Any]]
    outputs: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Golden:
    """How golden vectors of the reference implementation are replayed.

    Attributes:
        core: builds the module whose keys are the official ones, given the official keys and shapes (this is
            how a variant is chosen). Its ``forward`` takes the inputs of a case and returns the outputs.
        cases: reads the cases out of the opened archive.
        adapt: turns the filled official state dict into the module's own (prefixes, aliases).
        tolerance: absolute, in float32.
        archive: file of recorded inputs and outputs, where a folder holds several.
        keys: file of official keys and shapes; empty where there are no weights.
        inputs: archive whose inputs (``in_...``) complete this one's, where those are not stored twice.
        also: recordings of further variants, replayed where the folder holds them.
    """

    core: Callable[[Mapping[str, tuple[int, ...]]], nn.Module]
    cases: Callable[[Mapping[str, NDArray[Any]]], Sequence[GoldenCase]]
    adapt: Callable[[StateDict], StateDict] = dict
    tolerance: float = 1e-4
    archive: str = "golden.npz"
    keys: str = "state_dict.json"
    inputs: str = ""
    also: tuple[Golden, ...] = ()


@dataclass(frozen=True)
class Network:
    """One network of the repository.

    Attributes:
        name: file, model folder, CLI value: one name from end to end.
        role: what it does for the pipeline; several networks may share a role.
        summary: one sentence for the card.
        paper: authors, title, venue, year.
        inputs, outputs: of the served module, in the order of its ``forward``.
        batching: how Triton joins requests.
        tolerance: between PyTorch and the ONNX graph.
        tolerances: of outputs, by name, that need another one.
        build: the served module of a size, with fresh weights: uint8 frames in, the outputs above out, with a
            submodule ``core`` whose state dict has the official keys.
        example: word axes of the inputs -> lengths, two or more sets (one portrait), all checked for parity.
        official: published checkpoints of the full size.
        adapt_official: official state dict -> the state dict of ``core``.
        precision: of the committed ONNX file.
        example_inputs: makes inputs where random ones of the right shape will not do.
        dynamic_shapes: for ``torch.export``, where an axis must be more than a free word.
        golden: how the reference's golden vectors are replayed.
        intra_op_threads: of one instance on a CPU.
        inside: how the frame is brought to the network inside the graph, one phrase for the card.
        parameters: more parameters for config.pbtxt.
        full: fields that are others at the full size (tensors, examples); :meth:`at` puts them in.
        variant: the served module that official keys and shapes belong to, with fresh weights: how one
            description reads several official checkpoints. Without it there is one full size, ``build``'s.
        published: what the authors report of the official checkpoints.
        sizes: published sizes by the name of their checkpoint (as ``published`` and the notes of ``official``
            have it) -> the served module with fresh weights, ``build``'s first; empty where there is one.
        reference: compares the served module of the full size, weights filled, with the package that
            publishes the network: what is compared, ours, theirs. Not needed where the core is the package's.
        family: the network that this is a part or a shape of, where one checkpoint serves several.
    """

    name: str
    role: str
    summary: str
    paper: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    batching: Batching
    tolerance: Tolerance
    build: Callable[[Size], nn.Module]
    example: tuple[Mapping[str, int], ...]
    official: tuple[Weights, ...] = ()
    adapt_official: Callable[[StateDict], StateDict] = dict
    precision: Precision = Precision.FP16_WEIGHTS
    example_inputs: Callable[[int, Mapping[str, int]], dict[str, torch.Tensor]] | None = None
    dynamic_shapes: Callable[[], tuple[Any, ...]] | None = None
    golden: Golden | None = None
    intra_op_threads: int = 1
    inside: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    full: Mapping[str, Any] = field(default_factory=dict)
    variant: Callable[[Shapes], nn.Module] | None = None
    published: tuple[Published, ...] = ()
    sizes: Mapping[str, Callable[[], nn.Module]] = field(default_factory=dict)
    reference: Callable[[nn.Module], Sequence[tuple[str, torch.Tensor, torch.Tensor]]] | None = None
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    family: str = ""

    def at(self, size: Size) -> Network:
        """The description of one size."""
        return replace(self, **self.full) if size == "full" and self.full else self

    def make_inputs(self, batch: int, lengths: Mapping[str, int]) -> dict[str, torch.Tensor]:
        """Inputs for one call of the served module: soft blotches for images, small normals for floats."""
        if self.example_inputs is not None:
            return self.example_inputs(batch, lengths)
        lead = (batch,) if self.batching.max_batch else ()
        made: dict[str, torch.Tensor] = {}
        for seed, tensor in enumerate(self.inputs):
            shape = lead + tuple(axis if isinstance(axis, int) else lengths[axis] for axis in tensor.axes)
            made[tensor.name] = _example(shape, tensor.torch_dtype, seed)
        return made

    def export_shapes(self) -> tuple[Any, ...]:
        """One mapping axis -> ``torch.export.Dim`` per input; equal words become one Dim."""
        if self.dynamic_shapes is not None:
            return self.dynamic_shapes()
        dims: dict[str, Any] = {}
        shapes: list[dict[int, Any]] = []
        lead: tuple[int | str, ...] = ("batch",) if self.batching.max_batch else ()
        for tensor in self.inputs:
            words = {i: axis for i, axis in enumerate(lead + tensor.axes) if isinstance(axis, str)}
            shapes.append({i: dims.setdefault(word, torch.export.Dim(word)) for i, word in words.items()})
        return tuple(shapes)


def _example(shape: tuple[int, ...], dtype: torch.dtype, seed: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    if dtype.is_floating_point:
        return torch.from_numpy(rng.standard_normal(shape).astype(np.float32) * 0.5)
    if dtype != torch.uint8 or len(shape) < 2:
        return torch.from_numpy(rng.integers(0, 2, shape)).to(dtype)
    # Frames are smooth with hard edges: white noise would exercise only the resizing.
    values = rng.integers(0, 256, tuple(max(2, -(-side // 12)) if side > 12 else side for side in shape))
    for axis, side in enumerate(shape):
        values = values.repeat(-(-side // values.shape[axis]), axis=axis).take(range(side), axis=axis)
    noise = rng.integers(-6, 7, shape)
    return torch.from_numpy(np.clip(values + noise, 0, 255).astype(np.uint8))
