"""The whole way of a shot, with colour keys in place of networks: what remains is the pipeline's own work."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.drawing_layers import DrawingLayers
from triton_anime.drawings import Drawing
from triton_anime.errors import InputError, ModelError, RoleAbsentError
from triton_anime.layers import compose
from triton_anime.matting import boxes_of
from triton_anime.pipeline import Pipeline
from triton_anime.server import FakeServer, ServedModel, TensorDescription
from triton_anime.settings import Settings
from triton_anime.video import Frame

U8 = NDArray[np.uint8]
Tensors = dict[str, NDArray[Any]]


def drawings(*shots: list[U8]) -> Iterator[Drawing]:
    index = 0
    for number, frames in enumerate(shots):
        for position, image in enumerate(frames):
            moment = Fraction(index, 12)
            yield Drawing(
                shot=number,
                first=Frame(index, moment, image),
                frames=((index, moment),),
                is_shot_start=position == 0,
                is_shot_end=position == len(frames) - 1,
            )
            index += 1


def disc(frame: U8) -> U8:
    """The synthetic character's two colours, keyed."""
    pixels = frame.astype(np.int16)
    keys = [np.abs(pixels - colour).max(axis=2) < 30 for colour in ((225, 60, 70), (250, 205, 170))]
    mask = (keys[0] | keys[1]).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) * np.uint8(255)


def segment(inputs: Tensors) -> Tensors:
    mask = disc(inputs["FRAME"])
    effect = np.zeros_like(mask)
    probability = np.stack([255 - mask, mask, effect, effect])
    box = cv2.boundingRect(mask)
    found = [box] if mask.any() else []
    return {
        "INSTANCES": (mask > 0).astype(np.uint8),
        "SCORES": np.ones(len(found), np.float32),
        "BOXES": np.array(found, np.int32).reshape(-1, 4),
        "PROBABILITY": probability,
    }


def refine(inputs: Tensors) -> Tensors:
    alpha = cv2.GaussianBlur(disc(inputs["FRAME"]), (3, 3), 0)
    return {"ALPHA": alpha, "AGREEMENT": np.array([0.9], np.float32)}


def still(inputs: Tensors) -> Tensors:
    zeros = np.zeros((*inputs["FRAME0"].shape[:2], 2), np.float32)
    return {"FORWARD": zeros, "BACKWARD": zeros}


def no_effects(inputs: Tensors) -> Tensors:
    count = len(inputs["PROMPTS"])
    empty = np.zeros(inputs["FRAME"].shape[:2], np.uint8)
    return {"ALPHA": empty, "INTENSITY": np.zeros(count, np.float32), "COVERAGE": np.zeros(count, np.float32)}


def inpaint(inputs: Tensors) -> Tensors:
    return {"PLATE": cv2.inpaint(inputs["FRAME"], inputs["MASK"], 3, cv2.INPAINT_TELEA)}


def networks(**others: Callable[[Tensors], Tensors]) -> dict[str, Callable[[Tensors], Tensors]]:
    return {
        "segment_frame": segment,
        "refine_character": refine,
        "separate_effects": no_effects,
        "estimate_flow": still,
        "inpaint_background": inpaint,
        **others,
    }


def run(server: FakeServer, items: Iterable[Drawing], **settings: Any) -> list[DrawingLayers]:
    return list(Pipeline(server, Settings(**settings)).run(items))


def iou(alpha: U8, truth: U8) -> float:
    a, b = alpha > 127, truth > 127
    return float((a & b).sum() / max(1, (a | b).sum()))


@pytest.mark.parametrize("step", [0.0, 2.0])
def test_flicker_of_the_networks_is_less_than_half_in_the_layers(scene: Any, step: float) -> None:
    truth = scene(count=12, step=step)
    asked = iter(range(len(truth.frames)))

    def hesitant(inputs: Tensors) -> Tensors:
        answer = refine(inputs)
        # a piece inside the character, and one beside it, come and go
        if next(asked) % 2:
            answer["ALPHA"][95:107, 75:87] = 0
            answer["ALPHA"][60:66, 120:126] = 255
        return answer

    def moving(inputs: Tensors) -> Tensors:
        flow = np.zeros((*inputs["FRAME0"].shape[:2], 2), np.float32)
        flow[disc(inputs["FRAME0"]) > 0, 0] = step
        back = np.zeros_like(flow)
        back[disc(inputs["FRAME1"]) > 0, 0] = -step
        return {"FORWARD": flow, "BACKWARD": back}

    def flicker(stabilise: bool) -> float:
        nonlocal asked
        asked = iter(range(len(truth.frames)))
        server = FakeServer(networks(refine_character=hesitant, estimate_flow=moving))
        found = run(server, drawings(truth.frames), stabilise=stabilise, drawings_in_flight=1)
        wrong = [
            item.character[..., 3].astype(int) - alpha
            for item, alpha in zip(found, truth.alphas, strict=True)
        ]
        return float(np.mean([np.abs(b - a).sum() for a, b in itertools.pairwise(wrong)]))

    assert flicker(stabilise=True) < 0.5 * flicker(stabilise=False)


