"""Several processes that train one network together, each on batches of its own.

Every few steps a process replaces its weights by the mean of its own and those that the others wrote last:
local SGD (Stich, "Local SGD Converges Fast and Communicates Little", ICLR 2019) without waiting for one
another, so that a slow process or one that ends holds nobody up. They meet in a folder; nothing else
connects them.
"""

from __future__ import annotations

import os
import pickle
import time
from pathlib import Path

import torch
from torch import nn

_EVERY = 40
"""Steps between two meetings: few enough that the processes stay in one valley."""

_STALE_S = 300.0
"""Age at which another's weights no longer count: it has ended."""


class Company:
    """Meets the other processes of a run.

    Args:
        folder: where they meet, made if missing.
        name: of this process in it, different for each.
        every: steps between two meetings.
    """

    def __init__(self, folder: Path, name: str, every: int = _EVERY) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._mine, self._every = folder, folder / f"{name}.pt", every

    def meet(self, model: nn.Module, step: int) -> int:
        """Write the weights and take the mean with the others'; only every so many steps.

        Args:
            model: changed in place.
            step: how many steps it has made.

        Returns:
            How many others were met.
        """
        if step % self._every:
            return 0
        part = self._mine.with_suffix(".part")
        torch.save(model.state_dict(), part)
        os.replace(part, self._mine)  # noqa: PTH105  (atomic on the same file system)
        others = [state for path in sorted(self._folder.glob("*.pt")) if (state := self._read(path))]
        if others:
            ours = {key: value for key, value in model.state_dict().items() if value.is_floating_point()}
            with torch.no_grad():
                for key, value in ours.items():
                    for met, other in enumerate(others, start=1):
                        value.lerp_(other[key].to(value.device), 1 / (met + 1))
        return len(others)

    def _read(self, path: Path) -> dict[str, torch.Tensor] | None:
        """Another's weights; None for this process's own, stale ones, and a file that went away meanwhile."""
        try:
            if path == self._mine or time.time() - path.stat().st_mtime > _STALE_S:
                return None
            state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, pickle.UnpicklingError):
            return None
        return state
