"""MODNet has the published keys, sizes and arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from triton_anime_export.golden import fill
from triton_anime_export.networks.modnet import adapt_official, build


def official_shapes() -> dict[str, tuple[int, ...]]:
    """Keys as in the .ckpt: the backbone under two names."""
    ours = {key: tuple(value.shape) for key, value in build("full").core.state_dict().items()}
    return ours | {f"lr_branch.{key}": shape for key, shape in ours.items() if key.startswith("backbone.")}


def test_published_size_and_keys() -> None:
    core = build("full").core
    assert sum(parameter.numel() for parameter in core.parameters()) == 6_487_075
    assert len(official_shapes()) == 751


def test_official_prefix_and_alias_are_understood() -> None:
    state = {f"module.{key}": torch.full(shape, 1.0) for key, shape in official_shapes().items()}
    state["module.lr_branch.backbone.model.features.0.1.weight"] += 1
    core = build("full").core
    core.load_state_dict(adapt_official(state))
    assert core.state_dict()["backbone.model.features.0.1.weight"].unique().tolist() == [2.0]


def test_arithmetic_is_the_published_one() -> None:
    """Values proven against the reference."""
    core = build("full").core.eval()
    core.load_state_dict(adapt_official(fill(official_shapes(), 1.2)))
    image = np.random.default_rng(7).uniform(-1, 1, (1, 3, 64, 96)).astype(np.float32)
    with torch.no_grad():
        matte, detail, semantic = (torch.sigmoid(m)[0, 0] for m in core.everything(torch.from_numpy(image)))
    points = [float(matte[20, 33]), float(detail[20, 33]), float(semantic[1, 2])]
    means = [float(m.mean()) for m in (matte, detail, semantic)]
    assert points == pytest.approx(GOLDEN_POINT, abs=1e-4)
    assert means == pytest.approx(GOLDEN_MEAN, abs=1e-4)


GOLDEN_POINT = [0.630570, 0.533470, 0.624260]
GOLDEN_MEAN = [0.711271, 0.501077, 0.636577]
