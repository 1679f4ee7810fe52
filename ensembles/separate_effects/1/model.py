"""Stage 2b on the server: sentences to embeddings (kept), with the frame to masks, masks to one alpha."""

from __future__ import annotations

import asyncio
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from triton_anime.prompts import token_batch

from . import effects

CALLS = ("clipseg_text", "clipseg")
_SENTENCES_AT_ONCE = 32  # max_batch_size of clipseg_text
_KEPT = 1024  # sentences; an embedding is a few hundred bytes


class TritonPythonModel:
    """The contract stands in README.md beside this folder."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        del args
        cv2.setNumThreads(1)
        self._embeddings: dict[str, NDArray[np.float32]] = {}

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return list(await asyncio.gather(*(self._answer(request) for request in requests)))

    async def _answer(self, request: Any) -> Any:
        frame = pb_utils.get_input_tensor_by_name(request, "FRAME").as_numpy()
        prompts = pb_utils.get_input_tensor_by_name(request, "PROMPTS")
        try:
            asked = effects.ask(None if prompts is None else list(prompts.as_numpy()))
            condition = await self._embed(asked.sentences)
            inputs = {"FRAME": effects.shrink(frame)[None], "CONDITION": condition[None]}
            masks = (await _call("clipseg", inputs, "MASKS"))[0]
        except ValueError as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))
        height, width = frame.shape[:2]
        alpha = effects.enlarge(effects.alpha_of(masks)[None], height, width)[0]
        masks = masks[: len(asked.prompts)]
        intensity, coverage = effects.measure(masks)
        tensors = {"ALPHA": alpha, "INTENSITY": intensity, "COVERAGE": coverage}
        wanted = request.requested_output_names()
        if "MASKS" in wanted:
            tensors["MASKS"] = effects.enlarge(masks, height, width)
        return pb_utils.InferenceResponse(
            output_tensors=[
                pb_utils.Tensor(name, np.ascontiguousarray(value))
                for name, value in tensors.items()
                if name in wanted
            ]
        )

    async def _embed(self, sentences: tuple[str, ...]) -> NDArray[np.float32]:
        """Embeddings [P,C] of the sentences; only new ones reach the text tower."""
        new = [sentence for sentence in dict.fromkeys(sentences) if sentence not in self._embeddings]
        found: dict[str, NDArray[np.float32]] = {}
        for start in range(0, len(new), _SENTENCES_AT_ONCE):
            part = new[start : start + _SENTENCES_AT_ONCE]
            rows = await _call("clipseg_text", {"TOKENS": token_batch(part)}, "CONDITION")
            found.update(zip(part, rows, strict=True))
        known = {**self._embeddings, **found}
        if len(known) > _KEPT:
            known = {sentence: known[sentence] for sentence in sentences}
        self._embeddings = known
        return np.stack([known[sentence] for sentence in sentences])


async def _call(model: str, inputs: dict[str, NDArray[Any]], output: str) -> Any:
    """One output of a network.

    Raises:
        ValueError: it is not served or failed.
    """
    response = await pb_utils.InferenceRequest(
        model_name=model,
        requested_output_names=[output],
        inputs=[pb_utils.Tensor(name, np.ascontiguousarray(value)) for name, value in inputs.items()],
    ).async_exec()
    if response.has_error():
        message = f"role effects by prompt is not served or failed: {response.error().message()}"
        raise ValueError(message)
    return pb_utils.get_output_tensor_by_name(response, output).as_numpy()
