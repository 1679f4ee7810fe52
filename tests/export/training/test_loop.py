"""The loop learns, and a run that was cut off ends with the weights of one that was not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from triton_anime_export.training import loop

Batch = tuple[torch.Tensor, torch.Tensor]


def batches(rng: np.random.Generator) -> Batch:
    x = torch.from_numpy(rng.standard_normal((16, 3, 4, 4)).astype(np.float32))
    return x, x.mean(1, keepdim=True) * 2


def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
    return (model(batch[0]) - batch[1]).square().mean()


def model() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1))


class CutOffError(Exception):
    pass


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    options = {"steps": 12, "lr": 1e-2, "bf16": False, "log_steps": 2}
    whole = loop.fit("toy", model(), batches, loss, out=tmp_path / "a", **options)  # type: ignore[arg-type]

    calls = 0

    def failing(rng: np.random.Generator) -> Batch:
        nonlocal calls
        calls += 1
        if calls == 8:
            raise CutOffError
        return batches(rng)

    with pytest.raises(CutOffError):
        loop.fit(
            "toy",
            model(),
            failing,
            loss,
            out=tmp_path / "b",
            checkpoint_minutes=0.0,
            **options,  # type: ignore[arg-type]
        )
    resumed = loop.fit("toy", model(), batches, loss, out=tmp_path / "b", **options)  # type: ignore[arg-type]

    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key
    saved = torch.load(tmp_path / "b" / "weights.pt", weights_only=True)
    assert torch.equal(saved["0.weight"], whole.state_dict()["0.weight"])


def test_the_loss_falls_and_is_logged(tmp_path: Path) -> None:
    loop.fit("toy", model(), batches, loss, out=tmp_path, steps=120, lr=2e-2, log_steps=20)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["loss"] < 0.2 * lines[0]["loss"]


def test_schedule_rises_then_falls() -> None:
    rates = [loop.one_cycle(progress) for progress in (0.0, 0.05, 0.5, 1.0)]
    assert rates[0] < rates[2] < rates[1]
    assert rates[3] == pytest.approx(0.01)


def test_minutes_or_steps(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="either"):
        loop.fit("toy", model(), batches, loss, out=tmp_path)
