"""The command line: exit codes, quiet and JSON modes, several inputs at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from triton_anime import __version__, cli, server_source
from triton_anime.errors import ServerStartError
from triton_anime.server import FakeServer, Server


class _Source:
    """Stands in for the server; counts how often one was asked for."""

    started = 0

    def __init__(
        self, address: str | None, log_path: Path | None = None, networks: Path | None = None
    ) -> None:
        type(self).started += 1

    def get(self) -> Server:
        return FakeServer({})

    def close(self) -> None:
        pass

    def close_when(self, stop: object) -> None:
        pass


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_source, "ServerSource", _Source)
    monkeypatch.delenv("TRITON_ANIME_SERVER", raising=False)
    _Source.started = 0


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main([str(argument) for argument in arguments])
    code = caught.value.code
    return code if isinstance(code, int) else 0


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"triton-anime {__version__}\n"
    assert run("--help") == 0
    overview = capsys.readouterr().out
    assert all(name in overview for name in cli.COMMANDS)
    assert run("process", "--help") == 0
    text = capsys.readouterr().out
    assert "Examples:" in text
    assert "Exit codes:" in text


def test_help_imports_little() -> None:
    program = """
import sys, triton_anime.cli
try:
    triton_anime.cli.main(["--help"])
except SystemExit:
    print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"numpy", "cv2", "av", "tritonclient", "rich", "scenedetect"}


def test_a_chosen_network_that_is_not_served_leaves_no_folder_behind(
    two_shots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("process", two_shots, "-o", tmp_path / "out", "--video-inpainting", "sttn") == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith("error: video inpainting by sttn needs sttn, inpaint_video, which the server does")
    assert "\n" not in told
    assert not (tmp_path / "out").exists()
    assert run("process", two_shots, "-o", tmp_path / "out", "--video-inpainting", "lama") == 0
    assert run("process", "--help") == 0
    licences = "".join(capsys.readouterr().out.split())  # lines break at hyphens too
    assert "CC-BY-NC-4.0" in licences
    assert "S-LabLicense1.0" in licences


def test_the_side_that_flow_is_found_at_is_part_of_a_run(
    two_shots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("process", two_shots, "-o", out, "--flow-long-side", 1024) == 2
    assert "flow_long_side is 1024; it must be 64 to 512" in capsys.readouterr().err
    assert not out.exists()
    assert run("process", two_shots, "-o", out, "--flow-long-side", 128, "--max-frames", 2) == 0
    capsys.readouterr()
    assert run("process", two_shots, "-o", out, "--max-frames", 2) != 0
    assert "another 'flow_long_side'" in capsys.readouterr().err


def test_one_episode(two_shots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("process", two_shots, "-o", tmp_path / "out") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "complete" in told.err
    assert "two shots" in told.err
    assert (tmp_path / "out" / "two shots" / "metadata" / "frame_annotations.json").is_file()
    assert run("process", two_shots, "-o", tmp_path / "out") == 0
    assert "already" in capsys.readouterr().err
    assert _Source.started == 1, "nothing to do needs no server"


def test_json_lines(two_shots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("process", two_shots, "-o", tmp_path, "--json", "--range", "0-0.5", "--prompts", "fire") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [events[0]["event"], *(event["event"] for event in events[-2:])] == ["begin", "end", "total"]
    end = events[-2]
    assert (end["status"], end["frames"], end["exit_code"]) == ("complete", 12, 0)
    assert end["absent_roles"]
    assert any(event["event"] == "progress" for event in events)


def test_a_folder_with_a_bad_file_among_good_ones(
    two_shots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    season = tmp_path / "season"
    season.mkdir()
    shutil.copy(two_shots, season / "a.mp4")
    (season / "b.mp4").write_text("no video")
    shutil.copy(two_shots, season / "c.mp4")
    assert run("process", season, "-o", tmp_path / "out", "--max-frames", 4, "--quiet") == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error: {season / 'b.mp4'}")
    assert told.err.count("\n") == 1
    for name in ("a", "c"):
        assert (tmp_path / "out" / name / "statistics" / "quality_report.json").is_file()
    assert not (tmp_path / "out" / "b").exists()
    assert _Source.started == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--range", "5-1"], 2),
        (["--fps", "0"], 2),
        (["--prompts", ","], 2),
        (["--max-frames", "0"], 2),
        (["--effects", "sam"], 2),
        (["--quiet", "--json"], 2),
        (["--no-such-option"], 2),
        (["--range", "100-200"], 3),
    ],
)
def test_bad_arguments(
    two_shots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    assert run("process", two_shots, "-o", tmp_path / "out", *arguments) == code
    assert "Traceback" not in capsys.readouterr().err


def test_missing_file_starts_no_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("process", tmp_path / "absent.mp4") == 3
    assert "check the path" in capsys.readouterr().err
    assert _Source.started == 0


def test_a_server_that_does_not_start(
    two_shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: object) -> Server:
        raise ServerStartError("libpython is missing; install python3-dev")

    monkeypatch.setattr(_Source, "get", refuse)
    assert run("process", two_shots, two_shots, "-o", tmp_path, "-q") == 6
    assert capsys.readouterr().err == "error: libpython is missing; install python3-dev\n"


def test_an_unexpected_error_is_one_line(
    two_shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> Server:
        raise RuntimeError("surprise")

    monkeypatch.setattr(_Source, "get", broken)
    assert run("process", two_shots, "-o", tmp_path, "-q") == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "surprise" in message
    with pytest.raises(RuntimeError, match="surprise"):
        cli.main(["--debug", "process", str(two_shots), "-o", str(tmp_path), "-q"])


def test_overwrite(two_shots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("process", two_shots, "-o", tmp_path, "--max-frames", 2, "-q") == 0
    assert run("process", two_shots, "-o", tmp_path, "--max-frames", 3, "-q") == 4
    assert "--overwrite" in capsys.readouterr().err
    assert run("process", two_shots, "-o", tmp_path, "--max-frames", 3, "-q", "--overwrite") == 0
    entries: Any = json.loads((tmp_path / "two shots" / "metadata" / "frame_annotations.json").read_text())
    assert len(entries) == 3
