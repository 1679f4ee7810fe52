"""What a recipe is told, and what it begins from."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from triton_anime_export.errors import DataError, UnknownNetworkError
from triton_anime_export.training import recipes
from triton_anime_export.training.run import Run

RUN = Run(Path("bank"), Path("out"))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that a recipe's module was asked for."""
    runs: list[Run] = []

    def train(run: Run) -> nn.Module:
        runs.append(run)
        return nn.Identity()

    monkeypatch.setattr(importlib, "import_module", lambda name: SimpleNamespace(train=train))
    return runs


@pytest.mark.parametrize("length", [{"steps": 7}, {"minutes": 2.5}])
def test_a_run_has_the_length_it_names_or_else_the_recipes(given: list[Run], length: dict[str, Any]) -> None:
    recipe = recipes.find("modnet")
    recipe.train(replace(RUN, **length))
    recipe.train(RUN)
    assert given == [replace(RUN, **length), replace(RUN, minutes=recipe.minutes)]


def test_a_recipe_that_begins_from_nothing_takes_no_start(given: list[Run]) -> None:
    started = replace(RUN, steps=1, start=Path("weights.pt"))
    with pytest.raises(DataError, match="the recipe of lama begins from nothing; leave --start out"):
        recipes.find("lama").train(started)
    recipes.find("xmem").train(started)
    assert given == [started]


def test_an_unknown_recipe_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownNetworkError, match="no recipe trains 'sam'; there are: panoptic_deeplab"):
        recipes.find("sam")


@pytest.mark.parametrize("recipe", recipes.RECIPES, ids=lambda recipe: recipe.name)
def test_every_recipe_is_told_by_a_run_alone(recipe: recipes.Recipe) -> None:
    module = importlib.import_module(f"triton_anime_export.training.{recipe.module}")
    assert list(inspect.signature(module.train).parameters) == ["run"]


def test_a_start_is_what_the_weights_were(tmp_path: Path) -> None:
    taught, fresh = nn.Linear(3, 2), nn.Linear(3, 2)
    torch.save(taught.state_dict(), tmp_path / "weights.pt")
    before = fresh.weight.detach().clone()
    RUN.begin(fresh)
    assert torch.equal(fresh.weight, before)
    replace(RUN, start=tmp_path / "weights.pt").begin(fresh)
    assert torch.equal(fresh.weight, taught.weight)
