"""DAVIS 2017 from a folder of two sequences, its figures, and the comparison of trackers on it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="needs the extra triton-anime[export]")

from triton_anime.server import FakeServer
from triton_anime_export.errors import DataError
from triton_anime_export.scores import davis, followers
from triton_anime_export.scores.followers import FOLLOWERS, served_followers
from triton_anime_export.scores.measures.course import course

U8 = NDArray[np.uint8]
FRAMES, SIZE = 6, (48, 64)


def masks(speed: int) -> list[U8]:
    """Two squares that walk; the second one's last row is void."""
    found = []
    for t in range(FRAMES):
        labels = np.zeros(SIZE, np.uint8)
        labels[4:20, 4 + speed * t : 20 + speed * t] = 1
        labels[26:42, 30 - speed * t : 46 - speed * t] = 2
        labels[41, 30 - speed * t : 46 - speed * t] = 255
        found.append(labels)
    return found


def write_palette(path: Path, labels: U8) -> None:
    """A PNG of indices with the data set's palette: number 1 is dark red, 2 dark green, 255 nearly white."""
    image = pytest.importorskip("PIL.Image").fromarray(labels)
    colours = np.zeros((256, 3), np.uint8)
    colours[1], colours[2], colours[255] = (128, 0, 0), (0, 128, 0), (224, 224, 192)
    image.putpalette(colours.tobytes())
    image.save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("DAVIS")
    (root / "ImageSets" / "2017").mkdir(parents=True)
    (root / "ImageSets" / "2017" / "val.txt").write_text("slow\nfast\n")
    texture = np.random.default_rng(0).integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    for name, speed in (("slow", 1), ("fast", 2)):
        pictures, marked = (root / kind / "480p" / name for kind in ("JPEGImages", "Annotations"))
        pictures.mkdir(parents=True)
        marked.mkdir(parents=True)
        for t, labels in enumerate(masks(speed)):
            frame = np.full((*SIZE, 3), 90, np.uint8)
            for number, tint in ((1, 40), (2, 0)):
                there = labels == number if number == 1 else labels >= 2
                ys, xs = np.nonzero(there)
                shift = speed * t if number == 1 else -speed * t
                frame[ys, xs] = cv2.GaussianBlur(texture, (0, 0), 2)[ys, xs - shift] // 2 + tint
            cv2.imwrite(str(pictures / f"{t:05d}.jpg"), frame, [cv2.IMWRITE_JPEG_QUALITY, 98])
            write_palette(marked / f"{t:05d}.png", labels)
    return root


@pytest.fixture(scope="module")
def trackers(import_file: Callable[[Path], ModuleType]) -> ModuleType:
    """The benchmark, which is a script."""
    return import_file(Path(__file__).parents[3] / "perf" / "trackers.py")


def test_masks_are_read_as_numbers_and_void_is_nobody(folder: Path) -> None:
    slow, fast = davis.sequences(folder)
    assert (slow.name, fast.name) == ("slow", "fast")
    assert len(slow.frames) == len(slow.masks) == FRAMES
    assert slow.frames[0].shape == (*SIZE, 3)
    for labels, wanted in zip(fast.masks, masks(2), strict=True):
        assert (labels == np.where(wanted == 255, 0, wanted)).all()


def test_the_truth_scores_one_and_a_lost_object_nothing() -> None:
    truth = [np.where(labels == 255, 0, labels) for labels in masks(1)]
    best = davis.means(davis.score("slow", truth, truth))
    assert best == {
        **dict.fromkeys(("jf", "j_mean", "j_recall", "f_mean", "f_recall"), 1.0),
        **dict.fromkeys(("j_decay", "f_decay"), 0.0),
    }
    lost = [np.where(labels == 2, 0, labels) for labels in truth]
    first, second = davis.score("slow", lost, truth)
    assert (first.number, first.j.mean, second.number, second.j.mean, second.f.recall) == (1, 1, 2, 0, 0)


def test_the_first_and_the_last_frame_do_not_count() -> None:
    truth = masks(1)
    found = [np.zeros(SIZE, np.uint8), *truth[1:-1], np.zeros(SIZE, np.uint8)]
    assert davis.means(davis.score("slow", found, truth))["jf"] == 1.0


def test_course_of_a_measure() -> None:
    # Eight frames: the quarters are frames 1 to 3 and 6 to 8 (ends at 1, 2.75, 4.5, 6.25, 8, rounded).
    found = course([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
    assert found.mean == pytest.approx(0.65)
    assert found.recall == pytest.approx(5 / 8)
    assert found.decay == pytest.approx(0.9 - 0.4)
    with pytest.raises(ValueError, match="one frame"):
        course([])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda root: (root / "ImageSets" / "2017" / "val.txt").unlink(), "JPEGImages"),
        (
            lambda root: (root / "Annotations" / "480p" / "slow" / "00003.png").unlink(),
            "00003.png is missing",
        ),
        (lambda root: (root / "JPEGImages" / "480p" / "slow" / "00001.jpg").write_text("no"), "00001.jpg"),
        (lambda root: (root / "Annotations" / "480p" / "slow" / "00000.png").write_text("no"), "00000.png"),
        (
            lambda root: cv2.imwrite(
                str(root / "Annotations" / "480p" / "slow" / "00000.png"), np.zeros((*SIZE, 3), np.uint8)
            ),
            "palette",
        ),
        (lambda root: [f.unlink() for f in (root / "JPEGImages" / "480p" / "slow").iterdir()], "no .jpg"),
    ],
)
def test_a_damaged_folder_is_told_in_one_line(folder: Path, tmp_path: Path, spoil: Any, message: str) -> None:
    root = tmp_path / "DAVIS"
    shutil.copytree(folder, root)
    spoil(root)
    with pytest.raises(DataError, match=message) as told:
        list(davis.sequences(root))
    assert "\n" not in str(told.value)


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(DataError, match="three are needed"):
        davis.score("short", masks(1)[:2], masks(1)[:2])


