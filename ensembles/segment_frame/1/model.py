"""Stage 1 on the server: unpack the frame, ask the segmentation network, pack classes and characters."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime.bls import complaint
from triton_anime.panoptic import group, panoptic

CALLS = ("panoptic_deeplab",)


class TritonPythonModel:
    """The contract stands in ensembles/README.md."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        del args
        cv2.setNumThreads(1)

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return [_answer(request) for request in requests]


def _answer(request: Any) -> Any:
    frame = pb_utils.get_input_tensor_by_name(request, "FRAME").as_numpy()
    called = pb_utils.InferenceRequest(
        model_name=CALLS[0],
        requested_output_names=["SEMANTIC", "CENTER", "OFFSET"],
        inputs=[pb_utils.Tensor("FRAME", frame[None])],
    ).exec()
    if called.has_error():
        message = complaint("panoptic segmentation", called.error().message())
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(message))
    probabilities, centres, offsets = (
        pb_utils.get_output_tensor_by_name(called, name).as_numpy()[0]
        for name in ("SEMANTIC", "CENTER", "OFFSET")
    )
    found = panoptic(probabilities, group(probabilities, centres, offsets), *frame.shape[:2])
    tensors = {
        "SEMANTIC": found.semantic,
        "INSTANCES": found.instances,
        "PANOPTIC": found.panoptic,
        "SCORES": found.scores,
        "BOXES": found.boxes,
        "PROBABILITY": probabilities,
    }
    wanted = request.requested_output_names()
    return pb_utils.InferenceResponse(
        output_tensors=[
            pb_utils.Tensor(name, np.ascontiguousarray(value))
            for name, value in tensors.items()
            if name in wanted
        ]
    )
