"""Smaller numbers in the file, the same numbers in the sum."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import nn

from triton_anime_export.network import Precision

SMALLEST = 256
"""Tensors with fewer elements stay as they are: norms, biases and scalars are worth their digits."""

HALF_SUFFIX = ".half"
WHOLE_SUFFIX, SCALE_SUFFIX = ".int8", ".scale"


def round_weights(module: nn.Module, precision: Precision) -> None:
    """Round matrices to what the file will store, in place: PyTorch and the file then hold the same."""
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.dtype == torch.float32 and value.ndim >= 2 and value.numel() >= SMALLEST:
                if precision is Precision.FP16_WEIGHTS:
                    value.copy_(value.half().float())
                elif precision is Precision.INT8_WEIGHTS:
                    numbers, scale = quantise(value.numpy())
                    value.copy_(torch.from_numpy(dequantise(numbers, scale)))


def quantise(values: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 with one scale for each index of the first axis (a convolution's output channels).

    Returns:
        Numbers -127..127 of the same shape, and scales [shape[0]].
    """
    rows = np.abs(values.reshape(values.shape[0], -1)).max(axis=1)
    scale = np.where(rows > 0, rows / 127, 1.0).astype(np.float32)
    numbers = np.rint(values / _along(scale, values.ndim))
    return np.clip(numbers, -127, 127).astype(np.int8), scale


def dequantise(numbers: NDArray[np.int8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """The float32 matrix that :func:`quantise`'s answer stands for."""
    return numbers.astype(np.float32) * _along(scale, numbers.ndim)


def _along(scale: NDArray[np.float32], axes: int) -> NDArray[np.float32]:
    return scale.reshape(-1, *([1] * (axes - 1)))


def store(proto: onnx.ModelProto, precision: Precision) -> None:
    """Store float32 matrices smaller, in place, behind nodes that give the float32 back.

    ONNX Runtime and TensorRT compute them once when they load, so the file shrinks and nothing else changes.
    Numbers beyond float16's range would become infinite: there such a tensor is left alone.
    """
    if precision not in (Precision.FP16_WEIGHTS, Precision.INT8_WEIGHTS):
        return
    graph = proto.graph
    kept: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []
    for initializer in graph.initializer:
        values = numpy_helper.to_array(initializer)
        fits = values.dtype == np.float32 and values.ndim >= 2 and values.size >= SMALLEST
        small = fits and np.abs(values).max() <= np.finfo(np.float16).max
        name = initializer.name
        if fits and precision is Precision.INT8_WEIGHTS:
            numbers, scale = quantise(values)
            whole, times, cast = name + WHOLE_SUFFIX, name + SCALE_SUFFIX, f"{name}.cast"
            kept.append(numpy_helper.from_array(numbers, whole))
            kept.append(numpy_helper.from_array(_along(scale, values.ndim), times))
            # Not DequantizeLinear: ONNX Runtime keeps that one, and a convolution whose weights are computed
            # at every call takes half as long again.
            nodes.append(helper.make_node("Cast", [whole], [cast], name=cast, to=onnx.TensorProto.FLOAT))
            nodes.append(helper.make_node("Mul", [cast, times], [name], name=f"{name}.mul"))
        elif small:
            half = name + HALF_SUFFIX
            kept.append(numpy_helper.from_array(values.astype(np.float16), half))
            nodes.append(
                helper.make_node("Cast", [half], [name], name=f"{half}.cast", to=onnx.TensorProto.FLOAT)
            )
        else:
            kept.append(initializer)
    rest = list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend([*nodes, *rest])
