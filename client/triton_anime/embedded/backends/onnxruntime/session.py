"""Opening an ONNX network as its config.pbtxt asks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from triton_anime.embedded.backends.onnxruntime.providers import choose_providers, graph_level

_DTYPES: dict[str, type[np.generic]] = {
    "TYPE_BOOL": np.bool_,
    "TYPE_UINT8": np.uint8,
    "TYPE_UINT16": np.uint16,
    "TYPE_UINT32": np.uint32,
    "TYPE_UINT64": np.uint64,
    "TYPE_INT8": np.int8,
    "TYPE_INT16": np.int16,
    "TYPE_INT32": np.int32,
    "TYPE_INT64": np.int64,
    "TYPE_FP16": np.float16,
    "TYPE_FP32": np.float32,
    "TYPE_FP64": np.float64,
}


class Network:
    """An open network.

    Args:
        session: the ONNX Runtime session.
        config: Triton's model configuration, as the JSON object that it hands to a backend.
    """

    def __init__(self, session: Any, config: Mapping[str, Any]) -> None:
        self._session = session
        self.name = str(config["name"])
        self.max_batch_size = int(config.get("max_batch_size", 0))
        self.output_names = tuple(str(tensor["name"]) for tensor in config["output"])
        self._inputs = {str(tensor["name"]): tensor for tensor in config["input"]}
        given = {tensor.name for tensor in session.get_inputs()}
        # An optional input of Triton is one with a default in ONNX.
        optional = {tensor.name for tensor in session.get_overridable_initializers()}
        made = {tensor.name for tensor in session.get_outputs()}
        for kind, declared, real in (
            ("input", set(self._inputs), given | optional),
            ("output", set(self.output_names), made),
        ):
            if extra := sorted(declared - real):
                raise ValueError(
                    f"config.pbtxt names the {kind} {extra[0]}, model.onnx has {', '.join(sorted(real))}"
                )
        if lacking := sorted(given - set(self._inputs)):
            raise ValueError(f"model.onnx needs the input {lacking[0]}, which config.pbtxt does not name")

    @classmethod
    def open(
        cls, args: Mapping[str, str], log_info: Callable[[str], None], log_warning: Callable[[str], None]
    ) -> Network:
        """Open ``<version>/model.onnx``.

        Args:
            args: what Triton gives to ``initialize``.
            log_info: takes lines for the server's log.
            log_warning: takes lines about settings that are not followed.

        Raises:
            ValueError: the configuration and the network do not agree, or it uses BYTES tensors.
        """
        config = json.loads(args["model_config"])
        for tensor in (*config["input"], *config["output"]):
            if tensor["data_type"] not in _DTYPES:
                raise ValueError(
                    f"tensor {tensor['name']} is {tensor['data_type']}: this backend serves numbers only"
                )
        file = Path(
            args["model_repository"],
            args["model_version"],
            config.get("default_model_filename") or "model.onnx",
        )
        if not file.is_file():
            raise ValueError(f"{file} is missing; build it with `triton-anime-export build {config['name']}`")
        options = session_options(config)
        providers = choose_providers(
            config,
            args["model_instance_kind"],
            int(args["model_instance_device_id"]),
            onnxruntime.get_available_providers(),
            log_warning,
        )
        session = onnxruntime.InferenceSession(str(file), options, providers=providers)
        log_info(
            f"{config['name']}: {', '.join(session.get_providers())}, {options.intra_op_num_threads} threads"
        )
        return cls(session, config)

    def check(self, inputs: Mapping[str, NDArray[Any]]) -> str | None:
        """Why ``inputs`` cannot be run; None when they can."""
        for name, tensor in self._inputs.items():
            if name not in inputs:
                if tensor.get("optional"):
                    continue
                return f"{self.name} needs the input {name}"
            value = inputs[name]
            if value.dtype != _DTYPES[tensor["data_type"]]:
                wanted = tensor["data_type"].removeprefix("TYPE_")
                return f"input {name} of {self.name} is {value.dtype}, not {wanted}"
            dims = [int(size) for size in tensor["dims"]]
            shape = value.shape[1:] if self.max_batch_size > 0 else value.shape
            if len(shape) != len(dims) or any(want not in (-1, size) for want, size in zip(dims, shape)):  # noqa: B905
                return f"input {name} of {self.name} has the shape {list(value.shape)}, not {dims} in a batch"
            if 0 in value.shape:
                return f"input {name} of {self.name} is empty: {list(value.shape)}"
        if self.max_batch_size > 0 and len({value.shape[0] for value in inputs.values()}) > 1:
            return f"the inputs of {self.name} have different batch sizes"
        return None

    def run(self, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Run the network once."""
        return dict(zip(outputs, self._session.run(list(outputs), dict(inputs))))  # noqa: B905


def session_options(config: Mapping[str, Any]) -> Any:
    """ONNX Runtime's session options from the parameters that NVIDIA's backend of that name reads too."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _number(config, "intra_op_thread_count", default_threads())
    options.inter_op_num_threads = _number(config, "inter_op_thread_count", 1)
    options.graph_optimization_level = graph_level(config, onnxruntime.GraphOptimizationLevel)
    options.log_severity_level = 3
    # A plan is kept for every input shape ever seen: frames and crops have many, and it saves no time.
    options.enable_mem_pattern = False
    # Waiting threads that spin would take the cores from the other models' processes: a panoptic frame costs
    # 39 ms of CPU with one thread, 40 with two, and 70 with two that spin.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def default_threads() -> int:
    """Threads of a run where the configuration does not say: the cores, but two at most."""
    return max(1, min(2, len(os.sched_getaffinity(0))))


def _number(config: Mapping[str, Any], name: str, otherwise: int) -> int:
    parameter = config.get("parameters", {}).get(name)
    number = int(parameter["string_value"]) if parameter else 0
    # Zero means the default in NVIDIA's backend too.
    return number if number > 0 else otherwise
