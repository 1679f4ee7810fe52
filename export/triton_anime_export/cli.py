"""``triton-anime-export``: one file per command in ``commands/``."""

from __future__ import annotations

import sys

import click

from triton_anime_export.commands import (
    build,
    card,
    config,
    score,
    studio_bank,
    studio_demo,
    studio_render,
    studio_sheet,
    train,
    verify,
    weights,
)
from triton_anime_export.commands import list as list_networks
from triton_anime_export.errors import ExportError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="triton-anime")
def cli() -> None:
    """Bring networks from PyTorch into model_repository/: train, build, describe, verify."""


@cli.group()
def studio() -> None:
    """Draw annotated shots: training data with exact truth."""


cli.add_command(list_networks.command)
cli.add_command(weights.command)
cli.add_command(build.command)
cli.add_command(config.command)
cli.add_command(card.command)
cli.add_command(verify.command)
cli.add_command(train.command)
cli.add_command(score.command)
studio.add_command(studio_bank.command)
studio.add_command(studio_demo.command)
studio.add_command(studio_render.command)
studio.add_command(studio_sheet.command)


def main() -> None:
    """Run the command line; an error of ours is one line and its own exit code."""
    try:
        cli(standalone_mode=True)
    except ExportError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
