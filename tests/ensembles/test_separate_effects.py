from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.prompts import ANY_EFFECT, DEFAULT_PROMPTS, tokens
from triton_anime.server import Server
from triton_anime.serving.fusion import fuse

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


GROUNDED = ("bert_tokenizer", "grounding_dino", "sam_encode", "sam_decode")
VOCABULARY = {"blue": 40, "red": 41, "glow": 42, "smoke": 43, ".": 1012}


class Grounded:
    """The four networks: boxes what is blue or red in its small frame, fills them in SAM's."""

    def __init__(self) -> None:
        self.texts: list[list[str]] = []
        self.captions: list[list[int]] = []
        self.boxes: NDArray[Any] = np.zeros((0, 4))

    def tokenize(self, inputs: Tensors) -> Tensors:
        texts = [text.decode() for text in inputs["TEXT"]]
        assert all(texts), "a tokenizer refuses what is blank"
        self.texts.append(texts)
        rows = [[101, *(VOCABULARY.get(word, 44) for word in text.split()), 102] for text in texts]
        longest = max(map(len, rows))
        return {"TOKENS": np.array([row + [0] * (longest - len(row)) for row in rows], np.int32)}

    def detect(self, inputs: Tensors) -> Tensors:
        (frame,), (tokens,) = inputs["FRAME"].astype(int), inputs["TOKENS"]
        self.captions.append(tokens.tolist())
        h, w = frame.shape[:2]
        boxes, scores = [], []
        for channel, word in ((2, "blue"), (0, "red")):
            ys, xs = np.nonzero((frame[..., channel] > 150) & (frame[..., 1] < 90))
            x0, y0, x1, y1 = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if len(xs) else (0, 0, 0, 0)
            boxes.append([(x0 + x1) / 2 / w, (y0 + y1) / 2 / h, (x1 - x0) / w, (y1 - y0) / h])
            scores.append(np.where(tokens == VOCABULARY[word], 0.8, 0.05))
        return {"SCORES": np.array([scores], np.float32), "BOXES": np.array([boxes], np.float32)}

    def encode(self, inputs: Tensors) -> Tensors:
        assert inputs["FRAME"].shape == (1, 1024, 1024, 3)
        return {"EMBEDDING": np.zeros((1, 256, 64, 64), np.float32)}

    def decode(self, inputs: Tensors) -> Tensors:
        self.boxes = inputs["BOXES"][0]
        cells = np.arange(256) * 4  # in pixels of SAM's frame; what a box touches is filled
        masks = [
            ((cells + 4 > y0) & (cells < y1))[:, None] & ((cells + 4 > x0) & (cells < x1))
            for x0, y0, x1, y1 in self.boxes
        ]
        return {
            "MASKS": np.stack(masks).astype(np.uint8)[None] * np.uint8(255),
            "SCORES": np.full((1, len(masks)), 0.9, np.float32),
        }

    @property
    def networks(self) -> dict[str, Any]:
        functions = (self.tokenize, self.detect, self.encode, self.decode)
        return dict(zip(GROUNDED, functions, strict=True))


SMALL = {"boxes_frame": "48x84"}
BOXED = round(255 * (0.8 * 0.7) / (0.8 * 0.7 + 0.2 * 0.3) * 0.9)  # a score of 0.8, an intersection of 0.9


def only(*names: str) -> NDArray[Any]:
    return np.array([name.encode() for name in names], object)


def both(ensemble: Any, grounded: Grounded, parameters: dict[str, str] = SMALL) -> Any:
    return ensemble(
        "separate_effects",
        parameters,
        clipseg_text=Text("blue glow", "red glow", "x", "smoke"),
        clipseg=image,
        **grounded.networks,
    )


