"""Stage 1 on the server: unpack the frame, ask the segmentation network, pack classes and characters."""

from __future__ import annotations

import asyncio
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime.errors import InputError
from triton_anime.serving.calls import Networks, RefusedError, names_of, parameters_of, tensor_of
from triton_anime.serving.segmentation import Options, segment

CALLS = ()
OPTIONAL_CALLS = ("mask2former_wide", "mask2former_standard", "mask2former_tall", "panoptic_deeplab")


class TritonPythonModel:
    """The contract stands in ensembles/README.md."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        cv2.setNumThreads(1)
        self._options = Options.read(parameters_of(args))
        self._caller = Networks(pb_utils)

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return list(await asyncio.gather(*(self._answer(request) for request in requests)))

    async def _answer(self, request: Any) -> Any:
        frame = tensor_of(pb_utils, request, "FRAME")
        try:
            options = self._options.of_request(
                names_of(pb_utils, request, "NETWORKS"), names_of(pb_utils, request, "CLASS_ROLES")
            )
            said = await segment(self._caller, frame, options)
        except (InputError, RefusedError) as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))
        found = said.at(*frame.shape[:2])
        tensors = {
            "SEMANTIC": found.semantic,
            "INSTANCES": found.instances,
            "PANOPTIC": found.panoptic,
            "SCORES": found.scores,
            "BOXES": found.boxes,
            "PROBABILITY": said.probabilities,
        }
        wanted = request.requested_output_names()
        return pb_utils.InferenceResponse(
            output_tensors=[
                pb_utils.Tensor(name, np.ascontiguousarray(value))
                for name, value in tensors.items()
                if name in wanted
            ]
        )
