"""Video inpainting on the server: a window of pictures to the network that the request names."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime.serving.calls import Networks, RefusedError, parameters_of, tensor_of
from triton_anime.serving.video_inpainting import TENSORS, inpaint, lengths

CALLS = ()
OPTIONAL_CALLS = ("sttn", "e2fgvi_hq", "propainter_generate")


class TritonPythonModel:
    """The contract stands in README.md beside this folder."""

    def initialize(self, args: dict[str, Any]) -> None:
        """Read how many pictures the graphs take."""
        self._windows = lengths(parameters_of(args).get("windows", ""))
        self._networks = Networks(pb_utils)

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return list(await asyncio.gather(*(self._answer(request) for request in requests)))

    async def _answer(self, request: Any) -> Any:
        given = {name: tensor_of(pb_utils, request, name) for name in TENSORS}
        network = bytes(tensor_of(pb_utils, request, "NETWORK").reshape(-1)[0]).decode("utf-8", "replace")
        said = tensor_of(pb_utils, request, "WINDOW")
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
