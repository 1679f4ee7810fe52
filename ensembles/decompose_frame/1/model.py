"""One picture, all layers: segmentation first, then matting, effects and inpainting, then the arithmetic."""

from __future__ import annotations

import asyncio
from typing import Any

import cv2
import numpy as np
import triton_python_backend_utils as pb_utils

from triton_anime import decompose
from triton_anime.effect_prior import effect_prior
from triton_anime.errors import InputError
from triton_anime.panoptic import CHARACTER
from triton_anime.prompts import DEFAULT_PROMPTS
from triton_anime.serving import detail, segmentation
from triton_anime.serving.calls import (
    AbsentError,
    FailedError,
    Networks,
    NotServedError,
    RefusedError,
    listed,
    names_of,
    parameters_of,
    tensor_of,
)
from triton_anime.serving.effects import EffectNetworks

CALLS = ()
OPTIONAL_CALLS = (
    "mask2former_wide",
    "mask2former_standard",
    "mask2former_tall",
    "panoptic_deeplab",
    "u2net",
    "isnet_anime",
    "modnet",
    "vitmatte",
    "clip_tokenizer",
    "clipseg_text",
    "clipseg",
    "bert_tokenizer",
    "grounding_dino",
    "sam_encode",
    "sam_decode",
    "lama",
)


class TritonPythonModel:
    """The contract stands in ensembles/README.md."""

    def initialize(self, args: dict[str, Any]) -> None:
        """One thread: the networks beside this process need the cores."""
        cv2.setNumThreads(1)
        self._roles = _Roles(parameters_of(args))

    async def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return [await _answer_or_error(request, self._roles) for request in requests]


class _Roles:
    """The roles that several networks may fill, and which of them a request named.

    A role of which none of the usual networks is served is done without; what a request named must be there.
    """

    def __init__(self, parameters: dict[str, str]) -> None:
        self._networks = Networks(pb_utils)
        self._segmentation = segmentation.Options.read(parameters)
        self._detail = listed(parameters.get("detail", "u2net,modnet"))
        usual = parameters.get("effects", "clipseg,grounded_sam")
        self._effects = EffectNetworks(self._networks, parameters, usual)

    async def segmented(self, request: Any, frame: Any) -> segmentation.Segmented:
        """Stage 1: what is where, on the grid of the network."""
        asked = names_of(pb_utils, request, "SEGMENTATION_NETWORKS")
        options = self._segmentation.of_request(asked, names_of(pb_utils, request, "CLASS_ROLES"))
        return await segmentation.segment(self._networks, frame, options)

    async def alpha(self, request: Any, frame: Any, boxes: Any, coarse: Any) -> Any:
        """Union alpha [H,W] of all characters; the coarse mask with fine edges in place of the networks."""
        asked = names_of(pb_utils, request, "DETAIL_NETWORKS")
        names = self._detail if asked is None else asked
        alpha, _ = await detail.refine(
            self._networks, frame, boxes, coarse, names, "DETAIL_NETWORKS", stand_in=asked is None
        )
        return alpha

    async def effects(self, request: Any, frame: Any, working: Any, prompts: list[str]) -> Any:
        """[P,h,w] probability · 255 of each prompt, or None where the role is absent."""
        asked = names_of(pb_utils, request, "EFFECT_NETWORKS")
        try:
            return await self._effects.maps(frame, working, prompts, asked, "EFFECT_NETWORKS")
        except NotServedError:
            if asked is not None:
                raise
            return None

    async def inpainted(self, frame: Any, hole: Any) -> Any:
        """The frame with its hole filled, or None where the role is absent."""
        inputs = {"FRAME": frame[None], "MASK": hole[None]}
        try:
            return (await self._networks.ask("lama", inputs, ["PLATE"]))["PLATE"][0]
        except AbsentError:
            return None
        except FailedError as error:
            raise RefusedError(f"lama failed: {error}") from error


async def _answer_or_error(request: Any, roles: _Roles) -> Any:
    try:
        return await _answer(request, roles)
    except (InputError, RefusedError) as error:
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))


async def _answer(request: Any, roles: _Roles) -> Any:
    frame = tensor_of(pb_utils, request, "FRAME")
    prompts = names_of(pb_utils, request, "PROMPTS") or DEFAULT_PROMPTS
    height, width = frame.shape[:2]
    working = decompose.working_frame(frame)
    segmented, masks = await asyncio.gather(
        roles.segmented(request, frame),
        roles.effects(request, frame, working, list(prompts)),
    )
    probabilities = segmented.probabilities
    found = segmented.at(height, width)
    alpha = await roles.alpha(request, frame, found.boxes, probabilities[CHARACTER])
    prior = effect_prior(masks, probabilities, frame)
    hole, small, small_hole = decompose.hole_to_fill(
        frame, alpha, prior, (working.shape[0], working.shape[1])
    )
    answer = await roles.inpainted(small, small_hole) if small_hole.any() else None
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
