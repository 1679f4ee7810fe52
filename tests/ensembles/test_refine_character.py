from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime import matting
from triton_anime.graph_cut import graph_cut, mixtures
from triton_anime.matting import boxes_of, crops, fuse
from triton_anime.server import Server

U8 = NDArray[np.uint8]
H, W = 240, 320


def frame() -> U8:
    picture = np.full((H, W, 3), (40, 90, 60), np.uint8)
    picture[60:180, 40:120] = (220, 60, 50)
    picture[80:200, 220:290] = (60, 60, 230)
    return picture


def person(picture: U8) -> U8:
    """What is not green, whatever the crop."""
    return np.where(picture[..., 1] < 80, 255, 0).astype(np.uint8)


def network(scale: float = 1.0) -> Any:
    return lambda inputs: {"ALPHA": (person(inputs["FRAME"][0]) * scale).astype(np.uint8)[None]}


BOXES = np.array([[40, 60, 80, 120], [220, 80, 70, 120]], np.int32)


def test_every_crop_goes_to_both_networks_and_back_to_its_place(ensemble: Any) -> None:
    model = ensemble("refine_character", u2net=network(), modnet=network())
    found = model(FRAME=frame(), BOXES=BOXES)
    assert sorted(model.called) == ["modnet", "modnet", "u2net", "u2net"]
    assert found["ALPHA"].shape == (H, W)
    assert np.abs(found["ALPHA"].astype(int) - person(frame())).mean() < 1
    assert found["AGREEMENT"].tolist() == [1.0]


def test_agreement_is_measured(ensemble: Any) -> None:
    found = ensemble("refine_character", u2net=network(), modnet=network(0.5))(FRAME=frame(), BOXES=BOXES)
    assert found["AGREEMENT"][0] == pytest.approx(0.5, abs=0.01)


def test_one_network_is_enough_but_agrees_with_nobody(ensemble: Any) -> None:
    found = ensemble("refine_character", u2net=network())(FRAME=frame(), BOXES=BOXES)
    assert np.abs(found["ALPHA"].astype(int) - person(frame())).mean() < 1
    assert np.isnan(found["AGREEMENT"][0])


def test_without_networks_the_role_is_named(ensemble: Any, refused: Any) -> None:
    with pytest.raises(refused, match="role character detail is not served"):
        ensemble("refine_character")(FRAME=frame())


def test_a_network_that_fails_is_no_absent_role(ensemble: Any, refused: Any) -> None:
    model = ensemble("refine_character", u2net=network(), modnet="out of memory")
    with pytest.raises(refused, match="role character detail failed: out of memory"):
        model(FRAME=frame())


def test_the_coarse_mask_keeps_what_is_far_from_it_out(ensemble: Any) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[15:45, 10:30] = 255
    whole = np.array([[0, 0, W, H]], np.int32)
    model = ensemble("refine_character", u2net=network(), modnet=network())
    alpha = model(FRAME=frame(), MASK=mask, BOXES=whole)["ALPHA"]
    assert alpha[70:170, 50:110].mean() > 250
    assert not alpha[:, 200:].any()


def test_a_mask_alone_tells_where_to_look(ensemble: Any) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[15:45, 10:30] = 255
    model = ensemble("refine_character", u2net=network(), modnet=network())
    assert model(FRAME=frame(), MASK=mask)["ALPHA"][70:170, 50:110].mean() > 250
    assert len(model.called) == 2


def test_no_boxes_is_nobody(ensemble: Any) -> None:
    model = ensemble("refine_character", u2net=network(), modnet=network())
    found = model(FRAME=frame(), BOXES=np.zeros((0, 4), np.int32))
    assert not found["ALPHA"].any()
    assert model.called == []


def test_crops_join_where_they_overlap_and_stay_inside() -> None:
    boxes = np.array([[10, 10, 50, 50], [55, 30, 40, 40], [250, 200, 60, 30], [0, 0, 0, 0]], np.int32)
    found = crops(boxes, H, W)
    assert len(found) == 2
    for x, y, w, h in found:
        assert 0 <= x < x + w <= W
        assert 0 <= y < y + h <= H


def test_boxes_of_a_coarse_mask_cover_it_at_full_size() -> None:
    mask = np.zeros((7, 9), np.uint8)
    mask[2:5, 3:6] = 255
    assert boxes_of(mask, 70, 90).tolist() == [[30, 20, 30, 30]]


def test_edges_of_a_coarse_answer_move_to_the_edges_of_the_picture() -> None:
    picture = frame()
    true = np.zeros((H, W), np.uint8)
    true[60:180, 40:120] = 255
    blurred = cv2.GaussianBlur(true, (0, 0), 3)
    alpha = fuse(picture, [(0, 0, W, H)], [[blurred]], None)
    assert np.abs(alpha.astype(int) - true).mean() < 0.5 * np.abs(blurred.astype(int) - true).mean()


