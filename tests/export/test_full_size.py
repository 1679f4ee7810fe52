"""Measuring a published size: right graphs pass, wrong ones are said to stray, weights hide nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from triton_anime_export.errors import ExportError, UnknownNetworkError
from triton_anime_export.frame_io import to_float, to_uint8
from triton_anime_export.full_size import measure
from triton_anime_export.network import Batching, Network, Tensor, Tolerance, Weights
from triton_anime_export.networks import NETWORKS
from triton_anime_export.random_weights import shake
from triton_anime_export.sizes import find_size, has_full_size, keys, size_of, sizes_of


class Core(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.table = nn.Parameter(torch.zeros(width, 1, 1))
        self.out = nn.Conv2d(width, 1, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.out(torch.relu(self.norm(self.conv(image)) + self.table)))


class Served(nn.Module):
    def __init__(self, width: int = 4, wrong: bool = False) -> None:
        super().__init__()
        self.core, self.wrong = Core(width), wrong

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        alpha = self.core(to_float(frame, (16, 16)))
        # What a tracer would do that takes another branch than eager code does.
        return to_uint8(alpha * 0.9 if self.wrong and torch.compiler.is_exporting() else alpha)[:, 0]


def tiny(build: Callable[[], nn.Module] = Served) -> Network:
    return Network(
        name="tiny",
        role="test",
        summary="",
        paper="",
        inputs=(Tensor("FRAME", "uint8", ("height", "width", 3)),),
        outputs=(Tensor("ALPHA", "uint8", (16, 16)),),
        batching=Batching(4),
        tolerance=Tolerance(1.01),
        build=lambda size: build(),
        example=({"height": 40, "width": 24}, {"height": 24, "width": 33}),
        official=(
            Weights("https://example.org/tiny.pth", None, "MIT", commercial=True, note="tiny.pth"),
            Weights("https://example.org/tinyp.pth", None, "MIT", commercial=True, note="tinyp.pth, smaller"),
        ),
    )


@pytest.fixture(scope="module")
def script(import_file: Callable[[Path], ModuleType]) -> ModuleType:
    return import_file(Path(__file__).parents[2] / "perf" / "full_size.py")


def test_a_right_graph_is_within_tolerance(tmp_path: Path, script: ModuleType) -> None:
    network = replace(tiny(), sizes={"tiny": Served, "tinyp": lambda: Served(2)})
    record = measure(network, "tiny", tmp_path, runs=1)
    assert record["within"] is True
    assert record["largest_absolute"] <= 1
    assert record["outputs"]["ALPHA"]["deviation"] > 1  # or agreement would say nothing
    assert len(record["cases"]) == 4
    assert record["parameters"] == 3 * 9 * 4 + 4 + 8 + 4 + 5
    assert record["sizes"] == {"tiny": record["parameters"], "tinyp": 3 * 9 * 2 + 2 + 4 + 2 + 3}
    assert record["onnx_mb"] == round((tmp_path / "model.onnx").stat().st_size / 1e6, 1)
    assert record["nodes"] > 5
    assert record["export_cpu_s"] > 0
    assert record["peak_mib"] > 50
    assert record["call"]["inputs"] == "FRAME 1x40x24x3"
    assert record["versions"]["torch"] == torch.__version__
    assert script.row("tiny", record).endswith("ok")


def test_single_requests_leave_the_batch_of_two_out(tmp_path: Path) -> None:
    record = measure(tiny(), "", tmp_path, runs=1, single=True)
    assert [case.split(",")[0] for case in record["cases"]] == ["batch 1", "batch 1"]
    assert record["within"] is True


def test_a_lean_run_says_so(tmp_path: Path, script: ModuleType) -> None:
    record = script._attempt(tiny(), "", tmp_path, 1, "cpu", single=False, lean=True)
    assert record["lean"] is True
    assert record["within"] is True
    assert "lean" not in measure(tiny(), "", tmp_path, runs=1)


def test_options_reach_the_process_that_measures(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[list[str]] = []

    class Done:
        stderr, returncode = "no", 3

    def run(command: list[str], **_: object) -> Done:
        asked.append(command)
        return Done()

    monkeypatch.setattr(script.subprocess, "run", run)
    words = ["full_size.py", "u2net", "--lean", "--onnx-runs", "2", "--output", str(tmp_path / "out.json")]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as left:
        script.main()
    assert left.value.code == 1
    assert "--lean" in asked[0]
    assert "--single" not in asked[0]


def test_a_wrong_graph_is_reported(tmp_path: Path, script: ModuleType) -> None:
    record = measure(tiny(lambda: Served(wrong=True)), "", tmp_path, runs=1)
    assert record["within"] is False
    assert record["outputs"]["ALPHA"]["within"] is False
    assert record["largest_absolute"] > 5
    assert "BEYOND TOLERANCE" in script.row("tiny", record)


def test_another_implementation_is_compared(tmp_path: Path, script: ModuleType) -> None:
    def reference(served: nn.Module) -> list[tuple[str, torch.Tensor, torch.Tensor]]:
        core = served.get_submodule("core")
        said = core(torch.ones(1, 3, 8, 8))
        return [("same", said, said.clone()), ("other", said, said * 1.01)]

    record = measure(replace(tiny(), reference=reference), "", tmp_path, runs=1)
    compared = record["reference"]["compared"]
    assert compared["same"]["within"] is True
    assert compared["other"]["within"] is False
    assert "other 9.90e-03 DIFFERS" in script.row("tiny", record)


def test_failures_are_one_line(tmp_path: Path, script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Served):
        def forward(self, frame: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("first\n\n  second")

    monkeypatch.setattr(script, "measure", measure)
    record = script._attempt(tiny(Broken), "", tmp_path, 1, "cpu")
    assert record == {"failed": "RuntimeError: first second"}
    assert "FAILED" in script.row("tiny", record)


def test_nothing_stays_as_it_was_initialised() -> None:
    network, fresh = tiny(), Served()
    before = {name: value.clone() for name, value in fresh.state_dict().items()}
    shake(network, fresh)
    for name, value in fresh.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert (value != before[name]).all(), name
    assert not fresh.training
    assert not any(layer.training for layer in fresh.modules())
    assert fresh.core.norm.momentum == nn.BatchNorm2d(1).momentum
    # Statistics are those that the norm meets, or nearly: the signal neither fades nor bursts.
    image = to_float(network.make_inputs(2, network.example[0])["FRAME"], (16, 16))
    with torch.no_grad():
        normed = (
            fresh.core.conv(image) - fresh.core.norm.running_mean.view(-1, 1, 1)
        ) / fresh.core.norm.running_var.sqrt().view(-1, 1, 1)
    assert 0.7 < float(normed.std()) < 1.4


def test_weights_follow_their_seed() -> None:
    def drawn(seed: int) -> torch.Tensor:
        torch.manual_seed(0)
        return shake(tiny(), Served(), seed).state_dict()["core.conv.weight"]

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))


def test_a_gpu_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ExportError, match="--device cpu"):
        measure(tiny(), "", tmp_path, device="cuda")


def test_sizes_are_found_by_name() -> None:
    network = replace(tiny(), sizes={"tiny": Served, "tinyp": lambda: Served(2)})
    plain = replace(tiny(), name="plain")
    unpublished = replace(tiny(), name="unpublished", official=())
    known = (network, plain, unpublished)
    assert keys(known) == ["tiny", "plain"]
    assert keys(known, every=True) == ["tiny", "tiny/tinyp", "plain"]
    assert find_size(known, "tiny/tinyp") == (network, "tinyp")
    assert find_size(known, "plain") == (plain, "")
    assert [size_of(network, weights) for weights in network.official] == ["tiny", "tinyp"]
    with pytest.raises(UnknownNetworkError, match="tiny, tiny/tinyp, plain"):
        find_size(known, "unpublished")


@pytest.mark.parametrize("network", [n for n in NETWORKS if n.sizes], ids=lambda network: network.name)
def test_named_sizes_are_told_by_the_notes(network: Network) -> None:
    assert has_full_size(network)
    found = {size_of(network, weights) for weights in network.official}
    assert found == set(sizes_of(network))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_small_published_size_computes_the_same(tmp_path: Path) -> None:
    network, size = find_size(NETWORKS, "u2net/u2netp")
    record = measure(network, size, tmp_path, runs=1)
    assert record["parameters"] == 1_131_181
    assert record["within"]
    assert record["outputs"]["ALPHA"]["deviation"] > 10
    assert record["tensorrt"] == []


def test_a_convolution_of_ones_own_is_moved_like_any_other() -> None:
    """By its fan-in: what passes through keeps its size, or a recurrence would turn it into noise."""

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(8, 64, 3, 3))
            self.table = nn.Parameter(torch.zeros(8, 64))

    own = Own()
    shake(tiny(), own)
    assert float(own.weight.detach().std()) == pytest.approx(0.3 / (64 * 9) ** 0.5, rel=0.1)
    assert float(own.table.detach().std()) == pytest.approx(0.1, rel=0.1)
