"""The whole way of a score: clips, answers, figures, table; a stage with one red figure and a colour key."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="needs the extra triton-anime[export]")
pytest.importorskip("skia", reason="needs the extra triton-anime[export]")

from triton_anime.errors import OutputError
from triton_anime.server import FakeServer
from triton_anime_export.commands.score import command
from triton_anime_export.errors import DataError, StaleError
from triton_anime_export.folders import CHECKOUT
from triton_anime_export.scores import run, staging
from triton_anime_export.scores.broadcast import broadcast
from triton_anime_export.scores.casts import art_cast, effects_by_type
from triton_anime_export.scores.progress import Progress, Standing
from triton_anime_export.scores.sizes import Sizes
from triton_anime_export.scores.table import BEGIN, END, with_section
from triton_anime_export.scores.worst import Worst
from triton_anime_export.studio.director import Cast
from triton_anime_export.studio.source import Source

U8 = NDArray[np.uint8]
Tensors = dict[str, NDArray[Any]]

TINY = Sizes((160, 96), 1, 3, 1, 1, 1, 4)


def red(frame: U8) -> U8:
    pixels = frame.astype(np.int16)
    key = (pixels[..., 0] > 150) & (pixels[..., 1:].max(axis=-1) < 110)
    return key.astype(np.uint8) * np.uint8(255)


def segment(inputs: Tensors) -> Tensors:
    mask = red(inputs["FRAME"])
    nothing = np.zeros_like(mask)
    return {
        "SEMANTIC": (mask > 0).astype(np.uint8),
        "INSTANCES": (mask > 0).astype(np.uint8),
        "SCORES": np.ones(1, np.float32),
        "BOXES": np.array([cv2.boundingRect(mask)], np.int32),
        "PROBABILITY": np.stack([255 - mask, mask, nothing, nothing]),
    }


def refine(inputs: Tensors) -> Tensors:
    return {"ALPHA": red(inputs["FRAME"]), "AGREEMENT": np.ones(1, np.float32)}


@pytest.fixture(scope="module")
def cast() -> Cast:
    """A red figure before a green hill, a white flash, a grey post."""
    figure = np.zeros((80, 40, 4), np.uint8)
    cv2.ellipse(figure, (20, 40), (18, 38), 0, 0, 360, (220, 40, 40, 255), -1)
    noise = np.random.default_rng(1).integers(60, 130, (24, 40, 1)).astype(np.uint8)
    hill = cv2.resize(noise, (320, 192), interpolation=cv2.INTER_CUBIC)
    place = np.dstack([hill // 2, hill, hill // 2, np.full_like(hill, 255)])
    flash = np.zeros((40, 40, 4), np.uint8)
    cv2.circle(flash, (20, 20), 18, (255, 255, 255, 255), -1)
    return Cast(
        [Source("character", "red", (figure,)), Source("character", "crimson", (figure,))],
        [Source("backdrop", "hill", (place,))],
        [Source("effect", "flash", (flash,), effect_type="explosion")],
        [Source("object", "post", (np.full((60, 10, 4), 255, np.uint8),))],
        None,
        0.0,
    )


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the worst cases go."""
    return tmp_path_factory.mktemp("worst")


@pytest.fixture(scope="module")
def scores(cast: Cast, sheets: Path) -> dict[str, Any]:
    server = FakeServer({"segment_frame": segment, "refine_character": refine, "panoptic_deeplab": segment})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "studio_cast", lambda frames: cast)
        return run.score(server, None, TINY, frozenset({"studio"}), command="score", worst=sheets)


def test_the_whole_way_gives_figures_a_table_and_the_worst_cases(
    scores: dict[str, Any], sheets: Path
) -> None:
    figures = scores["figures"]
    assert scores["data"] == {"studio": {"clips": 4, "drawings": 3 + 1 + 4 + 4, "long_clips": 2}}
    assert figures["character_iou"]["panoptic_deeplab"]["studio"] > 0.5
    assert figures["recomposition_psnr"]["product"]["studio"] > 40
    assert figures["flow_epe"]["dis"]["studio"] < figures["flow_epe"]["no_motion"]["studio"]
    assert "u2net" not in figures["alpha_mae"]  # not served: no row
    readme = with_section(f"before\n{BEGIN}\n{END}\nafter\n", scores)
    assert readme.startswith("before\n")
    assert readme.endswith("after\n")
    assert "| – OpenCV Telea, true hole |" in readme
    assert "u2net" not in readme
    error = scores["errors"]["character_iou"]["product"]["studio"]
    assert f" ± {error:.3f} |" in readme
    assert all(set(answers) == {"product"} for answers in scores["errors"].values())
    assert (sheets / "characters.png").is_file()


