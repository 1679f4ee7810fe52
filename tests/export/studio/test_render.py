"""A rendered shot on disk is the shot that was drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skia")

from click.testing import CliRunner

from triton_anime_export.commands import studio_render, studio_sheet
from triton_anime_export.errors import DataError
from triton_anime_export.studio.bank import draw_cast
from triton_anime_export.studio.director import stage
from triton_anime_export.studio.render import read_shot, write_shot


def test_a_shot_survives_the_disk(tmp_path: Path) -> None:
    cast = draw_cast(3, None, characters=2, backdrops=1, effects=12, objects=2)
    shot = stage(np.random.default_rng(3), cast, (128, 96), 3)
    write_shot(shot, tmp_path / "shot", 3)
    again = read_shot(tmp_path / "shot")
    for name, value in vars(shot).items():
        if name == "names":
            assert again.names == value
        else:
            assert np.array_equal(getattr(again, name), value), name


def test_a_folder_without_a_shot_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no shot"):
        read_shot(tmp_path)


def test_render_and_sheet_commands_write_what_they_say(tmp_path: Path) -> None:
    output = tmp_path / "a shot"
    options = ["--output", str(output), "--width", "96", "--height", "64", "--drawings", "2", "--seed", "5"]
    result = CliRunner().invoke(studio_render.command, options)
    assert result.exit_code == 0, result.output
    assert read_shot(output).frames.shape == (2, 64, 96, 3)
    odd = CliRunner().invoke(studio_render.command, [*options[:2], "--width", "97"])
    assert odd.exit_code == 2
    sheet = tmp_path / "sheet.png"
    options = ["--output", str(sheet), "--kind", "effects", "--cell", "48", "--columns", "4", "--rows", "3"]
    assert CliRunner().invoke(studio_sheet.command, options).exit_code == 0
    assert sheet.stat().st_size > 2000
