"""Operators are counted wherever they hide, and those that TensorRT lacks are named."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

from triton_anime_export.folders import is_served, onnx_file
from triton_anime_export.networks import NETWORKS
from triton_anime_export.tensorrt_ops import ops_of, summary, warnings_for


def test_subgraphs_and_foreign_domains_are_counted(tmp_path: Path) -> None:
    branch = helper.make_graph(
        [helper.make_node("Unique", ["x"], ["u"])],
        "branch",
        [],
        [helper.make_tensor_value_info("u", TensorProto.FLOAT, None)],
    )
    nodes = [
        helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch),
        helper.make_node("FusedGemm", ["x"], ["z"], domain="com.microsoft"),
        helper.make_node("Relu", ["x"], ["r"]),
    ]
    graph = helper.make_graph(nodes, "g", [], [])
    onnx.save(helper.make_model(graph), tmp_path / "m.onnx")
    ops = ops_of(tmp_path / "m.onnx")
    assert ops == {"Unique": 2, "If": 1, "com.microsoft.FusedGemm": 1, "Relu": 1}
    assert summary(ops).startswith("2 Unique")
    told = warnings_for(ops)
    assert any("no converter for Unique (2 nodes)" in line for line in told)
    assert any(line.startswith("If") for line in told)
    assert any("only as a plugin" in line for line in told)
    assert len(told) == 3


def test_what_is_served_has_converters() -> None:
    told = {n.name: warnings_for(ops_of(onnx_file(n))) for n in NETWORKS if is_served(n)}
    assert told
    assert not any(told.values()), told