def test_a_run_that_was_cut_off_goes_on_after_the_clips_it_had(
    cast: Cast, scores: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "studio_cast", lambda frames: cast)
    models = {"segment_frame": segment, "refine_character": refine, "panoptic_deeplab": segment}
    progress = tmp_path / "scores.part"

    def go(tell: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
        data = frozenset({"studio"})
        paths = {"worst": tmp_path / "worst", "progress": progress}
        return run.score(FakeServer(models), None, TINY, data, command="score", tell=tell, **paths)

    heard: list[str] = []

    def killed_after_two(text: str) -> None:
        heard.append(text)
        if len(heard) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(killed_after_two)
    said: list[str] = []
    again = go(said.append)
    assert said[0] == "goes on after 2 clips"
    assert [text.split(":")[0] for text in heard + said[1:] if text.startswith("studio")] == [
        f"studio {name}" for name in ("staged00", "explosion0", "simple0", "crossing0")
    ]
    same = ("data", "figures", "errors", "effects_by_type")
    assert {key: again[key] for key in same} == {key: scores[key] for key in same}
    assert (tmp_path / "worst" / "characters.png").is_file()

    progress.write_bytes(progress.read_bytes()[:1000])
    said.clear()
    go(said.append)
    assert said[0].startswith("studio staged00")
    monkeypatch.setattr(run, "weights_digest", lambda: "others")
    said.clear()
    go(said.append)
    assert said[0].startswith("studio staged00")


def test_a_full_disk_is_told_in_one_line_and_what_was_kept_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Progress(tmp_path / "scores.part", "run")
    kept.save(Standing(Worst(None), done={("studio", "staged00")}))

    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OutputError, match="disk is full"):
            kept.save(Standing(Worst(None)))
    standing = kept.load()
    assert standing is not None
    assert standing.done == {("studio", "staged00")}


def test_check_tells_a_table_that_is_not_that_of_the_figures(scores: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    (tmp_path / "README.md").write_text(f"{BEGIN}\n{END}\n")
    arguments = ["--output", str(tmp_path)]
    stale = CliRunner().invoke(command, [*arguments, "--check"])
    assert isinstance(stale.exception, StaleError)
    assert CliRunner().invoke(command, [*arguments, "--table"]).exit_code == 0
    assert CliRunner().invoke(command, [*arguments, "--check"]).exit_code == 0
    other = {"character_iou": {"product": {"studio": 0.123}}}
    (tmp_path / "scores.json").write_text(json.dumps(scores | {"figures": other}))
    assert isinstance(CliRunner().invoke(command, [*arguments, "--check"]).exception, StaleError)


def test_the_committed_table_is_that_of_the_committed_figures() -> None:
    result = CliRunner().invoke(command, ["--output", str(CHECKOUT / "perf"), "--check"])
    assert result.exit_code == 0, result.exception


@pytest.mark.parametrize("arguments", [[], ["--art", "nowhere"]])
def test_missing_art_is_told_in_one_line(arguments: list[str], tmp_path: Path) -> None:
    error = CliRunner().invoke(command, [*arguments, "--output", str(tmp_path)]).exception
    assert isinstance(error, DataError)
    assert "--art" in str(error)
    assert "\n" not in str(error)


def test_a_readme_without_markers_is_told_before_anything_is_scored(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("no place\n")
    error = CliRunner().invoke(command, ["--data", "studio", "--output", str(tmp_path)]).exception
    assert isinstance(error, StaleError)


def test_the_same_seeds_give_the_same_clips_and_a_broadcast_changes_only_what_is_seen(cast: Cast) -> None:
    first, again = (next(staging.simple_walks(cast, "studio", TINY)) for _ in range(2))
    assert np.array_equal(first.seen, again.seen)
    aired = broadcast(first)
    assert aired.shot is first.shot
    assert aired.seen.shape == first.seen.shape
    assert not np.array_equal(aired.seen, first.seen)
    assert np.abs(aired.seen.astype(int) - first.seen).mean() < 8
    assert np.array_equal(aired.seen, broadcast(again).seen)


def test_in_simple_walks_one_character_is_hidden_for_a_while_and_nobody_meets(cast: Cast) -> None:
    clip = next(staging.simple_walks(cast, "studio", Sizes((160, 96), 0, 0, 0, 1, 1, 24)))
    areas = np.array([(clip.shot.ids == number).sum(axis=(1, 2)) for number in (1, 2)])
    assert areas[0].min() < 0.4 * areas[0].max()
    assert areas[1].min() > 0.9 * areas[1].max()


def test_of_an_effect_that_plays_the_middle_is_judged(cast: Cast) -> None:
    clip = next(staging.effects(cast, "studio", Sizes((160, 96), 0, 0, 1, 5, 0, 0)))
    assert (clip.count, list(clip.judged)) == (5, [2])
    assert clip.effect(2).any()


def test_every_held_out_sheet_is_named_for_what_it_shows(shared_media: Path) -> None:
    """All types but beams of light are among the held-out art, and all are drawn by the studio."""
    found = effects_by_type(art_cast(shared_media / "train"), np.random.default_rng(0), 1, fullest=2)
    assert {kind for kind, sources in found.items() if not sources} == {"light_beam"}
    for source in (source for sources in found.values() for source in sources):
        covered = [int(drawing[..., 3].sum(dtype=np.int64)) for drawing in source.drawings]
        assert covered[2 % len(covered)] == max(covered)
