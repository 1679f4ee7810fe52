"""The loop learns, and a run that was cut off ends with the weights of one that was not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from triton_anime_export.training import loop
from triton_anime_export.training.company import Company
from triton_anime_export.training.optimiser import Muon, WholeMuon, bf16_pays

Batch = tuple[torch.Tensor, torch.Tensor]


def batches(rng: np.random.Generator) -> Batch:
    x = torch.from_numpy(rng.standard_normal((16, 3, 4, 4)).astype(np.float32))
    return x, x.mean(1, keepdim=True) * 2


def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
    return (model(batch[0]) - batch[1]).square().mean()


def model() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 16, 1), nn.BatchNorm2d(16), nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(16, 1, 1)
    )


class CutOffError(Exception):
    pass


@pytest.mark.parametrize("muon", [False, True])
def test_a_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path: Path, muon: bool) -> None:
    options = {"steps": 12, "lr": 1e-2, "bf16": False, "log_steps": 2, "muon": muon}
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


@pytest.mark.parametrize("muon", [False, True])
def test_the_loss_falls_and_is_logged(tmp_path: Path, muon: bool) -> None:
    loop.fit("toy", model(), batches, loss, out=tmp_path, steps=120, lr=2e-2, log_steps=20, muon=muon)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["loss"] < 0.2 * lines[0]["loss"]


def test_muon_steps_by_a_rotation_whatever_the_size_of_the_gradient() -> None:
    """All singular values of a step are about as large: no direction is left behind (Jordan et al., 2024)."""
    net = model().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = Muon(net, lr=1e-2, weight_decay=0.0)
    kernel = net[2].weight  # type: ignore[index]
    before = kernel.detach().clone()
    steep = torch.randn_like(kernel) * torch.logspace(0, -1.5, 16)[:, None, None, None]
    kernel.grad = steep.to(memory_format=torch.channels_last)
    thin = torch.linalg.svdvals(kernel.grad.permute(0, 2, 3, 1).flatten(1))
    optimiser.step()
    values = torch.linalg.svdvals((kernel.detach() - before).permute(0, 2, 3, 1).flatten(1))
    assert thin[0] / thin[-1] > 10
    assert values[0] / values[-1] < 3
    assert values[0] == pytest.approx(1e-2 * 0.2 * 144**0.5, rel=0.5)


def test_muon_in_float32_takes_the_steps_of_torchs_muon() -> None:
    torch.manual_seed(0)
    ours = [nn.Parameter(torch.randn(24, 90)), nn.Parameter(torch.randn(90, 32))]
    theirs = [nn.Parameter(matrix.detach().clone()) for matrix in ours]
    before = [matrix.detach().clone() for matrix in ours]
    whole = WholeMuon(ours, lr=1e-2, weight_decay=0.1)
    half = torch.optim.Muon(theirs, lr=1e-2, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for _ in range(4):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        whole.step()
        half.step()  # type: ignore[no-untyped-call]
    for one, other, start in zip(ours, theirs, before, strict=True):
        assert (one - other).abs().max() < 0.03 * (one - start).abs().max()


@pytest.mark.parametrize("fast", [False, True])
def test_halves_are_used_where_the_processor_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    for kind in ("amx_tile", "avx512_bf16"):
        monkeypatch.setattr(torch.cpu, f"_is_{kind}_supported", lambda: fast)
    assert bf16_pays(torch.device("cpu")) is fast
    assert bf16_pays(torch.device("cuda"))
    dtypes = set[torch.dtype]()

    def noting(net: nn.Module, batch: Batch) -> torch.Tensor:
        dtypes.add(net(batch[0]).dtype)
        return loss(net, batch)

    loop.fit("toy", model(), batches, noting, out=tmp_path, steps=2)
    assert dtypes == {torch.bfloat16 if fast else torch.float32}


def test_muon_asks_for_kernels_it_can_step_on() -> None:
    with pytest.raises(ValueError, match="channels-last"):
        Muon(nn.Conv2d(16, 16, 3), lr=1e-2, weight_decay=0.0)


def test_schedule_rises_then_falls() -> None:
    rates = [loop.one_cycle(progress) for progress in (0.0, 0.05, 0.5, 1.0)]
    assert rates[0] < rates[2] < rates[1]
    assert rates[3] == pytest.approx(0.01)


def test_minutes_or_steps(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="either"):
        loop.fit("toy", model(), batches, loss, out=tmp_path)


def test_two_processes_train_one_network(tmp_path: Path) -> None:
    one, other, alone = model(), model(), model()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1.0)
    before = [parameter.detach().clone() for parameter in one.parameters()]
    first, second = (Company(tmp_path, name, every=2) for name in "ab")
    assert first.meet(one, 1) == first.meet(one, 2) == 0
    assert second.meet(other, 2) == 1
    for ours, theirs in zip(other.parameters(), before, strict=True):
        torch.testing.assert_close(ours, theirs + 0.5)
    os.utime(tmp_path / "a.pt", (0, 0))
    assert second.meet(other, 4) == 0
    (tmp_path / "a.pt").write_bytes(b"PK cut off")
    assert second.meet(other, 6) == 0
    loop.fit("toy", one, batches, loss, out=tmp_path / "c", steps=80, seed=1, beside=tmp_path / "d")
    loop.fit("toy", alone, batches, loss, out=tmp_path / "e", steps=80, seed=2, beside=tmp_path / "d")
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == ["toy-1.pt", "toy-2.pt"]
