"""What a video shows of what is hidden in its own frames, on the server: unpack, ask the networks, pack."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime.serving.calls import Networks, RefusedError, parameters_of, tensor_of
from triton_anime.serving.propagation import Windows, propagate_video

CALLS = ("estimate_flow",)
OPTIONAL_CALLS = ("propainter_complete", "propainter_propagate")


class TritonPythonModel:
    """The contract stands in README.md beside this folder."""

    def initialize(self, args: dict[str, Any]) -> None:
        """Read the windows of the served graphs."""
        said, usual = parameters_of(args), Windows()
        self._windows = Windows(
            int(said.get("complete_window") or usual.complete),
            int(said.get("propagate_window") or usual.propagate),
        )
        self._networks = Networks(pb_utils)

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return list(await asyncio.gather(*(self._answer(request) for request in requests)))

    async def _answer(self, request: Any) -> Any:
        frames, masks, asked = (tensor_of(pb_utils, request, name) for name in ("FRAMES", "MASKS", "WINDOWS"))
        windows = self._windows if asked is None else Windows(*(int(frames) for frames in asked))
        try:
            known = await propagate_video(self._networks, frames, masks, windows)
        except RefusedError as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(f"propagate_video: {error}"))
        tensors = {
            "FOUND": known.found,
            "UNKNOWN": known.unknown,
            "FLOW_FORWARD": known.forward,
            "FLOW_BACKWARD": known.backward,
        }
        return pb_utils.InferenceResponse(
            output_tensors=[
                pb_utils.Tensor(name, np.ascontiguousarray(tensors[name]))
                for name in request.requested_output_names()
            ]
        )
