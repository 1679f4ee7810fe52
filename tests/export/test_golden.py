"""The replay of golden vectors reads the files that a network's description names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from triton_anime_export.errors import DataError
from triton_anime_export.golden import fill, replay
from triton_anime_export.network import Golden, GoldenCase, Network
from triton_anime_export.networks import lama

SHAPES = {"weight": (2, 3), "bias": (2,)}


class _Doubled(nn.Module):
    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return given * 2


def _cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    return [GoldenCase("a", {"given": archive["given"]}, {"said": archive["said"]})]


def _network(**changes: Any) -> Network:
    golden = Golden(lambda keys: nn.Linear(3, 2), _cases, **changes)
    return replace(lama.NETWORK, name="tiny", golden=golden)


def test_a_folder_may_hold_several_archives(tmp_path: Path) -> None:
    given = np.array([[0.5, -1.0, 2.0]], np.float32)
    state = fill(SHAPES, 1.5, 7)
    said = given @ state["weight"].numpy().T + state["bias"].numpy()
    (tmp_path / "keys.second.json").write_text(json.dumps(SHAPES), "utf-8")
    np.savez(tmp_path / "second.npz", given=given, said=said, gain=np.float64(1.5), salt=np.int64(7))
    network = _network(archive="second.npz", keys="keys.second.json")
    found = replay(network, tmp_path)
    assert [row.runtime for row in found] == ["PyTorch", "ONNX"]
    assert all(row.found.within for row in found)
    np.savez(tmp_path / "second.npz", given=given, said=said, gain=np.float64(1.5), salt=np.int64(8))
    assert not any(row.found.within for row in replay(network, tmp_path, onnx=False))


def test_what_has_no_weights_needs_no_keys(tmp_path: Path) -> None:
    given = np.ones((1, 3), np.float32)
    np.savez(tmp_path / "golden.npz", given=given, said=given * 2)
    golden = Golden(lambda keys: _Doubled(), _cases, keys="")
    network = replace(lama.NETWORK, golden=golden)
    assert [row.found.absolute for row in replay(network, tmp_path)] == [0.0, 0.0]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"keys\.json is missing.*keys\.json and third\.npz"):
        replay(_network(archive="third.npz", keys="keys.json"), tmp_path)
    with pytest.raises(DataError, match="no golden vectors"):
        replay(replace(lama.NETWORK, golden=None), tmp_path)


def test_further_variants_are_replayed_where_they_are_recorded(tmp_path: Path) -> None:
    state = fill(SHAPES, 1.0)
    given = np.array([[0.5, -1.0, 2.0]], np.float32)
    said = given @ state["weight"].numpy().T + state["bias"].numpy()
    (tmp_path / "state_dict.json").write_text(json.dumps(SHAPES), "utf-8")
    np.savez(tmp_path / "golden.npz", in_given=given, said=said, gain=np.float64(1.0))

    def cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
        return [GoldenCase("a", {"given": archive["in_given"]}, {"said": archive["said"]})]

    # The second stores its answers alone; the picture is the first one's.
    second = Golden(lambda keys: nn.Linear(3, 2), cases, archive="second.npz", inputs="golden.npz")
    golden = Golden(lambda keys: nn.Linear(3, 2), cases, also=(second,))
    network = replace(lama.NETWORK, name="tiny", golden=golden)
    assert len(replay(network, tmp_path, onnx=False)) == 1
    np.savez(tmp_path / "second.npz", said=said + 1, gain=np.float64(1.0))
    assert [row.found.within for row in replay(network, tmp_path, onnx=False)] == [True, False]
