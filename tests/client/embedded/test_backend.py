"""The thinking of the backend `onnxruntime`, without a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnxruntime", reason="needs the extra triton-anime[local]")

from triton_anime.embedded.backends.onnxruntime.batching import run_requests
from triton_anime.embedded.backends.onnxruntime.providers import choose_providers
from triton_anime.embedded.backends.onnxruntime.session import Network, session_options


class _Doubler:
    """A runner that remembers its batches and refuses the number 13."""

    output_names: tuple[str, ...] = ("OUT",)

    def __init__(self, max_batch_size: int) -> None:
        self.max_batch_size = max_batch_size
        self.batches: list[int] = []

    def check(self, inputs: Mapping[str, NDArray[Any]]) -> str | None:
        return "empty" if inputs["IN"].size == 0 else None

    def run(self, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str]) -> dict[str, NDArray[Any]]:
        self.batches.append(len(inputs["IN"]))
        if (inputs["IN"] == 13).any():
            raise RuntimeError("thirteen")
        return dict.fromkeys(outputs, inputs["IN"] * 2)


def _run(runner: _Doubler, arrays: Sequence[NDArray[Any]]) -> list[Any]:
    return run_requests(runner, [{"IN": array} for array in arrays], [["OUT"]] * len(arrays))


def test_equal_shapes_become_batches_no_larger_than_allowed() -> None:
    runner = _Doubler(4)
    arrays = [np.full((rows, 2), rows) for rows in (1, 2, 2, 1)] + [np.ones((1, 3))]
    answers = _run(runner, arrays)
    assert runner.batches == [3, 3, 1]
    for array, answer in zip(arrays, answers, strict=True):
        np.testing.assert_array_equal(answer["OUT"], array * 2)


def test_an_error_stays_with_its_request() -> None:
    runner = _Doubler(8)
    answers = _run(runner, [np.ones((1, 2)), np.full((1, 2), 13), np.zeros((0, 2)), np.ones((1, 2))])
    assert answers[1] == "RuntimeError: thirteen"
    assert answers[2] == "empty"
    for index in (0, 3):
        np.testing.assert_array_equal(answers[index]["OUT"], np.full((1, 2), 2))


def test_without_a_batch_axis_every_request_runs_alone() -> None:
    runner = _Doubler(0)
    assert len(_run(runner, [np.ones((2, 2))] * 3)) == 3
    assert runner.batches == [2, 2, 2]


def _args(folder: Path, **config: Any) -> dict[str, str]:
    tensor = {"data_type": "TYPE_UINT8", "dims": ["-1", "-1", "3"]}
    whole = {
        "name": "double",
        "max_batch_size": 8,
        "input": [{"name": "FRAME", **tensor}],
        "output": [{"name": "OUT", **tensor}],
        **config,
    }
    return {
        "model_config": json.dumps(whole),
        "model_repository": str(folder),
        "model_version": "1",
        "model_instance_kind": "CPU",
        "model_instance_device_id": "0",
    }


def test_threads_come_from_the_parameters_that_nvidias_backend_reads() -> None:
    parameters = {
        "intra_op_thread_count": {"string_value": "3"},
        "inter_op_thread_count": {"string_value": "2"},
    }
    options = session_options({"name": "n", "parameters": parameters})
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 2)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_a_network_checks_what_it_is_given(tmp_path: Path, make_network: Callable[..., Path]) -> None:
    network = Network.open(_args(make_network(tmp_path, "double")), lambda line: None, lambda line: None)
    frame = np.full((2, 4, 5, 3), 7, np.uint8)
    assert network.check({"FRAME": frame}) is None
    np.testing.assert_array_equal(network.run({"FRAME": frame}, ["OUT"])["OUT"], frame * 2)
    assert "needs the input FRAME" in str(network.check({}))
    assert "is float32, not UINT8" in str(network.check({"FRAME": frame.astype(np.float32)}))
    assert "has the shape [2, 4, 5, 1]" in str(network.check({"FRAME": frame[..., :1]}))


def test_accelerators_are_mapped_and_what_is_not_is_said() -> None:
    lines: list[str] = []
    config = {
        "name": "n",
        "optimization": {
            "execution_accelerators": {
                "gpu_execution_accelerator": [
                    {
                        "name": "tensorrt",
                        "parameters": {
                            "precision_mode": "FP16",
                            "max_workspace_size_bytes": "1024",
                            "trt_engine_cache_enable": "True",
                            "odd": "1",
                        },
                    },
                    {"name": "quantum"},
                ],
                "cpu_execution_accelerator": [{"name": "openvino"}],
            }
        },
    }
    available = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    chosen = dict(choose_providers(config, "GPU", 1, available, lines.append))
    assert list(chosen) == available
    assert chosen["TensorrtExecutionProvider"] == {
        "device_id": "1",
        "trt_fp16_enable": "True",
        "trt_max_workspace_size": "1024",
        "trt_engine_cache_enable": "True",
    }
    assert chosen["CUDAExecutionProvider"] == {"device_id": "1"}
    assert len(lines) == 3
    assert [word for word in ("odd", "quantum", "OpenVINO") if not any(word in line for line in lines)] == []


def test_on_a_cpu_gpu_accelerators_are_left_alone() -> None:
    config = {
        "name": "n",
        "optimization": {"execution_accelerators": {"gpu_execution_accelerator": [{"name": "tensorrt"}]}},
    }
    assert choose_providers(config, "CPU", 0, ["CPUExecutionProvider"], pytest.fail) == [
        ("CPUExecutionProvider", {})
    ]
