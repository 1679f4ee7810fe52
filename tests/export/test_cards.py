"""Cards say what descriptions and records say; stale ones are refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from torch import nn

from triton_anime_export import folders, records
from triton_anime_export.cards.card import card_text
from triton_anime_export.cards.tables import published, with_tables
from triton_anime_export.commands import card
from triton_anime_export.commands import list as list_command
from triton_anime_export.errors import DataError, StaleError
from triton_anime_export.network import (
    Batching,
    Golden,
    GoldenCase,
    Network,
    Published,
    Tensor,
    Tolerance,
    Weights,
)

EMPTY = """# top
<!-- networks:begin -->
<!-- networks:end -->
<!-- published:begin -->
<!-- published:end -->
"""


class Served(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.core = nn.Linear(width, width)


def build(size: object) -> nn.Module:
    return Served(1000)


NETWORK = Network(
    name="painter",
    role="painting",
    summary="Paints.",
    paper="Doe, Painting, 2020",
    inputs=(Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),),
    outputs=(Tensor("PLATE", "float32", (4,), "lite"),),
    batching=Batching(2),
    tolerance=Tolerance(1.01),
    build=build,
    example=({"height": 4, "width": 4},),
    official=(
        Weights(
            "https://example.org/big.pth", "abc123", "CC-BY-NC-4.0", commercial=False, note="big.pth, 9 MB"
        ),
        Weights("https://example.org/small.pth", None, "MIT", commercial=True, note="small.pth"),
    ),
    sizes={"big": lambda: Served(1000), "small": lambda: Served(1)},
    published=(
        Published("IoU, COCO", "57.8", "Table 3", "big"),
        Published("IoU, COCO", "53.2", "Table 3", "small"),
    ),
    full={"outputs": (Tensor("PLATE", "float32", (512,), "full"),)},
)

MEASURED = {
    "parameters": 1_001_000,
    "precision": "fp32",
    "export_cpu_s": 12.5,
    "onnx_mb": 49.4,
    "nodes": 321,
    "tensorrt": ["TensorRT has no converter for Det (1 nodes)"],
    "cases": ["batch 1, height 4", "batch 2, height 4"],
    "largest_absolute": 2e-6,
    "largest_relative": 1e-6,
    "within": True,
    "tolerance": {"atol": 1e-4, "rtol": 0.0, "outliers": 2e-3},
    "outputs": {"PLATE": {"dtype": "float32", "absolute": 2e-6, "relative": 1e-6, "within": True}},
    "reference": {
        "package": "transformers",
        "compared": {
            "logits": {"dtype": "float32", "absolute": 3e-5, "relative": 4.2e-6, "within": True},
            "PLATE": {"dtype": "uint8", "absolute": 1.0, "relative": 4e-3, "within": True},
        },
    },
    "call": {"inputs": "FRAME 1x4x4x3", "wall_s": 0.5, "cpu_s": 0.25, "threads": 2, "runs": 3},
    "peak_mib": 2048,
    "versions": {"torch": "2.13.0", "onnxruntime": "1.31.1"},
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with nothing but a README and a record of the painter."""
    (tmp_path / "model_repository").mkdir()
    (tmp_path / "README.md").write_text(EMPTY, "utf-8")
    monkeypatch.setattr(folders, "CHECKOUT", tmp_path)
    monkeypatch.setattr(card, "NETWORKS", (NETWORK,))
    monkeypatch.setattr(list_command, "NETWORKS", (NETWORK,))
    records.put(records.full_size_file(), "painter", MEASURED)
    return tmp_path


