"""``triton-anime-export list``: the networks there are."""

from __future__ import annotations

import click

from triton_anime_export.folders import is_served, onnx_file
from triton_anime_export.networks import NETWORKS


@click.command("list")
def command() -> None:
    """List every network: name, role, committed weights, paper."""
    width = max((len(network.name) for network in NETWORKS), default=0)
    role = max((len(network.role) for network in NETWORKS), default=0)
    for network in NETWORKS:
        size = f"{onnx_file(network).stat().st_size / 1e6:5.1f} MB" if is_served(network) else "     -  "
        click.echo(f"{network.name:{width}}  {network.role:{role}}  {size}  {network.paper}")
