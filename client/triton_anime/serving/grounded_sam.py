"""Effects by sentence from Grounded SAM: sentences to boxes, boxes to masks, masks to one map a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from triton_anime import grounding
from triton_anime.grounding import Options
from triton_anime.letterbox import Letterbox
from triton_anime.serving.calls import Caller

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

NETWORKS = ("bert_tokenizer", "grounding_dino", "sam_encode", "sam_decode")
"""Without which there is no answer."""

_KEPT = 1024  # sentences; the tokens of one are a hundred bytes


class GroundedSam:
    """The networks, and the tokens of sentences that they were asked for before.

    Args:
        caller: reaches the networks.
        options: how boxes are chosen.
    """

    def __init__(self, caller: Caller, options: Options) -> None:
        self._caller, self._options = caller, options
        self._tokens: dict[str, I32] = {}

    async def maps(self, frame: U8, sentences: Sequence[str], height: int, width: int) -> U8:
        """Where the frame shows each sentence.

        Args:
            frame: uint8 [H,W,3], as large as there is one: the networks bring it to their sizes.
            sentences: P of them.
            height: of the answer.
            width: of the answer.

        Returns:
            Probability · 255, uint8 [P,height,width].

        Raises:
            AbsentError, FailedError: see :class:`triton_anime.serving.calls.Caller`.
        """
        found = await self._detect(frame, sentences)
        if not len(found.boxes):
            return np.zeros((len(sentences), height, width), np.uint8)
        side = self._options.side
        box = Letterbox(frame.shape[0], frame.shape[1], side, side)
        encoded = await self._caller.ask("sam_encode", {"FRAME": box.put(frame)[None]}, ["EMBEDDING"])
        inputs = {"EMBEDDING": encoded["EMBEDDING"], "BOXES": box.boxes_in(found.boxes)[None]}
        decoded = await self._caller.ask("sam_decode", inputs, ["MASKS", "SCORES"])
        square = grounding.maps(found, decoded["MASKS"][0], decoded["SCORES"][0], self._options.box_threshold)
        large = np.stack([box.map_out(values, height, width) for values in square])
        return np.rint(large).astype(np.uint8)

    async def _detect(self, frame: U8, sentences: Sequence[str]) -> grounding.Detections:
        box = Letterbox(frame.shape[0], frame.shape[1], *self._options.frame)
        said = grounding.captions(await self._rows(sentences))
        if not said:  # nothing but punctuation
            return grounding.select(
                np.zeros((0, len(sentences)), np.float32), np.zeros((0, 4), np.float32), self._options
            )
        picture = box.put(frame)[None]
        answers = await asyncio.gather(
            *(
                self._caller.ask(
                    "grounding_dino", {"FRAME": picture, "TOKENS": one.tokens[None]}, ["SCORES", "BOXES"]
                )
                for one in said
            )
        )
        scores = [
            grounding.prompt_scores(answer["SCORES"][0], one, len(sentences))
            for one, answer in zip(said, answers, strict=True)
        ]
        boxes = [box.boxes_out(answer["BOXES"][0]) for answer in answers]
        return grounding.select(np.concatenate(scores), np.concatenate(boxes), self._options)

    async def _rows(self, sentences: Sequence[str]) -> I32:
        """Tokens [P,N] of each sentence as a caption of its own; only new ones reach the tokenizer."""
        # A sentence of nothing but punctuation says nothing: no row, and no question to the tokenizer.
        said = {sentence for sentence in sentences if grounding.phrase(sentence)}
        new = [
            sentence
            for sentence in dict.fromkeys(sentences)
            if sentence in said and sentence not in self._tokens
        ]
        known = self._tokens
        if new:
            text = np.array([grounding.caption([sentence]).encode() for sentence in new], object)
            tokens = (await self._caller.ask("bert_tokenizer", {"TEXT": text}, ["TOKENS"]))["TOKENS"]
            known = {**known, **dict(zip(new, tokens, strict=True))}
            if len(known) > _KEPT:
                known = {sentence: known[sentence] for sentence in said}
            self._tokens = known
        nothing = np.zeros(0, np.int32)
        rows = [known[sentence] if sentence in said else nothing for sentence in sentences]
        padded = np.full((len(rows), max(len(row) for row in rows)), grounding.PADDING, np.int32)
        for row, tokens in zip(padded, rows, strict=True):
            row[: len(tokens)] = tokens
        return padded
