"""``triton-anime-export list``: the networks there are."""

from __future__ import annotations

import click

from triton_anime_export import records
from triton_anime_export.folders import is_served, onnx_file
from triton_anime_export.network import Network
from triton_anime_export.networks import NETWORKS
from triton_anime_export.sizes import has_full_size


@click.command("list")
def command() -> None:
    """List every network: name, role, committed lite weights, parameters of the published size, paper."""
    measured = records.read(records.full_size_file())
    rows = [
        ("network", "role", "lite", "published", "paper"),
        *((n.name, n.role, _lite(n), _published(n, measured), n.paper) for n in NETWORKS),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for name, role, lite, published, paper in rows:
        click.echo(
            f"{name:{widths[0]}}  {role:{widths[1]}}  {lite:>{widths[2]}}  {published:>{widths[3]}}  {paper}"
        )


def _lite(network: Network) -> str:
    return f"{onnx_file(network).stat().st_size / 1e6:.1f} MB" if is_served(network) else "-"


def _published(network: Network, measured: dict[str, records.Record]) -> str:
    if not has_full_size(network):
        return "-"
    # Read, since building them all takes seconds.
    counted = measured.get(network.name, {}).get("parameters")
    return f"{counted / 1e6:.1f} M" if counted else "unmeasured"
