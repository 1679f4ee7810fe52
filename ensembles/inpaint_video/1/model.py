"""Video inpainting on the server: a window of pictures to the network that the request names."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime.serving.calls import Networks, RefusedError
from triton_anime.serving.video_inpainting import TENSORS, inpaint, lengths

CALLS = ()
OPTIONAL_CALLS = ("sttn", "e2fgvi_hq", "propainter_generate")


class TritonPythonModel:
    """The contract stands in README.md beside this folder."""

    def initialize(self, args: dict[str, Any]) -> None:
        """Read how many pictures the graphs take."""
        parameters = json.loads(args["model_config"]).get("parameters", {})
        self._windows = lengths(parameters.get("windows", {}).get("string_value", ""))
        self._networks = Networks(pb_utils)

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return list(await asyncio.gather(*(self._answer(request) for request in requests)))

    async def _answer(self, request: Any) -> Any:
        given = {name: _input(request, name) for name in TENSORS}
        network = bytes(_input(request, "NETWORK").reshape(-1)[0]).decode("utf-8", "replace")
        said = _input(request, "WINDOW")
        window = self._windows.get(network) if said is None else int(said.reshape(-1)[0])
        try:
            plates = await inpaint(
                self._networks,
                network,
                {name: value for name, value in given.items() if value is not None},
                window,
            )
        except RefusedError as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))
        return pb_utils.InferenceResponse(
            output_tensors=[pb_utils.Tensor("PLATES", np.ascontiguousarray(plates))]
        )


def _input(request: Any, name: str) -> Any:
    """The tensor as an array, ``None`` where the request left it out."""
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    return None if tensor is None else tensor.as_numpy()
