"""What is in the repositories, and the order to load it in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from triton_anime.errors import InputError, ModelError, RoleAbsentError
from triton_anime.repository import Catalogue, repositories


def _model(repository: Path, name: str, source: str = "", config: str = "") -> None:
    (repository / name / "1").mkdir(parents=True)
    (repository / name / "config.pbtxt").write_text(f'name: "{name}"\n{config}')
    if source:
        (repository / name / "1" / "model.py").write_text(source)


def _ensemble(steps: Sequence[str]) -> str:
    inner = "\n".join(f'step {{ model_name: "{step}" }}' for step in steps)
    return f'platform: "ensemble"\nensemble_scheduling {{ {inner} }}'


def test_callees_steps_and_present_wishes_come_first(tmp_path: Path) -> None:
    _model(
        tmp_path, "top", 'import nothing\nCALLS = ("chain",)\nOPTIONAL_CALLS: tuple = ("extra", "absent")\n'
    )
    _model(tmp_path, "chain", config=_ensemble(["net", "net"]))
    _model(tmp_path, "net")
    _model(tmp_path, "extra")
    _model(tmp_path, "unrelated")
    assert Catalogue([tmp_path]).load_order(["top"]) == ["net", "chain", "extra", "top"]


def test_an_absent_need_is_an_absent_role(tmp_path: Path) -> None:
    _model(tmp_path, "top", 'CALLS = ("absent",)\n')
    _model(tmp_path, "other", 'OPTIONAL_CALLS = ("top",)\n')
    catalogue = Catalogue([tmp_path])
    with pytest.raises(RoleAbsentError, match="absent, which top calls"):
        catalogue.load_order(["top"])
    assert catalogue.servable() == ["other"]
    assert catalogue.load_order(["other"]) == ["other"]


def test_circles_doubles_and_nonsense_are_named(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    _model(one, "a", 'CALLS = ("b",)\n')
    _model(one, "b", 'CALLS = ("a",)\n')
    with pytest.raises(ModelError, match="a -> b -> a"):
        Catalogue([one]).load_order(["a"])
    _model(two, "a")
    with pytest.raises(InputError, match="two repositories hold a model a"):
        Catalogue([one, two])
    _model(two, "c", config="no such field")
    with pytest.raises(InputError, match=r"c/config.pbtxt is not a Triton model configuration"):
        Catalogue([two])
    with pytest.raises(InputError, match="not a folder"):
        Catalogue([tmp_path / "three"])


def test_the_projects_own_models_can_be_ordered() -> None:
    catalogue = Catalogue(repositories())
    order = catalogue.load_order(catalogue.servable())
    for name in order:
        assert all(order.index(need) < order.index(name) for need in catalogue[name].needs)
