"""ProPainter on the real server by narrow random networks: both halves, and the filler over a shot."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.errors import ModelError
from triton_anime.fillers.propainter import ProPainterInpainter
from triton_anime.fillers.window import Shown
from triton_anime.repository import network_repository, repositories
from triton_anime.server import Server
from triton_anime.serving.propagation import Windows, propagate_video

torch = pytest.importorskip("torch", reason="needs the extra triton-anime[export]")
# Three graphs are traced: a minute of one core.
pytestmark = [pytest.mark.triton, pytest.mark.slow, pytest.mark.timeout(1800)]

U8 = NDArray[np.uint8]
SIZE = (64, 96)
COUNT = 8
PATIENCE = 900.0
"""Seconds: the first call waits for the graphs to be loaded, which a busy machine takes its time for."""


@pytest.fixture(scope="module")
def networks() -> dict[str, tuple[Any, Any]]:
    """Descriptions and modules; the generator draws three pictures at once, so that windows overlap."""
    from triton_anime_export.networks import propainter
    from triton_anime_export.random_weights import shake

    three = replace(
        propainter.PROPAINTER_GENERATE,
        **propainter._sizes(propainter._generate_tensors, {"lite": 3, "full": 11}),
    )
    found = {}
    for network in (propainter.PROPAINTER_COMPLETE, propainter.PROPAINTER_PROPAGATE, three):
        torch.manual_seed(0)
        found[network.name] = network, shake(network, network.build("lite"))
    return found


@pytest.fixture(scope="module")
def server(
    networks: dict[str, tuple[Any, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    pytest.importorskip("pytriton", reason="needs the extra triton-anime[local]")
    from triton_anime.embedded import EmbeddedServer
    from triton_anime_export.to_config import config_text
    from triton_anime_export.to_onnx import write

    folder = tmp_path_factory.mktemp("networks")
    shutil.copytree(network_repository() / "raft_small", folder / "raft_small")
    for name, (network, module) in networks.items():
        write(network, module, folder / name / "1" / "model.onnx")
        (folder / name / "config.pbtxt").write_text(config_text(network), encoding="utf-8")
    with EmbeddedServer(repositories=repositories(networks=folder)) as embedded:
        yield embedded.server


def shot() -> tuple[U8, U8]:
    """A painting that the camera pans over by two pixels a picture, a hole that stands still."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (10, 16, 3), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    frames = np.stack([coarse[: SIZE[0], 2 * i : 2 * i + SIZE[1]] for i in range(COUNT)])
    masks = np.zeros((COUNT, *SIZE), np.uint8)
    masks[:, 24:40, 40:60] = 255
    frames[masks > 0] = 7
    return frames, masks


class Modules:
    """The networks in this process; the flow is the server's."""

    def __init__(self, networks: dict[str, tuple[Any, Any]], server: Server) -> None:
        self._networks, self._server = networks, server

    async def ask(
        self, model: str, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str]
    ) -> dict[str, NDArray[Any]]:
        if model not in self._networks:
            return self._server.infer(model, inputs, outputs, timeout_s=PATIENCE)
        network, module = self._networks[model]
        tensors = [torch.from_numpy(np.ascontiguousarray(inputs[tensor.name])) for tensor in network.inputs]
        with torch.no_grad():
            said = module(*tensors)
        return {tensor.name: value.numpy() for tensor, value in zip(network.outputs, said, strict=True)}

    def serves(self, model: str) -> bool:
        return True


def test_the_server_propagates_as_the_modules_do(
    server: Server, networks: dict[str, tuple[Any, Any]]
) -> None:
    frames, masks = shot()
    windows = np.array([4, 3], np.int32)
    inputs = {"FRAMES": frames, "MASKS": masks, "WINDOWS": windows}
    said = server.infer("propagate_video", inputs, timeout_s=PATIENCE)
    wanted = asyncio.run(propagate_video(Modules(networks, server), frames, masks, Windows(4, 3)))
    np.testing.assert_allclose(said["FLOW_FORWARD"], wanted.forward, atol=0.01)
    np.testing.assert_allclose(said["FLOW_BACKWARD"], wanted.backward, atol=0.01)
    # which pixel is nearest may fall either way at a tie
    assert (np.abs(said["FOUND"].astype(int) - wanted.found) > 1).mean() < 2e-3
    assert (said["UNKNOWN"] != wanted.unknown).mean() < 2e-3
    outside = masks == 0
    np.testing.assert_array_equal(said["FOUND"][outside], frames[outside])
    raw = server.infer("estimate_flow", {"FRAME0": frames[:-1], "FRAME1": frames[1:]})
    np.testing.assert_allclose(said["FLOW_FORWARD"][outside[:-1]], raw["FORWARD"][outside[:-1]], atol=1e-3)
    np.testing.assert_allclose(said["FLOW_BACKWARD"][outside[1:]], raw["BACKWARD"][outside[1:]], atol=1e-3)
    assert np.abs(said["FLOW_FORWARD"] - raw["FORWARD"])[~outside[:-1]].max() > 0.1
    assert not np.array_equal(said["FOUND"], frames)


def test_a_window_that_is_not_the_graphs_is_one_line(server: Server) -> None:
    frames, masks = shot()
    with pytest.raises(ModelError, match=r"role video inpainting failed: .*MASKS") as caught:
        server.infer("propagate_video", {"FRAMES": frames, "MASKS": masks}, timeout_s=PATIENCE)
    assert "\n" not in str(caught.value)


def test_the_filler_completes_a_shot(server: Server) -> None:
    frames, masks = shot()
    pictures = [Shown(frame, mask) for frame, mask in zip(frames, masks, strict=True)]
    filler = ProPainterInpainter(server, grid=SIZE, timeout_s=PATIENCE)
    plates = np.stack(list(filler.fill(pictures)))
    assert plates.shape == frames.shape
    outside = masks == 0
    np.testing.assert_array_equal(plates[outside], frames[outside])
    # random weights draw nothing sensible, but they draw
    assert plates[~outside].astype(float).std() > 1
    assert not np.array_equal(plates[~outside], frames[~outside])
    # one window after another: 0, 0-1-2 around 1, ...
    assert server.statistics("propainter_generate")["executions"] == COUNT
    np.testing.assert_array_equal(plates, np.stack(list(filler.fill(iter(pictures)))))
