"""Reading a config.pbtxt through Triton's own protobuf description."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from triton_anime.errors import InputError
from triton_anime.server import TensorDescription


@dataclass(frozen=True)
class ModelConfig:
    """The part of a model's configuration that the client looks at."""

    name: str
    backend: str
    platform: str
    max_batch_size: int
    inputs: tuple[TensorDescription, ...]
    outputs: tuple[TensorDescription, ...]
    parameters: dict[str, str]
    steps: tuple[str, ...]
    """Models that an ensemble runs, in order; empty for anything else."""


def read_model_config(file: Path) -> ModelConfig:
    """Parse ``file``.

    Raises:
        InputError: it is not a Triton model configuration.
    """
    try:
        message = text_format.Parse(file.read_text(encoding="utf-8"), model_config_pb2.ModelConfig())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not a Triton model configuration: {error}") from error
    return model_config(message)


def model_config(message: Any) -> ModelConfig:
    """The same from a ``ModelConfig`` message, such as a server's answer."""
    batched = message.max_batch_size > 0
    return ModelConfig(
        name=message.name,
        backend=message.backend,
        platform=message.platform,
        max_batch_size=message.max_batch_size,
        inputs=_tensors(message.input, batched),
        outputs=_tensors(message.output, batched),
        parameters={key: value.string_value for key, value in message.parameters.items()},
        steps=tuple(step.model_name for step in message.ensemble_scheduling.step),
    )


def _tensors(tensors: Iterable[Any], batched: bool) -> tuple[TensorDescription, ...]:
    return tuple(
        TensorDescription(
            name=tensor.name,
            dtype=_dtype(tensor.data_type),
            shape=(-1,) * batched + tuple(tensor.dims),
            optional=bool(getattr(tensor, "optional", False)),
        )
        for tensor in tensors
    )


def _dtype(number: int) -> str:
    # TYPE_UINT8 here is UINT8 on the wire, and TYPE_STRING is BYTES.
    name = str(model_config_pb2.DataType.Name(number)).removeprefix("TYPE_")
    return "BYTES" if name == "STRING" else name
