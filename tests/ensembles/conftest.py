"""BLS models without a server: ``1/model.py`` is imported as Triton's stub does, calls go to functions."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import shutil
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.repository import ensemble_repository
from triton_anime.server import Server

Tensors = Mapping[str, NDArray[Any]]
Network = Callable[[dict[str, NDArray[Any]]], Tensors]


class RefusedError(Exception):
    """What a BLS model answered instead of tensors."""


class Tensor:
    def __init__(self, name: str, value: NDArray[Any]) -> None:
        assert value.flags.c_contiguous, f"{name} would be copied wrongly by the server"
        self._name, self._value = name, value

    def name(self) -> str:
        return self._name

    def as_numpy(self) -> NDArray[Any]:
        return self._value


class TritonError:
    def __init__(self, message: str) -> None:
        self._message = message

    def message(self) -> str:
        return self._message


class InferenceResponse:
    def __init__(self, output_tensors: list[Tensor] | None = None, error: TritonError | None = None) -> None:
        self.tensors, self._error = output_tensors or [], error

    def has_error(self) -> bool:
        return self._error is not None

    def error(self) -> TritonError | None:
        return self._error

    def output_tensors(self) -> list[Tensor]:
        return self.tensors


class Request:
    def __init__(self, tensors: Tensors, outputs: list[str]) -> None:
        self.tensors = [Tensor(name, np.ascontiguousarray(value)) for name, value in tensors.items()]
        self._outputs = outputs

    def requested_output_names(self) -> list[str]:
        return self._outputs

    def inputs(self) -> list[Tensor]:
        return self.tensors


def _find(tensors: list[Tensor], name: str) -> Tensor | None:
    return next((tensor for tensor in tensors if tensor.name() == name), None)


class Ensemble:
    """One BLS model whose networks are functions; ``ensemble(FRAME=...)`` gives its outputs.

    A network that is missing answers with an error, as Triton does for a model that is not loaded;
    one that is a string fails with it.
    """

    def __init__(
        self, name: str, networks: Mapping[str, Network | str], parameters: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.networks = name, networks
        self.called: list[str] = []
        utils: Any = types.ModuleType("triton_python_backend_utils")
        utils.Tensor, utils.TritonError, utils.InferenceResponse = Tensor, TritonError, InferenceResponse
        utils.TritonModelException = RefusedError
        utils.get_input_tensor_by_name = lambda request, name: _find(request.inputs(), name)
        utils.get_output_tensor_by_name = lambda response, name: _find(response.output_tensors(), name)
        ensemble = self

        class InferenceRequest:
            def __init__(
                self, model_name: str, requested_output_names: list[str], inputs: list[Tensor]
            ) -> None:
                self._model, self._outputs, self._inputs = model_name, requested_output_names, inputs

            def exec(self) -> InferenceResponse:
                return ensemble._call(self._model, self._inputs, self._outputs)

            async def async_exec(self) -> InferenceResponse:
                return self.exec()

        utils.InferenceRequest = InferenceRequest
        utils.is_model_ready = lambda model: model in networks
        path = ensemble_repository() / name / "1" / "model.py"
        self._module = self._import(path, utils)
        self._model = self._module.TritonPythonModel()
        config = {"parameters": {key: {"string_value": value} for key, value in (parameters or {}).items()}}
        self._model.initialize({"model_name": name, "model_config": json.dumps(config)})

    def __call__(self, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        outputs = [tensor.name for tensor in self._declared().outputs]
        found = self._model.execute([Request(inputs, outputs)])
        (response,) = asyncio.run(found) if inspect.iscoroutine(found) else found
        if response.has_error():
            raise RefusedError(response.error().message())
        return {tensor.name(): tensor.as_numpy() for tensor in response.output_tensors()}

    def _declared(self) -> Any:
        from triton_anime.repository import Catalogue

        return Catalogue([ensemble_repository()])[self.name]

    def _call(self, model: str, inputs: list[Tensor], outputs: list[str]) -> InferenceResponse:
        declared = (*getattr(self._module, "CALLS", ()), *getattr(self._module, "OPTIONAL_CALLS", ()))
        assert model in declared, f"{self.name} calls {model} without declaring it"
        self.called.append(model)
        if model not in self.networks:
            return InferenceResponse(error=TritonError(f"Model {model} is not ready"))
        network = self.networks[model]
        if isinstance(network, str):
            return InferenceResponse(error=TritonError(network))
        answer = network({tensor.name(): tensor.as_numpy() for tensor in inputs})
        return InferenceResponse([Tensor(name, np.ascontiguousarray(answer[name])) for name in outputs])

    def _import(self, path: Path, utils: Any) -> Any:
        # Triton's stub imports "1.model": the folder is a package, so `from .x import y` works
        package = f"_bls_{self.name}"
        for stale in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
            del sys.modules[stale]
        parent = types.ModuleType(package)
        parent.__path__ = [str(path.parent)]
        sys.modules[package] = parent
        sys.modules["triton_python_backend_utils"] = utils
        try:
            spec = importlib.util.spec_from_file_location(f"{package}.model", path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
        finally:
            del sys.modules["triton_python_backend_utils"]
        return module


@pytest.fixture
def ensemble() -> Callable[..., Ensemble]:
    """``ensemble("segment_frame", panoptic_deeplab=function)``; ``parameters`` are the configuration's."""
    return lambda name, parameters=None, **networks: Ensemble(name, networks, parameters)


