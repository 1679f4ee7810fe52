"""Unusable files and folders end in one clear line; damaged ones give what can be saved."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from triton_anime.episode import Job, process_episode
from triton_anime.errors import InputError, OutputError, TritonAnimeError, VideoError
from triton_anime.inputs import expand, parse_prompts, parse_rate
from triton_anime.settings import Settings
from triton_anime.video import open_video

Clip = Callable[..., Path]


def nothing(folder: Path) -> Path:
    return folder / "absent.mp4"


def empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def text(folder: Path) -> Path:
    path = folder / "text.mp4"
    path.write_text("this is no video\n" * 200)
    return path


def random_bytes(folder: Path) -> Path:
    path = folder / "noise.mkv"
    path.write_bytes(np.random.default_rng(0).bytes(60_000))
    return path


def empty_folder(folder: Path) -> Path:
    path = folder / "empty folder"
    path.mkdir()
    return path


def pattern_without_files(folder: Path) -> Path:
    return folder / "frame_%04d.png"


def sound_only(folder: Path) -> Path:
    import av

    path = folder / "sound.wav"
    container = av.open(str(path), "w")
    stream: Any = container.add_stream("pcm_s16le", rate=8000)
    stream.layout = "mono"
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
    frame.sample_rate = 8000
    for packet in (*stream.encode(frame), *stream.encode()):
        container.mux(packet)
    container.close()
    return path


def broken_picture(folder: Path) -> Path:
    path = folder / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    return path


@pytest.mark.parametrize(
    "make",
    [nothing, empty, text, random_bytes, empty_folder, pattern_without_files, sound_only, broken_picture],
)
def test_unusable_inputs(make: Callable[[Path], Path], tmp_path: Path, keyed: Any) -> None:
    path = make(tmp_path)
    out = tmp_path / "out" / "ep"
    with pytest.raises(VideoError) as caught:
        process_episode(Job(path, out, Settings()), keyed)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert caught.value.exit_code == 3
    assert not out.exists(), "a bad input leaves no folder behind"


@pytest.fixture(scope="module")
def streamable(clip: Clip, painted: Any) -> Path:
    """A film whose index stands in front, as on the web: a cut copy still opens."""
    frames = [painted(3, n % 9) for n in range(60)]
    return clip(
        "film.mp4", frames, options={"crf": "20", "g": "12"}, container_options={"movflags": "faststart"}
    )


def test_truncated_files_give_what_decodes(streamable: Path, tmp_path: Path, keyed: Any) -> None:
    data = streamable.read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) * 6 // 10])
    summary = process_episode(Job(path, tmp_path / "ep", Settings()), keyed)
    assert 20 < summary.frames < 50
    assert any("truncated" in warning or "stopped early" in warning for warning in summary.warnings)


def test_a_file_cut_before_its_index(clip: Clip, painted: Any, tmp_path: Path) -> None:
    data = clip("film.mp4", [painted(3, n) for n in range(9)]).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(VideoError, match="complete"):
        open_video(path)


def test_damage_inside_is_survived(streamable: Path, tmp_path: Path) -> None:
    data = bytearray(streamable.read_bytes())
    middle = data.find(b"mdat") + (len(data) - data.find(b"mdat")) // 2
    data[middle : middle + 400] = b"\xff" * 400
    path = tmp_path / "scratched.mp4"
    path.write_bytes(data)
    reader = open_video(path)
    assert len(list(reader)) >= 40


def test_a_bad_picture_in_a_sequence_is_skipped(painted: Any, tmp_path: Path) -> None:
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), painted(1, number))
    (tmp_path / "2.png").write_text("broken")
    reader = open_video(tmp_path)
    assert [float(frame.time * 24) for frame in reader] == [0, 1, 3]
    assert any("2.png" in warning for warning in reader.warnings)


def test_unreadable_file(two_shots: Path, tmp_path: Path) -> None:
    path = tmp_path / "secret.mp4"
    shutil.copy(two_shots, path)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user reads everything")
    with pytest.raises(VideoError, match="permissions"):
        open_video(path)


def test_a_file_in_the_way_of_the_output(two_shots: Path, tmp_path: Path, keyed: Any) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError) as caught:
        process_episode(Job(two_shots, tmp_path / "out" / "ep", Settings()), keyed)
    assert caught.value.exit_code == 4


def test_unwritable_output(two_shots: Path, tmp_path: Path, keyed: Any) -> None:
    folder = Path("/proc/triton-anime-cannot-write-here")
    if os.geteuid() != 0:
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o500)
        folder /= "ep"
    with pytest.raises(OutputError, match=r"-o|again"):
        process_episode(Job(two_shots, folder, Settings()), keyed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not done or done.returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_loses_nothing_and_resumes(two_shots: Path, small_disk: Path, keyed: Any) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(120 << 10))
    job = Job(two_shots, small_disk / "ep", Settings())
    with pytest.raises(OutputError, match="disk is full") as caught:
        process_episode(job, keyed)
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
    assert not list(small_disk.rglob(".*.part"))
    pictures = list((job.folder / "layers" / "background").glob("*.jpg"))
    assert pictures
    assert all(cv2.imread(str(path)) is not None for path in pictures)
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert process_episode(job, keyed).frames == 30


def test_file_size_limit_is_told_as_a_full_disk(two_shots: Path, tmp_path: Path, keyed: Any) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    try:
        with pytest.raises(OutputError, match="disk is full"):
            process_episode(Job(two_shots, tmp_path / "ep", Settings()), keyed)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert process_episode(Job(two_shots, tmp_path / "ep", Settings()), keyed).frames == 30


def test_an_error_of_the_pipeline_keeps_finished_shots(two_shots: Path, tmp_path: Path, keyed: Any) -> None:
    def failing(drawings: Any, settings: Settings) -> Iterator[Any]:
        for layers in keyed(drawings, settings):
            if layers.drawing.first.index >= 15:
                raise TritonAnimeError("the server is gone")
            yield layers

    job = Job(two_shots, tmp_path / "ep", Settings())
    with pytest.raises(TritonAnimeError, match="gone"):
        process_episode(job, failing)
    assert process_episode(job, keyed).resumed_frames == 15


def test_inputs_become_episodes(two_shots: Path, tmp_path: Path) -> None:
    season = tmp_path / "Staffel 1 – 第一季"
    season.mkdir()
    for name in ("第10話.mp4", "第9話.mp4", "第9話.mkv", "cover.jpg"):
        shutil.copy(two_shots, season / name)
    named = expand([season, two_shots])
    assert [name for _, name in named] == ["第9話", "第9話_2", "第10話", "two shots"]
    pictures = tmp_path / "cut_a"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "f_0001.png"), np.zeros((8, 8, 3), np.uint8))
    assert expand([pictures]) == [(pictures, "cut_a")]
    assert [name for _, name in expand([pictures / "f_%04d.png", pictures / "%04d.png"])] == ["f", "cut_a"]
    with pytest.raises(VideoError, match="neither"):
        expand([empty_folder(tmp_path)])


def test_unusable_options() -> None:
    assert parse_prompts(["a,b", " c ", "a"]) == ("a", "b", "c")
    for call in (lambda: parse_prompts([" , "]), lambda: parse_rate("0"), lambda: parse_rate("fast")):
        with pytest.raises(InputError):
            call()
