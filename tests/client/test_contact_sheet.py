"""Contact sheets are drawn from what lies on disk, and say in one line what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from triton_anime.cli import cli
from triton_anime.contact_sheet import chosen, sheet
from triton_anime.errors import InputError

RED = (200, 30, 20)


def episode(folder: Path, drawings: int = 4) -> Path:
    """An output folder: a red character on the left half of a grey background, each drawing held twice."""
    entries, held = [], []
    for name in ("character", "effects", "background", "character_ids"):
        (folder / "layers" / name).mkdir(parents=True)
    (folder / "metadata").mkdir()
    for index in range(2 * drawings):
        frame_id = f"scene0000_frame{index:06d}"
        character = np.zeros((36, 64, 4), np.uint8)
        character[:, :32] = (*RED[::-1], 255)
        ids = np.zeros((36, 64, 3), np.uint8)
        ids[:, :32] = (0, 0, 255)
        paths = {
            "character": f"layers/character/{frame_id}_char.png",
            "effects": f"layers/effects/{frame_id}_effect.png",
            "background": f"layers/background/{frame_id}_bg.jpg",
        }
        cv2.imwrite(str(folder / paths["character"]), character)
        cv2.imwrite(str(folder / paths["effects"]), np.zeros((36, 64, 4), np.uint8))
        cv2.imwrite(str(folder / paths["background"]), np.full((36, 64, 3), 90, np.uint8))
        cv2.imwrite(str(folder / "layers" / "character_ids" / f"{frame_id}_id.png"), ids)
        layers: dict[str, dict[str, object]] = {name: {"path": path} for name, path in paths.items()}
        layers["character"]["mask_quality"] = 0.5
        layers["effects"]["detected_types"] = []
        entries.append({"frame_id": frame_id, "layers": layers})
        if index % 2 == 0:
            held.append({"frames": [frame_id, f"scene0000_frame{index + 1:06d}"]})
    (folder / "metadata" / "frame_annotations.json").write_text(json.dumps(entries))
    (folder / "metadata" / "temporal_mapping.json").write_text(json.dumps({"drawings": held}))
    return folder


def test_rows_show_distinct_drawings_spread_evenly(tmp_path: Path) -> None:
    folder = episode(tmp_path / "ep", drawings=9)
    numbers = [int(shown.entry["frame_id"][-6:]) for shown in chosen(folder, 3)]
    assert numbers == [0, 8, 16]


def test_the_first_tile_is_the_frame_and_the_last_the_background(tmp_path: Path) -> None:
    picture = sheet([episode(tmp_path / "ep")], rows=1, width=64)
    assert picture.shape == (18 + 18 + 36, 5 * 64, 3)
    tiles = picture[36:].reshape(36, 5, 64, 3)
    assert np.abs(tiles[10, 0, 8].astype(int) - RED).max() <= 2
    assert np.abs(tiles[10, 0, 50].astype(int) - 90).max() <= 2
    assert np.abs(tiles[10, 4, 8].astype(int) - 90).max() <= 2
    assert tiles[10, 2, 8, 0] > tiles[10, 2, 8, 1] + 50


def test_columns_may_be_chosen(tmp_path: Path) -> None:
    folder = episode(tmp_path / "ep")
    target = tmp_path / "s.png"
    words = ["sheet", str(folder), "-o", str(target), "--rows", "1", "--width", "64", "--columns"]
    assert CliRunner().invoke(cli, [*words, "background, frame"]).exit_code == 0
    tiles = cv2.imread(str(target))[36:].reshape(36, 2, 64, 3)
    assert np.abs(tiles[10, 0, 8].astype(int) - 90).max() <= 2
    assert np.abs(tiles[10, 1, 8].astype(int) - RED[::-1]).max() <= 2
    done = CliRunner().invoke(cli, [*words, "frame,plates"])
    assert done.exit_code == 2
    assert "'plates' is none of frame, characters" in done.output


def test_command_draws_and_complains_in_one_line(tmp_path: Path) -> None:
    folder = episode(tmp_path / "ep")
    done = CliRunner().invoke(
        cli, ["sheet", str(folder), "-o", str(tmp_path / "new" / "s.png"), "--rows", "2"]
    )
    assert done.exit_code == 0, done.output
    assert cv2.imread(str(tmp_path / "new" / "s.png")) is not None
    with pytest.raises(InputError, match=r"no finished episode"):
        sheet([tmp_path], rows=1, width=64)
    (folder / "layers" / "character" / "scene0000_frame000000_char.png").write_bytes(b"half")
    with pytest.raises(InputError, match=r"missing or damaged"):
        sheet([folder], rows=1, width=64)
    with pytest.raises(InputError, match=r"\.jpg or \.png"):
        CliRunner().invoke(
            cli,
            ["sheet", str(episode(tmp_path / "b")), "-o", str(tmp_path / "s.gif")],
            catch_exceptions=False,
        )
