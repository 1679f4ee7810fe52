"""Stage 2b on the server: sentences and a frame to masks by the networks asked for, masks to one alpha."""

from __future__ import annotations

import asyncio
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime.serving.calls import Networks, RefusedError, names_of, parameters_of, tensor_of
from triton_anime.serving.effects import EffectNetworks

from . import effects

CALLS = ()
OPTIONAL_CALLS = (
    "clip_tokenizer",
    "clipseg_text",
    "clipseg",
    "bert_tokenizer",
    "grounding_dino",
    "sam_encode",
    "sam_decode",
)


class TritonPythonModel:
    """The contract stands in README.md beside this folder."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        cv2.setNumThreads(1)
        parameters = parameters_of(args)
        usual = parameters.get("networks", "clipseg,grounded_sam")
        self._networks = EffectNetworks(Networks(pb_utils), parameters, usual)

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return list(await asyncio.gather(*(self._answer(request) for request in requests)))

    async def _answer(self, request: Any) -> Any:
        frame, prompts = (tensor_of(pb_utils, request, name) for name in ("FRAME", "PROMPTS"))
        names = names_of(pb_utils, request, "NETWORKS")
        try:
            wanted = effects.ask(None if prompts is None else list(prompts))
            masks = await self._networks.maps(
                frame, effects.shrink(frame), wanted.sentences, names, "NETWORKS"
            )
        except (ValueError, RefusedError) as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))
        height, width = frame.shape[:2]
        alpha = effects.enlarge(effects.alpha_of(masks)[None], height, width)[0]
        masks = masks[: len(wanted.prompts)]
        intensity, coverage = effects.measure(masks)
        tensors = {"ALPHA": alpha, "INTENSITY": intensity, "COVERAGE": coverage}
        outputs = request.requested_output_names()
        if "MASKS" in outputs:
            tensors["MASKS"] = effects.enlarge(masks, height, width)
        return pb_utils.InferenceResponse(
            output_tensors=[
                pb_utils.Tensor(name, np.ascontiguousarray(value))
                for name, value in tensors.items()
                if name in outputs
            ]
        )
