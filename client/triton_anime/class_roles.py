"""Which classes of a segmentation network are characters, effects, objects or background.

Published networks know the 133 classes of COCO panoptic (Kirillov et al., CVPR 2019); the pipeline knows four
roles. The map between them is a JSON file that users may copy and edit: each role with the names of its
classes; what no role names is background. ``class_roles.json`` beside this file is the usual one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triton_anime.errors import InputError
from triton_anime.panoptic import BACKGROUND, CLASSES

COCO_CLASSES = tuple(Path(__file__).with_name("coco_panoptic.txt").read_text("utf-8").splitlines())
"""In the order of the checkpoints' labels."""

THINGS = 80
"""Classes before this one can be counted; the rest is stuff."""

USUAL = Path(__file__).with_suffix(".json")
"""The map that applies where nobody gives another."""

ClassRoles = dict[str, int]
"""Class -> role; classes that are not in it are background."""


def read(path: Path) -> ClassRoles:
    """The map of a file.

    Raises:
        InputError: it cannot be read, or names a role or a class that there is not, or a class twice.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}); name a JSON file of roles and classes") from error
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error}); mend that place") from error
    named = isinstance(content, dict) and all(
        isinstance(classes, list) and all(isinstance(name, str) for name in classes)
        for classes in content.values()
    )
    if not named:
        raise InputError(f'{path} does not give each role a list of classes, as {{"character": ["person"]}}')
    try:
        return _checked((name, role) for role, classes in content.items() for name in classes)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def parse(pairs: Iterable[str]) -> ClassRoles:
    """The map of words ``class=role``, as requests carry it.

    Raises:
        InputError: as for :func:`read`.
    """
    split = [pair.rpartition("=") for pair in pairs]
    bare = next((f"{class_}{equal}{role}" for class_, equal, role in split if not equal), None)
    if bare is not None:
        raise InputError(f"class role {bare!r} is not of the form class=role, such as cat=character")
    return _checked((name.strip(), role.strip()) for name, _, role in split)


def words(roles: Mapping[str, int]) -> tuple[str, ...]:
    """The map as :func:`parse` reads it."""
    return tuple(f"{name}={CLASSES[role]}" for name, role in roles.items())


def matrix(roles: Mapping[str, int]) -> NDArray[np.float32]:
    """The map as the network takes it: float32 [133, 4], one row a class with a one at its role."""
    table = np.zeros((len(COCO_CLASSES), len(CLASSES)), np.float32)
    table[np.arange(len(COCO_CLASSES)), vector(roles)] = 1
    return table


def vector(roles: Mapping[str, int]) -> NDArray[np.int64]:
    """Role of each class, int64 [133]."""
    return np.array([roles.get(name, BACKGROUND) for name in COCO_CLASSES], np.int64)


def _checked(pairs: Iterable[tuple[str, str]]) -> ClassRoles:
    found: ClassRoles = {}
    for name, role in pairs:
        if role not in CLASSES:
            raise InputError(f"no role is called {role!r}; there are: {', '.join(CLASSES)}")
        if name not in COCO_CLASSES:
            raise InputError(
                f"no class of COCO panoptic is called {name!r}; triton_anime/coco_panoptic.txt lists them"
            )
        if name in found:
            raise InputError(f"the class {name!r} has two roles; leave one")
        found[name] = CLASSES.index(role)
    return found
