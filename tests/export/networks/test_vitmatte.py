"""VitMatte is the package's own network behind the official processing, in PyTorch and in ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from triton_anime_export.networks.vitmatte import NETWORK, SIDE, UNKNOWN, Served, config
from triton_anime_export.to_onnx import compare, export

transformers = pytest.importorskip("transformers", reason="needs the extra triton-anime[export]")


@pytest.fixture(scope="module")
def served() -> nn.Module:
    """The narrow variant; every parameter drawn, since zeros and ones would hide mistakes."""
    module = NETWORK.build("lite")
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in module.parameters():
            drawn = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim >= 2:
                parameter.copy_(drawn * 3.0 / parameter[0].numel() ** 0.5)
            else:
                parameter.add_(drawn * 0.2)
    return module.eval()


@pytest.fixture(scope="module")
def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    made = NETWORK.make_inputs(2, {})
    trimap = made["TRIMAP"].float().mul(2.9 / 255).int().mul(UNKNOWN).clamp(0, 255).to(torch.uint8)
    assert set(trimap.unique().tolist()) == {0, UNKNOWN, 255}
    return made["SQUARE"], trimap


def test_official_processing_is_inside_the_graph(served: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
    square, trimap = inputs
    processor = transformers.VitMatteImageProcessorPil()
    wanted = processor(
        images=[picture.numpy() for picture in square],
        trimaps=[known.numpy() for known in trimap],
        return_tensors="pt",
    )["pixel_values"]
    core = served.get_submodule("core")
    with torch.no_grad():
        alpha = core(wanted).alphas[:, 0] * 255
        found = served(square, trimap)
    band = trimap == UNKNOWN
    assert (found[band].float() - alpha[band]).abs().max() <= 1.0
    assert alpha[band].max() - alpha[band].min() > 20  # or the comparison would say nothing
    assert torch.equal(found[~band], trimap[~band])


def test_the_graph_computes_the_same(served: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export(NETWORK, served, path)
    found = compare(NETWORK, served, path)
    assert {row.case.split()[0] for row in found}
    assert all(row.within for row in found)


def test_the_published_size() -> None:
    with torch.device("meta"):
        core = transformers.VitMatteForImageMatting(config("full"))
    assert sum(parameter.numel() for parameter in core.parameters()) == 25_814_753
    assert core.config.backbone_config.window_block_indices == [0, 1, 3, 4, 6, 7, 9, 10]
    assert isinstance(NETWORK.build("lite"), Served)
    assert np.prod(NETWORK.inputs[1].dims) == SIDE**2
