"""Whole episodes with a server made of functions: who comes back after a cut keeps the person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.cast.matching import ALIKE
from triton_anime.drawing_layers import DrawingLayers
from triton_anime.drawings import Drawing
from triton_anime.episode import Job, process_episode
from triton_anime.errors import Interrupted
from triton_anime.pipeline import Pipeline
from triton_anime.server import FakeServer
from triton_anime.settings import Settings

U8 = NDArray[np.uint8]
Tensors = dict[str, NDArray[Any]]

SIZE, FRAMES = (200, 320), 16  # two drawings a shot
# Who is in each shot, from the left, how high, and in which light.
SHOTS: list[tuple[list[tuple[str, int]], tuple[float, float, float]]] = [
    ([("kenji", 150), ("mei", 140)], (1, 1, 1)),
    ([("mei", 170)], (0.45, 0.52, 0.7)),
    ([], (1, 1, 1)),
    ([("mei", 90), ("kenji", 160)], (0.95, 0.85, 0.8)),
    ([("sora", 150)], (1, 1, 1)),
]


WALLS = [(200, 180, 150), (60, 90, 60), (210, 200, 205), (90, 130, 190), (40, 40, 45)]


@dataclass
class Stage:
    """The episode as pictures, and what is true of each of them."""

    folder: Path
    numbers: dict[bytes, U8]

    def served(self, **others: Callable[[Tensors], Tensors]) -> FakeServer:
        """A server whose networks know the truth."""

        def segment(inputs: Tensors) -> Tensors:
            numbers = self.numbers[inputs["FRAME"].tobytes()]
            found = [number for number in range(1, 4) if (numbers == number).any()]
            boxes = [cv2.boundingRect((numbers == number).astype(np.uint8)) for number in found]
            mask = (numbers > 0).astype(np.uint8) * np.uint8(255)
            return {
                "INSTANCES": numbers,
                "SCORES": np.ones(len(found), np.float32),
                "BOXES": np.array(boxes, np.int32).reshape(-1, 4),
                "PROBABILITY": np.stack([255 - mask, mask, 0 * mask, 0 * mask]),
            }

        def refine(inputs: Tensors) -> Tensors:
            mask = (self.numbers[inputs["FRAME"].tobytes()] > 0).astype(np.uint8) * np.uint8(255)
            return {"ALPHA": mask, "AGREEMENT": np.array([0.9], np.float32)}

        return FakeServer({"segment_frame": segment, "refine_character": refine, **others})


@pytest.fixture(scope="module")
def stage(person: Callable[..., U8], tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("pictures")
    numbers: dict[bytes, U8] = {}
    for shot, (present, light) in enumerate(SHOTS):
        rng = np.random.default_rng(shot)
        coarse = np.array(WALLS[shot]) + rng.integers(-25, 26, (5, 8, 3))
        place = cv2.resize(coarse.astype(np.uint8), SIZE[::-1], interpolation=cv2.INTER_NEAREST)
        place[:12] = 255
        for index in range(FRAMES):
            picture, truth = place.copy(), np.zeros(SIZE, np.uint8)
            for order, (name, height) in enumerate(present):
                rgba = person(name, height=height)
                if (shot + order) % 2:
                    rgba = rgba[:, ::-1]
                h, w = rgba.shape[:2]
                left = 20 + 150 * order + index // 8 * 8
                here = (slice(190 - h, 190), slice(left, left + w))
                solid = rgba[..., 3] > 0
                picture[here][solid] = rgba[..., :3][solid]
                # numbers are given from the right in odd shots: they say nothing across a cut
                truth[here][solid] = len(present) - order if shot % 2 else order + 1
            picture = np.clip(picture * np.array(light), 0, 255).astype(np.uint8)
            numbers[picture.tobytes()] = truth
            cv2.imwrite(str(folder / f"{shot * FRAMES + index:04d}.png"), picture[..., ::-1])
    return Stage(folder, numbers)


def process(stage: Stage, folder: Path, server: FakeServer, until: int = 99) -> dict[str, Any]:
    """Process the episode, or only the shots before ``until``; returns the mapping."""

    def decompose(drawings: Iterator[Drawing], settings: Settings) -> Iterator[DrawingLayers]:
        for layers in Pipeline(server, settings).run(drawings):
            if layers.drawing.shot >= until:
                raise Interrupted("stopped")
            yield layers

    settings = Settings(tracker="flow", flow="dis")
    job = Job(stage.folder, folder, settings, sequence_rate=Fraction(24))
    if until < 99:
        with pytest.raises(Interrupted):
            process_episode(job, decompose)
        return {}
    process_episode(job, decompose)
    found: dict[str, Any] = json.loads((folder / "metadata" / "temporal_mapping.json").read_text())
    return found


@pytest.fixture(scope="module")
def episode(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "ep"
    process(stage, folder, stage.served())
    return folder


def who(mapping: dict[str, Any]) -> list[list[int | None]]:
    """The persons of each shot, from the left."""
    found: list[list[int | None]] = []
    for scene in mapping["scenes"]:
        here = [item for item in mapping["characters"] if item["scene_id"] == scene["scene_id"]]
        here.sort(key=lambda item: item["frames"][item["first_frame"]][0])
        found.append([item["person"] for item in here])
    return found


def mapping_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metadata" / "temporal_mapping.json").read_text())
    return found


def test_everybody_keeps_the_person_over_cuts(episode: Path) -> None:
    mapping = mapping_of(episode)
    assert len(mapping["scenes"]) == len(SHOTS)
    kenji, mei = who(mapping)[0]
    assert {kenji, mei} == {1, 2}
    assert who(mapping) == [[kenji, mei], [mei], [], [mei, kenji], [3]]
    first = [item["match"] is None for item in mapping["characters"]]
    assert first == [True, True, False, False, False, True]
    assert all(ALIKE <= item["match"] <= 1 for item in mapping["characters"] if item["match"] is not None)


def test_the_cast_says_where_everybody_is(episode: Path) -> None:
    mapping = mapping_of(episode)
    _, mei = who(mapping)[0]
    member = mapping["cast"][mei - 1]
    assert [item["person"] for item in mapping["cast"]] == [1, 2, 3]
    assert member["scenes"] == ["scene0000", "scene0001", "scene0003"]
    assert member["frame_count"] == 3 * FRAMES
    own = {item["character_id"]: item for item in mapping["characters"] if item["person"] == mei}
    assert member["characters"] == list(own)
    (shown,) = (item for item in own.values() if member["best"]["frame_id"] in item["frames"])
    assert member["best"]["bbox"] == shown["frames"][member["best"]["frame_id"]]
    distribution = json.loads((episode / "statistics" / "scene_distribution.json").read_text())
    assert distribution["person_count"] == 3


def test_the_mapping_satisfies_its_schema(episode: Path) -> None:
    text = resources.files("triton_anime").joinpath("schemas/temporal_mapping.schema.json").read_text()
    validator = jsonschema.Draft202012Validator(json.loads(text))
    validator.check_schema(json.loads(text))
    mapping = mapping_of(episode)
    validator.validate(mapping)
    del mapping["characters"][0]["person"]
    assert not validator.is_valid(mapping)


@pytest.mark.parametrize("until", [1, 3])
def test_an_interrupted_run_finds_the_same_persons(
    stage: Stage, episode: Path, tmp_path: Path, until: int, tree: Any
) -> None:
    folder = tmp_path / "ep"
    process(stage, folder, stage.served(), until)
    assert list((folder / ".progress").glob("*.jsonl"))
    process(stage, folder, stage.served())
    assert tree(folder) == tree(episode)


def shade(inputs: Tensors) -> Tensors:
    """Everybody in a picture without white is one person, all others are another: to be told from colours."""
    pairs = zip(inputs["FRAME"], inputs["MASKS"], strict=True)
    dark = [bool(frame[mask > 0].max() < 200) for frame, mask in pairs]
    return {"EMBEDDING": np.array([[1.0, 0.0] if one else [0.0, 1.0] for one in dark], np.float32)}


def test_a_network_takes_the_place_of_colours(stage: Stage, tmp_path: Path) -> None:
    found = who(process(stage, tmp_path / "ep", stage.served(embed_character=shade)))
    # two of one picture stay two, whatever the network says
    assert len(set(found[0])) == 2
    assert found[1][0] not in found[0]
    assert found[4][0] in found[0]


def test_a_network_that_comes_late_is_not_mixed_with_colours(
    stage: Stage, episode: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "ep"
    process(stage, folder, stage.served(), 3)
    assert who(process(stage, folder, stage.served(embed_character=shade))) == who(mapping_of(episode))
