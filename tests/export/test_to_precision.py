"""Weights stored small give back the numbers that PyTorch was rounded to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from triton_anime_export.network import Precision
from triton_anime_export.to_precision import dequantise, quantise, round_weights, store


def graph_of(weight: NDArray[np.float32]) -> onnx.ModelProto:
    """A convolution with this weight and nothing else."""
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    graph = helper.make_graph(
        [node],
        "conv",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["b", weight.shape[1], "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weight, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.mark.parametrize(
    ("precision", "bytes_each"), [(Precision.FP16_WEIGHTS, 2), (Precision.INT8_WEIGHTS, 1)]
)
def test_the_file_holds_what_pytorch_was_rounded_to(
    precision: Precision, bytes_each: int, tmp_path: Path
) -> None:
    conv = nn.Conv2d(8, 16, 3, bias=False)
    exact = conv.weight.detach().clone()
    proto = graph_of(exact.numpy())
    round_weights(conv, precision)
    store(proto, precision)
    assert not torch.equal(conv.weight, exact)
    stored = max(numpy_helper.to_array(value).nbytes for value in proto.graph.initializer)
    assert stored == exact.numel() * bytes_each
    x = np.random.default_rng(0).standard_normal((2, 8, 9, 7)).astype(np.float32)
    (said,) = ort.InferenceSession(proto.SerializeToString()).run(None, {"x": x})
    with torch.no_grad():
        wanted = conv(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(said, wanted, atol=1e-5)


def test_int8_errs_by_half_a_step_of_its_channel_at_most() -> None:
    values = np.random.default_rng(1).standard_normal((4, 5, 3, 3)).astype(np.float32)
    values[1] *= 100
    values[2] = 0
    numbers, scale = quantise(values)
    error = np.abs(dequantise(numbers, scale) - values).reshape(4, -1).max(axis=1)
    assert numbers.dtype == np.int8
    assert (error <= scale / 2 * 1.001).all()
    assert error[2] == 0
