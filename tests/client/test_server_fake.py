"""`FakeServer` behaves as a real server does, as far as tests of other code can see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.errors import ModelError, RoleAbsentError
from triton_anime.server import FakeServer


def _double(inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {"OUT": inputs["IN"] * 2, "SIZE": np.array([inputs["IN"].size])}


def _refuse(inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    raise ModelError("it does not want to")


def test_outputs_names_and_records() -> None:
    with FakeServer({"double": _double}, roles={"double": "test"}) as server:
        assert server.infer("double", {"IN": np.ones(3)})["OUT"].tolist() == [2, 2, 2]
        assert list(server.infer_async("double", {"IN": np.ones(3)}, ["SIZE"]).result()) == ["SIZE"]
        assert server.statistics("double")["inferences"] == 2
        assert [(model.name, model.role, model.ready) for model in server.models()] == [
            ("double", "test", True)
        ]


def test_failures_come_out_of_the_future() -> None:
    server = FakeServer({"refuse": _refuse})
    with pytest.raises(ModelError, match="does not want"):
        server.infer("refuse", {})
    assert isinstance(server.infer_async("absent", {}).exception(), RoleAbsentError)
    assert not server.is_ready("absent")
    with pytest.raises(RoleAbsentError):
        server.load("absent")
