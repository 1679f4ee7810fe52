"""``triton-anime-export weights``: published checkpoints, downloaded or taken from a file."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from triton_anime_export.archives import holds, unpack
from triton_anime_export.download import cached, companions, fetch, fetch_companions, unwritable
from triton_anime_export.errors import WeightsError
from triton_anime_export.network import Network, Weights
from triton_anime_export.networks import find_all
from triton_anime_export.weights import fitted


@click.command("weights")
@click.argument("name")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A checkpoint on this machine (.pth, .ckpt, .safetensors, or the authors' archive it is in) instead "
    "of a download.",
)
@click.option(
    "--which",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Which of the published checkpoints, as the card lists them.",
)
@click.option("--accept-licence", is_flag=True, help="Agree to a licence that forbids commercial use.")
def command(name: str, path: Path | None, which: int, accept_licence: bool) -> None:
    """Put a published checkpoint of NAME into the cache folder and check that it fits.

    The folder is the user's cache, or what the environment variable TRITON_ANIME_HOME names. A transfer that
    broke goes on where it stopped. `build NAME --size full` finds the file there. Small files that belong to
    it, such as a tokenizer.json, come along: with --file those that lie beside it are taken.
    """
    parts = find_all(name)
    # Parts of a family share a checkpoint, or have one each.
    checkpoints = dict.fromkeys(part.official for part in parts)
    if path is not None and len(checkpoints) > 1:
        names = ", ".join(part.name for part in parts)
        raise WeightsError(f"the parts of {name} have a checkpoint each; name one with --file: {names}")
    for official in checkpoints:
        sharing = [part for part in parts if part.official == official]
        target = _one(sharing, path, which, accept_licence)
        click.echo(f"{target}: fits {name if len(checkpoints) == 1 else sharing[0].name}")


def _one(parts: Sequence[Network], path: Path | None, which: int, accept_licence: bool) -> Path:
    """Put the checkpoint of some parts of one network into the cache; where it lies."""
    network = parts[0]
    if not network.official:
        raise WeightsError(f"nobody published weights of {network.name}; its lite size is trained here")
    if which > len(network.official):
        raise click.BadParameter(f"{network.name} has {len(network.official)}.", param_hint="--which")
    weights = network.official[which - 1]
    target = cached(network, weights)
    if not target.is_file():
        _agree(weights, accept_licence)
    if path is None:
        target = _download(network, weights)
    elif not path.is_file():
        raise WeightsError(f"{path} does not exist; name a .pth, .ckpt or .safetensors file with --file")
    with tempfile.TemporaryDirectory() as folder:
        file = path or target
        if path is not None and weights.member and holds(path, weights.member):
            file = Path(folder) / weights.member
            unpack(path, weights.member, file)
        for part in parts:
            fitted(part, "full", file)
        if path is not None:
            _keep(network, weights, file, path)
    return target


def _keep(network: Network, weights: Weights, file: Path, path: Path) -> None:
    """Copy a checkpoint into the cache, and the small files that lie beside the ``path`` it came from."""
    target = cached(network, weights)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        # Where there is no network they may have come together.
        for companion in companions(network, weights):
            beside = path.with_name(companion.name)
            if beside.is_file() and not companion.is_file():
                shutil.copyfile(beside, companion)
    except OSError as error:
        raise unwritable(target.parent, error) from error
    fetch_companions(network, weights)


def _agree(weights: Weights, accepted: bool) -> None:
    use = "commercial use is allowed" if weights.commercial else "NO commercial use"
    click.echo(f"{weights.note or weights.url}\nlicence: {weights.licence}, {use}", err=True)
    if not weights.commercial and not accepted:
        raise WeightsError("this licence forbids commercial use; if you agree to it, add --accept-licence")


def _download(network: Network, weights: Weights) -> Path:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bars:
        task = bars.add_task(cached(network, weights).name, total=None)
        return fetch(
            network, weights, progress=lambda have, total: bars.update(task, completed=have, total=total)
        )
