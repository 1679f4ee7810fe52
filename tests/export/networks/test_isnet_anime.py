"""IS-Net has the published keys, sizes and arithmetic, and reads all official forms of its checkpoint."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from triton_anime_export.golden import fill
from triton_anime_export.networks._nested_u import FULL, LITE
from triton_anime_export.networks.isnet_anime import NETWORK, ISNet, adapt_official


def test_published_size() -> None:
    with torch.device("meta"):
        network = ISNet(FULL)
    assert sum(parameter.numel() for parameter in network.parameters()) == 44_046_790
    assert len(network.state_dict()) == 798


def test_arithmetic_is_the_published_one() -> None:
    """Values of the narrow variant, whose arithmetic was proven against the reference at full width."""
    network = ISNet(LITE, first=12).eval()
    network.load_state_dict(fill({key: tuple(v.shape) for key, v in network.state_dict().items()}, 1.2))
    image = torch.from_numpy(np.random.default_rng(7).random((1, 3, 72, 104)).astype(np.float32))
    with torch.no_grad():
        maps = torch.stack(network.logits(image))[:, 0, 0]
        mask = network(image)
    assert maps[:, 13, 29].numpy() == pytest.approx(GOLDEN_POINT, abs=1e-5)
    assert maps.mean((1, 2)).numpy() == pytest.approx(GOLDEN_MEAN, abs=1e-5)
    torch.testing.assert_close(mask[0, 0], torch.sigmoid(maps[0]))


@pytest.mark.parametrize("prefix", ["net.", ""])
def test_official_forms(prefix: str) -> None:
    state = {f"{prefix}side1.bias": torch.ones(1), "gt_encoder.conv_in.bias": torch.ones(1)}
    assert list(adapt_official(state)) == ["side1.bias"]


def test_frames_of_any_size() -> None:
    served = NETWORK.build("lite").eval()
    with torch.no_grad():
        alpha = served(torch.zeros(2, 37, 61, 3, dtype=torch.uint8))
    assert alpha.shape == (2, 37, 61)
    assert alpha.dtype == torch.uint8


GOLDEN_POINT = [-0.340520, -1.115799, 0.456835, -0.128076, 0.966528, -0.413625]
GOLDEN_MEAN = [-0.204975, -0.774565, 0.902405, -0.627383, 0.684610, -0.132557]
