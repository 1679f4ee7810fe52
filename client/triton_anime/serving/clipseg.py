"""Effects by sentence from CLIPSeg: sentences become embeddings, once, and with a frame these become maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime.prompts import token_batch
from triton_anime.serving.calls import Caller

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

NETWORKS = ("clipseg_text", "clipseg")
"""Without which there is no answer; ``clip_tokenizer`` is asked where it is served."""

_AT_ONCE = 32  # max_batch_size of clipseg_text
_KEPT = 1024  # sentences; an embedding is a few hundred bytes


class ClipSeg:
    """The networks, and the embeddings of sentences that they were asked for before.

    Args:
        caller: reaches the networks.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._embeddings: dict[str, F32] = {}

    async def maps(self, frame: U8, sentences: Sequence[str]) -> U8:
        """Where the frame uint8 [h,w,3] shows each sentence: probability · 255, uint8 [P,h,w].

        Raises:
            AbsentError, FailedError: see :class:`triton_anime.serving.calls.Caller`.
        """
        condition = await self._embed(sentences)
        inputs: dict[str, NDArray[Any]] = {"FRAME": frame[None], "CONDITION": condition[None]}
        masks: U8 = (await self._caller.ask("clipseg", inputs, ["MASKS"]))["MASKS"][0]
        return masks

    async def _embed(self, sentences: Sequence[str]) -> F32:
        """Embeddings [P,C] of the sentences; only new ones reach the text tower."""
        new = [sentence for sentence in dict.fromkeys(sentences) if sentence not in self._embeddings]
        found: dict[str, F32] = {}
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            tokens = {"TOKENS": await self._tokens(part)}
            rows = (await self._caller.ask("clipseg_text", tokens, ["CONDITION"]))["CONDITION"]
            found.update(zip(part, rows, strict=True))
        known = {**self._embeddings, **found}
        if len(known) > _KEPT:
            known = {sentence: known[sentence] for sentence in sentences}
        self._embeddings = known
        return np.stack([known[sentence] for sentence in sentences])

    async def _tokens(self, sentences: Sequence[str]) -> NDArray[np.int32]:
        """Token ids [P,N]: CLIP's where its tokenizer is served, since then the text tower is CLIP's too."""
        if not self._caller.serves("clip_tokenizer"):
            return token_batch(sentences)
        text: NDArray[Any] = np.array([sentence.encode() for sentence in sentences], object)
        tokens: NDArray[np.int32] = (await self._caller.ask("clip_tokenizer", {"TEXT": text}, ["TOKENS"]))[
            "TOKENS"
        ]
        return tokens
