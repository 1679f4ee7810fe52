from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.panoptic import CHARACTER, EFFECT, OBJECT, group, panoptic
from triton_anime.server import Server

U8 = NDArray[np.uint8]
H, W, h, w = 96, 160, 24, 40


def two_people(overlapping: bool = True) -> dict[str, NDArray[Any]]:
    """Two discs that touch, each pointing at its own centre, and an effect in a corner."""
    centres = [(14, 12), (24 if overlapping else 31, 12)]
    ys, xs = np.mgrid[:h, :w].astype(np.float32)
    distances = np.stack([np.hypot(xs - x, ys - y) for x, y in centres])
    nearest = distances.argmin(axis=0)
    inside = distances.min(axis=0) < 6
    probability = np.zeros((4, h, w), np.uint8)
    probability[CHARACTER][inside] = 240
    probability[EFFECT][:4, 34:] = 250
    probability[0] = 255 - probability[1:].max(axis=0)
    heat, offset = np.zeros((h, w), np.uint8), np.zeros((2, h, w), np.float32)
    for number, (x, y) in enumerate(centres):
        heat[y, x] = 200 - number
        mine = inside & (nearest == number)
        offset[0][mine], offset[1][mine] = x - xs[mine] + 0.4, y - ys[mine] - 0.3
    return {"SEMANTIC": probability[None], "CENTER": heat[None], "OFFSET": offset[None]}


def test_characters_that_touch_are_told_apart(ensemble: Any) -> None:
    model = ensemble("segment_frame", panoptic_deeplab=lambda _: two_people())
    found = model(FRAME=np.zeros((H, W, 3), np.uint8))
    assert model.called[-1] == "panoptic_deeplab"
    assert found["INSTANCES"].shape == (H, W)
    assert found["INSTANCES"].dtype == np.uint8
    assert set(np.unique(found["INSTANCES"])) == {0, 1, 2}
    assert found["INSTANCES"][48, 56] != found["INSTANCES"][48, 98] != 0
    assert (found["SEMANTIC"][:10, 144:] == EFFECT).all()
    assert ((found["SEMANTIC"] == CHARACTER) == (found["INSTANCES"] > 0)).all()
    assert (found["PANOPTIC"] == found["SEMANTIC"].astype(np.int32) * 1000 + found["INSTANCES"]).all()
    assert found["PROBABILITY"].shape == (4, h, w)
    assert found["SCORES"].shape == (2,)
    assert (found["SCORES"] > 0.7).all()
    for number, box in enumerate(found["BOXES"], start=1):
        mask = (found["INSTANCES"] == number).astype(np.uint8)
        assert tuple(box) == cv2.boundingRect(mask)


