"""Deformable convolution as one operator of the graph: what runtimes and the standard's own say of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner
from onnx.reference import ReferenceEvaluator
from torch import nn

from triton_anime_export.cli import cli
from triton_anime_export.deform_operator import DIALECT, use_operator
from triton_anime_export.errors import ExportError
from triton_anime_export.networks._deformable import DeformableAlignment
from triton_anime_export.networks._e2fgvi_propagation import SecondOrderAlignment
from triton_anime_export.networks.propainter import PROPAINTER_COMPLETE
from triton_anime_export.random_weights import shake
from triton_anime_export.to_onnx import OPSET, run, session, to_proto


class Second(nn.Module):
    """E2FGVI's alignment, called as a module."""

    def __init__(self) -> None:
        super().__init__()
        self.alignment = SecondOrderAlignment(8)

    def forward(
        self, states: torch.Tensor, condition: torch.Tensor, flow: torch.Tensor, flow2: torch.Tensor
    ) -> torch.Tensor:
        return self.alignment.align(states, condition, flow, flow2)


CASES: dict[str, tuple[nn.Module, dict[str, tuple[int, ...]]]] = {
    "ProPainter": (
        DeformableAlignment(4, 3, 5, 2, reach=4.0),
        {"x": (2, 4, 9, 7), "condition": (2, 5, 9, 7), "flow": (2, 2, 9, 7)},
    ),
    "E2FGVI": (
        Second(),
        {"states": (1, 16, 5, 6), "condition": (1, 24, 5, 6), "flow": (1, 2, 5, 6), "flow2": (1, 2, 5, 6)},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_operator_computes_what_the_decomposition_does(name: str) -> None:
    module, shapes = CASES[name]
    torch.manual_seed(0)
    module.eval()
    with torch.no_grad():
        for parameter in module.parameters():
            # offsets of several pixels, also beyond the border
            fan_in = parameter.numel() // parameter.shape[0]
            parameter.copy_(torch.randn(parameter.shape) * 1.5 * fan_in**-0.5)
    inputs = {tensor: torch.randn(shape) * 2 for tensor, shape in shapes.items()}
    with torch.no_grad():
        wanted = module(*inputs.values())
    assert use_operator(module) == 1
    with torch.no_grad():
        assert torch.equal(module(*inputs.values()), wanted)
    proto = to_proto(module, tuple(inputs.values()), list(inputs), ["y"], None, DIALECT)
    onnx.checker.check_model(proto, full_check=True)
    kinds = Counter(node.op_type for node in proto.graph.node)
    assert kinds["DeformConv"] == 1
    assert not kinds["GridSample"]
    assert [(opset.domain, opset.version) for opset in proto.opset_import] == [("", 19)]
    (node,) = (node for node in proto.graph.node if node.op_type == "DeformConv")
    weight = next(key for key in module.state_dict() if key.endswith("weight") and "conv_offset" not in key)
    assert node.input[1] == weight  # the file is the checkpoint, too
    known = {tensor: value.numpy() for tensor, value in inputs.items()}
    (told,) = ReferenceEvaluator(proto).run(None, known)
    np.testing.assert_allclose(told, wanted.numpy(), atol=1e-4)
    found = run(session(proto.SerializeToString()), inputs)["y"]
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4)
    # a tap that moves by nothing gives something else: the offsets count
    assert wanted.std() > 0.1


def test_without_deformable_convolution_there_is_nothing_to_write() -> None:
    with pytest.raises(ExportError, match="no deformable convolution; leave out --deform"):
        use_operator(nn.Conv2d(1, 1, 3))
    assert DIALECT.opset > OPSET


def test_a_whole_network_is_built_with_it(tmp_path: Path) -> None:
    """The command compares the file with PyTorch before it is content."""
    torch.manual_seed(0)
    served = shake(PROPAINTER_COMPLETE, PROPAINTER_COMPLETE.build("lite"))
    weights = tmp_path / "weights.pt"
    torch.save(served.get_submodule("core").state_dict(), weights)
    words = ["build", "--deform", "operator", "--output", str(tmp_path / "out"), "--weights", str(weights)]
    done = CliRunner().invoke(cli, [*words, "propainter_complete"])
    assert done.exit_code == 0, done.output
    # two directions of flow, two of time, all flows but the first of each
    assert "8 DeformConv" in done.output
    assert "GridSample" not in done.output


def test_networks_without_it_are_refused(tmp_path: Path) -> None:
    refused = CliRunner().invoke(cli, ["build", "u2net", "--deform", "operator", "--output", str(tmp_path)])
    assert isinstance(refused.exception, ExportError)
    assert not (tmp_path / "u2net").exists()
    words = ["build", "--profile", "lite", "--output", str(tmp_path), "--deform", "operator"]
    mixed = CliRunner().invoke(cli, words)
    assert mixed.exit_code == 2
    assert "--deform" in mixed.output
