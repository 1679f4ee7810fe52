"""``triton-anime-export studio demo``: draw and encode the demonstration clip."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("demo")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The .mp4 to write."
)
@click.option("--seed", default=7, show_default=True, help="Seed of the painted backgrounds.")
def command(output: Path, seed: int) -> None:
    """Draw two shots of nine seconds in all: 1280x720, 24 frames a second, drawn on twos, H.264."""
    from triton_anime_export.studio.demo import write_demo

    write_demo(output, seed)
    click.echo(f"{output}: {output.stat().st_size / 1e6:.2f} MB")
