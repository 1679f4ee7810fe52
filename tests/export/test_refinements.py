"""Refinements are a constant of the graph, chosen by number: what is written computes exactly that many."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch
from click.testing import CliRunner
from onnx import helper
from torch import nn

from triton_anime_export.commands import build
from triton_anime_export.errors import ExportError
from triton_anime_export.network import Network
from triton_anime_export.networks import find
from triton_anime_export.random_weights import shake
from triton_anime_export.refinements import refining
from triton_anime_export.to_config import config_text, parse
from triton_anime_export.to_onnx import Comparison, run, session, to_proto

FLOW = ("raft_small", "raft", "gma")
SIDES = {"height": 128, "width": 136}


def lite(name: str, iterations: int) -> tuple[Network, nn.Module]:
    """The narrow network with weights that make its answers move."""
    network = refining(find(name), iterations)
    torch.manual_seed(0)
    module = network.build("lite").eval()
    shake(network, module)
    return network, module


@pytest.mark.parametrize("iterations", [2, 5])
@pytest.mark.parametrize(
    "name",
    # The small one's way through the exporter is the others' way, which takes twice as long.
    ["raft_small", pytest.param("raft", marks=pytest.mark.slow), pytest.param("gma", marks=pytest.mark.slow)],
)
def test_the_graph_has_as_many_as_were_asked_for(name: str, iterations: int) -> None:
    """One graph of a fixed shape; that shapes may vary each network's own test shows."""
    network, module = lite(name, iterations)
    pairs = network.make_inputs(2, SIDES)
    arguments = tuple(pairs.values())
    proto = to_proto(module, arguments, list(pairs), ["FLOW"], None)
    # As often as PyTorch, whose core is told the number by nobody but itself.
    reference = find(name).build("lite").eval()
    reference.load_state_dict(module.state_dict())
    answers = {}
    for count in (iterations, iterations - 1):
        reference.get_submodule("core").__dict__["iterations"] = count
        with torch.no_grad():
            answers[count] = reference(*arguments)
    given = torch.from_numpy(run(session(proto.SerializeToString()), pairs)["FLOW"])
    torch.testing.assert_close(given, answers[iterations], atol=2e-3, rtol=1e-3)
    assert (given - answers[iterations - 1]).abs().max() > 0.1


@pytest.mark.parametrize("name", FLOW)
def test_a_batch_is_its_pairs_one_by_one(name: str) -> None:
    network, module = lite(name, 2)
    assert parse(config_text(network)).max_batch_size == 8
    frames = torch.randint(0, 256, (2, 3, *SIDES.values(), 3), generator=torch.Generator().manual_seed(3))
    first, second = frames.to(torch.uint8)
    with torch.no_grad():
        together = module(first, second)
        alone = torch.cat([module(first[i : i + 1], second[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(together, alone, atol=1e-3, rtol=1e-4)
    assert (alone[0] - alone[1]).abs().max() > 0.1


@pytest.mark.parametrize("name", FLOW)
@pytest.mark.parametrize("size", ["lite", "full"])
def test_the_usual_number_is_written_where_it_can_be_read(name: str, size: str) -> None:
    network = find(name).at("full" if size == "full" else "lite")
    with torch.device("meta"):
        core = network.build("full" if size == "full" else "lite").get_submodule("core")
    said = parse(config_text(network)).parameters["iterations"].string_value
    assert said == str(core.iterations)
    assert f"{said} refinements" in network.inside or f"or {said} (lite)" in network.inside


def test_the_command_writes_the_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With weights of the narrow size; the export itself is tested above and left out."""
    torch.manual_seed(0)
    torch.save(find("raft").build("lite").get_submodule("core").state_dict(), tmp_path / "weights.pt")
    exported: list[nn.Module] = []

    def export(network: Network, module: nn.Module, path: Path, *others: object) -> list[Comparison]:
        exported.append(module)
        path.parent.mkdir(parents=True)
        onnx.save(helper.make_model(helper.make_graph([], "empty", [], [])), path)
        return [Comparison("", "FLOW", 0.0, 0.0, within=True)]

    monkeypatch.setattr(build, "export", export)
    words = ["raft", "--weights", str(tmp_path / "weights.pt"), "--iterations", "7", "--output"]
    done = CliRunner().invoke(build.command, [*words, str(tmp_path / "served"), "--serve-as", "raft_small"])
    assert done.exit_code == 0, done.output
    assert exported[0].get_submodule("core").iterations == 7
    text = (tmp_path / "served" / "raft_small" / "config.pbtxt").read_text("utf-8")
    assert "networks/raft.py" in text
    parameters = parse(text).parameters
    assert (parameters["iterations"].string_value, parameters["network"].string_value) == ("7", "raft")


def test_others_and_none_are_refused() -> None:
    with pytest.raises(ExportError, match="u2net does not refine its answer; leave out --iterations"):
        refining(find("u2net"), 3)
    with pytest.raises(ExportError, match="name 1 or more"):
        refining(find("raft"), 0)
    words = ["--profile", "full", "--output", "x", "--iterations", "3"]
    assert "takes none of --weights" in CliRunner().invoke(build.command, words).output
