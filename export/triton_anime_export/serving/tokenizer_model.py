"""Sentences to the token ids of a text tower, by the vocabulary beside this file.

TEXT STRING [P] -> TOKENS INT32 [P,N]: N is the length of the longest sentence, 0 is padding.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray


class TritonPythonModel:
    """Sentences longer than the text tower reads are cut, and end as whole ones do."""

    def initialize(self, args: dict[str, Any]) -> None:
        """Read the vocabulary; what is missing is told with its remedy.

        Raises:
            TritonModelException: the package ``tokenizers`` or the vocabulary is not there.
        """
        name, path = args["model_name"], Path(__file__).with_name("tokenizer.json")
        try:
            from tokenizers import Tokenizer
        except ImportError:
            message = f"{name} needs the package tokenizers; install it: pip install 'triton-anime[full]'"
            raise pb_utils.TritonModelException(message) from None
        if not path.is_file():
            message = f"{path} is missing; write the model folder again with triton-anime-export"
            raise pb_utils.TritonModelException(message)
        parameters = json.loads(args["model_config"])["parameters"]
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(int(parameters["longest"]["string_value"]))

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request; an error is the response of its own request only."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        text = pb_utils.get_input_tensor_by_name(request, "TEXT").as_numpy().reshape(-1)
        try:
            tokens = self._tokens(sentences(list(text)))
        except ValueError as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))
        return pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor("TOKENS", tokens)])

    def _tokens(self, text: list[str]) -> NDArray[np.int32]:
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch(text)]
        tokens = np.zeros((len(rows), max(map(len, rows))), np.int32)
        for row, ids in zip(tokens, rows, strict=True):
            row[: len(ids)] = ids
        return tokens


def sentences(text: list[bytes]) -> list[str]:
    """The sentences of a request.

    Raises:
        ValueError: there are none, or one is blank or no UTF-8.
    """
    if not text:
        raise ValueError("TEXT is empty; send one sentence or more")
    found = []
    for number, sent in enumerate(text):
        try:
            sentence = bytes(sent).decode()
        except UnicodeDecodeError:
            raise ValueError(f"TEXT[{number}] is not UTF-8; encode sentences as UTF-8") from None
        if not sentence.strip():
            raise ValueError(f"TEXT[{number}] is blank; leave out sentences that say nothing")
        found.append(sentence)
    return found
