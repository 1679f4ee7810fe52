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
