"""``triton-anime-export verify``: committed files against PyTorch, networks against golden vectors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from triton_anime_export import records
from triton_anime_export.folders import is_served, onnx_file
from triton_anime_export.network import Network
from triton_anime_export.networks import NETWORKS, find_all
from triton_anime_export.to_onnx import Comparison

Row = tuple[str, Comparison]


@click.command("verify")
@click.argument("name", required=False)
@click.option(
    "--golden",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the reference implementation's keys (state_dict.json) and vectors (golden.npz).",
)
@click.option("--record", is_flag=True, help="With --golden: keep the largest errors for the cards.")
def command(name: str | None, golden: Path | None, record: bool) -> None:
    """Print how far PyTorch and ONNX are apart; exit 1 when one strays beyond its tolerance.

    Without --golden the committed file of NAME (or of every network) is compared with the PyTorch module that
    holds its weights. With --golden both are compared with what the reference implementation recorded;
    --record puts the largest errors into perf/golden_parity.json, from where `card` takes them.
    """
    if golden is not None:
        if name is None:
            raise click.UsageError("--golden needs the NAME of a network")
        rows = _golden(name, golden, record)
    elif record:
        raise click.UsageError("--record goes with --golden")
    else:
        rows = _committed(name)
    width = max((len(row[0]) for row in rows), default=0)
    for title, found in rows:
        verdict = "ok" if found.within else "BEYOND TOLERANCE"
        click.echo(f"{title:{width}}  abs {found.absolute:.3e}  rel {found.relative:.3e}  {verdict}")
    if not all(found.within for _, found in rows):
        sys.exit(1)


def _golden(name: str, folder: Path, record: bool) -> list[Row]:
    from triton_anime_export.golden import recordings, replay

    rows: list[Row] = []
    for described in find_all(name):
        # Each recording is of another published size, so each has a record of its own.
        for golden in recordings(described, folder) or (None,):
            network = replace(described, golden=golden)
            replayed = replay(network, folder)
            rows += [
                (f"{network.name} {row.runtime:7} {row.found.case} {row.found.output}", row.found)
                for row in replayed
            ]
            if record:
                _keep(network, name, folder, [(row.runtime, row.found) for row in replayed])
    return rows


def _keep(network: Network, name: str, folder: Path, replayed: Sequence[Row]) -> None:
    """Put the largest errors under the name of the published size whose keys the folder holds."""
    from triton_anime_export.golden import official_shapes
    from triton_anime_export.sizes import key, size_with

    assert network.golden is not None
    shapes = official_shapes(network.golden, folder)
    found: records.Record = {
        "name": name,
        "tolerance": network.golden.tolerance,
        "outputs": len({(row.case, row.output) for _, row in replayed}),
        "within": all(row.within for _, row in replayed),
    }
    for runtime in dict.fromkeys(runtime for runtime, _ in replayed):
        mine = [row for said, row in replayed if said == runtime]
        found[runtime] = {
            "absolute": float(f"{max(row.absolute for row in mine):.3g}"),
            "relative": float(f"{max(row.relative for row in mine):.3g}"),
        }
    records.put(records.golden_file(), key(network, size_with(network, shapes)), found)


def _committed(name: str | None) -> list[Row]:
    from triton_anime_export.to_onnx import compare
    from triton_anime_export.weights import load

    rows: list[Row] = []
    for network in NETWORKS if name is None else find_all(name):
        if name is None and not is_served(network):
            continue
        path = onnx_file(network)
        module = load(network, "lite", path)
        rows += [(f"{network.name} {f.case} {f.output}", f) for f in compare(network, module, path)]
    return rows
