"""What every recipe is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn


@dataclass(frozen=True)
class Run:
    """One run of a recipe.

    Attributes:
        bank: folder where the studio's bank was drawn.
        out: folder of checkpoints, log and, at the end, of the averaged weights ``weights.pt``.
        minutes: length of the schedule, as :func:`triton_anime_export.training.loop.fit` counts it, or
        steps: its optimiser steps.
        seed: of weights and batches.
        start: weights of an earlier run to go on from, with a schedule of its own.
        beside: folder in which processes meet that train one network together.
        lr: peak learning rate in place of the recipe's own; the stages of lama keep theirs.
    """

    bank: Path
    out: Path
    minutes: float | None = None
    steps: int | None = None
    seed: int = 0
    start: Path | None = None
    beside: Path | None = None
    lr: float | None = None

    def begin(self, core: nn.Module) -> None:
        """Give ``core`` the weights of ``start``, where there are any."""
        if self.start is not None:
            core.load_state_dict(torch.load(self.start, map_location="cpu", weights_only=True))
