"""RAFT and GMA as they are served: at the frame's own resolution, published sizes, one graph for all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from triton_anime_export.network import Network
from triton_anime_export.networks import gma, raft
from triton_anime_export.networks._raft_full_modules import NARROW, Raft
from triton_anime_export.networks._served_flow import ServedFlow
from triton_anime_export.random_weights import shake
from triton_anime_export.to_onnx import compare, write
from triton_anime_export.weights import load


class Recorder(Raft):
    """Keeps the images it is given and answers with the columns and rows of their pixels."""

    def __init__(self) -> None:
        super().__init__(NARROW)
        self.images: list[torch.Tensor] = []

    def forward(self, image0: torch.Tensor, image1: torch.Tensor) -> torch.Tensor:
        self.images = [image0, image1]
        height, width = image0.shape[2:]
        rows, columns = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
        return torch.stack([columns, rows])[None]


def test_the_border_is_repeated_on_both_sides() -> None:
    served = ServedFlow(Recorder(), 256)
    frames = torch.randint(0, 256, (2, 1, 131, 140, 3), dtype=torch.uint8)
    flow = served(*frames)
    for frame, image in zip(frames, served.core.images, strict=True):
        padded = F.pad(frame.permute(0, 3, 1, 2).float(), (2, 2, 2, 3), mode="replicate")
        torch.testing.assert_close(image, padded)
    assert flow.shape == (1, 131, 140, 2)
    assert flow[0, 0, 0].tolist() == [2.0, 2.0]
    assert flow[0, -1, -1].tolist() == [141.0, 132.0]


def test_a_large_frame_is_shrunk_and_its_flow_is_in_its_own_pixels() -> None:
    served = ServedFlow(Recorder(), 160)
    frame = torch.zeros(1, 180, 320, 3, dtype=torch.uint8)
    flow = served(frame, frame)
    assert served.core.images[0].shape == (1, 3, 128, 160)  # half: 90x160, and 19 rows above and below
    middle = flow[0, 90, 160]
    assert middle.tolist() == pytest.approx([2 * 79.75, 2 * (19 + 44.75)])


@pytest.mark.parametrize("network", [raft.NETWORK, gma.NETWORK], ids=lambda network: network.name)
def test_an_official_checkpoint_loads(network: Network, tmp_path: Path) -> None:
    """Saved from DataParallel, each key begins with ``module.``."""
    state = network.build("full").get_submodule("core").state_dict()
    torch.save({f"module.{key}": value for key, value in state.items()}, tmp_path / "official.pth")
    found = load(network, "full", tmp_path / "official.pth").get_submodule("core").state_dict()
    assert all(torch.equal(found[key], value) for key, value in state.items())


@pytest.mark.parametrize(
    "network",
    [pytest.param(raft.NETWORK, marks=pytest.mark.slow), gma.NETWORK],  # GMA's graph has all of RAFT's
    ids=lambda network: network.name,
)
def test_the_graph_computes_the_same(network: Network, tmp_path: Path) -> None:
    """Shrunk and padded, landscape and portrait, one pair and two, of the graph traced once."""
    module = network.build("lite")
    torch.manual_seed(0)
    shake(network, module)
    write(network, module, tmp_path / "model.onnx")
    found = compare(network, module, tmp_path / "model.onnx")
    assert len(found) == 4
    assert max(row.absolute for row in found) < 1e-3
    with torch.no_grad():
        flow = module(*network.make_inputs(1, network.example[0]).values())
    assert flow.std() > 0.1  # or the comparison would say nothing
