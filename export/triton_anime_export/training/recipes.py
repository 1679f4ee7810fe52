"""Which recipe trains what, and how its result is scored on the held-out split."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from triton_anime_export.errors import DataError, UnknownNetworkError
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training.run import Run

Scores = dict[str, float]


@dataclass(frozen=True)
class Recipe:
    """A recipe by the names of its modules, imported when it is used.

    Attributes:
        name: what is trained.
        module: in ``training``; its ``train(run)`` returns the core.
        minutes: a schedule that suffices on two free cores.
        score: core, run's folder, held-out bank -> scores.
        goes_on: whether it can start from weights of an earlier run.
    """

    name: str
    module: str
    minutes: float
    score: Callable[[nn.Module, Path, Bank], Scores]
    goes_on: bool = True

    def train(self, run: Run) -> nn.Module:
        """Train, for ``minutes`` where the run names no length, and return the core.

        Raises:
            DataError: the run has a start and the recipe begins from nothing.
        """
        if run.start is not None and not self.goes_on:
            raise DataError(f"the recipe of {self.name} begins from nothing; leave --start out")
        if run.minutes is None and run.steps is None:
            run = replace(run, minutes=self.minutes)
        module = importlib.import_module(f"triton_anime_export.training.{self.module}")
        core: nn.Module = module.train(run)
        return core


def find(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        UnknownNetworkError: there is none; the message lists those there are.
    """
    for recipe in RECIPES:
        if recipe.name == name:
            return recipe
    raise UnknownNetworkError(f"no recipe trains {name!r}; there are: {', '.join(r.name for r in RECIPES)}")


def _own(module: str) -> Callable[[nn.Module, Path, Bank], Scores]:
    """Score with the module's own ``score(core, bank)``."""

    def score(core: nn.Module, out: Path, bank: Bank) -> Scores:
        found: Scores = importlib.import_module(f"triton_anime_export.training.{module}").score(core, bank)
        return found

    return score


def _clipseg(core: nn.Module, out: Path, bank: Bank) -> Scores:
    from triton_anime_export.networks import clipseg_text
    from triton_anime_export.training.clipseg_score import score

    text = clipseg_text.build("lite").core
    text.load_state_dict(torch.load(out / "text.pt", map_location="cpu", weights_only=True))
    return score(core, text.eval(), bank)  # type: ignore[arg-type]


RECIPES = (
    Recipe("panoptic_deeplab", "panoptic_deeplab", 30.0, _own("panoptic_deeplab")),
    Recipe("u2net", "u2net", 30.0, _own("u2net")),
    Recipe("modnet", "modnet", 25.0, _own("modnet")),
    Recipe("clipseg", "clipseg", 30.0, _clipseg),
    Recipe("lama", "lama", 30.0, _own("lama_score"), goes_on=False),
    Recipe("raft_small", "raft_small", 30.0, _own("raft_small")),
    Recipe("xmem", "xmem", 30.0, _own("_xmem_score")),
    Recipe("deaot", "deaot", 60.0, _own("_deaot_score")),
)
