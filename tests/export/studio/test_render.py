"""A rendered shot on disk holds the whole truth of what was drawn."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("skia")

from click.testing import CliRunner

from triton_anime_export.commands import studio_render, studio_sheet
from triton_anime_export.errors import DataError
from triton_anime_export.folders import CHECKOUT
from triton_anime_export.studio.render import read_flow, write_scene
from triton_anime_export.studio.scene import Actor, Scene, similarity
from triton_anime_export.studio.source import Source

SIZE = (96, 64)


def _read(path: Path) -> NDArray[Any]:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def _scene() -> Scene:
    backdrop = np.full((64, 96, 4), 255, np.uint8)
    backdrop[..., :3] = np.random.default_rng(0).integers(0, 255, (64, 96, 3))
    body = np.full((20, 12, 4), 255, np.uint8)
    points = np.tile(np.array([6.0, 4.0, 2.0], np.float32), (17, 1))
    points[9] = (6.0, 16.0, 2.0)
    points[10] = (60.0, 4.0, 0.0)
    person = Source(
        "character",
        "someone",
        (body, np.full((20, 12, 4), 254, np.uint8)),
        key_points=(points, points),
        actions=("run", "run"),
        expressions=("smile", "sad"),
        words="a figure with a bob in a robe",
        style="inked flat",
    )
    light = np.zeros((10, 10, 4), np.uint8)
    light[...] = (200, 120, 0, 255)
    fire = Source("effect", "fire", (light,), additive=True, effect_type="fire")
    crate = np.full((8, 30, 4), 255, np.uint8)
    crate[..., 2] = 0
    walk = [similarity(30 + 6 * t, 30, 1.0, 0.0, False, (12, 20)) for t in range(3)]
    still = [similarity(80, 12, 1.0, 0.0, False, (10, 10))] * 3
    low = [similarity(30, 38, 1.0, 0.0, False, (30, 8))] * 3
    return Scene(
        Actor(
            Source("backdrop", "wall", (backdrop,), scene_type="classroom", mood="dusk"),
            [np.eye(3)] * 3,
            [0] * 3,
        ),
        [
            Actor(person, walk, [0, 0, 1]),
            Actor(Source("object", "crate", (crate,)), low, [0] * 3),
            Actor(fire, still, [0] * 3),
        ],
        [np.eye(3)] * 3,
        SIZE,
    )


def test_all_of_the_truth_is_written(tmp_path: Path) -> None:
    write_scene(_scene(), tmp_path, 4)
    head = json.loads((tmp_path / "shot.json").read_text())
    assert (head["scene_type"], head["mood"], head["style"]) == ("classroom", "dusk", "inked flat")
    first, _, last = head["per_frame"]
    assert first["caption"] == (
        "A figure with a bob in a robe runs, smiling, in a classroom scene (dusk), with fire; "
        "inked flat style."
    )
    assert [frame["characters"][0]["drawing"] for frame in head["per_frame"]] == [0, 0, 1]
    assert last["characters"][0]["expression"] == "sad"
    panoptic = _read(tmp_path / "panoptic" / "000000.png")
    assert panoptic.dtype == np.uint16
    assert set(np.unique(panoptic)) == {0, 1001, 2001, 3001}
    assert (panoptic // 1000 == _read(tmp_path / "semantic" / "000000.png")).all()
    # The crate hides the figure's feet from y = 34 on.
    alpha = _read(tmp_path / "characters" / "01" / "000000.png")
    assert alpha[25, 30] == 255
    assert alpha[36, 30] == 0


def test_every_effect_and_object_has_its_own_alpha(tmp_path: Path) -> None:
    write_scene(_scene(), tmp_path, 4)
    assert _read(tmp_path / "effects" / "01" / "000000.png")[12, 80] == 200
    assert np.array_equal(
        _read(tmp_path / "things" / "01" / "000001.png"), _read(tmp_path / "objects" / "000001.png")
    )


def test_what_is_written_is_what_is_documented(tmp_path: Path) -> None:
    """The tree in docs/studio.md names every file and folder, and no other."""
    write_scene(_scene(), tmp_path, 4, broadcast=True)
    text = (CHECKOUT / "docs" / "studio.md").read_text("utf-8")
    named = set(re.findall(r"^[├└]── ([a-z_]+(?:\.json)?)", text, re.MULTILINE))
    assert named == {path.name for path in tmp_path.iterdir()}
    head = json.loads((tmp_path / "shot.json").read_text())
    table = text[text.index("**shot.json**") :]
    assert [key for key in head if not re.search(rf"`{key}(`|\[)", table)] == []


def test_key_points_tell_seen_from_hidden_from_absent(tmp_path: Path) -> None:
    write_scene(_scene(), tmp_path, 4)
    document = json.loads((tmp_path / "key_points.json").read_text())
    points = np.array(document["annotations"][0]["keypoints"]).reshape(17, 3)
    assert points[0].tolist() == [30, 24, 2]
    assert points[9].tolist() == [30, 36, 1]
    assert points[10].tolist() == [0, 0, 0]
    assert document["annotations"][0]["num_keypoints"] == 16


def test_flow_forward_and_backward_are_opposite_and_know_what_is_covered(tmp_path: Path) -> None:
    write_scene(_scene(), tmp_path, 4)
    forward, sure = read_flow(tmp_path / "flow_forward" / "000000.png")
    backward, _ = read_flow(tmp_path / "flow_backward" / "000001.png")
    assert sure[25, 30] == 1
    assert forward[:, 25, 30].tolist() == [6, 0]
    assert backward[:, 25, 36].tolist() == [-6, 0]
    assert forward[:, 5, 5].tolist() == [0, 0]
    covered = _read(tmp_path / "occlusion_forward" / "000000.png")
    uncovered = _read(tmp_path / "occlusion_backward" / "000001.png")
    assert (covered[25, 39], covered[25, 30]) == (255, 0)  # wall that the figure walks over
    assert (uncovered[25, 25], uncovered[25, 36]) == (255, 0)  # wall that it lays bare


def test_a_shot_is_never_written_over_another(tmp_path: Path) -> None:
    write_scene(_scene(), tmp_path, 4)
    with pytest.raises(DataError, match="holds a shot already"):
        write_scene(_scene(), tmp_path, 4)
    with pytest.raises(DataError, match="is no flow"):
        read_flow(tmp_path / "flow_forward" / "000009.png")


def test_the_command_writes_the_same_bytes_for_the_same_seed(tmp_path: Path) -> None:
    def render(name: str, seed: int) -> dict[str, bytes]:
        options = ["--output", str(tmp_path / name), "--width", "96", "--height", "64", "--frames", "2"]
        options.append("--broadcast")
        result = CliRunner().invoke(
            studio_render.command, [*options, "--seed", str(seed), "--layout", "single"]
        )
        assert result.exit_code == 0, result.output
        return {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in sorted((tmp_path / name).rglob("*.*"))
        }

    first, again, other = render("a", 5), render("b", 5), render("c", 6)
    assert first == again
    assert first["frames/000000.png"] != other["frames/000000.png"]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--width", "97", "97 is odd"),
        ("--frames", "0", "0 is not in the range"),
        ("--layout", "x", "'x' is not"),
    ],
)
def test_bad_arguments_are_named(tmp_path: Path, option: str, value: str, said: str) -> None:
    result = CliRunner().invoke(studio_render.command, ["--output", str(tmp_path / "s"), option, value])
    assert result.exit_code == 2
    assert said in result.output
    assert not (tmp_path / "s").exists()


def test_a_sheet_of_effects_is_drawn(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    options = ["--output", str(sheet), "--kind", "effects", "--cell", "48", "--columns", "4", "--rows", "3"]
    assert CliRunner().invoke(studio_sheet.command, options).exit_code == 0
    assert sheet.stat().st_size > 2000