def three_queries(tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Mask2Former's answer: two people side by side, a car below them and a person whom others cover."""
    height, width = tensors["FRAME"].shape[1] // 4, tensors["FRAME"].shape[2] // 4
    segments = np.zeros((height, width), np.uint8)
    segments[20:80, 40:80], segments[20:80, 80:120], segments[90:120, 40:160] = 3, 1, 2
    labels = np.array([0, 2, 0, 0], np.int32)
    areas = np.array([[2400, 2400], [3600, 3600], [2400, 2500], [10, 900]], np.int32)
    segments[100:102, 200:205] = 4
    # roles arrive as a table: the shares of the classes that the queries have
    shares = tensors["ROLES"][0][labels]
    votes = np.stack([(segments == query + 1)[None] * shares[query][:, None, None] for query in range(4)])
    probability = votes.sum(axis=0)
    probability[0] += 1 - probability.sum(axis=0)
    return {
        "PROBABILITY": np.rint(probability * 255).astype(np.uint8)[None],
        "SEGMENTS": segments[None],
        "SCORES": np.full((1, 4), 0.9, np.float32),
        "LABELS": labels[None],
        "AREAS": areas[None],
    }


def test_mask2former_fills_the_role_where_it_is_served(ensemble: Any) -> None:
    seen: dict[str, Any] = {}

    def network(tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        seen.update(tensors)
        return three_queries(tensors)

    model = ensemble("segment_frame", mask2former_wide=network, panoptic_deeplab=lambda _: two_people())
    found = model(FRAME=np.full((384, 672, 3), 200, np.uint8))
    assert model.called == ["mask2former_wide"]
    assert seen["FRAME"].shape == (1, 768, 1344, 3)
    assert seen["THRESHOLD"][0, 0] == np.float32(0.8)
    # both people, the covered one dropped, numbered apart although they touch
    assert found["SCORES"].shape == (2,)
    assert found["INSTANCES"][100, 120] != found["INSTANCES"][100, 200] != 0
    assert (found["SEMANTIC"][200, 100:300] == OBJECT).all()
    assert found["PROBABILITY"].shape == (4, 192, 336)
    assert {tuple(box) for box in found["BOXES"]} == {(80, 40, 80, 120), (160, 40, 80, 120)}


def test_the_shape_that_shows_most_is_asked(ensemble: Any) -> None:
    shapes = ("mask2former_wide", "mask2former_standard", "mask2former_tall")
    for size, asked in [((1080, 1920), 0), ((768, 1024), 1), ((1920, 1080), 2)]:
        model = ensemble("segment_frame", **dict.fromkeys(shapes, three_queries))
        model(FRAME=np.zeros((*size, 3), np.uint8))
        assert model.called == [shapes[asked]]
    # a portrait picture in the only shape there is keeps its aspect
    model = ensemble("segment_frame", mask2former_wide=three_queries)
    found = model(FRAME=np.zeros((640, 320, 3), np.uint8))
    assert found["PROBABILITY"].shape == (4, 192, 96)
    assert found["INSTANCES"].shape == (640, 320)


def test_classes_get_the_roles_that_the_request_gives_them(ensemble: Any) -> None:
    model = ensemble("segment_frame", mask2former_wide=three_queries)
    frame = np.zeros((384, 672, 3), np.uint8)
    found = model(FRAME=frame, CLASS_ROLES=np.array([b"car=character", b"person=effect"], object))
    assert found["SCORES"].shape == (1,)
    assert (found["SEMANTIC"][100, 90:230] == EFFECT).all()
    assert (found["SEMANTIC"][200, 100:300] == CHARACTER).all()


def test_the_network_can_be_named(ensemble: Any, refused: Any) -> None:
    served = {"mask2former_wide": three_queries, "panoptic_deeplab": lambda _: two_people()}
    frame = np.zeros((H, W, 3), np.uint8)
    model = ensemble("segment_frame", **served)
    model(FRAME=frame, NETWORKS=np.array([b"panoptic_deeplab"], object))
    assert model.called == ["panoptic_deeplab"]
    with pytest.raises(refused, match="NETWORKS names yolo; name one or more of mask2former"):
        ensemble("segment_frame", **served)(FRAME=frame, NETWORKS=np.array([b"yolo"], object))
    with pytest.raises(refused, match="no class of COCO panoptic is called 'elf'"):
        ensemble("segment_frame", **served)(FRAME=frame, CLASS_ROLES=np.array([b"elf=character"], object))


def test_a_network_that_fails_is_not_passed_over(ensemble: Any, refused: Any) -> None:
    served = {"mask2former_wide": "out of memory", "panoptic_deeplab": lambda _: two_people()}
    with pytest.raises(refused, match="role panoptic segmentation failed: out of memory"):
        ensemble("segment_frame", **served)(FRAME=np.zeros((H, W, 3), np.uint8))


def test_an_empty_picture_has_no_characters(ensemble: Any) -> None:
    empty = {
        "SEMANTIC": np.stack([np.full((h, w), v, np.uint8) for v in (255, 0, 0, 0)])[None],
        "CENTER": np.zeros((1, h, w), np.uint8),
        "OFFSET": np.zeros((1, 2, h, w), np.float32),
    }
    found = ensemble("segment_frame", panoptic_deeplab=lambda _: empty)(FRAME=np.zeros((H, W, 3), np.uint8))
    assert not found["INSTANCES"].any()
    assert found["SCORES"].shape == (0,)
    assert found["BOXES"].shape == (0, 4)


def test_without_its_network_the_role_is_named(ensemble: Any, refused: Any) -> None:
    with pytest.raises(refused, match="role panoptic segmentation is not served"):
        ensemble("segment_frame")(FRAME=np.zeros((H, W, 3), np.uint8))


def test_without_centres_connected_parts_are_the_characters() -> None:
    answer = two_people(overlapping=False)
    probability = answer["SEMANTIC"][0]
    labels = group(probability, np.zeros((h, w), np.uint8), answer["OFFSET"][0])
    assert len(panoptic(probability, labels, H, W).scores) == 2


def test_two_peaks_of_one_character_are_one() -> None:
    answer = two_people()
    probability, heat = answer["SEMANTIC"][0], answer["CENTER"][0]
    # everybody points at one place between the two peaks
    ys, xs = np.mgrid[:h, :w].astype(np.float32)
    agreeing = np.stack([19 - xs, 12 - ys])
    assert len(np.unique(group(probability, heat, agreeing))) == 2
    assert len(np.unique(group(probability, heat, answer["OFFSET"][0]))) == 3


def test_two_people_are_not_one_by_way_of_what_lies_between_them() -> None:
    """Along an arm between them cells point ever more at the other one, so neighbours agree."""
    ys, xs = np.mgrid[:h, :w].astype(np.float32)
    probability = np.zeros((4, h, w), np.uint8)
    probability[CHARACTER][:, :12] = probability[CHARACTER][:, 26:] = 250
    probability[CHARACTER][9:16] = 250
    heat = np.zeros((h, w), np.uint8)
    heat[12, 6], heat[12, 18], heat[12, 33] = 200, 60, 200
    labels = group(probability, heat, np.stack([xs.clip(6, 33) - xs, 12 - ys]))
    assert labels[3, 1] == labels[20, 10]
    assert labels[3, 38] == labels[20, 28]
    assert labels[3, 1] != labels[3, 38]
    assert labels[12, 18] in (labels[3, 1], labels[3, 38])


def test_the_halves_of_one_figure_are_one_by_way_of_its_waist() -> None:
    """The same lying on its side: what agrees over a waist, one above the other, is one body."""
    ys, xs = np.mgrid[:w, :h].astype(np.float32)
    probability = np.zeros((4, w, h), np.uint8)
    probability[CHARACTER][:12] = probability[CHARACTER][26:] = 250
    probability[CHARACTER][:, 9:16] = 250
    heat = np.zeros((w, h), np.uint8)
    heat[6, 12], heat[18, 12], heat[33, 12] = 200, 60, 200
    labels = group(probability, heat, np.stack([12 - xs, ys.clip(6, 33) - ys]))
    assert list(np.unique(labels)) == [0, 1]


def test_parts_that_stand_on_one_another_are_one_figure() -> None:
    probability = np.zeros((4, h, w), np.uint8)
    probability[CHARACTER][2:22, 10:18] = 250
    probability[CHARACTER][2:22, 18:26] = 250
    labels = np.zeros((h, w), np.uint8)
    labels[2:8, 10:18], labels[8:15, 10:18], labels[15:22, 10:18] = 1, 2, 3
    labels[2:22, 18:26] = 4
    found = panoptic(probability, labels, H, W)
    assert len(found.scores) == 2
    assert found.instances[20, 50] == found.instances[80, 50] != found.instances[48, 90]


def test_fragments_join_the_character_they_touch() -> None:
    answer = two_people(overlapping=False)
    probability = answer["SEMANTIC"][0]
    labels = group(probability, answer["CENTER"][0], answer["OFFSET"][0])
    labels[12, 14:16] = 9
    found = panoptic(probability, labels, H, W)
    assert len(found.scores) == 2
    assert found.instances[50, 58] == found.instances[48, 48]


@pytest.mark.triton
@pytest.mark.parametrize("size", [(180, 320), (479, 853), (320, 180)])
def test_contract_on_the_server(triton: Server, size: tuple[int, int]) -> None:
    if not triton.is_ready("segment_frame"):
        pytest.skip("the panoptic network is not in model_repository/")
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    found = triton.infer("segment_frame", {"FRAME": frame})
    count = len(found["SCORES"])
    assert found["SEMANTIC"].shape == found["INSTANCES"].shape == found["PANOPTIC"].shape == size
    assert found["BOXES"].shape == (count, 4)
    assert int(found["INSTANCES"].max(initial=0)) == count
    assert found["PROBABILITY"].dtype == np.uint8
    assert found["PROBABILITY"].shape[0] == 4
    total = found["PROBABILITY"].astype(int).sum(axis=0)
    assert np.abs(total - 255).max() <= 4