def test_committed_cards_are_current() -> None:
    result = CliRunner().invoke(card.command, ["--check"], catch_exceptions=False)
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("checkout")
def test_the_card_states_what_is_known_of_the_published_size() -> None:
    text = card_text(NETWORK)
    assert "`triton-anime-export weights painter`" in text
    assert "| PLATE | float32 | [512] | full |" in text  # nothing lite is committed
    assert (
        "| [big.pth, 9 MB](https://example.org/big.pth); sha256 abc123 | 1,001,000 | CC-BY-NC-4.0 | **no** |"
        in text
    )
    assert "| [small.pth](https://example.org/small.pth) | 2 | MIT | yes |" in text
    assert "| big | IoU, COCO | 57.8 | Table 3 |" in text
    assert "| small | IoU, COCO | 53.2 | Table 3 |" in text
    assert "transformers package, logits: strays at most 4.2e-06" in text
    assert "transformers package, PLATE: strays at most 1 grey level\n" in text
    assert "strays at most 1.0e-06 of the largest value, within its tolerance; 2 calls" in text
    assert "49.4 MB in fp32, 321 nodes; made in 12.5 s of processor time and 2.0 GiB" in text
    assert "TensorRT has no converter for Det (1 nodes)" in text
    assert "One call of FRAME 1x4x4x3: 0.25 s" in text
    assert "### How it was checked: small" not in text  # neither measured nor replayed
    assert text.endswith("torch 2.13.0\n")


@pytest.mark.usefixtures("checkout")
def test_tolerated_strays_are_named() -> None:
    flipped = {"dtype": "uint8", "absolute": 79.0, "relative": 0.79, "within": True}
    outputs = {**MEASURED["outputs"], "SEGMENTS": flipped}
    records.put(records.full_size_file(), "painter", {**MEASURED, "outputs": outputs})
    assert "1.0e-06 of the largest value and more in at most 0.20% of SEGMENTS, within" in card_text(NETWORK)
    outputs["SEGMENTS"] = {**flipped, "within": False}
    records.put(records.full_size_file(), "painter", {**MEASURED, "outputs": outputs, "within": False})
    assert "79 grey levels and 1.0e-06 of the largest value, **beyond**" in card_text(NETWORK)


@pytest.mark.usefixtures("checkout")
def test_the_card_does_not_hide_failures() -> None:
    strays = {**MEASURED, "within": False, "reference": None}
    records.put(records.full_size_file(), "painter", strays)
    assert "**beyond** its tolerance" in card_text(NETWORK)
    records.put(records.full_size_file(), "painter", {"failed": "RuntimeError: no"})
    assert "ONNX: **fails**: RuntimeError: no" in card_text(NETWORK)
    assert "**ONNX fails**" in published([NETWORK])
    records.full_size_file().unlink()
    assert "not measured; run: python perf/full_size.py painter" in card_text(NETWORK)
    nothing = replace(NETWORK, published=())
    assert "none that could be verified" in card_text(nothing)


@pytest.mark.usefixtures("checkout")
def test_the_table_has_a_row_for_the_published_size() -> None:
    replayed = {"PyTorch": {"absolute": 2.2e-7}, "ONNX": {"absolute": 3.4e-7}}
    unpublished = replace(NETWORK, name="sketch", official=())
    rows = published([NETWORK, unpublished]).splitlines()[2:]
    assert rows == [
        "| [painter](docs/networks/painter.md) | painting | 1.0 M | CC-BY-NC-4.0 | **no** | IoU, COCO: 57.8 "
        "| transformers 4e-06; ONNX 1.0e-06 of the largest value | 49 MB |"
    ]
    records.put(records.golden_file(), "painter", replayed)
    assert "reference 3e-07" in published([NETWORK])


def test_stale_and_orphaned_pages_are_refused(checkout: Path) -> None:
    def run(*options: str) -> Any:
        return CliRunner().invoke(card.command, options)

    page = checkout / "docs" / "networks" / "painter.md"
    assert isinstance(run("--check").exception, StaleError)
    assert run().exit_code == 0
    assert page.read_text("utf-8") == card_text(NETWORK)
    assert run("--check").exit_code == 0
    page.write_text(page.read_text("utf-8").replace("57.8", "58.7"), "utf-8")
    stale = run("--check").exception
    assert isinstance(stale, StaleError)
    assert "painter.md is not what" in str(stale)
    assert run().exit_code == 0
    orphan = page.with_name("gone.md")
    orphan.write_text("# gone\n", "utf-8")
    assert "gone.md is no network's card" in str(run("--check").exception)
    assert run().exit_code == 0
    assert not orphan.exists()


