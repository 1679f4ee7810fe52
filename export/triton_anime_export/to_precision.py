"""Smaller numbers in the file, the same numbers in the sum."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn

SMALLEST = 256
"""Tensors with fewer elements stay as they are: norms, biases and scalars are worth their digits."""

HALF_SUFFIX = ".half"


def round_weights(module: nn.Module) -> None:
    """Round what :func:`store_half` would store, in place, so that PyTorch and the file hold the same."""
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.dtype == torch.float32 and value.ndim >= 2 and value.numel() >= SMALLEST:
                value.copy_(value.half().float())


def store_half(proto: onnx.ModelProto) -> None:
    """Store float32 matrices as float16 behind a Cast, in place.

    ONNX Runtime and TensorRT fold the Cast when they load, so the file halves and nothing else changes.
    Numbers beyond float16's range would become infinite: such a tensor is left alone.
    """
    graph = proto.graph
    kept: list[onnx.TensorProto] = []
    casts: list[onnx.NodeProto] = []
    for initializer in graph.initializer:
        values = numpy_helper.to_array(initializer)
        fits = values.dtype == np.float32 and values.ndim >= 2 and values.size >= SMALLEST
        if not fits or np.abs(values).max() > np.finfo(np.float16).max:
            kept.append(initializer)
            continue
        half = initializer.name + HALF_SUFFIX
        kept.append(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(
            helper.make_node(
                "Cast", [half], [initializer.name], name=f"{half}.cast", to=onnx.TensorProto.FLOAT
            )
        )
    nodes = list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend([*casts, *nodes])
