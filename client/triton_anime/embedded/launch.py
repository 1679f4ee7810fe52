"""The command line of a tritonserver, by its version."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from triton_anime.embedded.installation import TRITON_VERSION
from triton_anime.errors import ServerStartError
from triton_anime.transport.channel import TOKEN_KEY

_SHARED_MEMORY_FLAG_SINCE = (2, 69)
_MIB = 2**20


@dataclass(frozen=True)
class Endpoints:
    """Where the server listens. A port of None is closed."""

    host: str
    grpc_port: int
    http_port: int | None
    metrics_port: int | None

    @property
    def address(self) -> str:
        """Host and port of the gRPC service, for clients."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", ""} else self.host
        return f"{host}:{self.grpc_port}"


def server_arguments(
    repositories: Sequence[Path],
    backends: Path,
    endpoints: Endpoints,
    *,
    token: str,
    shm_prefix: str,
    version: tuple[int, int] = TRITON_VERSION,
) -> list[str]:
    """Flags for a tritonserver that serves ``repositories`` in explicit mode.

    Args:
        repositories: model repositories, networks first.
        backends: the backend directory. A trailing slash would break the lookup of Python-based backends.
        endpoints: where to listen.
        token: the secret that opens what can change the server: loading, shared memory, logging, tracing.
        shm_prefix: start of the names of the Python backend's shared memory, by which it can be swept.
        version: major and minor of the server; some flags stop one that does not know them.
    """
    arguments = [f"--model-repository={path}" for path in repositories]
    arguments += [
        "--model-control-mode=explicit",
        # The configurations are complete; completing them would start every model's process twice.
        "--disable-auto-complete-config",
        "--exit-timeout-secs=5",
        f"--backend-directory={str(backends).rstrip('/')}",
        f"--backend-config=python,shm-region-prefix-name={shm_prefix}",
        # Per model process, and all of it counts at once: small to begin with, for many never see a frame.
        f"--backend-config=python,shm-default-byte-size={_MIB}",
        f"--backend-config=python,shm-growth-byte-size={4 * _MIB}",
        # On a busy machine a process may take long to start.
        "--backend-config=python,stub-timeout-seconds=120",
        f"--grpc-address={endpoints.host}",
        f"--grpc-port={endpoints.grpc_port}",
        f"--grpc-restricted-protocol=shared-memory,model-repository,trace,logging:{TOKEN_KEY}={token}",
        f"--allow-http={str(endpoints.http_port is not None).lower()}",
        f"--allow-metrics={str(endpoints.metrics_port is not None).lower()}",
        "--allow-gpu-metrics=false",
        "--model-load-thread-count=4",
        "--log-format=ISO8601",
    ]
    if endpoints.http_port is not None:
        arguments += [
            f"--http-address={endpoints.host}",
            f"--http-port={endpoints.http_port}",
            f"--http-restricted-api=shared-memory,model-repository,trace,logging:{TOKEN_KEY}={token}",
        ]
    if endpoints.metrics_port is not None:
        arguments += ["--metrics-address=127.0.0.1", f"--metrics-port={endpoints.metrics_port}"]
    if version >= _SHARED_MEMORY_FLAG_SINCE:
        arguments.append("--allow-client-shm=true")
    return arguments


def free_ports(host: str, count: int) -> list[int]:
    """Ports of ``host`` that nothing listens on, all different.

    Raises:
        ServerStartError: ``host`` is no IPv4 address of this machine.
    """
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((host, 0))
        return [int(each.getsockname()[1]) for each in sockets]
    except OSError as error:
        raise ServerStartError(
            f"{host} cannot be listened on ({error.strerror}); give an IPv4 address of this machine"
        ) from error
    finally:
        for each in sockets:
            each.close()


def check_port(host: str, port: int, option: str) -> None:
    """Make sure that ``port`` can be listened on.

    Raises:
        ServerStartError: something else listens there, or it may not be used.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServerStartError(
                f"port {port} of {host} cannot be used ({error.strerror}); choose another with {option}"
            ) from error