@pytest.mark.parametrize("pan", [(0.0, 0.0), (2.0, 0.0), (1.7, -0.6)])
def test_layers_of_a_known_shot(scene: Any, pan: tuple[float, float]) -> None:
    truth = scene(pan=pan)
    found = run(FakeServer(networks()), drawings(truth.frames))
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


def test_what_the_matting_misses_is_found_against_the_recovered_background(scene: Any) -> None:
    truth = scene(count=14)

    def bitten(inputs: Tensors) -> Tensors:
        answer = refine(inputs)
        x, y, w, h = max(boxes_of(answer["ALPHA"], *answer["ALPHA"].shape).tolist(), key=lambda box: box[3])
        answer["ALPHA"][y : y + h // 3, x + w // 2 :] = 0
        return answer

    found = run(FakeServer(networks(refine_character=bitten)), drawings(truth.frames))
    for item, alpha, frame, plate in zip(found, truth.alphas, truth.frames, truth.plates, strict=True):
        assert iou(bitten({"FRAME": frame})["ALPHA"], alpha) < 0.9
        assert iou(item.character[..., 3], alpha) > 0.95
        assert np.abs(item.background.astype(int) - plate)[alpha > 0].mean() < 2


class WithFixedFrame(FakeServer):
    """It lists a network of stage 1 whose frames are 160x96."""

    def models(self) -> list[ServedModel]:
        frame = TensorDescription("FRAME", "UINT8", (-1, 96, 160, 3))
        return [*super().models(), ServedModel("mask2former_wide", "", False, (frame,), ())]


def test_networks_of_a_fixed_frame_see_it_at_their_size(scene: Any) -> None:
    """Stages 1 and 2b get more than the working frame, and what they say fits it all the same."""
    truth = scene(count=3)
    server = WithFixedFrame(networks())
    settings: dict[str, Any] = {
        "working_long_side": 80,
        "segmentation": ("mask2former",),
        "class_roles": ("cat=character",),
    }
    found = run(server, drawings(truth.frames), **settings)
    sent = dict(server.calls)
    assert max(sent["segment_frame"]["FRAME"].shape) == max(sent["separate_effects"]["FRAME"].shape) == 160
    assert max(sent["estimate_flow"]["FRAME0"].shape) == 80
    assert sent["segment_frame"]["NETWORKS"].tolist() == [b"mask2former"]
    assert sent["segment_frame"]["CLASS_ROLES"].tolist() == [b"cat=character"]
    for item, alpha in zip(found, truth.alphas, strict=True):
        assert iou(item.character[..., 3], alpha) > 0.9
        assert [view.id for view in item.characters] == [1]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("segmentation", ("yolo",), "segmentation is yolo; name one or more of mask2former"),
        ("class_roles", ("elf=character",), "no class of COCO panoptic is called 'elf'"),
        ("flow_long_side", 63, "flow_long_side is 63; it must be 64 to 512"),
        ("flow_long_side", 513, "flow_long_side is 513; it must be 64 to 512"),
    ],
)
def test_settings_are_checked(field: str, value: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Settings(**{field: value})


def test_effects_are_a_layer_of_their_own(scene: Any) -> None:
    truth = scene(count=4, glow=True)
    lights = {frame.tobytes(): glow for frame, glow in zip(truth.frames, truth.glows, strict=True)}

    def effects(inputs: Tensors) -> Tensors:
        glow = lights[inputs["FRAME"].tobytes()]
        count = len(inputs["PROMPTS"])
        found = np.zeros(count, np.float32)
        found[0] = 0.5
        return {"ALPHA": np.where(glow > 0, 255, 0).astype(np.uint8), "INTENSITY": found, "COVERAGE": found}

    def glowing(inputs: Tensors) -> Tensors:
        answer = segment(inputs)
        answer["PROBABILITY"][2] = np.where(lights[inputs["FRAME"].tobytes()] > 0, 255, 0)
        return answer

    for item, glow in zip(
        run(FakeServer(networks(separate_effects=effects, segment_frame=glowing)), drawings(truth.frames)),
        truth.glows,
        strict=True,
    ):
        veil = item.effects[..., 3]
        assert veil[glow > 60].min() > 0
        assert (veil[cv2.dilate(glow, np.ones((31, 31), np.uint8)) == 0] == 0).all()
        assert item.residual_psnr > 45
        assert [view.prompt for view in item.effects_found] == ["glowing energy effect"]
        assert 0 < (item.effect_intensity or 0) <= 1


def test_absent_roles_are_named_and_the_rest_still_works(scene: Any) -> None:
    truth = scene(count=3)

    def not_served(inputs: Tensors) -> Tensors:
        raise RoleAbsentError("role character detail is not served")

    server = FakeServer({"segment_frame": segment, "refine_character": not_served})
    last = run(server, drawings(truth.frames))[-1]
    assert (
        {
            "character detail",
            "effects by prompt",
            "optical flow",
            "image inpainting",
            "tracking",
        }
        >= last.absent_roles
        >= {"character detail", "effects by prompt", "optical flow"}
    )
    assert iou(last.character[..., 3], truth.alphas[-1]) > 0.9
    assert last.mask_quality is None
    assert last.effect_intensity is None
    assert last.motion_magnitude is None


def test_nothing_served_gives_empty_layers_and_the_frame(scene: Any) -> None:
    frame = scene(count=1).frames[0]
    (only,) = run(FakeServer({}), drawings([frame]))
    assert not only.character.any()
    assert not only.effects.any()
    assert np.array_equal(only.background, frame)
    assert only.residual_psnr == 99


def test_a_shot_is_the_same_alone_and_among_others_whatever_the_timing(scene: Any) -> None:
    first, second = scene(count=7, pan=(1.3, 0)).frames, scene(count=5, step=-9).frames
    rng = np.random.default_rng(0)
    lock = threading.Lock()

    def slowly(function: Callable[[Tensors], Tensors]) -> Callable[[Tensors], Tensors]:
        def later(inputs: Tensors) -> Tensors:
            with lock:
                pause = float(rng.uniform(0, 0.01))
            time.sleep(pause)
            return function(inputs)

        return later

    delayed = {name: slowly(function) for name, function in networks().items()}
    together = run(FakeServer(delayed), drawings(first, second, first), shots_in_flight=3)
    alone = run(FakeServer(networks()), drawings(first), drawings_in_flight=1, threads=1)
    assert len(together) == 19
    for one, other in zip(together[:7], alone, strict=True):
        for name in ("character", "effects", "background", "identity"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for one, other in zip(together[:7], together[12:], strict=True):
        assert np.array_equal(one.background, other.background)


def test_reads_no_further_ahead_than_its_windows(scene: Any) -> None:
    frames = scene(count=4, height=90, width=160).frames
    read = 0

    def endless() -> Iterator[Drawing]:
        nonlocal read
        for drawing in drawings(frames * 60):
            read = drawing.first.index
            yield drawing

    layers = Pipeline(FakeServer(networks()), Settings(look_ahead=3)).run(endless())
    furthest = max(read - next(layers).drawing.first.index for _ in range(60))
    layers.close()
    assert furthest < 40
    time.sleep(0.2)
    assert not [t for t in threading.enumerate() if t.name in ("shot", "steady", "feed")]


def test_a_failing_model_ends_the_run_with_its_error(scene: Any) -> None:
    def broken(inputs: Tensors) -> Tensors:
        raise ModelError("segment_frame ran out of memory; use a smaller working size")

    with pytest.raises(ModelError, match="out of memory"):
        run(FakeServer(networks(segment_frame=broken)), drawings(scene(count=5).frames))


def test_a_failing_reader_ends_the_run_after_what_was_read(scene: Any) -> None:
    def cut_off() -> Iterator[Drawing]:
        yield from drawings(scene(count=3).frames)
        raise OSError("the disk was pulled")

    layers = Pipeline(FakeServer(networks()), Settings()).run(cut_off())
    assert len([next(layers) for _ in range(3)]) == 3
    with pytest.raises(OSError, match="pulled"):
        next(layers)


@pytest.mark.parametrize("flow", ["network", "dis"])
def test_flow_of_smaller_frames_is_the_same_motion(scene: Any, flow: str) -> None:
    truth = scene(pan=(4.0, 0.0), count=3)
    sides: list[int] = []

    def panned(inputs: Tensors) -> Tensors:
        height, width = inputs["FRAME0"].shape[:2]
        sides.append(width)
        moved = np.zeros((height, width, 2), np.float32)
        moved[..., 0] = -4.0 * width / truth.frames[0].shape[1]
        return {"FORWARD": moved, "BACKWARD": -moved}

    at_once, enlarged = (
        run(
            FakeServer(networks(estimate_flow=panned)), drawings(truth.frames), flow=flow, flow_long_side=side
        )
        for side in (None, 160)
    )
    height, width = truth.frames[0].shape[:2]
    assert sides == ([width] * 2 + [160] * 2 if flow == "network" else [])
    for one, other in zip(at_once[1:], enlarged[1:], strict=True):
        assert one.motion_magnitude == pytest.approx(4.0 / np.hypot(height, width), rel=0.1)
        assert other.motion_magnitude == pytest.approx(one.motion_magnitude, rel=0.1)


def test_flow_without_a_network_is_measured_here(scene: Any) -> None:
    server = {name: call for name, call in networks().items() if name != "estimate_flow"}
    frames = scene(pan=(2.0, 0.0)).frames[:3]
    without = run(FakeServer(server), drawings(frames))
    measured = run(FakeServer(server), drawings(frames), flow="dis")
    assert [item.motion_magnitude for item in without] == [None] * 3
    assert "optical flow" in without[-1].absent_roles
    assert measured[0].motion_magnitude is None
    assert all(item.motion_magnitude for item in measured[1:])


STRIPES = np.where(np.arange(1000) % 16 < 8, 60, 180).astype(np.uint8)


def windows(inputs: Tensors) -> Tensors:
    """A video network that paints stripes into every hole."""
    stripes = np.broadcast_to(STRIPES[: inputs["FRAMES"].shape[2], None], inputs["FRAMES"].shape)
    return {"PLATES": np.where(inputs["MASKS"][..., None] > 0, stripes, inputs["FRAMES"])}


VIDEO = {"sttn": windows, "e2fgvi_hq": windows, "inpaint_video": windows}


def test_a_video_network_fills_what_no_drawing_shows(scene: Any) -> None:
    truth = scene(count=14, step=0)
    server = FakeServer(networks(**VIDEO))
    found = run(server, drawings(truth.frames), video_inpainting="sttn")
    usual = run(FakeServer(networks()), drawings(truth.frames))
    asked = [name for name, _ in server.calls]
    assert asked.count("inpaint_video") == 3
    assert "inpaint_background" not in asked
    for item, other, alpha in zip(found, usual, truth.alphas, strict=True):
        outside = alpha == 0
        assert item.invented_share == pytest.approx(other.invented_share, rel=0.02)
        assert item.invented_share > 0.05
        assert np.abs(item.background.astype(int) - other.background)[outside].mean() < 1
        # in the middle of the hole what the network painted, but for its brightness
        middle = cv2.erode(alpha, np.ones((25, 25), np.uint8)) > 0
        light = np.broadcast_to(STRIPES[:320] > 100, alpha.shape)
        apart = [
            float(picture[middle & light].mean()) - float(picture[middle & ~light].mean())
            for picture in (item.background, other.background)
        ]
        assert apart[0] > 90
        assert abs(apart[1]) < 30
        for name in ("character", "identity"):
            assert np.abs(getattr(item, name).astype(int) - getattr(other, name)).mean() < 2


def test_a_video_network_sees_working_frames_and_all_of_the_foreground(scene: Any) -> None:
    truth = scene(count=4)
    server = FakeServer(networks(**VIDEO))
    run(server, drawings(truth.frames), video_inpainting="e2fgvi_hq", working_long_side=160)
    (sent,) = [inputs for name, inputs in server.calls if name == "inpaint_video"]
    assert sent["FRAMES"].shape == (4, 90, 160, 3)
    for mask, alpha in zip(sent["MASKS"], truth.alphas, strict=True):
        small = cv2.resize(alpha, (160, 90), interpolation=cv2.INTER_AREA)
        assert (mask[small > 0] == 255).all()
        assert (mask == 0).mean() > 0.5


def test_shots_are_not_mixed_and_drawings_come_back_whole(scene: Any) -> None:
    first, second = scene(count=7, pan=(1.3, 0)).frames, scene(count=12, step=-9).frames
    server = FakeServer(networks(**VIDEO))
    found = run(server, drawings(first, second, first), video_inpainting="sttn", shots_in_flight=3)
    assert [item.drawing.first.index for item in found] == list(range(26))
    for item, frame in zip(found, [*first, *second, *first], strict=True):
        assert np.array_equal(item.drawing.first.image, frame)
    for one, other in zip(found[:7], found[19:], strict=True):
        assert np.array_equal(one.background, other.background)


def test_memory_is_bounded_while_a_video_network_looks_ahead(scene: Any) -> None:
    frames = scene(count=4, height=90, width=160).frames
    read = 0

    def endless() -> Iterator[Drawing]:
        nonlocal read
        for drawing in drawings(frames * 90):
            read = drawing.first.index
            yield drawing

    server = FakeServer(networks(**VIDEO))
    layers = Pipeline(server, Settings(look_ahead=3, video_inpainting="sttn")).run(endless())
    furthest = max(read - next(layers).drawing.first.index for _ in range(250))
    layers.close()
    # beyond what is read without a video network: to the last reference of the window five drawings on
    assert furthest < 40 + 45


class Forgetful(list[Any]):
    """The calls of a fake server that keeps nothing alive."""

    def append(self, item: Any) -> None:
        pass


def test_what_waits_for_a_video_network_is_packed(scene: Any) -> None:
    frames = scene(count=4, height=90, width=160).frames
    pictures: list[weakref.ref[U8]] = []

    def many() -> Iterator[Drawing]:
        for drawing in drawings(frames * 30):
            image = drawing.first.image.copy()
            pictures.append(weakref.ref(image))
            yield replace(drawing, first=replace(drawing.first, image=image), is_shot_end=False)

    settings = Settings(look_ahead=3, video_inpainting="sttn", working_long_side=64)
    server = FakeServer(networks(**VIDEO))
    server.calls = Forgetful()
    layers = Pipeline(server, settings).run(many())
    first = next(layers)
    assert len(pictures) > 45
    # the others are on their way to the filler or, packed, behind it
    assert sum(picture() is not None for picture in pictures) < 25
    assert np.array_equal(first.drawing.first.image, frames[0])
    layers.close()


@pytest.mark.parametrize(("name", "lacks"), [("sttn", "sttn, inpaint_video"), ("e2fgvi_hq", "inpaint_video")])
def test_a_chosen_network_that_is_not_served_ends_the_run_before_it_begins(name: str, lacks: str) -> None:
    server = FakeServer(networks(e2fgvi_hq=windows))
    with pytest.raises(
        InputError, match=f"video inpainting by {name} needs {lacks}, which the server does not"
    ):
        Pipeline(server, Settings(video_inpainting=name))


def test_networks_of_the_effects_are_asked_by_name(scene: Any) -> None:
    sent: list[list[bytes]] = []

    def watched(inputs: Tensors) -> Tensors:
        sent.append(list(inputs["NETWORKS"]) if "NETWORKS" in inputs else [])
        return no_effects(inputs)

    frames = scene(pan=(0.0, 0.0)).frames[:1]
    run(FakeServer(networks(separate_effects=watched)), drawings(frames))
    run(FakeServer(networks(separate_effects=watched)), drawings(frames), effects=("clipseg", "grounded_sam"))
    assert sent == [[], [b"clipseg", b"grounded_sam"]]
    with pytest.raises(InputError, match="effects is sam; name one or more of clipseg, grounded_sam"):
        Settings(effects=("sam",))


def test_networks_of_the_detail_are_asked_by_name(scene: Any) -> None:
    named: list[list[bytes]] = []

    def watched(inputs: Tensors) -> Tensors:
        named.append(list(inputs["NETWORKS"]) if "NETWORKS" in inputs else [])
        return refine(inputs)

    frames = scene(pan=(0.0, 0.0)).frames[:1]
    run(FakeServer(networks(refine_character=watched)), drawings(frames))
    run(FakeServer(networks(refine_character=watched)), drawings(frames), detail=("isnet_anime", "vitmatte"))
    assert named == [[], [b"isnet_anime", b"vitmatte"]]
    for wrong in (("sam",), ("vitmatte",)):
        with pytest.raises(InputError, match="name one or more of u2net, isnet_anime, modnet, and vitmatte"):
            Settings(detail=wrong)
