"""A real tritonserver inside a Python environment: started, watched and stopped from Python.

::

    EmbeddedServer      what users see: start, load in order, restart, stop
    ├── installation    where the wheel nvidia-pytriton keeps the server, and what its environment must be
    ├── launch          the command line
    ├── process         starts and stops the supervisor, reads the log
    ├── supervisor      a small process beside the server that outlives the client to clean up
    ├── loading         models in the order of need, in the background
    ├── canary          a small request that shows whether a model answers
    └── backends/       our Python-based backend `onnxruntime`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triton_anime.embedded.embedded_server import EmbeddedServer

__all__ = ["EmbeddedServer"]


def __getattr__(name: str) -> Any:
    # Imported when asked for: the backend's processes import this package too, and need no gRPC.
    if name == "EmbeddedServer":
        from triton_anime.embedded.embedded_server import EmbeddedServer

        return EmbeddedServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
