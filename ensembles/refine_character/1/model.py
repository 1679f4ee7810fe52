"""Stage 2a on the server: cut crops, ask both matting networks about all of them, paste the alphas."""

from __future__ import annotations

import asyncio
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime import matting
from triton_anime.bls import complaint, is_absent

CALLS = ()
OPTIONAL_CALLS = ("u2net", "modnet")


class TritonPythonModel:
    """The contract stands in ensembles/README.md."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        del args
        cv2.setNumThreads(1)

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return list(await asyncio.gather(*(_answer(request) for request in requests)))


async def _answer(request: Any) -> Any:
    frame = pb_utils.get_input_tensor_by_name(request, "FRAME").as_numpy()
    height, width = frame.shape[:2]
    mask = pb_utils.get_input_tensor_by_name(request, "MASK")
    boxes = pb_utils.get_input_tensor_by_name(request, "BOXES")
    coarse = None if mask is None else mask.as_numpy()
    if boxes is not None:
        where = matting.crops(boxes.as_numpy(), height, width)
    elif coarse is not None:
        where = matting.crops(matting.boxes_of(coarse, height, width), height, width)
    else:
        where = [(0, 0, width, height)]
    parts = [np.ascontiguousarray(frame[y : y + h, x : x + w]) for x, y, w, h in where]
    responses = await asyncio.gather(*(_call(name, part) for part in parts for name in OPTIONAL_CALLS))
    errors = [response.error().message() for response in responses if response.has_error()]
    serious = next((error for error in errors if not is_absent(error)), None)
    if serious or (errors and len(errors) == len(responses)):
        message = complaint("character detail", serious or errors[0])
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(message))
    answers = [
        [
            pb_utils.get_output_tensor_by_name(response, "ALPHA").as_numpy()[0]
            for response in responses[len(OPTIONAL_CALLS) * index :][: len(OPTIONAL_CALLS)]
            if not response.has_error()
        ]
        for index in range(len(where))
    ]
    least, most = 0.0, 0.0
    for pair in answers:
        if len(pair) == 2:
            both, either = matting.agreement(*pair)
            least, most = least + both, most + either
    alpha = np.zeros((height, width), np.uint8)
    if where:
        alpha = matting.fuse(frame, where, answers, coarse)
    # NaN: one network alone has nobody to agree with
    measured = least / most if most > 0 else float("nan")
    return pb_utils.InferenceResponse(
        output_tensors=[
            pb_utils.Tensor("ALPHA", alpha),
            pb_utils.Tensor("AGREEMENT", np.array([measured], np.float32)),
        ]
    )


async def _call(model: str, part: Any) -> Any:
    return await pb_utils.InferenceRequest(
        model_name=model,
        requested_output_names=["ALPHA"],
        inputs=[pb_utils.Tensor("FRAME", part[None])],
    ).async_exec()
