"""``triton-anime-export studio render``: write one shot with its ground truth."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np


@click.command("render")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="New folder.")
@click.option("--seed", default=0, show_default=True)
@click.option("--width", type=click.IntRange(64), default=896, show_default=True, help="Even, pixels.")
@click.option("--height", type=click.IntRange(64), default=512, show_default=True, help="Even, pixels.")
@click.option("--drawings", type=click.IntRange(2), default=12, show_default=True)
@click.option(
    "--art",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with SOURCES.tsv; half of the sources then come from there.",
)
def command(output: Path, seed: int, width: int, height: int, drawings: int, art: Path | None) -> None:
    """Draw the shot of a seed and write frames, plates, alphas, ids, effects and flow.

    The layout is documented in triton_anime_export/studio/render.py and named in the shot.json it writes.
    """
    from triton_anime_export.studio.art import Art
    from triton_anime_export.studio.bank import draw_cast
    from triton_anime_export.studio.director import stage
    from triton_anime_export.studio.render import write_shot

    if width % 2 or height % 2:
        raise click.BadParameter("width and height must be even")
    known = Art(art, "train") if art else None
    cast = draw_cast(seed, known, characters=6, backdrops=2, effects=24, objects=4)
    shot = stage(np.random.default_rng([seed, 1]), cast, (width, height), drawings)
    write_shot(shot, output, seed)
    click.echo(f"{output}: {drawings} drawings, {len(shot.names)} characters")