def test_the_mean_of_the_cuts_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    found = np.zeros((3, 20, 20), bool)
    found[:, 2:18, 2:18] = True
    found[0, 4:6, 0:4] = found[1:, 10:12, 18:] = True
    cuts = iter(found)
    monkeypatch.setattr(matting, "graph_cut", lambda *_: next(cuts))
    alpha = matting.cut(np.zeros((20, 20, 3), np.uint8), np.full((20, 20), 127, np.float32))
    assert np.allclose(alpha, found.mean(axis=0) * 255)
    assert next(cuts, None) is None


def test_colours_that_networks_doubt_are_not_those_of_the_background() -> None:
    rng = np.random.default_rng(3)
    picture = np.full((120, 120, 3), 235, np.uint8)
    picture[20:100, 40:80] = 180, 60, 60
    picture[50:70, 40:80] = 130, 110, 50
    picture = np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
    share = np.full((120, 120), 0.02, np.float32)
    share[20:100, 40:80] = 0.95
    share[50:70, 40:80] = 0.4
    share[20:30, 40:80] = 0.6
    never, surely = share < 0.15, share > 0.85
    doubted = (slice(52, 68), slice(42, 78))
    alone = graph_cut(picture, share, never, surely)
    assert alone is not None
    assert not alone[doubted].any()
    colours = mixtures(picture, share > 0.7, share < 0.3)
    found = graph_cut(picture, share, never, surely, colours)
    assert found is not None
    assert found[doubted].all()
    assert not found[:, :36].any()


def test_mixtures_need_pixels_on_both_sides() -> None:
    few = np.zeros((20, 20), bool)
    few[0, :9] = True
    assert mixtures(np.zeros((20, 20, 3), np.uint8), few, ~few) is None


def test_each_cut_begins_with_chances_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    monkeypatch.setattr(matting, "graph_cut", lambda _, share, *__: begun.append(float(share[0, 0])))
    chance = np.full((20, 20), 127.5, np.float32)
    assert np.array_equal(matting.cut(np.zeros((20, 20, 3), np.uint8), chance), chance)
    assert begun == pytest.approx([0.4, 0.5, 0.6])


@pytest.mark.triton
def test_contract_on_the_server(triton: Server) -> None:
    if not (triton.is_ready("u2net") or triton.is_ready("modnet")):
        pytest.skip("no matting network is in model_repository/")
    picture = np.random.default_rng(0).integers(0, 256, (360, 641, 3), dtype=np.uint8)
    mask = np.zeros((90, 160), np.uint8)
    mask[20:70, 30:90] = 255
    boxes = np.array([[120, 80, 240, 200], [420, 100, 150, 220]], np.int32)
    requests: list[dict[str, NDArray[Any]]] = [
        {"FRAME": picture},
        {"FRAME": picture, "MASK": mask},
        {"FRAME": picture, "MASK": mask, "BOXES": boxes},
        {"FRAME": picture, "BOXES": np.zeros((0, 4), np.int32)},
    ]
    for inputs in requests:
        found = triton.infer("refine_character", inputs)
        assert found["ALPHA"].shape == (360, 641)
        assert found["ALPHA"].dtype == np.uint8
        assert found["AGREEMENT"].shape == (1,)


def test_a_request_may_name_its_networks(ensemble: Any, refused: Any) -> None:
    model = ensemble("refine_character", u2net=network(), modnet=network(), isnet_anime=network())
    model(FRAME=frame(), BOXES=BOXES, NETWORKS=np.array([b"isnet_anime"], object))
    assert model.called == ["isnet_anime", "isnet_anime"]
    found = model(
        FRAME=frame(), BOXES=BOXES, NETWORKS=np.array([b"isnet_anime", b"modnet", b"u2net"], object)
    )
    assert found["AGREEMENT"].tolist() == [1.0]
    for names in ([b"sam"], [], [b"vitmatte"]):
        with pytest.raises(refused, match="name one or more of u2net, isnet_anime, modnet"):
            model(FRAME=frame(), NETWORKS=np.array(names, object))


def test_edges_are_answered_by_vitmatte_where_it_is_named(ensemble: Any, refused: Any) -> None:
    asked: list[Any] = []

    def matte(inputs: Any) -> Any:
        asked.append(inputs["TRIMAP"])
        band = inputs["TRIMAP"] == 128
        return {"ALPHA": np.where(band, 77, inputs["TRIMAP"]).astype(np.uint8)}

    names = np.array([b"u2net", b"vitmatte"], object)
    found = ensemble("refine_character", u2net=network(), vitmatte=matte)(
        FRAME=frame(), BOXES=BOXES, NETWORKS=names
    )
    assert asked[0].shape == (1, 512, 512)
    assert (found["ALPHA"] == 77).sum() > 500
    assert found["ALPHA"][120, 80] == 255
    assert found["ALPHA"][20, 20] == 0
    with pytest.raises(refused, match="role fine edges is not served"):
        ensemble("refine_character", u2net=network())(FRAME=frame(), BOXES=BOXES, NETWORKS=names)
