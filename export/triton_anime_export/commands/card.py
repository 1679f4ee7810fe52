"""``triton-anime-export card``: model cards and the README's table."""

from __future__ import annotations

from pathlib import Path

import click

from triton_anime_export.errors import StaleError
from triton_anime_export.folders import CHECKOUT, is_served, model_folder
from triton_anime_export.networks import NETWORKS
from triton_anime_export.to_card import card_text, with_table


@click.command("card")
@click.option("--check", is_flag=True, help="Write nothing; fail when a committed file differs.")
def command(check: bool) -> None:
    """Write the card of every network that has weights, and the table in the top README.md."""
    texts: dict[Path, str] = {
        model_folder(network) / "README.md": card_text(network) for network in NETWORKS if is_served(network)
    }
    readme = CHECKOUT / "README.md"
    texts[readme] = with_table(readme.read_text("utf-8"), NETWORKS)
    for path, text in texts.items():
        if not check:
            path.write_text(text, "utf-8")
        elif not path.is_file() or path.read_text("utf-8") != text:
            raise StaleError(f"{path} is not what networks/ says; run: triton-anime-export card")
    click.echo("cards agree" if check else "cards written")
