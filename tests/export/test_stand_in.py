"""A network takes another's place where callers cannot notice, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from click.testing import CliRunner
from onnx import helper
from torch import nn

from triton_anime_export.commands import build
from triton_anime_export.errors import ExportError
from triton_anime_export.network import Batching, Network
from triton_anime_export.networks import find
from triton_anime_export.stand_in import standing_in
from triton_anime_export.to_config import parse
from triton_anime_export.to_onnx import Comparison


@pytest.mark.parametrize("name", ["raft", "gma"])
def test_flow_networks_stand_in_for_the_one_that_the_ensemble_calls(name: str) -> None:
    served = standing_in(find(name), find("raft_small"))
    assert served.name == "raft_small"
    assert served.parameters["network"] == name
    assert served.build is find(name).build


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (find("u2net"), "role, inputs, outputs differ"),
        (replace(find("raft"), batching=Batching(4)), "raft_small: largest batch differ"),
        (replace(find("raft"), outputs=()), "raft_small: outputs differ"),
    ],
)
def test_others_are_refused(network: Network, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        standing_in(network, find("raft_small"))


def test_a_model_folder_is_written_under_the_other_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With weights of the narrow size; the export itself is tested elsewhere and left out."""
    torch.manual_seed(0)
    core = find("raft").build("lite").get_submodule("core")
    torch.save(core.state_dict(), tmp_path / "weights.pt")
    loaded: list[nn.Module] = []

    def export(network: Network, module: nn.Module, path: Path, *others: object) -> list[Comparison]:
        loaded.append(module)
        path.parent.mkdir(parents=True)
        onnx.save(helper.make_model(helper.make_graph([], "empty", [], [])), path)
        return [Comparison("", "FLOW", 0.0, 0.0, within=True)]

    monkeypatch.setattr(build, "export", export)
    options = ["raft", "--weights", str(tmp_path / "weights.pt"), "--serve-as", "raft_small"]
    assert "--serve-as needs --output" in CliRunner().invoke(build.command, options).output
    done = CliRunner().invoke(build.command, [*options, "--output", str(tmp_path / "served")])
    assert done.exit_code == 0, done.output
    folder = tmp_path / "served" / "raft_small"
    assert (folder / "1" / "model.onnx").is_file()
    written = parse((folder / "config.pbtxt").read_text("utf-8"))
    assert (written.name, written.parameters["network"].string_value) == ("raft_small", "raft")
    found = loaded[0].get_submodule("core").state_dict()
    assert all(torch.equal(found[key], value) for key, value in core.state_dict().items())
