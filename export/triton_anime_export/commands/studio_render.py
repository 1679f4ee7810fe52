"""``triton-anime-export studio render``: write one shot with its ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from triton_anime_export.studio.layout import LAYOUTS


class Even(click.IntRange):
    """An even number of pixels from 64 on."""

    name = "even number"

    def __init__(self) -> None:
        super().__init__(64, 4096)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; click's BadParameter where it is odd or out of range."""
        number = int(super().convert(value, param, ctx))
        if number % 2:
            self.fail(f"{number} is odd; give an even number of pixels", param, ctx)
        return number


@click.command("render")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="New folder.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--width", type=Even(), default=896, show_default=True, help="Pixels.")
@click.option("--height", type=Even(), default=512, show_default=True, help="Pixels.")
@click.option("--frames", type=click.IntRange(1, 2000), default=12, show_default=True)
@click.option(
    "--layout",
    type=click.Choice(sorted(LAYOUTS)),
    help="How the characters are placed; the seed decides where it is left out.",
)
@click.option(
    "--art",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with SOURCES.tsv; half of the sources then come from there.",
)
@click.option(
    "--broadcast",
    is_flag=True,
    help="Write also what a broadcast makes of it: codec, grain, bars, subtitles.",
)
def command(
    output: Path,
    seed: int,
    width: int,
    height: int,
    frames: int,
    layout: str | None,
    art: Path | None,
    broadcast: bool,
) -> None:
    """Draw the shot of a seed with its truth.

    Alpha of each character, effects, clean plate, classes, flow forward and backward, key points, acting,
    captions: docs/studio.md describes the files. The same seed and options write the same bytes.
    """
    from triton_anime_export.studio.art import Art
    from triton_anime_export.studio.director import plan
    from triton_anime_export.studio.fresh import Fresh
    from triton_anime_export.studio.render import write_scene

    cast = Fresh(frames, Art(art, "train") if art else None)
    scene = plan(np.random.default_rng([seed, 1]), cast, (width, height), frames, layout)
    write_scene(scene, output, seed, broadcast)
    click.echo(f"{output}: {frames} frames, {len(scene.of_kind('character'))} characters")