@pytest.mark.usefixtures("checkout")
def test_a_readme_without_markers_is_refused() -> None:
    with pytest.raises(StaleError, match="published:begin"):
        with_tables(EMPTY.replace("published:begin", "elsewhere"), [NETWORK])


@pytest.mark.usefixtures("checkout")
def test_damaged_records_are_one_line() -> None:
    records.full_size_file().write_text("{", "utf-8")
    with pytest.raises(DataError, match="git checkout"):
        card_text(NETWORK)


@pytest.mark.usefixtures("checkout")
def test_list_shows_both_sizes() -> None:
    head, row = CliRunner().invoke(list_command.command).output.splitlines()
    assert head.split()[:4] == ["network", "role", "lite", "published"]
    assert row.split()[:5] == ["painter", "painting", "-", "1.0", "M"]


def test_golden_parity_is_recorded_by_size(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder's keys tell which published size was replayed."""
    from triton_anime_export.commands import verify
    from triton_anime_export.golden import fill

    shapes = {"weight": (1, 1), "bias": (1,)}
    state = fill(shapes, 1.0)
    image = np.array([[0.5]], np.float32)
    wanted = image @ state["weight"].numpy().T + state["bias"].numpy()

    def cases(archive: Any) -> Sequence[GoldenCase]:
        return [GoldenCase("a", {"image": archive["image"]}, {"said": archive["said"]})]

    golden = Golden(core=lambda keys: nn.Linear(1, 1), cases=cases)
    network = replace(NETWORK, golden=golden)
    monkeypatch.setattr(verify, "find_all", lambda name: (network,))
    folder = tmp_path / "golden"
    folder.mkdir()
    (folder / "state_dict.json").write_text(json.dumps(shapes), "utf-8")
    np.savez(folder / "golden.npz", gain=np.float64(1.0), image=image, said=wanted)

    done = CliRunner().invoke(verify.command, ["painter", "--golden", str(folder), "--record"])
    assert done.exit_code == 0, done.output
    record = records.read(checkout / "perf" / "golden_parity.json")
    assert list(record) == ["painter/small"]
    assert record["painter/small"]["within"] is True
    assert record["painter/small"]["PyTorch"]["absolute"] < 1e-6
    assert record["painter/small"]["ONNX"]["absolute"] < 1e-6
    assert "How it was checked: small" in card_text(network)
    np.savez(folder / "golden.npz", gain=np.float64(1.0), image=image, said=wanted + 1)
    assert CliRunner().invoke(verify.command, ["painter", "--golden", str(folder), "--record"]).exit_code == 1
    assert records.read(checkout / "perf" / "golden_parity.json")["painter/small"]["within"] is False
    assert "**beyond** its tolerance" in card_text(network)

    # A recording of a part of the same size stands in the same record, which is as bad as the worse one.
    part = replace(network, golden=replace(golden, also=(replace(golden, archive="part.npz"),)))
    monkeypatch.setattr(verify, "find_all", lambda name: (part,))
    np.savez(folder / "part.npz", gain=np.float64(1.0), image=image, said=wanted)
    assert CliRunner().invoke(verify.command, ["painter", "--golden", str(folder), "--record"]).exit_code == 1
    record = records.read(checkout / "perf" / "golden_parity.json")
    assert list(record) == ["painter/small"]
    assert record["painter/small"]["outputs"] == 2
    assert record["painter/small"]["within"] is False
    assert record["painter/small"]["ONNX"]["absolute"] == pytest.approx(1.0, abs=1e-3)
