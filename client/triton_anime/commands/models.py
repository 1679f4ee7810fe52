"""``triton-anime models``: what is served, in which role, ready or not, and how large."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from triton_anime.repository import Catalogue, repositories
from triton_anime.server import ServedModel, TensorDescription, connect


@dataclass(frozen=True)
class _Row:
    """One model, as far as repositories and server tell."""

    model: ServedModel
    state: str
    bytes_on_disk: int | None

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model.name,
            "role": self.model.role or None,
            "state": self.state,
            "ready": self.model.ready,
            "bytes_on_disk": self.bytes_on_disk,
            "inputs": [_tensor_json(tensor) for tensor in self.model.inputs],
            "outputs": [_tensor_json(tensor) for tensor in self.model.outputs],
        }


@click.command(name="models")
@click.option(
    "--server",
    "address",
    envvar="TRITON_ANIME_SERVER",
    metavar="HOST:PORT",
    help="Ask this server. Without it the models of the installed package are listed; no server is needed.",
)
@click.option(
    "--networks",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="TRITON_ANIME_NETWORKS",
    metavar="DIR",
    help="List these networks instead of the package's own. [env: TRITON_ANIME_NETWORKS]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
def command(address: str | None, networks: Path | None, as_json: bool) -> None:
    """List the models: role, state, size on disk, inputs and outputs.

    Sizes of tensors are written as ? where any size will do. A state of "missing NAME" means that a model
    that this one calls is not there: its role is absent and its fields in the output are null.
    """
    paths = repositories(networks=networks)
    rows = _rows_of_repositories(paths) if address is None else _rows_of_server(address, paths)
    if as_json:
        click.echo(json.dumps([row.as_json() for row in rows], indent=2))
    else:
        console = Console()
        # Into a pipe or a file there is no width to keep to.
        console = console if console.is_terminal else Console(width=160)
        console.print(_table(rows, address))


def _rows_of_repositories(paths: Iterable[Path]) -> list[_Row]:
    catalogue = Catalogue(paths)
    servable = set(catalogue.servable())
    rows = []
    for name, model in catalogue.served().items():
        missing = [need for need in catalogue[name].needs if need not in servable]
        state = f"missing {', '.join(missing)}" if missing else "present"
        rows.append(_Row(model, state, catalogue[name].bytes_on_disk))
    return rows


def _rows_of_server(address: str, paths: Iterable[Path]) -> list[_Row]:
    with connect(address, timeout_s=10.0) as server:
        models = server.models()
    # The sizes are those of this installation's own folders: Triton does not tell the server's.
    known = Catalogue(paths).models
    return [
        _Row(
            model,
            "ready" if model.ready else "not ready",
            known[model.name].bytes_on_disk if model.name in known else None,
        )
        for model in models
    ]


def _table(rows: list[_Row], address: str | None) -> Table:
    title = f"Models of {address or 'the installed repositories'}"
    table = Table(title=title, title_justify="left", show_lines=True)
    table.add_column("model", style="bold", no_wrap=True)
    table.add_column("role")
    table.add_column("state")
    table.add_column("size", justify="right")
    table.add_column("tensors", no_wrap=True)
    for row in rows:
        good = row.state in {"ready", "present"}
        table.add_row(
            row.model.name,
            row.model.role or "-",
            f"[{'green' if good else 'red'}]{row.state}",
            "-" if row.bytes_on_disk is None else _size(row.bytes_on_disk),
            "\n".join(
                [f"in  {_plain(tensor)}" for tensor in row.model.inputs]
                + [f"out {_plain(tensor)}" for tensor in row.model.outputs]
            ),
        )
    return table


def _plain(tensor: TensorDescription) -> str:
    # rich would take the sizes in brackets for markup.
    return str(tensor).replace("[", r"\[")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def _tensor_json(tensor: TensorDescription) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "optional": tensor.optional,
    }
