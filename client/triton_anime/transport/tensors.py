"""What a model accepts, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray
from tritonclient.utils import np_to_triton_dtype

from triton_anime.errors import ModelError
from triton_anime.server import ServedModel


def check_tensors(
    model: ServedModel, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None
) -> None:
    """Compare a request with what ``model`` declares.

    Raises:
        ModelError: an unknown or missing tensor, a wrong type, or a shape that cannot fit.
    """
    declared = {tensor.name: tensor for tensor in model.inputs}
    for name, value in inputs.items():
        if name not in declared:
            raise ModelError(
                f"{model.name} has no input {name}; it takes {', '.join(map(str, model.inputs))}"
            )
        tensor = declared[name]
        dtype = np_to_triton_dtype(value.dtype)
        if dtype != tensor.dtype:
            raise ModelError(f"input {name} of {model.name} is {value.dtype}; send {tensor}")
        fits = len(value.shape) == len(tensor.shape) and all(
            wanted in {-1, size} for size, wanted in zip(value.shape, tensor.shape, strict=True)
        )
        if not fits:
            raise ModelError(f"input {name} of {model.name} has the shape {list(value.shape)}; send {tensor}")
    missing = [str(tensor) for tensor in model.inputs if not tensor.optional and tensor.name not in inputs]
    if missing:
        raise ModelError(f"{model.name} also needs {', '.join(missing)}")
    known = {tensor.name for tensor in model.outputs}
    for name in outputs or ():
        if name not in known:
            raise ModelError(
                f"{model.name} has no output {name}; it gives {', '.join(map(str, model.outputs))}"
            )
