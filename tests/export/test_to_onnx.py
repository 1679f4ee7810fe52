"""Export of a tiny network: same numbers, own checkpoint, and a graph with a baked size is caught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from triton_anime_export import weights
from triton_anime_export.errors import ParityError, WeightsError
from triton_anime_export.frame_io import resize, to_float, to_uint8
from triton_anime_export.network import Batching, Network, Precision, Tensor, Tolerance
from triton_anime_export.to_onnx import difference, export


class Core(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.mix = nn.Linear(16, 16)
        self.out = nn.Conv2d(16, 1, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.wide(image)))
        x = x * torch.sigmoid(self.mix(x.mean((2, 3))))[:, :, None, None]
        return torch.sigmoid(self.out(x))


class Served(nn.Module):
    def __init__(self, baked: bool = False) -> None:
        super().__init__()
        self.core, self.baked = Core(), baked

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        alpha = self.core(to_float(frame, (32, 32)))
        # What a careless int() does where torch.export cannot see it.
        baked = self.baked and torch.compiler.is_exporting()
        size = (90, 160) if baked else frame.shape[1:3]
        return to_uint8(resize(alpha, size))[:, 0]


def jittered(size: object) -> nn.Module:
    torch.manual_seed(0)
    module = Served()
    module.core.norm.get_buffer("running_mean").normal_(0, 0.3)
    module.core.norm.get_buffer("running_var").uniform_(0.5, 2)
    return module


TINY = Network(
    name="tiny",
    role="test",
    summary="",
    paper="",
    inputs=(Tensor("FRAME", "uint8", ("height", "width", 3)),),
    outputs=(Tensor("ALPHA", "uint8", ("height", "width")),),
    batching=Batching(4),
    tolerance=Tolerance(1.01),
    build=jittered,
    example=({"height": 90, "width": 160}, {"height": 71, "width": 40}),
)


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.FP16_WEIGHTS])
def test_the_file_computes_the_same_and_holds_the_weights(tmp_path: Path, precision: Precision) -> None:
    network = replace(TINY, precision=precision)
    module = network.build("lite")
    path = tmp_path / "1" / "model.onnx"

    found = export(network, module, path)

    assert {comparison.case for comparison in found} == {
        "batch 1, height 90, width 160",
        "batch 2, height 90, width 160",
        "batch 1, height 71, width 40",
        "batch 2, height 71, width 40",
    }
    restored = weights.load(network, "lite", path).get_submodule("core").state_dict()
    for key, value in module.get_submodule("core").state_dict().items():
        if not key.endswith("num_batches_tracked"):
            assert torch.equal(restored[key], value), key
    halves = [i for i in onnx.load(path).graph.initializer if i.data_type == onnx.TensorProto.FLOAT16]
    assert bool(halves) is (precision is Precision.FP16_WEIGHTS)


def test_a_size_baked_into_the_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="ALPHA strays"):
        export(TINY, Served(baked=True), tmp_path / "model.onnx")


def test_an_output_may_have_a_tolerance_of_its_own(tmp_path: Path) -> None:
    lenient = replace(TINY, tolerance=Tolerance(255), tolerances={"ALPHA": Tolerance(-1)})
    with pytest.raises(ParityError, match="ALPHA strays"):
        export(lenient, lenient.build("lite"), tmp_path / "model.onnx")


def test_foreign_weights_are_refused(tmp_path: Path) -> None:
    torch.save({"other.weight": torch.zeros(3)}, tmp_path / "weights.pt")
    with pytest.raises(WeightsError, match="not a checkpoint of tiny"):
        weights.load(TINY, "lite", tmp_path / "weights.pt")
    (tmp_path / "broken.pt").write_bytes(b"not a pickle")
    with pytest.raises(WeightsError, match="readable"):
        weights.load(TINY, "lite", tmp_path / "broken.pt")
    with pytest.raises(WeightsError, match="does not exist"):
        weights.load(TINY, "lite", tmp_path / "absent.pt")


def test_tolerance_counts_outliers_and_refuses_nan() -> None:
    wanted = np.zeros(100)
    given = wanted.copy()
    given[3] = 5
    assert not difference("", "", given, wanted, Tolerance(0.1)).within
    assert difference("", "", given, wanted, Tolerance(0.1, outliers=0.01)).within
    assert not difference("", "", np.full(100, np.nan), wanted, Tolerance(0.1, outliers=1.0)).within
    assert not difference("", "", wanted[:50], wanted, Tolerance(1)).within
