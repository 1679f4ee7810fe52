"""Killing a run at any moment and running it again gives the bytes of an uninterrupted run."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from triton_anime.episode import Job, process_episode
from triton_anime.errors import Interrupted, OutputError
from triton_anime.settings import Settings
from triton_anime.writers.layers import write_layers

# Runs an episode with the keyed pipeline, slowly, in a process that may be killed.
_RUNNER = """
import importlib.util, sys, time
from pathlib import Path
spec = importlib.util.spec_from_file_location("helpers", sys.argv[1])
helpers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(helpers)
from triton_anime.episode import Job, process_episode
from triton_anime.errors import TritonAnimeError
from triton_anime.interrupts import interruptible
from triton_anime.settings import Settings

def slowly(drawings, settings):
    for layers in helpers.without_networks(drawings, settings):
        time.sleep(float(sys.argv[4]))
        yield layers

try:
    with interruptible() as stop:
        print("ready", flush=True)
        process_episode(Job(Path(sys.argv[2]), Path(sys.argv[3]), Settings()), slowly, stop=stop)
except TritonAnimeError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


@pytest.fixture(scope="module")
def three_shots(clip: Any, painted: Any) -> Path:
    return clip("three.mp4", [painted(1 + n // 14, n // 2 % 7) for n in range(42)])


@pytest.fixture(scope="module")
def whole(
    three_shots: Path, keyed: Any, tmp_path_factory: pytest.TempPathFactory, tree: Any
) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole") / "ep"
    process_episode(Job(three_shots, folder, Settings()), keyed)
    return tree(folder)


def start(video: Path, folder: Path, pause: float) -> subprocess.Popen[str]:
    helpers = Path(__file__).with_name("conftest.py")
    process = subprocess.Popen(
        [sys.executable, "-c", _RUNNER, str(helpers), str(video), str(folder), str(pause)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def wait_for_layers(folder: Path, count: int) -> None:
    for _ in range(2000):
        if len(list((folder / "layers" / "character").glob("scene*"))) >= count:
            return
        time.sleep(0.01)
    raise AssertionError("no layers appeared")


def test_killed_again_and_again(
    three_shots: Path, whole: dict[str, bytes], keyed: Any, tmp_path: Path, tree: Any
) -> None:
    folder = tmp_path / "ep"
    for layers in (1, 16, 30):
        process = start(three_shots, folder, 0.05)
        wait_for_layers(folder, layers)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = set((folder / ".progress").glob("*.jsonl"))
    assert done, "a finished shot survives"
    summary = process_episode(Job(three_shots, folder, Settings()), keyed)
    assert summary.resumed_frames >= 14
    assert tree(folder) == whole


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_asked_to_stop(
    three_shots: Path, whole: dict[str, bytes], keyed: Any, tmp_path: Path, number: int, code: int, tree: Any
) -> None:
    folder = tmp_path / "ep"
    process = start(three_shots, folder, 0.1)
    wait_for_layers(folder, 4)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert errors.count("\n") == 1
    assert "same command again" in errors
    assert not list(folder.rglob(".*.part"))
    process_episode(Job(three_shots, folder, Settings()), keyed)
    assert tree(folder) == whole


@pytest.mark.parametrize("documents", [0, 1, 3])
def test_killed_while_the_metadata_is_written(
    three_shots: Path,
    whole: dict[str, bytes],
    keyed: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    documents: int,
    tree: Any,
) -> None:
    from triton_anime import writer

    names = (
        "write_frame_annotations",
        "write_embeddings",
        "write_temporal_mapping",
        "write_scene_distribution",
    )

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    job = Job(three_shots, tmp_path / "ep", Settings())
    with monkeypatch.context() as patch:
        patch.setattr(writer, names[documents], killed)
        with pytest.raises(KeyboardInterrupt):
            process_episode(job, keyed)
    summary = process_episode(job, never)
    assert summary.resumed_frames == 42
    assert tree(job.folder) == whole


def never(drawings: Iterator[Any], settings: Settings) -> Iterator[Any]:
    for drawing in drawings:
        raise AssertionError(f"shot {drawing.shot} was finished already")
    yield from ()


def test_a_complete_output_is_left_alone(three_shots: Path, keyed: Any, tmp_path: Path) -> None:
    job = Job(three_shots, tmp_path / "ep", Settings())
    process_episode(job, keyed)
    before = {path: path.stat().st_mtime_ns for path in job.folder.rglob("*")}
    assert process_episode(job, never).status == "already complete"
    assert {path: path.stat().st_mtime_ns for path in job.folder.rglob("*")} == before


def test_another_input_or_setting_is_refused(
    three_shots: Path, two_shots: Path, keyed: Any, tmp_path: Path
) -> None:
    job = Job(three_shots, tmp_path / "ep", Settings())
    process_episode(job, keyed)
    with pytest.raises(OutputError, match=r"another 'prompts'.*--overwrite"):
        process_episode(replace(job, settings=Settings(prompts=("smoke",))), keyed)
    with pytest.raises(OutputError, match=r"another 'effects'.*--overwrite"):
        process_episode(replace(job, settings=Settings(effects=("grounded_sam",))), keyed)
    with pytest.raises(OutputError, match=r"another input.*--overwrite"):
        process_episode(replace(job, path=two_shots), keyed)
    # what changes no pixel may change
    assert process_episode(replace(job, settings=Settings(threads=1)), never).status == "already complete"


def test_half_of_an_older_version_is_not_mixed_with_new_work(
    three_shots: Path, keyed: Any, tmp_path: Path
) -> None:
    job = Job(three_shots, tmp_path / "ep", Settings())
    process_episode(job, keyed)
    manifest = job.folder / "manifest.json"
    older = json.loads(manifest.read_text()) | {"triton_anime": "0.0.1"}
    del older["settings"]["effects"]  # an option that the older version did not have
    manifest.write_text(json.dumps(older))
    assert process_episode(job, never).status == "already complete"
    manifest.write_text(json.dumps(older | {"complete": False}))
    with pytest.raises(OutputError, match=r"another version.*--overwrite"):
        process_episode(job, keyed)


def test_overwrite_deletes_only_what_it_wrote(
    three_shots: Path, two_shots: Path, keyed: Any, tmp_path: Path
) -> None:
    job = Job(three_shots, tmp_path / "ep", Settings())
    process_episode(job, keyed)
    kept = [job.folder / "notes.txt", job.folder / "layers" / "character" / "mine.png"]
    for path in kept:
        path.write_text("mine")
    process_episode(replace(job, path=two_shots, overwrite=True), keyed)
    assert all(path.read_text() == "mine" for path in kept)
    assert len(list((job.folder / "layers" / "background").iterdir())) == 30


def test_layers_of_unknown_origin_are_not_touched(three_shots: Path, keyed: Any, tmp_path: Path) -> None:
    folder = tmp_path / "ep"
    (folder / "layers" / "character").mkdir(parents=True)
    (folder / "layers" / "character" / "scene0000_frame000000_char.png").write_text("somebody's")
    with pytest.raises(OutputError, match="unknown origin"):
        process_episode(Job(three_shots, folder, Settings()), keyed)


def test_a_drawing_that_cannot_be_written_keeps_its_shot_unfinished(
    three_shots: Path,
    whole: dict[str, bytes],
    keyed: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tree: Any,
) -> None:
    def failing(root: Path, layers: Any) -> Any:
        if layers.drawing.first.index == 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_layers(root, layers)

    job = Job(three_shots, tmp_path / "ep", Settings())
    with monkeypatch.context() as patch:
        patch.setattr("triton_anime.writer.write_layers", failing)
        with pytest.raises(OutputError, match="disk is full"):
            process_episode(job, keyed)
    assert [path.name for path in (job.folder / ".progress").glob("*.jsonl")] == ["scene0000.jsonl"]
    assert process_episode(job, keyed).resumed_frames == 14
    assert tree(job.folder) == whole


def test_two_runs_do_not_share_a_folder(three_shots: Path, tmp_path: Path, keyed: Any) -> None:
    folder = tmp_path / "ep"
    process = start(three_shots, folder, 0.5)
    try:
        wait_for_layers(folder, 1)
        with pytest.raises(OutputError, match="another run"):
            process_episode(Job(three_shots, folder, Settings()), keyed)
    finally:
        process.kill()
        process.wait()


def test_stopping_ends_the_reading(three_shots: Path, keyed: Any, tmp_path: Path) -> None:
    import threading

    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        process_episode(Job(three_shots, tmp_path / "ep", Settings()), keyed, stop=stop)
