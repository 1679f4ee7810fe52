"""``triton-anime-export studio sheet``: a contact sheet of what the studio draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import numpy as np


@click.command("sheet")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The .png to write."
)
@click.option(
    "--kind",
    type=click.Choice(["characters", "acting", "backdrops", "effects", "objects"]),
    default="characters",
    show_default=True,
)
@click.option("--seed", default=0, show_default=True, help="First seed; each cell takes the next.")
@click.option("--columns", type=click.IntRange(1), default=8, show_default=True)
@click.option("--rows", type=click.IntRange(1), default=4, show_default=True)
@click.option("--cell", type=click.IntRange(16), default=240, show_default=True, help="Pixels.")
def command(output: Path, kind: str, seed: int, columns: int, rows: int, cell: int) -> None:
    """Draw sources of one kind side by side, to look at; ``acting`` shows one character in each row."""
    from triton_anime_export.studio import backdrops, characters, effects, props
    from triton_anime_export.studio.render import contact_sheet, write_image
    from triton_anime_export.studio.source import EFFECT_TYPES, Source

    def draw(number: int) -> Source:
        rng = np.random.default_rng(number)
        if kind == "characters":
            return characters.draw_character(rng, 2 * cell, 1)
        if kind == "backdrops":
            return backdrops.draw_backdrop(rng)
        if kind == "effects":
            return effects.draw_effect(rng, EFFECT_TYPES[1 + number % (len(EFFECT_TYPES) - 1)], 2 * cell, 2)
        return props.draw_object(rng, 2 * cell, 1)

    ground = 40 if kind == "effects" else 168
    if kind == "acting":
        sources = []
        for row in range(rows):
            source = characters.draw_character(np.random.default_rng(seed + row), 2 * cell, columns)
            sources += [replace(source, drawings=(drawing,)) for drawing in source.drawings]
    else:
        sources = [draw(seed + number) for number in range(columns * rows)]
    write_image(output, contact_sheet(sources, columns, cell, ground))
    click.echo(f"{output}: {columns * rows} drawings")
