"""U²-Net has the published keys, sizes and arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from triton_anime_export.golden import fill
from triton_anime_export.networks._nested_u import FULL, LITE, SMALL, Widths
from triton_anime_export.networks.u2net import Served, U2Net, variant


@pytest.mark.parametrize(("widths", "parameters"), [(FULL, 44_009_869), (SMALL, 1_131_181)])
def test_published_sizes(widths: Widths, parameters: int) -> None:
    with torch.device("meta"):
        network = U2Net(widths)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert len(network.state_dict()) == 798


def test_variant_is_read_off_the_keys() -> None:
    shapes = {key: tuple(value.shape) for key, value in U2Net(LITE).state_dict().items()}
    assert {key: tuple(value.shape) for key, value in variant(shapes).state_dict().items()} == shapes


def test_arithmetic_is_the_published_one() -> None:
    """Values of the small variant, proven against the reference, on sides that are not multiples of 32."""
    network = U2Net(SMALL).eval()
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    network.load_state_dict(fill(shapes, 1.2))
    image = np.random.default_rng(7).standard_normal((1, 3, 40, 56)).astype(np.float32)
    with torch.no_grad():
        maps = torch.stack(network(torch.from_numpy(image)))[:, 0, 0]
    assert maps[:, 13, 29].numpy() == pytest.approx(GOLDEN_POINT, abs=1e-5)
    assert maps.mean((1, 2)).numpy() == pytest.approx(GOLDEN_MEAN, abs=1e-5)


def test_official_weights_are_read_as_their_authors_do() -> None:
    """Divided by the frame's maximum, the answer stretched: a darker frame gives the same alpha."""
    torch.manual_seed(0)
    served = Served(U2Net(LITE), official=True).eval()
    frame = torch.randint(0, 128, (1, 320, 320, 3), dtype=torch.uint8) * 2
    with torch.no_grad():
        bright, dark = served(frame), served(frame // 2)
    assert bright.max() == 255
    assert bright.min() == 0
    assert (bright.int() - dark.int()).abs().max() <= 2


GOLDEN_POINT = [0.070666, 0.649215, 0.191243, 0.949565, 0.034429, 0.693951, 0.423887]
GOLDEN_MEAN = [0.178225, 0.661855, 0.282950, 0.859186, 0.197062, 0.638657, 0.529429]
