from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.layers import compose
from triton_anime.server import Server

U8 = NDArray[np.uint8]
H, W = 240, 320


def frame() -> U8:
    ys, xs = np.mgrid[:H, :W]
    picture = np.stack([xs // 3, 80 + ys // 3, 120 + xs // 6], axis=2).astype(np.uint8)
    picture[60:200, 60:140] = (230, 40, 30)
    picture[20:80, 220:300] = (255, 255, 160)
    return picture


def red(picture: U8) -> U8:
    return np.where((picture[..., 0] > 180) & (picture[..., 1] < 90), 255, 0).astype(np.uint8)


def bright(picture: U8) -> U8:
    return np.where((picture[..., 0] > 230) & (picture[..., 1] > 200), 255, 0).astype(np.uint8)


def segment(inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    small = cv2.resize(inputs["FRAME"][0], (W // 4, H // 4), interpolation=cv2.INTER_AREA)
    character, effect = red(small), bright(small)
    zero = np.zeros_like(character)
    probability = np.stack([255 - np.maximum(character, effect), character, effect, zero])
    heat, offset = zero.copy(), np.zeros((2, *zero.shape), np.float32)
    ys, xs = np.mgrid[: zero.shape[0], : zero.shape[1]]
    heat[32, 25] = 250
    offset[0], offset[1] = 25 - xs, 32 - ys
    return {"SEMANTIC": probability[None], "CENTER": heat[None], "OFFSET": offset[None]}


def matte(inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {"ALPHA": red(inputs["FRAME"][0])[None]}


NETWORKS: dict[str, Any] = {
    "panoptic_deeplab": segment,
    "u2net": matte,
    "modnet": matte,
    "clipseg_text": lambda inputs: {"CONDITION": np.ones((len(inputs["TOKENS"]), 8), np.float32)},
    "clipseg": lambda inputs: {
        "MASKS": np.stack([bright(inputs["FRAME"][0])] * inputs["CONDITION"].shape[1])[None]
    },
    "lama": lambda inputs: {
        "PLATE": cv2.inpaint(inputs["FRAME"][0], inputs["MASK"][0], 3, cv2.INPAINT_TELEA)[None]
    },
}


def test_one_call_gives_all_layers(ensemble: Any) -> None:
    model = ensemble("decompose_frame", **NETWORKS)
    found = model(FRAME=frame(), PROMPTS=np.array([b"golden light"], object))
    assert set(model.called) == set(NETWORKS)
    assert found["CHARACTER"].shape == found["EFFECTS"].shape == (H, W, 4)
    assert found["CHARACTER"][80:180, 80:120, 3].min() == 255
    assert found["EFFECTS"][30:70, 235:285, 3].min() > 60
    assert not found["CHARACTER"][20:80, 220:300, 3].any()
    assert red(found["BACKGROUND"]).sum() == 0
    assert set(np.unique(found["INSTANCES"])) == {0, 1}
    assert found["SCORES"].shape == (1,)
    again = compose(found["BACKGROUND"], found["CHARACTER"], found["EFFECTS"])
    assert np.abs(again.astype(int) - frame()).mean() < 0.5


@pytest.mark.parametrize("absent", ["clipseg", "clipseg_text", "lama", "u2net", "modnet"])
def test_an_absent_role_leaves_the_others(ensemble: Any, absent: str) -> None:
    served = {name: function for name, function in NETWORKS.items() if name != absent}
    found = ensemble("decompose_frame", **served)(FRAME=frame())
    assert found["CHARACTER"][80:180, 80:120, 3].min() == 255
    again = compose(found["BACKGROUND"], found["CHARACTER"], found["EFFECTS"])
    assert np.abs(again.astype(int) - frame()).mean() < 0.5


def test_segmentation_is_what_it_cannot_do_without(ensemble: Any, refused: Any) -> None:
    with pytest.raises(refused, match="role panoptic segmentation is not served"):
        ensemble("decompose_frame", u2net=matte)(FRAME=frame())


def only(*names: str) -> NDArray[Any]:
    return np.array([name.encode() for name in names], object)


GROUNDED: dict[str, Any] = {
    "bert_tokenizer": lambda inputs: {
        "TOKENS": np.array([[101, 7, 1012, 102]] * len(inputs["TEXT"]), np.int32)
    },
    "grounding_dino": lambda inputs: {
        "SCORES": np.full((1, 1, inputs["TOKENS"].shape[1]), 0.9, np.float32),
        # what the picture shows at 220..300, 20..80, in a frame of 96 by 128 that it fills
        "BOXES": np.array([[[260 / W, 50 / H, 80 / W, 60 / H]]], np.float32),
    },
    "sam_encode": lambda inputs: {"EMBEDDING": np.zeros((1, 256, 64, 64), np.float32)},
    "sam_decode": lambda inputs: {
        "MASKS": np.full((1, inputs["BOXES"].shape[1], 256, 256), 255, np.uint8),
        "SCORES": np.ones(inputs["BOXES"].shape[:2], np.float32),
    },
}


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (("clipseg",), {"clipseg_text", "clipseg"}),
        (("grounded_sam",), set(GROUNDED)),
        (("grounded_sam", "clipseg"), {"clipseg_text", "clipseg", *GROUNDED}),
        (None, {"clipseg_text", "clipseg", *GROUNDED}),
    ],
)
def test_a_request_may_name_its_effect_networks(ensemble: Any, names: Any, called: set[str]) -> None:
    model = ensemble("decompose_frame", {"boxes_frame": "96x128"}, **NETWORKS, **GROUNDED)
    found = model(FRAME=frame(), **({} if names is None else {"EFFECT_NETWORKS": only(*names)}))
    assert set(model.called) - {"panoptic_deeplab", "u2net", "modnet", "lama"} == called
    assert found["EFFECTS"][30:70, 235:285, 3].min() > 60


def test_effects_come_from_the_source_that_is_named(ensemble: Any) -> None:
    def unsure(inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        answer = segment(inputs)
        answer["SEMANTIC"][0, 2] //= 2
        return answer

    def nothing(inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {"MASKS": np.zeros_like(NETWORKS["clipseg"](inputs)["MASKS"])}

    model = ensemble(
        "decompose_frame",
        {"boxes_frame": "96x128"},
        **{**NETWORKS, **GROUNDED, "panoptic_deeplab": unsure, "clipseg": nothing},
    )
    strength = {
        name: found["EFFECTS"][30:70, 235:285, 3].mean()
        for name in ("clipseg", "grounded_sam")
        for found in [model(FRAME=frame(), EFFECT_NETWORKS=only(name))]
    }
    assert strength["clipseg"] == 0
    assert strength["grounded_sam"] > 60


def test_a_request_may_name_its_detail_networks(ensemble: Any) -> None:
    model = ensemble("decompose_frame", **NETWORKS, isnet_anime=matte)
    found = model(FRAME=frame(), DETAIL_NETWORKS=only("isnet_anime"))
    assert "isnet_anime" in model.called
    assert not {"u2net", "modnet"} & set(model.called)
    assert found["CHARACTER"][80:180, 80:120, 3].min() == 255


def test_edges_are_answered_where_their_network_is_named(ensemble: Any) -> None:
    def edges(inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {"ALPHA": np.where(inputs["TRIMAP"] == 128, 77, inputs["TRIMAP"]).astype(np.uint8)}

    model = ensemble("decompose_frame", **NETWORKS, vitmatte=edges)
    model(FRAME=frame())
    assert "vitmatte" not in model.called
    found = model(FRAME=frame(), DETAIL_NETWORKS=only("u2net", "vitmatte"))
    assert (found["CHARACTER"][..., 3] == 77).sum() > 200


@pytest.mark.parametrize(
    ("tensor", "names", "message"),
    [
        ("EFFECT_NETWORKS", ("grounded_sam",), "^role effects by prompt is not served"),
        (
            "EFFECT_NETWORKS",
            ("sam",),
            "^EFFECT_NETWORKS names sam; name one or more of clipseg, grounded_sam$",
        ),
        ("DETAIL_NETWORKS", ("isnet_anime",), "^role character detail is not served"),
        ("DETAIL_NETWORKS", ("u2net", "vitmatte"), "^role fine edges is not served"),
        ("DETAIL_NETWORKS", ("sam",), "^DETAIL_NETWORKS names sam; name one or more of u2net"),
    ],
)
def test_what_a_request_names_must_be_there(
    ensemble: Any, refused: Any, tensor: str, names: tuple[str, ...], message: str
) -> None:
    model = ensemble("decompose_frame", **NETWORKS)
    with pytest.raises(refused, match=message):
        model(FRAME=frame(), **{tensor: only(*names)})


@pytest.mark.parametrize("failing", ["u2net", "clipseg", "lama"])
def test_a_network_that_fails_is_no_absent_role(ensemble: Any, refused: Any, failing: str) -> None:
    model = ensemble("decompose_frame", **{**NETWORKS, failing: "out of memory"})
    with pytest.raises(refused, match="failed: out of memory"):
        model(FRAME=frame())


@pytest.mark.triton
def test_contract_on_the_server(triton: Server) -> None:
    if not triton.is_ready("decompose_frame"):
        pytest.skip("the panoptic network is not in model_repository/")
    picture = cv2.resize(frame(), (427, 240))
    for inputs in ({"FRAME": picture}, {"FRAME": picture, "PROMPTS": np.array([b"blue lightning"], object)}):
        found = triton.infer("decompose_frame", inputs)
        assert found["CHARACTER"].shape == found["EFFECTS"].shape == (240, 427, 4)
        assert found["INSTANCES"].shape == (240, 427)
        again = compose(found["BACKGROUND"], found["CHARACTER"], found["EFFECTS"])
        assert np.abs(again.astype(int) - picture).mean() < 1
