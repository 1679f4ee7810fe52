"""The whole way of the demo clip: decoded, decomposed by the networks of a real server, written, checked."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest

from triton_anime.episode import Job, process_episode
from triton_anime.layers import compose
from triton_anime.pipeline import Pipeline
from triton_anime.roles import SEGMENTATION, Roles
from triton_anime.server import Server
from triton_anime.settings import Settings
from triton_anime.timecode import parse_span
from triton_anime.video import Selection, open_video

_DEMO = Path(__file__).parents[2] / "data" / "demo.mp4"
# Around the demo's only cut; a few drawings on each side.
_SPAN = Selection(span=parse_span("104f-114f"))

pytestmark = pytest.mark.triton


@pytest.fixture(scope="module")
def networks(triton: Server) -> Any:
    if not Roles(triton).has(SEGMENTATION):
        pytest.skip("segment_frame is not served: build the networks first")
    return lambda drawings, settings: Pipeline(triton, settings).run(drawings)


@pytest.fixture(scope="module")
def demo(networks: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "demo"
    summary = process_episode(Job(_DEMO, folder, Settings(), _SPAN), networks)
    assert (summary.status, summary.frames, summary.scenes) == ("complete", 10, 2)
    return folder


@pytest.mark.timeout(600)
def test_outputs_are_complete_valid_and_recompose(demo: Path) -> None:
    entries = json.loads((demo / "metadata/frame_annotations.json").read_text())
    schema = resources.files("triton_anime").joinpath("schemas/frame_annotations.schema.json").read_text()
    jsonschema.Draft202012Validator(json.loads(schema)).validate(entries)
    report = json.loads((demo / "statistics/quality_report.json").read_text())
    held = {item["frame_id"]: item["held"] for item in report["frames"]}
    seen = 0
    for frame, entry in zip(open_video(_DEMO, _SPAN), entries, strict=True):
        layers = [entry["layers"][layer]["path"] for layer in ("background", "character", "effects")]
        pictures = [cv2.imread(str(demo / path), cv2.IMREAD_UNCHANGED) for path in layers]
        again = compose(*pictures)[..., ::-1]
        assert np.abs(again.astype(int) - frame.image).mean() < (2.5 if held[entry["frame_id"]] else 1.5)
        seen += bool((pictures[1][..., 3] > 127).any())
    assert seen >= 5, "there is a character in most frames of the demo"


@pytest.mark.timeout(600)
def test_stopped_between_two_shots_and_resumed(demo: Path, networks: Any, tmp_path: Path, tree: Any) -> None:
    job = Job(_DEMO, tmp_path / "demo", Settings(), _SPAN)

    def stopping(drawings: Any, settings: Settings) -> Any:
        for layers in networks(drawings, settings):
            if layers.drawing.shot == 1:
                raise KeyboardInterrupt
            yield layers

    with pytest.raises(KeyboardInterrupt):
        process_episode(job, stopping)
    assert process_episode(job, networks).resumed_frames == 4
    assert tree(job.folder) == tree(demo)
