"""What is asked of the server: frames of which size, networks by name, the flow or none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.server import FakeServer, ServedModel, TensorDescription

Tensors = dict[str, NDArray[Any]]


class WithFixedFrame(FakeServer):
    """It lists a network of stage 1 whose frames are 160x96."""

    def models(self) -> list[ServedModel]:
        frame = TensorDescription("FRAME", "UINT8", (-1, 96, 160, 3))
        return [*super().models(), ServedModel("mask2former_wide", "", False, (frame,), ())]


def test_networks_of_a_fixed_frame_see_it_at_their_size(scene: Any, keys: Any, run: Any, iou: Any) -> None:
    """Stages 1 and 2b get more than the working frame, and what they say fits it all the same."""
    truth = scene(count=3)
    server = WithFixedFrame(keys.networks())
    found = run(
        server,
        truth.frames,
        working_long_side=80,
        segmentation=("mask2former",),
        class_roles=("cat=character",),
    )
    sent = dict(server.calls)
    assert max(sent["segment_frame"]["FRAME"].shape) == max(sent["separate_effects"]["FRAME"].shape) == 160
    assert max(sent["estimate_flow"]["FRAME0"].shape) == 80
    assert sent["segment_frame"]["NETWORKS"].tolist() == [b"mask2former"]
    assert sent["segment_frame"]["CLASS_ROLES"].tolist() == [b"cat=character"]
    for item, alpha in zip(found, truth.alphas, strict=True):
        assert iou(item.character[..., 3], alpha) > 0.9
        assert [view.id for view in item.characters] == [1]


@pytest.mark.parametrize(
    ("setting", "model", "names"),
    [
        ("effects", "separate_effects", ["clipseg", "grounded_sam"]),
        ("detail", "refine_character", ["isnet_anime", "vitmatte"]),
    ],
)
def test_networks_are_asked_by_name_where_they_are_chosen(
    scene: Any, keys: Any, run: Any, setting: str, model: str, names: list[str]
) -> None:
    server = keys.server()
    frames = scene(count=1).frames
    run(server, frames)
    run(server, frames, **{setting: tuple(names)})
    usual, chosen = (inputs for name, inputs in server.calls if name == model)
    assert "NETWORKS" not in usual
    assert [name.decode() for name in chosen["NETWORKS"]] == names


@pytest.mark.parametrize("flow", ["network", "dis"])
def test_flow_of_smaller_frames_is_the_same_motion(scene: Any, keys: Any, run: Any, flow: str) -> None:
    truth = scene(pan=(4.0, 0.0), count=3)
    height, width = truth.frames[0].shape[:2]
    sides: list[int] = []

    def panned(inputs: Tensors) -> Tensors:
        h, w = inputs["FRAME0"].shape[:2]
        sides.append(w)
        moved = np.zeros((h, w, 2), np.float32)
        moved[..., 0] = -4.0 * w / width
        return {"FORWARD": moved, "BACKWARD": -moved}

    at_once, enlarged = (
        run(keys.server(estimate_flow=panned), truth.frames, flow=flow, flow_long_side=side)
        for side in (None, 160)
    )
    assert sides == ([width] * 2 + [160] * 2 if flow == "network" else [])
    for one, other in zip(at_once[1:], enlarged[1:], strict=True):
        assert one.motion_magnitude == pytest.approx(4.0 / np.hypot(height, width), rel=0.1)
        assert other.motion_magnitude == pytest.approx(one.motion_magnitude, rel=0.1)


def test_flow_without_a_network_is_measured_here(scene: Any, keys: Any, run: Any) -> None:
    networks = keys.networks()
    del networks["estimate_flow"]
    frames = scene(pan=(2.0, 0.0), count=3).frames
    without = run(FakeServer(networks), frames)
    measured = run(FakeServer(networks), frames, flow="dis")
    assert [item.motion_magnitude for item in without] == [None] * 3
    assert "optical flow" in without[-1].absent_roles
    assert measured[0].motion_magnitude is None
    assert all(item.motion_magnitude for item in measured[1:])
