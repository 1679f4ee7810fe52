"""The training loop all recipes share: AdamW or Muon, one cycle, bf16 if quick, averaged weights, resumable.

A recipe gives a model, a function that draws a batch from a random generator and a loss. The generator is
seeded by (seed, step), so a run that was cut off continues with the very batches it would have seen.
"""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from triton_anime_export.training.company import Company
from triton_anime_export.training.optimiser import AdamW, Muon, bf16_pays

# A deep network at several sizes needs more compiled convolutions than oneDNN keeps by default, and compiling
# them again takes as long as running them. Read when the first one is made.
for _cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(_cache, "16384")

Batch = TypeVar("Batch")
Losses = dict[str, torch.Tensor]

LONGEST_STEP_S = 10.0


def device() -> torch.device:
    """CUDA when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def one_cycle(progress: float, *, warm_up: float = 0.05, final: float = 0.01) -> float:
    """Share of the peak learning rate at ``progress`` 0..1: linear warm-up, then half a cosine."""
    if progress < warm_up:
        return max(progress / warm_up, 0.02)
    done = min(1.0, (progress - warm_up) / (1 - warm_up))
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * done))


def fit(
    name: str,
    model: nn.Module,
    batches: Callable[[np.random.Generator], Batch],
    loss: Callable[[nn.Module, Batch], Losses | torch.Tensor],
    *,
    out: Path,
    minutes: float | None = None,
    steps: int | None = None,
    lr: float = 2e-3,
    weight_decay: float = 1e-2,
    seed: int = 0,
    average: float = 0.998,
    clip_norm: float = 5.0,
    checkpoint_minutes: float = 3.0,
    log_steps: int = 50,
    bf16: bool | None = None,
    evaluate: Callable[[nn.Module], dict[str, float]] | None = None,
    evaluations: int = 3,
    part: str = "",
    muon: bool = False,
    beside: Path | None = None,
) -> nn.Module:
    """Train ``model`` and return a copy that holds the averaged weights, in eval mode.

    Args:
        name: goes into the log lines.
        model: trained in place; convolutions run channels-last.
        batches: draws one batch from the generator of its step.
        loss: named losses (their sum is minimised) or one scalar.
        out: folder of ``checkpoint.pt`` (to resume), ``weights.pt`` (averaged, at the end), ``log.jsonl``.
        minutes: length of the schedule in minutes of wall time; a step counts for ``LONGEST_STEP_S`` at
            most, so that a process that was stopped for a while does not skip its schedule.
        steps: or its length in optimiser steps; exactly one of the two.
        lr: peak learning rate.
        weight_decay: for matrices; biases and norms have none.
        seed: of batches and weights; the same seed and ``out`` continue an unfinished run.
        average: decay of the exponential moving average of the weights.
        clip_norm: largest norm of the gradient.
        checkpoint_minutes: between two checkpoints, wall time.
        log_steps: between two log lines.
        bf16: autocast to bfloat16; None: where it pays.
        evaluate: called with the averaged model on the way; its numbers are logged.
        evaluations: how many times.
        part: submodule that is the network proper; the rest only teaches it. It is what is evaluated, saved
            and returned; everything by default.
        muon: step along orthogonalised gradients, see :mod:`optimiser`.
        beside: folder in which processes meet that train this network together, see :mod:`company`; each
            has a seed and an ``out`` of its own.

    Raises:
        ValueError: neither or both of ``minutes`` and ``steps`` are given.
    """
    if (minutes is None) == (steps is None):
        raise ValueError("give either minutes or steps")
    where = device()
    clock = time.perf_counter
    half = bf16_pays(where) if bf16 is None else bf16
    out.mkdir(parents=True, exist_ok=True)
    model.to(where, memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = copy.deepcopy(model).eval().requires_grad_(False)
    optimiser = (Muon if muon else AdamW)(model, lr, weight_decay)
    company = None if beside is None else Company(beside, f"{name}-{seed}")
    checkpoint = out / "checkpoint.pt"
    step, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=where, weights_only=True)
        model.load_state_dict(state["model"])
        averaged.load_state_dict(state["averaged"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = int(state["step"]), float(state["spent"])
        _log(out, {"name": name, "resumed_at": step})

    def save() -> None:
        _save(
            {
                "model": model.state_dict(),
                "averaged": averaged.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
                "spent": spent,
            },
            checkpoint,
        )

    saved, evaluated, sums, started = time.monotonic(), 0, dict[str, float](), clock()
    model.train()
    while True:
        progress = step / steps if steps is not None else spent / (60.0 * (minutes or 1.0))
        if progress >= 1.0:
            break
        for group in optimiser.param_groups:
            group["lr"] = lr * one_cycle(progress)
        torch.manual_seed(seed * 1_000_003 + step)
        batch = batches(np.random.default_rng((seed, step)))
        with torch.autocast(where.type, dtype=torch.bfloat16, enabled=half):
            losses = loss(model, batch)
        named = losses if isinstance(losses, dict) else {"loss": losses}
        total = torch.stack([value.float() for value in named.values()]).sum()
        optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        if torch.isfinite(norm):
            optimiser.step()
        _blend(averaged, model, min(average, (1 + step) / (10 + step)))
        step += 1
        if company is not None:
            company.meet(model, step)
        now = clock()
        spent, started = spent + min(now - started, LONGEST_STEP_S), now
        for key, value in named.items():
            sums[key] = sums.get(key, 0.0) + float(value.detach())
        if step % log_steps == 0:
            line = {
                "name": name,
                "step": step,
                "minutes": round(spent / 60, 2),
                "progress": round(progress, 3),
            }
            _log(out, line | {key: round(value / log_steps, 4) for key, value in sums.items()})
            sums = {}
        if evaluate is not None and progress * (evaluations + 1) >= evaluated + 1:
            evaluated = int(progress * (evaluations + 1))
            _log(out, {"name": name, "step": step, "scores": evaluate(averaged.get_submodule(part))})
            started = clock()
        if time.monotonic() - saved > 60 * checkpoint_minutes:
            save()
            saved = time.monotonic()
    save()
    trained = averaged.get_submodule(part)
    _save(trained.state_dict(), out / "weights.pt")
    return trained


def _blend(averaged: nn.Module, model: nn.Module, decay: float) -> None:
    """Move the average towards the model; running statistics follow the same rule, counters are copied."""
    with torch.no_grad():
        ours = list(averaged.state_dict().values())
        theirs = list(model.state_dict().values())
        floats = [(a, b) for a, b in zip(ours, theirs, strict=True) if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1.0 - decay)
        for a, b in zip(ours, theirs, strict=True):
            if not a.is_floating_point():
                a.copy_(b)


def _save(value: Any, path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(value, part)
    os.replace(part, path)  # noqa: PTH105  (atomic on the same file system)


def _log(out: Path, line: dict[str, Any]) -> None:
    text = json.dumps(line)
    print(text, flush=True)
    with (out / "log.jsonl").open("a") as file:
        file.write(text + "\n")
