"""``triton-anime-export train``: a lite network from drawn shots."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("train")
@click.argument("name")
@click.option("--bank", type=click.Path(path_type=Path), required=True, help="What `studio bank` drew.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run; runs/NAME when left out.")
@click.option(
    "--minutes", type=float, help="Length of the schedule in wall time; the recipe's own by default."
)
@click.option("--steps", type=int, help="Length in optimiser steps instead.")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--start",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="weights.pt of an earlier run to go on from.",
)
@click.option(
    "--beside",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder in which several of these commands meet, each with its own --seed and --out, to train one "
    "network together: one process for each core or GPU.",
)
@click.option("--lr", type=float, help="Peak learning rate; the recipe's own by default (always in lama).")
def command(
    name: str,
    bank: Path,
    out: Path | None,
    minutes: float | None,
    steps: int | None,
    seed: int,
    start: Path | None,
    beside: Path | None,
    lr: float | None,
) -> None:
    """Train the lite size of NAME and print its scores on held-out drawings.

    The same command in the same folder continues a run that was cut off. Then build the model folder with:
    triton-anime-export build NAME --weights OUT/weights.pt --report OUT/report.json
    """
    from triton_anime_export.studio.bank import Bank
    from triton_anime_export.training import recipes
    from triton_anime_export.training.run import Run

    if minutes is not None and steps is not None:
        raise click.UsageError("give --minutes or --steps, not both")
    recipe = recipes.find(name)
    folder = out or Path("runs") / name
    core = recipe.train(Run(bank, folder, minutes, steps, seed, start, beside, lr))
    scores = recipe.score(core, folder, Bank(bank, "val"))
    length = f"{steps} steps" if steps is not None else f"{minutes or recipe.minutes:g} minutes"
    report = {
        "training": f"`triton-anime-export train {name}`: {length}, seed {seed}, {len(Bank(bank))} clips.",
        "scores": scores,
    }
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    for key, value in scores.items():
        click.echo(f"{key:32} {value}")
