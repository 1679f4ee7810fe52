from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.grounding import (
    BEGIN,
    END,
    LONGEST,
    STOP,
    Caption,
    Detections,
    Options,
    caption,
    captions,
    chance,
    maps,
    phrase,
    prompt_scores,
    select,
    spans,
)


def rows(*phrases: list[int]) -> NDArray[np.int32]:
    """Each phrase as the tokenizer answers ``caption([prompt])``: framed, ended, padded."""
    framed = [[BEGIN, *ids, STOP, END] if ids else [BEGIN, END] for ids in phrases]
    longest = max(map(len, framed))
    return np.array([ids + [0] * (longest - len(ids)) for ids in framed], np.int32)


def test_prompts_become_one_caption() -> None:
    assert caption(["Fire", "Blue  LIGHTNING"]) == "fire . blue lightning ."
    assert caption(["…", "fire"]) == "fire ."  # NFKC makes three full stops of an ellipsis
    assert phrase("what. a\tblast?\n") == "what a blast"
    assert phrase("火 . 光") == "火 光"


def test_spans_lie_between_full_stops() -> None:
    tokens = np.array([BEGIN, 7, STOP, 8, 9, STOP, STOP, 10, END, 0, 0], np.int32)
    assert spans(tokens) == (slice(1, 2), slice(3, 5), slice(7, 8))
    assert spans(np.array([BEGIN, END], np.int32)) == ()


def test_rows_become_a_caption_that_knows_its_prompts() -> None:
    (said,) = captions(rows([7], [], [8, 9]))
    assert said.tokens.tolist() == [BEGIN, 7, STOP, 8, 9, STOP, END]
    assert said.tokens.dtype == np.int32
    assert said.prompts == (0, 2)
    assert said.spans == (slice(1, 2), slice(3, 5))
    assert captions(rows([], [])) == []


def test_what_does_not_fit_goes_into_a_second_caption() -> None:
    many = [[2000 + i] * 9 for i in range(60)]
    found = captions(rows(*many))
    assert [len(said.tokens) for said in found] == [252, 252, 102]
    assert [number for said in found for number in said.prompts] == list(range(60))
    for said in found:
        for number, span in zip(said.prompts, said.spans, strict=True):
            assert said.tokens[span].tolist() == many[number]
    (endless,) = captions(rows([7] * 400))
    assert len(endless.tokens) == LONGEST
    assert endless.tokens[-2:].tolist() == [STOP, END]


def test_a_prompt_scores_as_its_best_token() -> None:
    said = Caption(np.array([BEGIN, 7, STOP, 8, 9, STOP, END], np.int32), (2, 0), (slice(1, 2), slice(3, 5)))
    scores = np.array(
        [[0.9, 0.1, 0.9, 0.2, 0.6, 0.9, 0.9, 0.9], [0, np.nan, 0, 0.3, 0.1, 0, 0, 0]], np.float32
    )
    assert prompt_scores(scores, said, 3) == pytest.approx(np.array([[0.6, 0, 0.1], [0.3, 0, 0]]))


def square(x: float, y: float, side: float = 10) -> list[float]:
    return [x, y, x + side, y + side]


def found_by(scores: list[list[float]], boxes: list[list[float]], **options: Any) -> Detections:
    return select(np.array(scores, np.float32), np.array(boxes, np.float32), Options(**options))


def test_thresholds_of_boxes_and_sentences() -> None:
    scores = [[0.31, 0.26], [0.31, 0.24], [0.29, 0.29]]
    found = found_by(scores, [square(0, 0), square(20, 0), square(40, 0)])
    assert found.boxes.tolist() == [square(0, 0), square(20, 0)]
    assert found.scores == pytest.approx(np.array([[0.31, 0.31], [0.26, 0]]))


def test_overlapping_boxes_of_one_sentence_are_one() -> None:
    boxes = [square(0, 0), square(1, 0), square(0, 0), square(30, 0)]
    found = found_by([[0.5, 0], [0.6, 0], [0, 0.9], [0.4, 0]], boxes)
    # the second is stronger than the first, the third belongs to another sentence
    assert found.boxes.tolist() == [square(0, 0), square(1, 0), square(30, 0)]
    assert found.scores == pytest.approx(np.array([[0, 0.6, 0.4], [0.9, 0, 0]]))
    assert len(found_by([[0.5], [0.6]], boxes[:2], overlap=0.9).boxes) == 2


def test_every_sentence_keeps_its_best_box() -> None:
    boxes = [square(20 * i, 0) for i in range(6)]
    scores = [[0.9, 0], [0.8, 0], [0.7, 0], [0.6, 0], [0, 0.35], [0, 0.31]]
    found = found_by(scores, boxes, most=3)
    assert found.boxes.tolist() == [boxes[0], boxes[4], boxes[1]]


def test_empty_boxes_and_no_numbers_are_left_out() -> None:
    boxes = [[5, 5, 5, 9], [np.nan, 0, 1, 1], square(0, 0)]
    assert found_by([[0.9], [0.9], [0.5]], boxes).boxes.tolist() == [square(0, 0)]
    none = select(np.zeros((0, 2), np.float32), np.zeros((0, 4), np.float32), Options())
    assert none.boxes.shape == (0, 4)
    assert none.scores.shape == (2, 0)


def test_the_threshold_is_as_likely_as_not() -> None:
    scores = np.linspace(0, 1, 11, dtype=np.float32)
    for threshold in (0.2, 0.35, 0.5):
        likely = chance(scores, threshold)
        assert likely[[0, -1]].tolist() == [0, 1]
        assert (np.diff(likely) > 0).all()
        assert chance(np.array([threshold], np.float32), threshold)[0] == pytest.approx(0.5)
    assert chance(scores, 0.5) == pytest.approx(scores)


def test_a_map_is_a_probability() -> None:
    masks = np.zeros((3, 4, 4), np.uint8)
    masks[0, :2], masks[1, 1:3], masks[2] = 255, 128, 255
    found = Detections(np.zeros((3, 4), np.float32), np.array([[1, 0.3, 0], [0, 0, 0]], np.float32))
    out = maps(found, masks, np.array([0.5, 1.4, 1], np.float32), 0.3)
    # first box surely, its mask half right; second as likely as not, its mask 128
    assert out[0, :, 0] == pytest.approx([127.5, 127.5, 64, 0])
    assert not out[1].any()
    assert out.dtype == np.float32


def test_options_of_a_configuration() -> None:
    assert Options.read({}) == Options()
    assert Options.read(
        {"boxes_frame": "48x84", "box_threshold": "0.2", "boxes_at_most": "4", "masks_side": "256"}
    ) == Options((48, 84), box_threshold=0.2, most=4, side=256)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("boxes_frame", "768"),
        ("boxes_frame", "0x5"),
        ("boxes_frame", "axb"),
        ("box_threshold", "high"),
        ("text_threshold", "1.5"),
        ("box_threshold", "nan"),
        ("boxes_at_most", "0"),
        ("boxes_at_most", "many"),
        ("masks_side", "1024x1024"),
    ],
)
def test_options_that_cannot_be_read(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is "):
        Options.read({name: value})
