"""Which roles a server fills, asked once and remembered, so that an absent one costs nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime.errors import RoleAbsentError
from triton_anime.server import Server

Answer = dict[str, NDArray[Any]]

SEGMENTATION = "panoptic segmentation"
DETAIL = "character detail"
EFFECTS = "effects by prompt"
INPAINTING = "image inpainting"
FLOW = "optical flow"
TRACKING = "tracking"
EMBEDDINGS = "embeddings"

MODELS: Mapping[str, str] = {
    SEGMENTATION: "segment_frame",
    DETAIL: "refine_character",
    EFFECTS: "separate_effects",
    INPAINTING: "inpaint_background",
    FLOW: "estimate_flow",
    TRACKING: "track_step",
}
"""The model of ``ensembles/`` that the pipeline asks for each role."""

OPTIONAL: Mapping[str, str] = {EMBEDDINGS: "embed_character"}
"""The same for roles without which nothing is missing: the client has an answer of its own."""

_ASKED = {**MODELS, **OPTIONAL}


FIXED = ("mask2former_wide", "mask2former_standard", "mask2former_tall", "grounding_dino", "sam_encode")
"""Networks of stages 1 and 2b whose frames have one size, larger than the working frame."""


class Roles:
    """Calls models by the role they fill; an absent role answers ``None`` and is written down.

    Safe to use from several threads.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._present: dict[str, bool] = {}
        self._batched: dict[str, Mapping[str, int]] | None = None

    @property
    def absent(self) -> frozenset[str]:
        """Roles of :data:`MODELS` that nobody fills. Waits for models that are still being loaded."""
        return frozenset(role for role in MODELS if not self.has(role))

    @cached_property
    def fixed_long_side(self) -> int:
        """Long side of the largest frame that a network of one fixed size takes; 0 where none is served."""
        return max(
            (
                max(tensor.shape[-3:-1])
                for served in self._server.models()
                if served.name in FIXED
                for tensor in served.inputs
                if tensor.name == "FRAME"
            ),
            default=0,
        )

    def has(self, role: str) -> bool:
        """Whether the role is filled; waits where its model is still being loaded."""
        with self._lock:
            known = self._present.get(role)
        if known is None:
            known = self._server.is_ready(_ASKED[role])
            with self._lock:
                known = self._present.setdefault(role, known)
        return known

    def ask(
        self, role: str, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None = None
    ) -> Callable[[], Answer | None]:
        """Send a request now; the returned function waits for its answer, ``None`` when the role is absent.

        A model whose tensors have a batch axis in front gets and gives one element.

        Raises (from the returned function):
            ServerError: as :class:`triton_anime.server.Server` says.
        """
        if not self.has(role):
            return _nothing
        model = _ASKED[role]
        batched = self._is_batched(model, inputs)
        sent = {
            name: np.ascontiguousarray(value[None] if batched else value) for name, value in inputs.items()
        }
        future = self._server.infer_async(model, sent, outputs)

        def wait() -> Answer | None:
            try:
                answer = future.result()
            except RoleAbsentError:
                # a BLS model is served while a network behind it is not
                with self._lock:
                    self._present[role] = False
                return None
            return {name: value[0] for name, value in answer.items()} if batched else answer

        return wait

    def _is_batched(self, model: str, inputs: Mapping[str, NDArray[Any]]) -> bool:
        with self._lock:
            if self._batched is None:
                self._batched = {
                    served.name: {tensor.name: len(tensor.shape) for tensor in served.inputs}
                    for served in self._server.models()
                }
            ranks = self._batched.get(model, {})
        return any(ranks.get(name, value.ndim) == value.ndim + 1 for name, value in inputs.items())


def _nothing() -> Answer | None:
    return None
