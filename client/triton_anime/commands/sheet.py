"""``triton-anime sheet``: finished episodes on one picture."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """\b
Examples:
  triton-anime sheet output/episode                       sheet.jpg, eight frames
  triton-anime sheet output/* --rows 3 -o overview.png    three frames of every episode
"""


def _columns(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[str]:
    from triton_anime.contact_sheet import COLUMNS

    if value is None:
        return list(COLUMNS)
    names = [name.strip() for name in value.split(",")]
    for name in names:
        if name not in COLUMNS:
            raise click.BadParameter(f"{name!r} is none of {', '.join(COLUMNS)}.")
    return names


@click.command(name="sheet", epilog=_EPILOG)
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    default="sheet.jpg",
    show_default=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A .jpg or .png.",
)
@click.option("--rows", type=click.IntRange(1, 200), default=8, show_default=True, help="Frames an episode.")
@click.option(
    "--width", type=click.IntRange(64, 1920), default=320, show_default=True, help="Pixels of a tile."
)
@click.option(
    "--columns",
    metavar="A,B,...",
    callback=_columns,
    help="Which tiles, in this order: frame, characters, who is who, effects, background. Default: all.",
)
def command(folders: tuple[Path, ...], output: Path, rows: int, width: int, columns: list[str]) -> None:
    """Draw a contact sheet: frames, characters, who is who, effects and backgrounds side by side.

    FOLDER is what `process` made of an episode. Rows are spread evenly over its distinct drawings.
    """
    from triton_anime import contact_sheet

    picture = contact_sheet.sheet(list(folders), rows, width, columns)
    contact_sheet.write(picture, output)
    click.echo(f"{output}: {picture.shape[1]} x {picture.shape[0]}")
