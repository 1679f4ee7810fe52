"""``triton-anime-export build``: weights into a model folder that Triton serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import click

from triton_anime_export.folders import model_folder, model_repository, onnx_file
from triton_anime_export.network import SIZES, Size
from triton_anime_export.networks import find
from triton_anime_export.to_config import config_text
from triton_anime_export.to_onnx import export
from triton_anime_export.weights import load


@click.command("build")
@click.argument("name")
@click.option("--size", type=click.Choice(SIZES), default="lite", show_default=True)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="weights.pt of a training run or an official checkpoint; the committed file when left out.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Model repository to write into; the checkout's when left out.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="report.json of the training run; becomes the card's facts.",
)
def command(name: str, size: str, weights: Path | None, output: Path | None, report: Path | None) -> None:
    """Write NAME's ONNX file and config.pbtxt, and compare the file with PyTorch."""
    network = find(name)
    repository = output or model_repository()
    module = load(network, cast("Size", size), weights or onnx_file(network))
    path = onnx_file(network, repository)
    comparisons = export(network, module, path)
    folder = model_folder(network, repository)
    (folder / "config.pbtxt").write_text(config_text(network), "utf-8")
    if report is not None:
        facts = json.loads(report.read_text("utf-8"))
        (folder / "card.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")
    worst = max(comparison.absolute for comparison in comparisons)
    click.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB, strays from PyTorch by {worst:.3g} at most")
