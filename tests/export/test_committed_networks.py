"""Every committed ONNX file computes what PyTorch computes with the weights it holds."""

from __future__ import annotations

import pytest

from triton_anime_export.folders import is_served, onnx_file
from triton_anime_export.network import Network
from triton_anime_export.networks import NETWORKS
from triton_anime_export.to_onnx import compare
from triton_anime_export.weights import load

SERVED = [network for network in NETWORKS if is_served(network)]


@pytest.mark.parametrize("network", SERVED, ids=lambda network: network.name)
def test_file_and_module_agree(network: Network) -> None:
    path = onnx_file(network)
    found = compare(network, load(network, "lite", path), path)
    assert len({comparison.case for comparison in found}) >= 2
    strays = [comparison for comparison in found if not comparison.within]
    assert not strays
