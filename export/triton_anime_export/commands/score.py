"""``triton-anime-export score``: the whole product, each network and peers on drawings nobody trained on."""

from __future__ import annotations

import json
from pathlib import Path

import click

from triton_anime_export.errors import DataError, ExportError, StaleError
from triton_anime_export.scores.rows import DATA


@click.command("score")
@click.option("--art", type=click.Path(path_type=Path), help="Folder of art with SOURCES.tsv.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("perf"),
    show_default=True,
    help="Gets scores.json, and the table in its README.md.",
)
@click.option(
    "--data",
    multiple=True,
    type=click.Choice(list(DATA)),
    help="Score these sets only; may be repeated.",
)
@click.option("--worst", type=click.Path(path_type=Path, file_okay=False), help="Folder for the worst cases.")
@click.option("--server", "address", metavar="HOST:PORT", help="Ask this Triton instead of an embedded one.")
@click.option("--quick", is_flag=True, help="A smoke run of a few small drawings; the figures mean nothing.")
@click.option("--check", is_flag=True, help="Score nothing; fail when README.md does not show scores.json.")
@click.option("--table", is_flag=True, help="Score nothing; write the table of scores.json into README.md.")
def command(
    art: Path | None,
    output: Path,
    data: tuple[str, ...],
    worst: Path | None,
    address: str | None,
    quick: bool,
    check: bool,
    table: bool,
) -> None:
    """Measure how good the layers are, beside what OpenCV does without any network.

    Clips are drawn from seeds and from repositories of art that no network was trained on, and go through the
    product like a video. The same seeds give the same clips. The same command goes on with a run that was cut
    off, unless it was on a server that it did not start.
    """
    if check or table:
        _show(output, write=table)
        return
    sets = frozenset(data) or frozenset(DATA)
    if art is None and sets != {"studio"}:
        raise DataError("name the folder of art that holds SOURCES.tsv with --art, or pass --data studio")
    if art is not None and not (art / "SOURCES.tsv").is_file():
        raise DataError(f"{art / 'SOURCES.tsv'} is missing; name the folder of art with --art")

    from triton_anime.errors import TritonAnimeError
    from triton_anime.server_source import ServerSource
    from triton_anime.writers.files import output_errors, write_bytes
    from triton_anime_export.scores.run import score
    from triton_anime_export.scores.sizes import QUICK, Sizes
    from triton_anime_export.scores.table import section, split, with_section

    readme = output / "README.md"
    if readme.is_file():
        split(readme.read_text("utf-8"))  # better told now than after a quarter of an hour
    words = ["triton-anime-export score", "--art ART" if art else "", *(f"--data {name}" for name in data)]
    words.append("--quick" if quick else "")
    # Of somebody else's server nobody knows whether it still has the same weights.
    progress = output / ".scores.part" if address is None else None
    try:
        with ServerSource(address) as source:
            scores = score(
                source.get(),
                art,
                QUICK if quick else Sizes(),
                sets,
                command=" ".join(word for word in words if word),
                worst=worst,
                progress=progress,
                tell=lambda text: click.echo(text, err=True),
            )
        with output_errors(output):
            output.mkdir(parents=True, exist_ok=True)
            write_bytes(output / "scores.json", (json.dumps(scores, indent=1) + "\n").encode())
            if readme.is_file():
                write_bytes(readme, with_section(readme.read_text("utf-8"), scores).encode())
    except TritonAnimeError as error:
        raise ExportError(str(error)) from error
    if progress is not None:
        progress.unlink(missing_ok=True)
    click.echo(section(scores))


def _show(folder: Path, *, write: bool) -> None:
    from triton_anime_export.scores.table import with_section

    scores, readme = folder / "scores.json", folder / "README.md"
    for path in (scores, readme):
        if not path.is_file():
            raise StaleError(f"{path} is missing; run: triton-anime-export score --art ART --output {folder}")
    text = readme.read_text("utf-8")
    try:
        wanted = with_section(text, json.loads(scores.read_text("utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StaleError(f"{scores} is damaged ({error!r}); run triton-anime-export score again") from error
    if write:
        readme.write_text(wanted, "utf-8")
    elif wanted != text:
        raise StaleError(f"{readme} does not show {scores}; run: triton-anime-export score --table")
    click.echo("table written" if write else "scores agree")
