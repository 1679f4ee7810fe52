"""config.pbtxt: read back through protobuf, and the committed files are what the descriptions say."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from google.protobuf import text_format

from triton_anime_export.cli import cli
from triton_anime_export.folders import is_served, model_folder
from triton_anime_export.network import Network
from triton_anime_export.networks import NETWORKS
from triton_anime_export.to_config import config_text, parse

SERVED = [network for network in NETWORKS if is_served(network)]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_text_says_what_the_description_says(network: Network) -> None:
    text = config_text(network)
    message = parse(text)
    assert message.name == network.name
    assert message.backend == "onnxruntime"
    assert message.max_batch_size == network.batching.max_batch
    assert "max_batch_size:" in text  # also where it is zero
    assert [tuple(tensor.dims) for tensor in message.input] == [tensor.dims for tensor in network.inputs]
    assert [tensor.name for tensor in message.output] == [tensor.name for tensor in network.outputs]
    assert message.parameters["role"].string_value == network.role
    assert message.HasField("dynamic_batching") is (
        network.batching.max_batch > 0 and network.batching.dynamic
    )


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(text_format.ParseError, match="max_batchsize"):
        parse("max_batchsize: 3")


def test_committed_files_are_current() -> None:
    result = CliRunner().invoke(cli, ["config", "--check"], catch_exceptions=False)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("network", SERVED, ids=lambda network: network.name)
def test_every_served_network_has_a_card(network: Network) -> None:
    card = (model_folder(network) / "README.md").read_text("utf-8")
    assert card.startswith(f"# {network.name}\n")
    for tensor in (*network.inputs, *network.outputs):
        assert f"| {tensor.name} | {tensor.dtype} |" in card
