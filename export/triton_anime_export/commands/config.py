"""``triton-anime-export config``: config.pbtxt files from the descriptions."""

from __future__ import annotations

import click

from triton_anime_export.errors import StaleError
from triton_anime_export.folders import is_served, model_folder
from triton_anime_export.networks import NETWORKS
from triton_anime_export.to_config import config_text


@click.command("config")
@click.option("--check", is_flag=True, help="Write nothing; fail when a committed file differs.")
def command(check: bool) -> None:
    """Write the config.pbtxt of every network that has weights."""
    for network in NETWORKS:
        if not is_served(network):
            continue
        path = model_folder(network) / "config.pbtxt"
        text = config_text(network)
        if not check:
            path.write_text(text, "utf-8")
        elif not path.is_file() or path.read_text("utf-8") != text:
            raise StaleError(f"{path} is not what networks/ says; run: triton-anime-export config")
    click.echo("config.pbtxt files agree" if check else "config.pbtxt files written")
