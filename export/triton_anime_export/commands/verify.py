"""``triton-anime-export verify``: committed files against PyTorch, networks against golden vectors."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from triton_anime_export.folders import is_served, onnx_file
from triton_anime_export.networks import NETWORKS, find_all
from triton_anime_export.to_onnx import Comparison


@click.command("verify")
@click.argument("name", required=False)
@click.option(
    "--golden",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with state_dict.json and golden.npz of the reference implementation.",
)
def command(name: str | None, golden: Path | None) -> None:
    """Print how far PyTorch and ONNX are apart; exit 1 when one strays beyond its tolerance.

    Without --golden the committed file of NAME (or of every network) is compared with the PyTorch module that
    holds its weights. With --golden both are compared with what the reference implementation recorded.
    """
    if golden is not None:
        if name is None:
            raise click.UsageError("--golden needs the NAME of a network")
        rows = _golden(name, golden)
    else:
        rows = _committed(name)
    width = max((len(row[0]) for row in rows), default=0)
    for title, found in rows:
        verdict = "ok" if found.within else "BEYOND TOLERANCE"
        click.echo(f"{title:{width}}  abs {found.absolute:.3e}  rel {found.relative:.3e}  {verdict}")
    if not all(found.within for _, found in rows):
        sys.exit(1)


def _golden(name: str, folder: Path) -> list[tuple[str, Comparison]]:
    from triton_anime_export.golden import replay

    return [
        (f"{network.name} {row.runtime:7} {row.found.case} {row.found.output}", row.found)
        for network in find_all(name)
        for row in replay(network, folder)
    ]


def _committed(name: str | None) -> list[tuple[str, Comparison]]:
    from triton_anime_export.to_onnx import compare
    from triton_anime_export.weights import load

    rows: list[tuple[str, Comparison]] = []
    for network in NETWORKS if name is None else find_all(name):
        if name is None and not is_served(network):
            continue
        path = onnx_file(network)
        module = load(network, "lite", path)
        rows += [(f"{network.name} {f.case} {f.output}", f) for f in compare(network, module, path)]
    return rows
