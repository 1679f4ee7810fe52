"""Stage 3 on the server: one drawing followed by XMem's networks. Features never leave the server."""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2
import triton_python_backend_utils as pb_utils

from triton_anime.serving.calls import parameters_of
from triton_anime.trackers.served import answer
from triton_anime.trackers.stepping import track_step

CALLS = ("xmem_encode", "xmem_decode", "xmem_value")


class TritonPythonModel:
    """The contract stands in ensembles/track_step/README.md."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        cv2.setNumThreads(1)
        width = parameters_of(args).get("hidden_width", "")
        if width and not width.isdecimal():
            raise pb_utils.TritonModelException(
                f"hidden_width in the configuration of track_step is a number of channels, not {width!r}"
            )
        self._step = partial(track_step, hidden_width=int(width) if width else None)

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return [answer(pb_utils, request, "track_step", self._step) for request in requests]
