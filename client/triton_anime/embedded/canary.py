"""A small request that shows whether a model answers, which the health call alone does not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tritonclient.utils import triton_to_np_dtype

from triton_anime.errors import ModelError
from triton_anime.repository import RepositoryModel
from triton_anime.server import TensorDescription
from triton_anime.transport.grpc import GrpcServer

_SIZE = 64


def takes_frames(model: RepositoryModel) -> bool:
    """Whether all that ``model`` needs are images, which can be made up without knowing the model."""
    needed = [tensor for tensor in model.inputs if not tensor.optional]
    return bool(needed) and all(tensor.dtype == "UINT8" for tensor in needed)


def check_answers(server: GrpcServer, model: RepositoryModel, timeout_s: float) -> None:
    """Have ``model`` run a small black frame, through every process that it calls.

    A model may refuse such a frame. That is an answer too: only silence and dead processes are failures.

    Raises:
        ServerTimeoutError: it does not answer.
        ServerError: its process, or the server, is dead.
    """
    inputs = {tensor.name: _zeros(tensor, model) for tensor in model.inputs if not tensor.optional}
    try:
        server.infer_once(model.name, inputs, timeout_s=timeout_s)
    except ModelError:
        return


def _zeros(tensor: TensorDescription, model: RepositoryModel) -> NDArray[Any]:
    # Every free axis gets the same length, for masks have to agree with their frame.
    shape = [_SIZE if size < 0 else size for size in tensor.shape]
    if model.config.max_batch_size > 0:
        shape[0] = 1
    return np.zeros(shape, dtype=triton_to_np_dtype(tensor.dtype))
