"""What a shot becomes: its layers against the truth, and what is missing where roles are absent."""

from __future__ import annotations

import itertools
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.errors import RoleAbsentError
from triton_anime.layers import compose
from triton_anime.matting import boxes_of
from triton_anime.server import FakeServer

Tensors = dict[str, NDArray[Any]]


@pytest.mark.parametrize("step", [0.0, 2.0])
def test_flicker_of_the_networks_is_far_less_in_the_layers(
    scene: Any, keys: Any, run: Any, step: float
) -> None:
    truth = scene(count=12, step=step)

    def moving(inputs: Tensors) -> Tensors:
        flow = np.zeros((*inputs["FRAME0"].shape[:2], 2), np.float32)
        flow[keys.disc(inputs["FRAME0"]) > 0, 0] = step
        back = np.zeros_like(flow)
        back[keys.disc(inputs["FRAME1"]) > 0, 0] = -step
        return {"FORWARD": flow, "BACKWARD": back}

    def flicker(stabilise: bool) -> float:
        asked = itertools.count()

        def hesitant(inputs: Tensors) -> Tensors:
            answer: Tensors = keys.refine(inputs)
            # a piece inside the character, and one beside it, come and go
            if next(asked) % 2:
                answer["ALPHA"][95:107, 75:87] = 0
                answer["ALPHA"][60:66, 120:126] = 255
            return answer

        server = keys.server(refine_character=hesitant, estimate_flow=moving)
        found = run(server, truth.frames, stabilise=stabilise, drawings_in_flight=1)
        wrong = [
            item.character[..., 3].astype(int) - alpha
            for item, alpha in zip(found, truth.alphas, strict=True)
        ]
        return float(np.mean([np.abs(b - a).sum() for a, b in itertools.pairwise(wrong)]))

    # what lies on a background that other drawings show is taken away without stage 3 too
    assert flicker(stabilise=True) < 0.52 * flicker(stabilise=False)


@pytest.mark.parametrize("pan", [(0.0, 0.0), (2.0, 0.0), (1.7, -0.6)])
def test_layers_of_a_known_shot(scene: Any, keys: Any, run: Any, iou: Any, pan: tuple[float, float]) -> None:
    truth = scene(pan=pan)
    found = run(keys.server(), truth.frames)
    assert [item.drawing.first.index for item in found] == list(range(len(truth.frames)))
    for item, frame, alpha, plate in zip(found, truth.frames, truth.alphas, truth.plates, strict=True):
        assert iou(item.character[..., 3], alpha) > 0.95
        again = compose(item.background, item.character, item.effects)
        assert np.abs(again.astype(int) - frame).mean() < 0.5
        assert item.residual_psnr > 45
        # what the character hides is recovered from the other drawings, not invented
        hidden = alpha > 0
        assert np.abs(item.background.astype(int) - plate)[hidden].mean() < 2
        assert item.invented_share < 0.01
        assert item.background_quality == 1 - item.invented_share
        assert [view.id for view in item.characters] == [1]
        assert 0.5 < (item.mask_quality or 0) <= 1
    assert found[0].motion_magnitude is None
    assert found[0].absent_roles == frozenset({"tracking"})


def test_what_the_matting_misses_is_found_against_the_recovered_background(
    scene: Any, keys: Any, run: Any, iou: Any
) -> None:
    truth = scene(count=14)

    def bitten(inputs: Tensors) -> Tensors:
        answer: Tensors = keys.refine(inputs)
        x, y, w, h = max(boxes_of(answer["ALPHA"], *answer["ALPHA"].shape).tolist(), key=lambda box: box[3])
        answer["ALPHA"][y : y + h // 3, x + w // 2 :] = 0
        return answer

    found = run(keys.server(refine_character=bitten), truth.frames)
    for item, alpha, frame, plate in zip(found, truth.alphas, truth.frames, truth.plates, strict=True):
        assert iou(bitten({"FRAME": frame})["ALPHA"], alpha) < 0.9
        assert iou(item.character[..., 3], alpha) > 0.95
        assert np.abs(item.background.astype(int) - plate)[alpha > 0].mean() < 2


def test_effects_are_a_layer_of_their_own(scene: Any, keys: Any, run: Any) -> None:
    truth = scene(count=4, glow=True)
    lights = {frame.tobytes(): glow for frame, glow in zip(truth.frames, truth.glows, strict=True)}

    def effects(inputs: Tensors) -> Tensors:
        glow = lights[inputs["FRAME"].tobytes()]
        found = np.zeros(len(inputs["PROMPTS"]), np.float32)
        found[0] = 0.5
        return {"ALPHA": np.where(glow > 0, 255, 0).astype(np.uint8), "INTENSITY": found, "COVERAGE": found}

    def glowing(inputs: Tensors) -> Tensors:
        answer: Tensors = keys.segment(inputs)
        answer["PROBABILITY"][2] = np.where(lights[inputs["FRAME"].tobytes()] > 0, 255, 0)
        return answer

    found = run(keys.server(separate_effects=effects, segment_frame=glowing), truth.frames)
    for item, glow in zip(found, truth.glows, strict=True):
        veil = item.effects[..., 3]
        assert veil[glow > 60].min() > 0
        assert (veil[cv2.dilate(glow, np.ones((31, 31), np.uint8)) == 0] == 0).all()
        assert item.residual_psnr > 45
        assert [view.prompt for view in item.effects_found] == ["glowing energy effect"]
        assert 0 < (item.effect_intensity or 0) <= 1


def test_absent_roles_are_named_and_the_rest_still_works(scene: Any, keys: Any, run: Any, iou: Any) -> None:
    truth = scene(count=3)

    def not_served(inputs: Tensors) -> Tensors:
        raise RoleAbsentError("role character detail is not served")

    server = FakeServer({"segment_frame": keys.segment, "refine_character": not_served})
    last = run(server, truth.frames)[-1]
    missing = {"character detail", "effects by prompt", "optical flow"}
    assert missing | {"image inpainting", "tracking"} >= last.absent_roles >= missing
    assert iou(last.character[..., 3], truth.alphas[-1]) > 0.9
    assert last.mask_quality is None
    assert last.effect_intensity is None
    assert last.motion_magnitude is None


def test_nothing_served_gives_empty_layers_and_the_frame(scene: Any, run: Any) -> None:
    frame = scene(count=1).frames[0]
    (only,) = run(FakeServer({}), [frame])
    assert not only.character.any()
    assert not only.effects.any()
    assert np.array_equal(only.background, frame)
    assert only.residual_psnr == 99
