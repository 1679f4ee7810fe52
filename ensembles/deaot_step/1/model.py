"""Stage 3 on the server: one drawing followed by DeAOT's networks. Features never leave the server."""

from __future__ import annotations

from typing import Any

import triton_python_backend_utils as pb_utils

from triton_anime.trackers.deaot_stepping import deaot_step
from triton_anime.trackers.served import answer

CALLS = ("deaot_encode", "deaot_reference", "deaot_propagate", "deaot_identify")


class TritonPythonModel:
    """The contract stands in ensembles/deaot_step/README.md."""

    def initialize(self, args: dict[str, Any]) -> None:
        """Nothing is kept."""
        del args

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return [answer(pb_utils, request, "deaot_step", deaot_step) for request in requests]