@pytest.fixture
def refused() -> type[RefusedError]:
    """What an ensemble raises in these tests where the server would answer with an error."""
    return RefusedError


@pytest.fixture(scope="session")
def trace() -> Callable[..., None]:
    """``trace(network, module, folder, lengths, free)``: a network's folder, quickly.

    The graph is traced at the sizes of ``lengths``; of these the axes named in ``free`` may be of any length.
    The exporter of triton_anime_export frees all of them and takes minutes on a busy machine.
    """
    torch = pytest.importorskip("torch", reason="needs the extra triton-anime[export]")

    def write(network: Any, module: Any, folder: Path, lengths: Mapping[str, int], free: set[str]) -> None:
        from triton_anime_export.to_config import config_text

        batched = int(network.batching.max_batch > 0)
        axes = {
            tensor.name: {i + batched: str(axis) for i, axis in enumerate(tensor.axes) if axis in free}
            for tensor in (*network.inputs, *network.outputs)
        }
        (folder / "1").mkdir(parents=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                tuple(network.make_inputs(1, lengths).values()),
                str(folder / "1" / "model.onnx"),
                dynamo=False,
                opset_version=18,
                input_names=[tensor.name for tensor in network.inputs],
                output_names=[tensor.name for tensor in network.outputs],
                dynamic_axes=axes,
            )
        (folder / "config.pbtxt").write_text(config_text(network), encoding="utf-8")

    return write


@pytest.fixture(scope="session")
def step_server(
    trace: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractContextManager[Server]]:
    """``with step_server(step, networks, lengths, free) as server``: a tracker's step over traced networks.

    ``networks`` are descriptions and modules by name, ``config`` what comes behind the step's configuration;
    for the rest see :func:`trace`.
    """
    pytest.importorskip("pytriton", reason="needs the extra triton-anime[local]")

    @contextmanager
    def serving(
        step: str,
        networks: Mapping[str, tuple[Any, Any]],
        lengths: Mapping[str, int],
        free: set[str],
        config: str = "",
    ) -> Iterator[Server]:
        from triton_anime.embedded import EmbeddedServer

        graphs, steps = tmp_path_factory.mktemp("networks"), tmp_path_factory.mktemp("ensembles")
        for name, (network, module) in networks.items():
            trace(network, module, graphs / name, lengths, free)
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ensemble_repository() / step, steps / step, ignore=left_out)
        with (steps / step / "config.pbtxt").open("a", encoding="utf-8") as file:
            file.write(config)
        with EmbeddedServer(repositories=(graphs, steps)) as embedded:
            yield embedded.server

    return serving
