"""Fixtures of all tests: a server over the project's repositories, tiny networks, scripts, real art."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.server import Server

_CHECKOUT = Path(__file__).resolve().parents[1]

MakeNetwork = Callable[..., Path]
"""``make_network(repository, name, *, max_batch_size=8, factor=2.0, config="")`` -> the model's folder."""
Arrays = dict[str, NDArray[Any]]
Call = Callable[[str, Mapping[str, NDArray[Any]], Sequence[str]], Arrays]
"""``call(model, inputs, wanted)``, as a step of a tracker asks its networks."""


@pytest.fixture(scope="session")
def triton() -> Iterator[Server]:
    """A client of an embedded server over model_repository/ and ensembles/; models load at first use."""
    pytest.importorskip("pytriton", reason="needs the extra triton-anime[local]")
    from triton_anime.embedded import EmbeddedServer

    with EmbeddedServer() as embedded:
        yield embedded.server


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """Folder of real art (clips/, images/, train/), from TRITON_ANIME_MEDIA or beside the checkout."""
    folder = Path(os.environ.get("TRITON_ANIME_MEDIA") or _CHECKOUT.parent / "shared" / "media")
    if not folder.is_dir():
        pytest.skip(f"no art at {folder}; set TRITON_ANIME_MEDIA")
    return folder


@pytest.fixture(scope="session")
def import_file() -> Callable[[Path], ModuleType]:
    """Import a file that belongs to no package, such as a script."""

    def imported(path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return imported


@pytest.fixture(scope="session")
def computed() -> Callable[[Mapping[str, tuple[Any, Any]]], Call]:
    """``computed(networks)`` answers for a server with descriptions and PyTorch modules, by model's name."""
    torch = pytest.importorskip("torch", reason="needs the extra triton-anime[export]")

    def answering(networks: Mapping[str, tuple[Any, Any]]) -> Call:
        def call(model: str, inputs: Mapping[str, NDArray[Any]], wanted: Sequence[str]) -> Arrays:
            network, module = networks[model]
            arguments = [torch.from_numpy(np.array(inputs[tensor.name])) for tensor in network.inputs]
            with torch.no_grad():
                said = module(*arguments)
            values = said if isinstance(said, tuple) else (said,)
            named = {t.name: v.numpy() for t, v in zip(network.outputs, values, strict=True)}
            return {name: named[name] for name in wanted}

        return call

    return answering


@pytest.fixture(scope="session")
def make_network() -> MakeNetwork:
    """Write a network that multiplies a uint8 image by a number, with its config.pbtxt, into a repository.

    The network takes FRAME u8 [N,H,W,3] and gives OUT u8 [N,H,W,3]; without a batch size the N is missing.
    """
    onnx = pytest.importorskip("onnx", reason="needs the extra triton-anime[export]")

    def make(
        repository: Path,
        name: str,
        *,
        max_batch_size: int = 8,
        factor: float = 2.0,
        config: str = "dynamic_batching { max_queue_delay_microseconds: 20000 }",
    ) -> Path:
        helper, types = onnx.helper, onnx.TensorProto
        axes: list[Any] = ["n"] * (max_batch_size > 0) + ["h", "w", 3]
        nodes = [
            helper.make_node("Cast", ["FRAME"], ["real"], to=types.FLOAT),
            helper.make_node("Mul", ["real", "factor"], ["product"]),
            helper.make_node("Cast", ["product"], ["OUT"], to=types.UINT8),
        ]
        graph = helper.make_graph(
            nodes,
            name,
            [helper.make_tensor_value_info("FRAME", types.UINT8, axes)],
            [helper.make_tensor_value_info("OUT", types.UINT8, axes)],
            [helper.make_tensor("factor", types.FLOAT, [], [factor])],
        )
        folder = repository / name
        (folder / "1").mkdir(parents=True)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        onnx.save(model, folder / "1" / "model.onnx")
        (folder / "config.pbtxt").write_text(
            f'name: "{name}"\nbackend: "onnxruntime"\nmax_batch_size: {max_batch_size}\n'
            'input [ { name: "FRAME" data_type: TYPE_UINT8 dims: [ -1, -1, 3 ] } ]\n'
            'output [ { name: "OUT" data_type: TYPE_UINT8 dims: [ -1, -1, 3 ] } ]\n'
            "instance_group [ { count: 1 } ]\n"
            f'parameters {{ key: "role" value {{ string_value: "test" }} }}\n{config}\n',
            encoding="utf-8",
        )
        return folder

    return make
