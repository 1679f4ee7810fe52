"""``triton-anime-export verify``: committed files against PyTorch, networks against golden vectors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from triton_anime_export import records
from triton_anime_export.folders import is_served, onnx_file
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
    from triton_anime_export.golden import official_shapes, recordings, replay
    from triton_anime_export.sizes import key, size_with

    rows: list[Row] = []
    for described in find_all(name):
        # Recordings may be of other published sizes, or of parts of one.
        by_size: dict[str, list[tuple[float, Sequence[Row]]]] = {}
        for golden in recordings(described, folder) or (None,):
            network = replace(described, golden=golden)
            replayed = [(row.runtime, row.found) for row in replay(network, folder)]
            rows += [
                (f"{network.name} {runtime:7} {found.case} {found.output}", found)
                for runtime, found in replayed
            ]
            assert golden is not None  # or there would have been nothing to replay
            size = key(network, size_with(network, official_shapes(golden, folder)))
            by_size.setdefault(size, []).append((golden.tolerance, replayed))
        if record:
            for size, recorded in by_size.items():
                records.put(records.golden_file(), size, _record(name, recorded))
    return rows


def _record(name: str, recorded: Sequence[tuple[float, Sequence[Row]]]) -> records.Record:
    """The largest errors over all recordings of one published size, each with its tolerance."""
    rows = [row for _, replayed in recorded for row in replayed]
    record: records.Record = {
        "name": name,
        "tolerance": max(tolerance for tolerance, _ in recorded),
        "outputs": sum(len({(row.case, row.output) for _, row in replayed}) for _, replayed in recorded),
        "within": all(row.within for _, row in rows),
    }
    for runtime in dict.fromkeys(runtime for runtime, _ in rows):
        mine = [row for said, row in rows if said == runtime]
        record[runtime] = {
            "absolute": float(f"{max(row.absolute for row in mine):.3g}"),
            "relative": float(f"{max(row.relative for row in mine):.3g}"),
        }
    return record


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
