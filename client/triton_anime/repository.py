"""The two model repositories: where they are, what is in them, and what needs what.

``model_repository/`` holds the networks (weights in, tensors out), ``ensembles/`` the ensembles and the BLS
models that call them. A checkout has both at its top; the wheel carries them inside the package.

Triton in explicit mode loads the declared steps of an ensemble but not what a BLS model calls, so a BLS
model names its callees at the top of its ``1/model.py``, as ``CALLS`` (all of them are needed) and
``OPTIONAL_CALLS`` (used where present). `Catalogue.load_order` turns that into an order to load in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from triton_anime.errors import InputError, ModelError, RoleAbsentError
from triton_anime.server import ServedModel, TensorDescription
from triton_anime.transport.model_config import ModelConfig, read_model_config

__all__ = ["Catalogue", "RepositoryModel", "ensemble_repository", "network_repository", "repositories"]

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def network_repository() -> Path:
    """The folder of the networks, in the checkout or in the installed package.

    Raises:
        InputError: neither place has it: the installation is damaged.
    """
    return _find("model_repository")


def ensemble_repository() -> Path:
    """The folder of the ensembles and BLS models, in the checkout or in the installed package.

    Raises:
        InputError: neither place has it: the installation is damaged.
    """
    return _find("ensembles")


def repositories(extra: Iterable[Path] = (), networks: Path | None = None) -> tuple[Path, ...]:
    """Both repositories of the project, and after them any ``extra`` ones.

    Args:
        extra: further model repositories.
        networks: takes the place of the project's own networks.
    """
    return (networks or network_repository(), ensemble_repository(), *extra)


def _find(folder: str) -> Path:
    # A checkout first: an editable install must serve what is being edited.
    candidates = (_PACKAGE / "_repository" / folder, _CHECKOUT / folder)
    if (_CHECKOUT / "pyproject.toml").is_file():
        candidates = candidates[::-1]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise InputError(f"{folder}/ is missing from the installation; install triton-anime again")


@dataclass(frozen=True)
class RepositoryModel:
    """One model folder: its configuration and what it calls."""

    folder: Path
    config: ModelConfig

    @property
    def name(self) -> str:
        """The model's name, which is its folder's."""
        return self.folder.name

    @property
    def role(self) -> str:
        """What the model is for, from ``parameters { key: "role" }``; empty where it does not say."""
        return self.config.parameters.get("role", "")

    @property
    def inputs(self) -> tuple[TensorDescription, ...]:
        """Input tensors as config.pbtxt declares them, the batch axis included as -1."""
        return self.config.inputs

    @property
    def outputs(self) -> tuple[TensorDescription, ...]:
        """Output tensors as config.pbtxt declares them, the batch axis included as -1."""
        return self.config.outputs

    @cached_property
    def bytes_on_disk(self) -> int:
        """Size of everything in the model's folder but Python's caches."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files if "__pycache__" not in path.parts)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Models without which this one cannot answer."""
        return (*self.config.steps, *self._declared("CALLS"))

    @cached_property
    def wants(self) -> tuple[str, ...]:
        """Models which this one uses where they are served."""
        return self._declared("OPTIONAL_CALLS")

    def _declared(self, constant: str) -> tuple[str, ...]:
        source = self.folder / "1" / "model.py"
        if not source.is_file():
            return ()
        # Read, not imported: model.py imports modules that exist only inside the server.
        for node in ast.parse(source.read_text(encoding="utf-8"), filename=str(source)).body:
            targets: Sequence[ast.expr] = ()
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                targets = (node.target,)
            named = any(isinstance(target, ast.Name) and target.id == constant for target in targets)
            if named and isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                return tuple(ast.literal_eval(node.value))
        return ()


class Catalogue:
    """All models of some repositories, by name.

    Args:
        paths: model repositories; the project's own two when None.

    Raises:
        InputError: a path is not a folder, a config.pbtxt cannot be read, or two repositories hold a model
            of the same name (Triton would serve neither).
    """

    def __init__(self, paths: Iterable[Path] | None = None) -> None:
        self.paths = tuple(repositories() if paths is None else paths)
        self.models: dict[str, RepositoryModel] = {}
        for path in self.paths:
            if not path.is_dir():
                raise InputError(f"the model repository {path} is not a folder; check --repository")
            for file in sorted(path.glob("*/config.pbtxt")):
                model = RepositoryModel(file.parent, read_model_config(file))
                if model.name in self.models:
                    other = self.models[model.name].folder
                    raise InputError(
                        f"two repositories hold a model {model.name}: remove {other} or {model.folder}"
                    )
                self.models[model.name] = model

    def __contains__(self, name: str) -> bool:
        return name in self.models

    def __getitem__(self, name: str) -> RepositoryModel:
        if name not in self.models:
            raise RoleAbsentError(
                f"the model {name} is not in the repositories; `triton-anime models` lists them"
            )
        return self.models[name]

    def served(self) -> dict[str, ServedModel]:
        """What a server would say of each model, none of them loaded."""
        return {
            name: ServedModel(name, model.role, False, model.inputs, model.outputs)
            for name, model in self.models.items()
        }

    def load_order(self, names: Iterable[str] | None = None) -> list[str]:
        """Every model that ``names`` need, each after those it calls; all models when None.

        Raises:
            RoleAbsentError: a name, or something that it cannot do without, is in no repository.
            ModelError: models call one another in a circle.
        """
        order: list[str] = []
        for name in self.models if names is None else names:
            self._visit(name, (), order)
        return order

    def servable(self) -> list[str]:
        """Names of all models whose needs are met: what can be served at all."""
        found = []
        for name in self.models:
            try:
                self.load_order([name])
            except RoleAbsentError:
                continue
            found.append(name)
        return found

    def _visit(self, name: str, callers: tuple[str, ...], order: list[str]) -> None:
        if name in order:
            return
        if name in callers:
            raise ModelError(f"models call one another in a circle: {' -> '.join((*callers, name))}")
        if name not in self.models:
            caller = f", which {callers[-1]} calls," if callers else ""
            raise RoleAbsentError(
                f"the model {name}{caller} is not in the repositories: its role is not served"
            )
        model = self.models[name]
        for need in model.needs:
            self._visit(need, (*callers, name), order)
        for want in model.wants:
            # A wish whose own needs are unmet is a wish for something absent.
            attempt = list(order)
            try:
                self._visit(want, (*callers, name), attempt)
            except RoleAbsentError:
                continue
            order[:] = attempt
        order.append(name)
