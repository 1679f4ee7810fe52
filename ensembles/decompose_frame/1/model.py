"""One picture, all layers: segmentation first, then matting, effects and inpainting, then the arithmetic."""

from __future__ import annotations

import asyncio
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime import decompose, matting
from triton_anime.bls import complaint, is_absent
from triton_anime.panoptic import CHARACTER, group, panoptic
from triton_anime.prompts import DEFAULT_PROMPTS, token_batch

CALLS = ("panoptic_deeplab",)
OPTIONAL_CALLS = ("u2net", "modnet", "clipseg_text", "clipseg", "lama")


class TritonPythonModel:
    """The contract stands in ensembles/README.md."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        del args
        cv2.setNumThreads(1)

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return [await _answer_or_error(request) for request in requests]


class _FailedError(Exception):
    """A network is served and failed."""


async def _answer_or_error(request: Any) -> Any:
    try:
        return await _answer(request)
    except _FailedError as error:
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))


async def _answer(request: Any) -> Any:
    frame = pb_utils.get_input_tensor_by_name(request, "FRAME").as_numpy()
    asked = pb_utils.get_input_tensor_by_name(request, "PROMPTS")
    said = [] if asked is None else [text.decode("utf-8", "replace") for text in asked.as_numpy().reshape(-1)]
    height, width = frame.shape[:2]
    working = decompose.working_frame(frame)
    (segmented, error), masks = await asyncio.gather(
        _call("panoptic_deeplab", {"FRAME": working[None]}, ["SEMANTIC", "CENTER", "OFFSET"]),
        _effect_masks(working, said or list(DEFAULT_PROMPTS)),
    )
    if segmented is None:
        message = complaint("panoptic segmentation", error)
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(message))
    probabilities = segmented["SEMANTIC"]
    cells = group(probabilities, segmented["CENTER"], segmented["OFFSET"])
    found = panoptic(probabilities, cells, height, width)
    alpha = await _alpha(frame, found.boxes, probabilities[CHARACTER])
    prior = decompose.effect_prior(masks, probabilities, frame)
    hole, small, small_hole = decompose.hole_to_fill(
        frame, alpha, prior, (working.shape[0], working.shape[1])
    )
    answer = None
    if small_hole.any():
        filled, _ = await _call("lama", {"FRAME": small[None], "MASK": small_hole[None]}, ["PLATE"])
        answer = None if filled is None else filled["PLATE"]
    layers = decompose.decompose(frame, alpha, prior, decompose.plate(frame, hole, answer))
    instances = decompose.identities(found.instances, layers.character[..., 3])
    tensors = {
        "CHARACTER": layers.character,
        "EFFECTS": layers.effects,
        "BACKGROUND": layers.background,
        "INSTANCES": instances,
        "SCORES": found.scores,
    }
    return pb_utils.InferenceResponse(
        output_tensors=[pb_utils.Tensor(name, np.ascontiguousarray(value)) for name, value in tensors.items()]
    )


async def _alpha(frame: Any, boxes: Any, coarse: Any) -> Any:
    """Union alpha of all characters; the coarse mask with fine edges where no matting network is served."""
    height, width = frame.shape[:2]
    large = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    where = matting.crops(boxes, height, width)
    answers = []
    for x, y, w, h in where:
        here = (slice(y, y + h), slice(x, x + w))
        part = np.ascontiguousarray(frame[here])
        both = await asyncio.gather(
            *(_call(name, {"FRAME": part[None]}, ["ALPHA"]) for name in ("u2net", "modnet"))
        )
        answers.append([answer["ALPHA"] for answer, _ in both if answer is not None] or [large[here]])
    return matting.fuse(frame, where, answers, coarse)


async def _effect_masks(working: Any, prompts: list[str]) -> Any:
    """[P,h,w] probability · 255 of each prompt, or None where the role is absent."""
    text, _ = await _call("clipseg_text", {"TOKENS": token_batch(prompts)}, ["CONDITION"], batch=True)
    if text is None:
        return None
    found, _ = await _call(
        "clipseg", {"FRAME": working[None], "CONDITION": text["CONDITION"][None]}, ["MASKS"]
    )
    return None if found is None else found["MASKS"]


async def _call(
    model: str, inputs: dict[str, Any], outputs: list[str], batch: bool = False
) -> tuple[dict[str, Any] | None, str]:
    """The outputs of a network (of its only batch element unless ``batch``), or None and why it is absent."""
    response = await pb_utils.InferenceRequest(
        model_name=model,
        requested_output_names=outputs,
        inputs=[pb_utils.Tensor(name, np.ascontiguousarray(value)) for name, value in inputs.items()],
    ).async_exec()
    if response.has_error():
        error = response.error().message()
        if not is_absent(error):
            raise _FailedError(f"{model} failed: {error}")
        return None, error
    values = {name: pb_utils.get_output_tensor_by_name(response, name).as_numpy() for name in outputs}
    return (values if batch else {name: value[0] for name, value in values.items()}), ""
