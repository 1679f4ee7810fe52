"""``triton-anime``: the command line. Commands are imported when they are used, so that --help is quick."""

from __future__ import annotations

import importlib
import os
import sys

import click

from triton_anime import __version__
from triton_anime.errors import TritonAnimeError

# Before numpy is imported: its BLAS would keep threads spinning beside the server's on the same cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Before OpenCV is imported: what it and its FFmpeg print about a bad file is said in one line of ours.
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

# Command: what the overview says about it. Each is triton_anime.commands.<name>, an object called `command`.
COMMANDS = {
    "process": "Take videos apart into character, effect and background layers.",
    "serve": "Run the embedded Triton server in the foreground, for other programs.",
    "models": "List what a server serves: role, readiness, size.",
    "sheet": "Draw a contact sheet of finished episodes, before and after.",
}

_EPILOG = """\b
Start with:
  triton-anime process episode.mp4
and look into output/episode/. Each command explains itself with --help.
"""


class _LazyGroup(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"triton_anime.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="triton-anime %(version)s")
@click.option("--debug", is_flag=True, help="Show the full trace of errors.")
def cli(debug: bool) -> None:
    """Take anime episodes apart: characters, effects and clean backgrounds, frame by frame.

    The networks run in a Triton Inference Server: an embedded one, or yours with --server.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the code of :mod:`triton_anime.errors`."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        code = cli.main(args=words, prog_name="triton-anime", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except TritonAnimeError as error:
        if "--debug" in words:
            raise
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
