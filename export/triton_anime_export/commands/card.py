"""``triton-anime-export card``: model cards and the README's tables."""

from __future__ import annotations

from pathlib import Path

import click

from triton_anime_export import folders
from triton_anime_export.cards.card import card_text
from triton_anime_export.cards.tables import with_tables
from triton_anime_export.errors import StaleError
from triton_anime_export.networks import NETWORKS
from triton_anime_export.sizes import has_full_size


@click.command("card")
@click.option("--check", is_flag=True, help="Write nothing; fail when a committed file differs.")
def command(check: bool) -> None:
    """Write the card of every network that has weights or a published size, and the README's tables.

    Cards stand in the model folders, those of networks without committed weights in docs/networks.
    """
    texts: dict[Path, str] = {
        folders.card_file(network): card_text(network)
        for network in NETWORKS
        if folders.is_served(network) or has_full_size(network)
    }
    readme = folders.CHECKOUT / "README.md"
    texts[readme] = with_tables(readme.read_text("utf-8"), NETWORKS)
    orphans = [page for page in sorted(folders.pages().glob("*.md")) if page not in texts]
    for page in orphans:
        if check:
            raise StaleError(f"{page} is no network's card; run: triton-anime-export card")
        page.unlink()
    for path, text in texts.items():
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        elif not path.is_file() or path.read_text("utf-8") != text:
            raise StaleError(f"{path} is not what networks/ and perf/ say; run: triton-anime-export card")
    click.echo("cards agree" if check else "cards written")
