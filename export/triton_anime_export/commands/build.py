"""``triton-anime-export build``: weights into a model folder that Triton serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import click

from triton_anime_export.deform_operator import DIALECT, use_operator
from triton_anime_export.download import cached
from triton_anime_export.errors import WeightsError
from triton_anime_export.folders import model_folder, model_repository, onnx_file
from triton_anime_export.network import SIZES, Network, Size
from triton_anime_export.networks import find
from triton_anime_export.profiles import PROFILES, Profile, write
from triton_anime_export.refinements import refining
from triton_anime_export.stand_in import standing_in
from triton_anime_export.tensorrt_ops import ops_of, summary, warnings_for
from triton_anime_export.to_config import config_text
from triton_anime_export.to_onnx import export
from triton_anime_export.weights import load


@click.command("build")
@click.argument("name", required=False)
@click.option(
    "--profile",
    type=click.Choice(tuple(PROFILES)),
    help="Instead of NAME: write a complete model repository into --output, of the published networks whose "
    "checkpoints `weights` fetched (full) or of the committed ones (lite).",
)
@click.option(
    "--add", multiple=True, metavar="NAME", help="With --profile: a further network or family, full size."
)
@click.option(
    "--leave-out", multiple=True, metavar="NAME", help="With --profile: a network or family to leave out."
)
@click.option("--size", type=click.Choice(SIZES), default="lite", show_default=True)
@click.option(
    "--serve-as",
    metavar="OTHER",
    help="With --output: write it into the model folder of OTHER, a network of the same tensors, so that "
    "ensembles which call OTHER use it: `build raft --size full --serve-as raft_small` puts RAFT into "
    "estimate_flow.",
)
@click.option(
    "--iterations",
    type=click.IntRange(min=1),
    metavar="N",
    help="Refinements of a flow network (raft_small, raft, gma), unrolled into the graph: fewer are quicker. "
    "Default: the authors' number for full sizes; config.pbtxt tells it.",
)
@click.option(
    "--deform",
    type=click.Choice(("decomposed", "operator")),
    help="How deformable convolutions (propainter, e2fgvi_hq) are written: as GridSample and Conv (the "
    "default), or as DeformConv of opset 19, where the runtime has it.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="weights.pt of a training run or an official checkpoint. Default: the committed file (lite), what "
    "`weights` fetched (full).",
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
def command(
    name: str | None,
    profile: Profile | None,
    add: tuple[str, ...],
    leave_out: tuple[str, ...],
    size: str,
    serve_as: str | None,
    iterations: int | None,
    deform: str | None,
    weights: Path | None,
    output: Path | None,
    report: Path | None,
) -> None:
    """Write NAME's ONNX file and config.pbtxt, and compare the file with PyTorch.

    With --profile all networks of a model repository: `triton-anime serve --networks FOLDER` and
    `triton-anime process --networks FOLDER` use it with the same ensembles.
    """
    if (name is None) == (profile is None):
        raise click.UsageError("Name one network, or a --profile with --output.")
    if profile is not None:
        alone = (weights, report, serve_as, iterations, deform)
        if output is None or any(given is not None for given in alone):
            raise click.UsageError(
                "--profile needs --output, and takes none of --weights, --report, --serve-as, --iterations, "
                "--deform."
            )
        _repository(profile, output, add, leave_out)
        return
    assert name is not None
    network = find(name).at(cast("Size", size))
    if iterations is not None:
        network = refining(network, iterations)
    served = network
    if serve_as is not None:
        if output is None:
            raise click.UsageError(
                "--serve-as needs --output: the checkout's folders keep their own networks."
            )
        served = standing_in(network, find(serve_as))
    repository = output or model_repository()
    module = load(network, cast("Size", size), weights or _kept(network, size))
    network = served
    path = onnx_file(network, repository)
    if deform == "operator":
        use_operator(module)
    comparisons = export(network, module, path, DIALECT if deform == "operator" else None)
    folder = model_folder(network, repository)
    (folder / "config.pbtxt").write_text(config_text(network), "utf-8")
    if report is not None:
        facts = json.loads(report.read_text("utf-8"))
        (folder / "card.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")
    worst = max(comparison.absolute for comparison in comparisons)
    ops = ops_of(path)
    click.echo(f"{sum(ops.values())} nodes: {summary(ops)}")
    for line in warnings_for(ops):
        click.echo(f"warning: {line}", err=True)
    click.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB, strays from PyTorch by {worst:.3g} at most")


def _repository(profile: Profile, folder: Path, add: tuple[str, ...], leave_out: tuple[str, ...]) -> None:
    count = 0
    try:
        for placed in write(profile, folder, add=add, leave_out=leave_out):
            count += placed.size is not None
            note = f"  {placed.note}" if placed.note else ""
            click.echo(f"{placed.name:22} {placed.size or '-':4}{note}")
    except OSError as error:
        message = f"{folder} cannot be written ({error.strerror}); make room or name another folder"
        raise WeightsError(message) from error
    click.echo(f"{folder}: {count} networks; serve them with: triton-anime serve --networks {folder}")


def _kept(network: Network, size: str) -> Path:
    """The weights that are here already: the committed file, or a published checkpoint in the cache."""
    if size == "lite":
        return onnx_file(network)
    for published in network.official:
        path = cached(network, published)
        if path.is_file():
            return path
    raise WeightsError(
        f"no published checkpoint of {network.name} is here; run: triton-anime-export weights "
        f"{network.name}, or name a file with --weights"
    )