def test_only_served_trackers_follow() -> None:
    nothing: dict[str, Any] = {}
    assert served_followers(FakeServer(nothing)) == []
    xmem = dict.fromkeys(("track_step", "xmem_encode", "xmem_decode", "xmem_value"), lambda inputs: inputs)
    assert served_followers(FakeServer(xmem)) == ["xmem"]


def test_xmem_follows_by_what_the_server_says() -> None:
    """A server that sees object 2 wherever the picture is bright."""
    asked: list[dict[str, Any]] = []

    def step(inputs: dict[str, Any]) -> dict[str, Any]:
        asked.append(inputs)
        bright = (inputs["FRAME"][::2, ::2, 0] > 128).astype(np.float32)
        prob = np.stack([1 - bright, 0 * bright, bright])
        memory = {name: np.zeros((1, 4, 4), np.float32) for name in ("KEY", "SHRINKAGE", "SELECTION")}
        empty = {"USAGE": np.zeros(0, np.float32), "VALUE": np.zeros((2, 1, 4, 4), np.float32)}
        return {"PROB": prob, "NEXT_HIDDEN": np.zeros((2, 1, 4, 4), np.float32), **memory, **empty}

    first = np.zeros((8, 8), np.uint8)
    first[:4], first[4:] = 1, 2
    frames = [np.zeros((8, 8, 3), np.uint8) for _ in range(3)]
    frames[1][:, 4:] = 255
    labels = FOLLOWERS["xmem"](FakeServer({"track_step": step}), frames, first)
    assert len(labels) == len(asked) == 3
    assert (labels[0] == first).all()
    assert (labels[1][:, 5:] == 2).all()
    assert not labels[1][:, :3].any()
    assert asked[0]["GIVEN_NUMBERS"].tolist() == [1, 2]
    assert "GIVEN" not in asked[1]


def test_deaot_goes_on_with_what_it_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, Any]] = []

    class Session:
        """Sees object 1 where the picture is bright."""

        def __init__(self, server: object) -> None:
            pass

        def give(self, labels: U8, objects: int, frame: U8) -> None:
            calls.append(("give", (labels.copy(), objects, int(frame.max()))))

        def look(self, frame: U8) -> NDArray[np.float32]:
            bright = (frame[..., 0] > 128).astype(np.float32)
            return np.stack([1 - bright, bright, np.full_like(bright, -1e10)])

        def decide(self, labels: U8) -> None:
            calls.append(("decide", labels.copy()))

    monkeypatch.setattr(followers, "DeAOTSession", Session)
    first = np.eye(6, dtype=np.uint8)
    frames = [np.full((6, 6, 3), 9, np.uint8) for _ in range(3)]
    frames[2][:, :2] = 200
    labels = FOLLOWERS["deaot"](FakeServer({}), frames, first)
    assert [each.dtype for each in labels] == [np.uint8] * 3
    assert [int(each.sum()) for each in labels] == [6, 0, 12]
    assert [name for name, _ in calls] == ["give", "decide", "decide"]
    assert (calls[0][1][0] == first).all()
    assert calls[0][1][1:] == (1, 9)
    assert (calls[2][1] == labels[2]).all()


def test_the_comparison_prints_everybody(
    folder: Path, tmp_path: Path, trackers: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    class NoServer:
        """An embedded server without any network: DIS needs none."""

        def __init__(self, models: list[str], **more: Any) -> None:
            self.server = FakeServer({})

        def __enter__(self) -> NoServer:
            return self

        def __exit__(self, *given: object) -> None:
            pass

    import triton_anime.embedded

    monkeypatch.setattr(triton_anime.embedded, "EmbeddedServer", NoServer, raising=False)
    output = tmp_path / "figures.json"
    monkeypatch.setattr(sys, "argv", ["trackers.py", "--davis", str(folder), "--output", str(output)])
    trackers.main()
    shown = capsys.readouterr().out
    assert "| dis | " in shown
    figures = trackers.json.loads(output.read_text())
    assert len(figures["objects"]["dis"]) == 4
    assert figures["figures"]["dis"]["j_mean"] > 0.8  # textured squares are easy to follow
    assert f"{figures['figures']['dis']['jf']:.3f}" in shown


def test_the_comparison_names_what_is_missing(
    tmp_path: Path, trackers: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(sys, "argv", ["trackers.py", "--data", "art"])
    with pytest.raises(SystemExit):
        trackers.main()
    assert "--art" in capsys.readouterr().err
