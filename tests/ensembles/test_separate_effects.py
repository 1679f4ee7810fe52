from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.prompts import ANY_EFFECT, DEFAULT_PROMPTS, tokens
from triton_anime.server import Server

U8 = NDArray[np.uint8]
H, W = 90, 160
Tensors = dict[str, NDArray[Any]]


def picture() -> U8:
    """Blue light on the left, red light on the right."""
    frame = np.full((H, W, 3), 20, np.uint8)
    frame[20:60, 10:50] = (40, 60, 240)
    frame[30:80, 100:150] = (230, 50, 30)
    return frame


class Text:
    """Tokens to an embedding of four numbers that says which known sentence they are."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences
        self.asked: list[int] = []

    def __call__(self, inputs: Tensors) -> Tensors:
        rows = inputs["TOKENS"]
        self.asked.append(len(rows))
        known = [tokens(sentence).tolist() for sentence in self.sentences]
        return {"CONDITION": np.array([[known.index(row.tolist()), 0, 0, 0] for row in rows], np.float32)}


def image(inputs: Tensors) -> Tensors:
    """Sentence 0 finds blue, sentence 1 red, sentence 2 both at half strength, others nothing."""
    frame, condition = inputs["FRAME"][0].astype(int), inputs["CONDITION"][0]
    blue, red = frame[..., 2] > 120, frame[..., 0] > 120
    answers = [blue * 255, red * 255, (blue | red) * 128, blue * 0]
    return {"MASKS": np.stack([answers[min(int(row[0]), 3)] for row in condition]).astype(np.uint8)[None]}


def prompts(*sentences: str) -> NDArray[Any]:
    return np.array([sentence.encode() for sentence in sentences], object)


def test_each_sentence_has_its_mask_and_measures(ensemble: Any) -> None:
    model = ensemble(
        "separate_effects", clipseg_text=Text("blue glow", "red glow", "x", "smoke"), clipseg=image
    )
    found = model(FRAME=picture(), PROMPTS=prompts("blue glow", "red glow", "smoke"))
    assert found["MASKS"].shape == (3, H, W)
    assert np.array_equal(found["MASKS"][0] > 0, picture()[..., 2] > 120)
    assert found["COVERAGE"] == pytest.approx([40 * 40 / (H * W), 50 * 50 / (H * W), 0])
    assert found["INTENSITY"].tolist() == [1, 1, 0]
    assert np.array_equal(found["ALPHA"], found["MASKS"].max(axis=0))


def test_the_default_sentences_stand_for_all_effects(ensemble: Any) -> None:
    text = Text("-", "-", ANY_EFFECT, *DEFAULT_PROMPTS)
    model = ensemble("separate_effects", clipseg_text=text, clipseg=image)
    for inputs in ({}, {"PROMPTS": prompts(*DEFAULT_PROMPTS)}):
        found = model(FRAME=picture(), **inputs)
        assert found["MASKS"].shape == (5, H, W)
        assert not found["MASKS"].any()
        assert found["ALPHA"].any()
    assert not model(FRAME=picture(), PROMPTS=prompts(DEFAULT_PROMPTS[0]))["ALPHA"].any()


def test_an_embedding_is_asked_for_once(ensemble: Any) -> None:
    text = Text("blue glow", "red glow")
    model = ensemble("separate_effects", clipseg_text=text, clipseg=image)
    for _ in range(2):
        model(FRAME=picture(), PROMPTS=prompts("red glow", "red glow"))
    model(FRAME=picture(), PROMPTS=prompts("red glow", "blue glow"))
    assert text.asked == [1, 1]
    assert model.called.count("clipseg") == 3


def test_large_frames_are_shrunk_for_the_network_and_the_answer_is_not(ensemble: Any) -> None:
    seen = []

    def watched(inputs: Tensors) -> Tensors:
        seen.append(inputs["FRAME"].shape)
        return image(inputs)

    model = ensemble("separate_effects", clipseg_text=Text("blue glow"), clipseg=watched)
    large = picture().repeat(8, axis=0).repeat(8, axis=1)
    found = model(FRAME=large, PROMPTS=prompts("blue glow"))
    assert seen == [(1, 360, 640, 3)]
    assert found["MASKS"].shape == (1, H * 8, W * 8)
    assert found["ALPHA"].shape == (H * 8, W * 8)
    assert ((found["MASKS"][0] > 127) != (large[..., 2] > 120)).mean() < 0.005


def test_more_sentences_than_one_batch(ensemble: Any) -> None:
    many = [f"glow {i}" for i in range(70)]
    text = Text(*many)
    found = ensemble("separate_effects", clipseg_text=text, clipseg=image)(
        FRAME=picture(), PROMPTS=prompts(*many)
    )
    assert text.asked == [32, 32, 6]
    assert found["MASKS"].shape == (70, H, W)
    assert found["COVERAGE"][1] > 0


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (np.array([], object), "PROMPTS is empty"),
        (np.array([b"fire", b"  "], object), r"PROMPTS\[1\] is empty"),
        (np.array([b"\xff\xfe"], object), "not UTF-8"),
    ],
)
def test_sentences_that_cannot_be_read(ensemble: Any, refused: Any, sent: NDArray[Any], message: str) -> None:
    with pytest.raises(refused, match=message):
        ensemble("separate_effects", clipseg_text=Text("fire"), clipseg=image)(FRAME=picture(), PROMPTS=sent)


def test_without_the_network_the_role_is_named(ensemble: Any, refused: Any) -> None:
    with pytest.raises(refused, match="role effects by prompt is not served"):
        ensemble("separate_effects", clipseg_text=Text("fire"))(FRAME=picture(), PROMPTS=prompts("fire"))


def lightning(colour: tuple[int, int, int], seed: int = 3) -> U8:
    """A branching bolt with a halo over a night sky."""
    import cv2

    rng = np.random.default_rng(seed)
    frame = np.linspace((18, 20, 46), (40, 44, 70), 360)[:, None].repeat(640, axis=1).astype(np.float32)
    light = np.zeros((360, 640), np.float32)
    for x in (240.0, 330.0, 420.0):
        y = 0.0
        while y < 330:
            to = (x + rng.normal(0, 22), y + rng.uniform(14, 30))
            cv2.line(light, (int(x), int(y)), (int(to[0]), int(to[1])), 1.0, 5, cv2.LINE_AA)
            x, y = to
    glow = cv2.GaussianBlur(light, (0, 0), 9) * 2.0
    frame += glow[..., None].clip(0, 1) * np.array(colour) + light[..., None] * 180
    return np.asarray(frame.clip(0, 255), np.uint8)


@pytest.mark.triton
def test_contract_on_the_server(triton: Server) -> None:
    if not triton.is_ready("clipseg"):
        pytest.skip("clipseg is not in model_repository/")
    frame = np.random.default_rng(0).integers(0, 256, (357, 201, 3), dtype=np.uint8)
    found = triton.infer("separate_effects", {"FRAME": frame})
    assert found["MASKS"].shape == (5, 357, 201)
    assert found["ALPHA"].shape == (357, 201)
    assert found["INTENSITY"].shape == found["COVERAGE"].shape == (5,)
    alpha = triton.infer("separate_effects", {"FRAME": frame, "PROMPTS": prompts("smoke")}, ["ALPHA"])
    assert set(alpha) == {"ALPHA"}


@pytest.mark.triton
def test_blue_lightning_is_found_on_the_server(triton: Server) -> None:
    if not triton.is_ready("clipseg"):
        pytest.skip("clipseg is not in model_repository/")
    frame = lightning((70, 110, 255))
    found = triton.infer(
        "separate_effects", {"FRAME": frame, "PROMPTS": prompts("blue lightning", "character")}
    )
    bolt = frame.max(axis=2) > 200
    blue, character = found["MASKS"]
    assert blue[bolt].mean() > blue[~bolt].mean() + 80
    assert blue[bolt].mean() > character[bolt].mean() + 30
