"""Stage 2a on the server: cut crops, ask the matting networks about all of them, paste the alphas."""

from __future__ import annotations

import asyncio
import json
from itertools import combinations
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime import matting
from triton_anime.bls import complaint, is_absent
from triton_anime.settings import DETAIL, EDGES
from triton_anime.trimap import Refinement

CALLS = ()
OPTIONAL_CALLS = ("u2net", "isnet_anime", "modnet", "vitmatte")


class TritonPythonModel:
    """The contract stands in ensembles/README.md."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        cv2.setNumThreads(1)
        parameters = json.loads(args["model_config"]).get("parameters", {})
        usual = parameters.get("networks", {}).get("string_value", "u2net,modnet")
        self._networks = [name.strip() for name in usual.split(",") if name.strip()]

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return list(await asyncio.gather(*(_answer(request, self._networks) for request in requests)))


async def _answer(request: Any, usual: list[str]) -> Any:
    asked = pb_utils.get_input_tensor_by_name(request, "NETWORKS")
    named = (
        usual if asked is None else [name.decode("utf-8", "replace") for name in asked.as_numpy().reshape(-1)]
    )
    unknown = [name for name in named if name not in OPTIONAL_CALLS]
    networks = [name for name in DETAIL if name in named]
    if unknown or not networks:
        known = f"one or more of {', '.join(DETAIL)}, and {EDGES} for the edges"
        message = f"NETWORKS names {', '.join(named) or 'none'}; name {known}"
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(message))
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
    responses = await asyncio.gather(
        *(_call(name, {"FRAME": part[None]}) for part in parts for name in networks)
    )
    errors = [response.error().message() for response in responses if response.has_error()]
    serious = next((error for error in errors if not is_absent(error)), None)
    if serious or (errors and len(errors) == len(responses)):
        message = complaint("character detail", serious or errors[0])
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(message))
    answers = [
        [
            pb_utils.get_output_tensor_by_name(response, "ALPHA").as_numpy()[0]
            for response in responses[len(networks) * index :][: len(networks)]
            if not response.has_error()
        ]
        for index in range(len(where))
    ]
    least, most = 0.0, 0.0
    for several in answers:
        for pair in combinations(several, 2):
            both, either = matting.agreement(*pair)
            least, most = least + both, most + either
    alpha = np.zeros((height, width), np.uint8)
    if where:
        alpha = matting.fuse(frame, where, answers, coarse)
    if EDGES in named and alpha.any():
        refinement = Refinement(frame, alpha)
        fine = await asyncio.gather(
            *(_call(EDGES, {"SQUARE": squares, "TRIMAP": maps}) for squares, maps in refinement.calls)
        )
        for response in fine:
            if response.has_error():
                message = complaint("fine edges", response.error().message())
                return pb_utils.InferenceResponse(error=pb_utils.TritonError(message))
        alpha = refinement.finish(
            [pb_utils.get_output_tensor_by_name(response, "ALPHA").as_numpy() for response in fine]
        )
    # NaN: one network alone has nobody to agree with
    measured = least / most if most > 0 else float("nan")
    return pb_utils.InferenceResponse(
        output_tensors=[
            pb_utils.Tensor("ALPHA", alpha),
            pb_utils.Tensor("AGREEMENT", np.array([measured], np.float32)),
        ]
    )


async def _call(model: str, inputs: dict[str, Any]) -> Any:
    return await pb_utils.InferenceRequest(
        model_name=model,
        requested_output_names=["ALPHA"],
        inputs=[pb_utils.Tensor(name, value) for name, value in inputs.items()],
    ).async_exec()
