"""``triton-anime-export studio bank``: draw the shots that every training recipe reads."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("bank")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="Folder for the bank.")
@click.option("--clips", default=2000, show_default=True, help="Shots of the training split.")
@click.option("--val-clips", default=120, show_default=True, help="Shots of the validation split.")
@click.option(
    "--art",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with SOURCES.tsv; without it everything is drawn by the studio.",
)
@click.option("--seed", default=900, show_default=True)
@click.option("--workers", default=2, show_default=True)
def command(output: Path, clips: int, val_clips: int, art: Path | None, seed: int, workers: int) -> None:
    """Draw a bank of annotated shots.

    Half of a training split with --art is composed of that art alone and half of art and studio drawings
    together; the validation split holds only repositories (or, without art, seeds) the training never sees.
    """
    from triton_anime_export.studio.art import Art
    from triton_anime_export.studio.bank import draw_bank, draw_cast
    from triton_anime_export.studio.director import Cast
    from triton_anime_export.studio.effect_pool import draw_pool, save

    train = Art(art, "train") if art else None
    pools = {"characters": 300, "backdrops": 160, "effects": 180, "objects": 80}
    # A network sees hundreds of thousands of effects while it trains: a few hundred it learns by heart.
    save(draw_pool(seed + 3, train, max(24, 2 * clips)), output)
    cast = draw_cast(seed, train, **pools)
    if art:
        alone = clips // 2
        draw_bank(output, "train-art", alone, Cast([], [], [], [], train, 1.0), seed, workers)
        draw_bank(output, "train", clips - alone, cast, seed + 1, workers)
        draw_bank(output, "val", val_clips, Cast([], [], [], [], Art(art, "val"), 1.0), seed + 2, workers)
    else:
        draw_bank(output, "train", clips, cast, seed + 1, workers)
        unseen = draw_cast(seed + 10_000, None, **{name: size // 4 for name, size in pools.items()})
        draw_bank(output, "val", val_clips, unseen, seed + 2, workers)
    click.echo(f"drawn: {output}")
