from __future__ import annotations

import json
from pathlib import Path

import pytest

from triton_anime import class_roles
from triton_anime.errors import InputError
from triton_anime.panoptic import BACKGROUND, CHARACTER, CLASSES, EFFECT, OBJECT


def test_the_classes_are_those_of_coco_panoptic() -> None:
    assert len(class_roles.COCO_CLASSES) == len(set(class_roles.COCO_CLASSES)) == 133
    assert class_roles.COCO_CLASSES[0] == "person"
    assert class_roles.COCO_CLASSES[class_roles.THINGS - 1 : class_roles.THINGS + 1] == (
        "toothbrush",
        "banner",
    )
    assert class_roles.COCO_CLASSES[-1] == "rug-merged"


def test_the_usual_map() -> None:
    roles = class_roles.read(class_roles.USUAL)
    assert roles["person"] == roles["cat"] == CHARACTER
    assert roles["car"] == OBJECT
    table = class_roles.matrix(roles)
    assert table.shape == (133, 4)
    assert (table.sum(axis=1) == 1).all()
    assert table[0].argmax() == CHARACTER
    assert table[class_roles.COCO_CLASSES.index("tree-merged")].argmax() == BACKGROUND


def test_an_edited_file_moves_a_class(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"character": ["person"], "effect": ["light"]}))
    roles = class_roles.read(path)
    assert class_roles.vector(roles)[class_roles.COCO_CLASSES.index("light")] == EFFECT
    assert class_roles.vector(roles)[class_roles.COCO_CLASSES.index("cat")] == BACKGROUND
    # what the client sends is what the server reads
    assert class_roles.parse(class_roles.words(roles)) == roles


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ('["person"]', "does not give each role a list"),
        ('{"character": "person"}', "does not give each role a list"),
        ('{"hero": ["person"]}', "no role is called 'hero'"),
        ('{"character": ["elf"]}', "no class of COCO panoptic is called 'elf'"),
        ('{"character": ["cat"], "object": ["cat"]}', "'cat' has two roles"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(InputError, match=says) as caught:
        class_roles.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        class_roles.read(tmp_path / "none.json")


def test_words_of_a_request_are_checked() -> None:
    with pytest.raises(InputError, match="not of the form class=role"):
        class_roles.parse(["person"])
    assert class_roles.parse([f"cat={CLASSES[EFFECT]}"]) == {"cat": EFFECT}