def test_boxes_and_their_masks_answer_sentence_by_sentence(ensemble: Any) -> None:
    grounded = Grounded()
    model = both(ensemble, grounded)
    found = model(
        FRAME=picture(), PROMPTS=prompts("Blue glow", "smoke", "red."), NETWORKS=only("grounded_sam")
    )
    assert model.called == [*GROUNDED]
    assert grounded.texts == [["blue glow .", "smoke .", "red ."]]
    assert grounded.captions == [[101, 40, 42, 1012, 43, 1012, 41, 1012, 102]]
    blue, smoke, red = found["MASKS"].astype(int)
    assert not smoke.any()
    for mask, true in ((blue, picture()[..., 2] > 120), (red, picture()[..., 0] > 120)):
        inside = mask > BOXED / 2
        assert (inside & true).sum() / (inside | true).sum() > 0.85
        assert abs(mask.max() - BOXED) <= 1
    assert found["INTENSITY"] == pytest.approx([BOXED / 255, 0, BOXED / 255], abs=0.07)
    assert found["COVERAGE"] == pytest.approx([40 * 40 / (H * W), 0, 50 * 50 / (H * W)], rel=0.1)
    model(FRAME=picture(), PROMPTS=prompts("red.", "blue"), NETWORKS=only("grounded_sam"))
    assert grounded.texts[1:] == [["blue ."]]  # tokens are kept


def test_both_sources_are_made_one(ensemble: Any) -> None:
    asked = {"FRAME": picture(), "PROMPTS": prompts("blue glow", "smoke")}
    model = both(ensemble, Grounded())
    clip, grounded, fused, usual = (
        model(**asked, **names)
        for names in (
            {"NETWORKS": only("clipseg")},
            {"NETWORKS": only("grounded_sam")},
            {"NETWORKS": only("grounded_sam", "clipseg")},
            {},
        )
    )
    for name, value in fused.items():
        assert np.array_equal(value, usual[name]), name
    wanted = fuse([clip["MASKS"], grounded["MASKS"]])
    assert np.array_equal(fused["MASKS"], wanted)
    assert fused["INTENSITY"][0] >= grounded["INTENSITY"][0]
    assert fused["INTENSITY"][1] == fused["COVERAGE"][1] == 0


def test_of_the_usual_sources_those_that_are_served_answer(ensemble: Any) -> None:
    asked = {"FRAME": picture(), "PROMPTS": prompts("blue glow")}
    whole = both(ensemble, Grounded())
    clip = ensemble("separate_effects", clipseg_text=Text("blue glow"), clipseg=image)
    assert np.array_equal(clip(**asked)["MASKS"], whole(**asked, NETWORKS=only("clipseg"))["MASKS"])
    alone = ensemble("separate_effects", SMALL, **Grounded().networks)
    assert np.array_equal(alone(**asked)["MASKS"], whole(**asked, NETWORKS=only("grounded_sam"))["MASKS"])
    limited = both(ensemble, Grounded(), {**SMALL, "networks": "clipseg"})
    limited(**asked)
    assert limited.called == ["clipseg_text", "clipseg"]


@pytest.mark.parametrize("absent", GROUNDED)
def test_a_named_source_must_be_there_whatever_the_picture_shows(
    ensemble: Any, refused: Any, absent: str
) -> None:
    networks = {name: network for name, network in Grounded().networks.items() if name != absent}
    model = ensemble("separate_effects", SMALL, clipseg_text=Text("fire"), clipseg=image, **networks)
    dark = np.zeros_like(picture())
    model(FRAME=dark, PROMPTS=prompts("fire"))
    with pytest.raises(refused, match=f"^role effects by prompt is not served: .*needs {absent}"):
        model(FRAME=dark, PROMPTS=prompts("fire"), NETWORKS=only("clipseg", "grounded_sam"))


def test_a_source_that_fails_is_no_absent_one(ensemble: Any, refused: Any) -> None:
    networks = {**Grounded().networks, "sam_decode": "out of memory"}
    model = ensemble("separate_effects", SMALL, clipseg_text=Text("blue glow"), clipseg=image, **networks)
    with pytest.raises(refused, match=r"^role effects by prompt failed: out of memory"):
        model(FRAME=picture(), PROMPTS=prompts("blue glow"))


