"""`triton-anime models`, with and without a server."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from triton_anime.commands.models import command as models
from triton_anime.embedded import EmbeddedServer
from triton_anime.repository import Catalogue


def test_models_lists_the_repositories_without_a_server() -> None:
    catalogue = Catalogue()
    answer = CliRunner().invoke(models, ["--json"], catch_exceptions=False)
    rows = {row["model"]: row for row in json.loads(answer.output)}
    assert set(rows) == set(catalogue.models)
    servable = catalogue.servable()
    for name, row in rows.items():
        assert (row["state"] == "present") is (name in servable)
        assert row["bytes_on_disk"] > 0
        assert row["inputs"]
        assert row["outputs"]
    table = CliRunner().invoke(models, [], catch_exceptions=False).output
    assert all(name in table for name in rows)


@pytest.mark.triton
def test_models_asks_a_server(small_server: EmbeddedServer) -> None:
    small_server.server.load("double")
    answer = CliRunner().invoke(models, ["--json", "--server", small_server.address], catch_exceptions=False)
    rows = {row["model"]: row for row in json.loads(answer.output)}
    assert rows["double"]["state"] == "ready"
    assert rows["double"]["role"] == "test"
    assert rows["double"]["inputs"] == [
        {"name": "FRAME", "dtype": "UINT8", "shape": [-1, -1, -1, 3], "optional": False}
    ]
    table = CliRunner().invoke(models, ["--server", small_server.address], catch_exceptions=False).output
    assert "FRAME UINT8[?,?,?,3]" in table
