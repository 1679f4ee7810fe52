"""Execution providers and graph optimisation from the ``optimization`` block of a config.pbtxt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

Provider: TypeAlias = "tuple[str, dict[str, str]]"

_TENSORRT = {
    "max_workspace_size_bytes": "trt_max_workspace_size",
    "max_cached_engines": "trt_max_partition_iterations",
}
_PRECISION = {
    "FP16": ("trt_fp16_enable",),
    "INT8": ("trt_fp16_enable", "trt_int8_enable"),
    "FP32": (),
    "BF16": (),
}


def choose_providers(
    config: Mapping[str, Any],
    kind: str,
    device: int,
    available: Iterable[str],
    log_warning: Callable[[str], None],
) -> list[Provider]:
    """Execution providers for one instance, first choice first; the CPU is always the last.

    Args:
        config: Triton's model configuration as a JSON object.
        kind: "CPU" or "GPU", Triton's decision for this instance.
        device: number of the GPU.
        available: providers of the installed onnxruntime.
        log_warning: takes one line for every setting that cannot be followed.
    """
    available = set(available)
    name = config["name"]
    accelerators = config.get("optimization", {}).get("execution_accelerators", {}) or {}
    chosen: list[Provider] = []

    def add(provider: str, options: dict[str, str]) -> None:
        if provider in available:
            chosen.append((provider, options))
        else:
            log_warning(f"{name}: the installed onnxruntime has no {provider}; going on without it")

    if kind == "GPU":
        for accelerator in accelerators.get("gpu_execution_accelerator", []):
            parameters = dict(accelerator.get("parameters", {}))
            if accelerator["name"] == "tensorrt":
                add("TensorrtExecutionProvider", _tensorrt(name, device, parameters, log_warning))
            elif accelerator["name"] == "cuda":
                add("CUDAExecutionProvider", {"device_id": str(device), **parameters})
            else:
                log_warning(
                    f"{name}: the accelerator {accelerator['name']} is not known here and is left out"
                )
        if all(provider != "CUDAExecutionProvider" for provider, _ in chosen):
            add("CUDAExecutionProvider", {"device_id": str(device)})
    for accelerator in accelerators.get("cpu_execution_accelerator", []):
        if accelerator["name"] == "openvino":
            add(
                "OpenVINOExecutionProvider", {"device_type": "CPU", **dict(accelerator.get("parameters", {}))}
            )
        else:
            log_warning(f"{name}: the accelerator {accelerator['name']} is not known here and is left out")
    chosen.append(("CPUExecutionProvider", {}))
    return chosen


def graph_level(config: Mapping[str, Any], levels: Any) -> Any:
    """ONNX Runtime's optimisation level for Triton's ``graph { level }``: -1 basic, 1 extended, else all."""
    level = int((config.get("optimization", {}).get("graph") or {}).get("level", 0))
    if level < 0:
        return levels.ORT_ENABLE_BASIC
    return levels.ORT_ENABLE_EXTENDED if level == 1 else levels.ORT_ENABLE_ALL


def _tensorrt(
    name: str, device: int, parameters: Mapping[str, str], log_warning: Callable[[str], None]
) -> dict[str, str]:
    options = {"device_id": str(device)}
    for key, value in parameters.items():
        if key == "precision_mode":
            options.update(dict.fromkeys(_PRECISION.get(value, ()), "True"))
        elif key.startswith("trt_"):
            options[key] = value
        elif key == "max_workspace_size_bytes":
            options["trt_max_workspace_size"] = value
        else:
            log_warning(f"{name}: the TensorRT setting {key} is not known here and is left out")
    return options