@pytest.mark.parametrize("names", [("sam",), ("clipseg", "grounded-sam"), ()])
def test_unknown_sources_are_one_clear_line(ensemble: Any, refused: Any, names: tuple[str, ...]) -> None:
    with pytest.raises(refused, match=r"^NETWORKS names .*; name one or more of clipseg, grounded_sam$"):
        both(ensemble, Grounded())(FRAME=picture(), NETWORKS=only(*names))


def test_nothing_served_names_the_role(ensemble: Any, refused: Any) -> None:
    with pytest.raises(refused, match=r"^role effects by prompt is not served"):
        ensemble("separate_effects")(FRAME=picture())


def test_words_that_are_none_find_nothing(ensemble: Any) -> None:
    model = ensemble("separate_effects", SMALL, **Grounded().networks)
    found = model(FRAME=picture(), PROMPTS=prompts("...", "?"))
    assert model.called == []
    assert not found["MASKS"].any()
    assert found["MASKS"].shape == (2, H, W)
    found = model(FRAME=picture(), PROMPTS=prompts("...", "red", "?"))
    assert found["MASKS"].any(axis=(1, 2)).tolist() == [False, True, False]


def test_more_words_than_a_caption_holds(ensemble: Any) -> None:
    grounded = Grounded()
    many = [f"strange thing number {i} in the air" for i in range(50)]
    found = ensemble("separate_effects", SMALL, **grounded.networks)(
        FRAME=picture(), PROMPTS=prompts(*many, "red glow")
    )
    assert len(grounded.captions) == 2
    assert max(map(len, grounded.captions)) <= 256
    assert found["COVERAGE"][-1] > 0.1
    assert not found["MASKS"][:-1].any()


@pytest.mark.parametrize("shape", [(2160, 3840), (1920, 1080), (1, 1), (1, 700)])
def test_frames_of_any_shape(ensemble: Any, shape: tuple[int, int]) -> None:
    height, width = shape
    frame = np.full((height, width, 3), 20, np.uint8)
    true = np.zeros(shape, bool)
    true[height // 4 : height // 2 + 1, width // 2 : width * 3 // 4 + 1] = True
    frame[true] = (230, 50, 30)
    grounded = Grounded()
    found = ensemble("separate_effects", SMALL, **grounded.networks)(FRAME=frame, PROMPTS=prompts("red"))
    assert found["MASKS"].shape == (1, height, width)
    inside = found["MASKS"][0] > BOXED / 2
    assert (inside & true).sum() / (inside | true).sum() > 0.8
    # the boxes that SAM gets are those of its own frame
    x0, y0, x1, y1 = grounded.boxes[0] / 1024 * max(shape)
    assert (x0, y0) == pytest.approx((width // 2, height // 4), abs=max(shape) / 40)
    assert (x1, y1) == pytest.approx((width * 3 // 4 + 1, height // 2 + 1), abs=max(shape) / 40)


def test_clip_tokens_come_from_the_tokenizer_where_it_is_served(ensemble: Any) -> None:
    seen = []

    def text(inputs: Tensors) -> Tensors:
        seen.append(inputs["TOKENS"].tolist())
        return {"CONDITION": np.zeros((len(inputs["TOKENS"]), 4), np.float32)}

    def tokenize(inputs: Tensors) -> Tensors:
        return {"TOKENS": np.array([[49406, len(text), 49407] for text in inputs["TEXT"]], np.int32)}

    model = ensemble("separate_effects", clip_tokenizer=tokenize, clipseg_text=text, clipseg=image)
    model(FRAME=picture(), PROMPTS=prompts("Fire!", "smoke"))
    assert seen == [[[49406, 5, 49407], [49406, 5, 49407]]]


@pytest.mark.parametrize(("name", "value"), [("boxes_frame", "large"), ("box_threshold", "2")])
def test_a_configuration_that_cannot_be_read(ensemble: Any, name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is "):
        ensemble("separate_effects", {name: value})


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
