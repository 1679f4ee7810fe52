"""What Triton's Python backend runs for a model of the backend `onnxruntime`. It only unpacks and packs."""

from __future__ import annotations

from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils  # type: ignore[import-not-found, unused-ignore]

from triton_anime.embedded.backends.onnxruntime.batching import Answer, run_requests
from triton_anime.embedded.backends.onnxruntime.session import Network


class TritonPythonModel:
    """One instance of one network."""

    def initialize(self, args: dict[str, str]) -> None:
        """Open the network; a failure here is the reason that Triton gives for the failed load."""
        self._network = Network.open(args, pb_utils.Logger.log_info, pb_utils.Logger.log_warn)

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer requests that arrived together, running those of one shape as one batch."""
        unpacked = [{tensor.name(): tensor.as_numpy() for tensor in request.inputs()} for request in requests]
        wanted = [tuple(request.requested_output_names()) for request in requests]
        return [_response(answer) for answer in run_requests(self._network, unpacked, wanted)]

    def finalize(self) -> None:
        """Close the network."""
        del self._network


def _response(answer: Answer) -> Any:
    if isinstance(answer, str):
        return pb_utils.InferenceResponse(
            error=pb_utils.TritonError(answer, pb_utils.TritonError.INVALID_ARG)
        )
    return pb_utils.InferenceResponse(
        [pb_utils.Tensor(name, np.ascontiguousarray(value)) for name, value in answer.items()]
    )
