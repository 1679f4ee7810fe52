"""``triton-anime serve``: the embedded server in the foreground, for other programs."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from triton_anime.errors import InputError
from triton_anime.repository import Catalogue, repositories

_LOOPBACK = {"127.0.0.1", "localhost"}


@click.command(
    name="serve",
    epilog="Then, elsewhere on this machine: triton-anime process episode.mp4 --server 127.0.0.1:8001",
)
@click.option(
    "--grpc-port",
    default=8001,
    show_default=True,
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="gRPC service.",
)
@click.option(
    "--http-port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="HTTP service; closed unless a port is given.",
)
@click.option(
    "--metrics-port",
    default=8002,
    show_default=True,
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="Prometheus metrics, always on 127.0.0.1.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Whoever reaches it can use the server.",
)
@click.option(
    "--networks",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="TRITON_ANIME_NETWORKS",
    metavar="DIR",
    help="Model repository instead of the package's own networks. [env: TRITON_ANIME_NETWORKS]",
)
@click.option(
    "--repository",
    "extra",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A further model repository; may be given several times.",
)
@click.option(
    "--models", help="Serve only these models and what they call, comma-separated, e.g. segment_frame."
)
@click.option(
    "--log", type=click.Path(dir_okay=False, path_type=Path), help="Where the server writes its log."
)
def command(
    grpc_port: int,
    http_port: int | None,
    metrics_port: int,
    host: str,
    networks: Path | None,
    extra: tuple[Path, ...],
    models: str | None,
    log: Path | None,
) -> None:
    """Run the Triton server in the foreground until Ctrl-C.

    It serves the networks and ensembles of this package over gRPC (KServe v2), to `triton-anime process
    --server HOST:PORT` and to any other Triton client. Prints the address when every model is ready.
    """
    from triton_anime.embedded import EmbeddedServer

    if host not in _LOOPBACK:
        click.echo(
            f"warning: {host} is reachable from outside and this Triton release has known holes; "
            "serve others from NVIDIA's container instead",
            err=True,
        )
    paths = repositories(extra, networks)
    wanted = _wanted(Catalogue(paths), models)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server = EmbeddedServer(
        wanted,
        repositories=paths,
        log_path=log,
        host=host,
        grpc_port=grpc_port,
        http_port=http_port,
        metrics_port=metrics_port,
    )
    with server as running:
        click.echo(f"starting; log: {running.log_path}")
        for name in wanted:
            while not (running.is_loaded(name) or stop.wait(0.05)):
                running.check()
            if stop.is_set():
                break
            click.echo(f"ready: {name}")
        if not stop.is_set():
            click.echo(f"serving {len(wanted)} models on {running.address}; Ctrl-C stops")
        while not stop.wait(0.5):
            running.check()
    click.echo("stopped")


def _wanted(catalogue: Catalogue, models: str | None) -> list[str]:
    if models is None:
        names = catalogue.servable()
        if not names:
            raise InputError(
                "the repositories hold no model that can be served; build them or give --repository"
            )
    else:
        names = [name.strip() for name in models.split(",") if name.strip()]
    return catalogue.load_order(names)
