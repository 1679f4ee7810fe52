"""Stage 2a on the server: cut crops, ask the matting networks about all of them, paste the alphas."""

from __future__ import annotations

import asyncio
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime.serving import detail
from triton_anime.serving.calls import Networks, RefusedError, listed, names_of, parameters_of, tensor_of

CALLS = ()
OPTIONAL_CALLS = ("u2net", "isnet_anime", "modnet", "vitmatte")


class TritonPythonModel:
    """The contract stands in ensembles/README.md."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        cv2.setNumThreads(1)
        self._usual = listed(parameters_of(args).get("networks", "u2net,modnet"))
        self._networks = Networks(pb_utils)

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return list(await asyncio.gather(*(self._answer(request) for request in requests)))

    async def _answer(self, request: Any) -> Any:
        frame, boxes, mask = (tensor_of(pb_utils, request, name) for name in ("FRAME", "BOXES", "MASK"))
        names = names_of(pb_utils, request, "NETWORKS")
        try:
            alpha, agreement = await detail.refine(
                self._networks, frame, boxes, mask, self._usual if names is None else names, "NETWORKS"
            )
        except RefusedError as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))
        return pb_utils.InferenceResponse(
            output_tensors=[
                pb_utils.Tensor("ALPHA", alpha),
                pb_utils.Tensor("AGREEMENT", np.array([agreement], np.float32)),
            ]
        )
