"""A small embedded server of a test's own repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from triton_anime.embedded import EmbeddedServer

MakePythonModel = Callable[[Path, str, str], Path]

_BLS = """
import triton_python_backend_utils as pb_utils

CALLS = ("double",)


class TritonPythonModel:
    def execute(self, requests):
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        frame = pb_utils.get_input_tensor_by_name(request, "FRAME").as_numpy()
        inner = pb_utils.InferenceRequest(
            model_name="double",
            requested_output_names=["OUT"],
            inputs=[pb_utils.Tensor("FRAME", frame[None])],
        ).exec()
        if inner.has_error():
            return pb_utils.InferenceResponse(error=inner.error())
        out = pb_utils.get_output_tensor_by_name(inner, "OUT").as_numpy()[0]
        return pb_utils.InferenceResponse([pb_utils.Tensor("OUT", out)])
"""

_SLOW = """
import time

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        time.sleep(1.0)
        frames = [pb_utils.get_input_tensor_by_name(request, "FRAME").as_numpy() for request in requests]
        return [pb_utils.InferenceResponse([pb_utils.Tensor("OUT", frame)]) for frame in frames]
"""


@pytest.fixture(scope="session")
def make_python_model() -> MakePythonModel:
    """Write a Python model FRAME u8 [H,W,3] -> OUT u8 [H,W,3] with the given source into a repository."""

    def make(repository: Path, name: str, source: str) -> Path:
        folder = repository / name
        (folder / "1").mkdir(parents=True)
        (folder / "1" / "model.py").write_text(source, encoding="utf-8")
        (folder / "config.pbtxt").write_text(
            f'name: "{name}"\nbackend: "python"\nmax_batch_size: 0\n'
            'input [ { name: "FRAME" data_type: TYPE_UINT8 dims: [ -1, -1, 3 ] } ]\n'
            'output [ { name: "OUT" data_type: TYPE_UINT8 dims: [ -1, -1, 3 ] } ]\n'
            "instance_group [ { count: 1 } ]\n",
            encoding="utf-8",
        )
        return folder

    return make


@pytest.fixture(scope="session")
def small_repositories(
    tmp_path_factory: pytest.TempPathFactory,
    make_network: Callable[..., Path],
    make_python_model: MakePythonModel,
) -> tuple[Path, Path]:
    """Networks ``double`` (batched) and ``single`` (not), and the models ``twice`` (BLS) and ``slow``."""
    networks = tmp_path_factory.mktemp("networks")
    ensembles = tmp_path_factory.mktemp("ensembles")
    make_network(networks, "double")
    make_network(networks, "single", max_batch_size=0, config="")
    make_python_model(ensembles, "twice", _BLS)
    make_python_model(ensembles, "slow", _SLOW)
    return networks, ensembles


@pytest.fixture(scope="session")
def small_server(small_repositories: tuple[Path, Path]) -> Iterator[EmbeddedServer]:
    """A running server over them; models load at first use."""
    pytest.importorskip("pytriton", reason="needs the extra triton-anime[local]")
    with EmbeddedServer(repositories=small_repositories) as embedded:
        yield embedded
