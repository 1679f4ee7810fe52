"""Effects by sentence from Grounding DINO's boxes and SAM's masks: all arithmetic around the two networks.

Grounding DINO (Liu et al., "Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object
Detection", ECCV 2024) says how well every token of a caption fits every box; SAM (Kirillov et al., "Segment
Anything", ICCV 2023) answers a mask for a box; together they are Grounded SAM (Ren et al., 2024). Here
sentences become a caption, scores of tokens become scores of sentences, boxes travel between the frames of
the two networks (:mod:`triton_anime.letterbox`), and masks become one map a sentence that means what
CLIPSeg's means: a probability · 255.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

PADDING, BEGIN, END, STOP = 0, 101, 102, 1012
"""Ids of BERT's vocabulary (uncased): padding, [CLS], [SEP] and the full stop that ends a phrase."""
LONGEST = 256
"""Tokens of one caption at most, [CLS] and [SEP] included: the network's ``max_text_len``."""

# The network takes a full stop and a question mark for the end of a phrase wherever they stand.
_ENDS = str.maketrans(".?", "  ")


@dataclass(frozen=True)
class Options:
    """How boxes are chosen.

    Attributes:
        frame: height and width in pixels of the one frame that the served Grounding DINO takes.
        box_threshold: least score of a box (its best token), 0..1; the official demo has 0.25 to 0.35.
        text_threshold: least score of a sentence in such a box, 0..1; the official demo has 0.25.
        overlap: intersection over union from which the weaker of two boxes of a sentence is dropped.
        most: boxes that go to SAM at most, in its one call for a picture.
        side: of the square frame that the served SAM takes, in pixels.

    Raises:
        ValueError: a value is out of its range.
    """

    frame: tuple[int, int] = (768, 1344)
    box_threshold: float = 0.3
    text_threshold: float = 0.25
    overlap: float = 0.7
    most: int = 32
    side: int = 1024

    def __post_init__(self) -> None:
        if min(self.frame) < 1:
            raise ValueError(f"boxes_frame is {self.frame[0]}x{self.frame[1]}; both must be 1 or more")
        for name in ("box_threshold", "text_threshold", "overlap"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1")
        for name, value in (("boxes_at_most", self.most), ("masks_side", self.side)):
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more")

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Options:
        """The options that a model's configuration names; the defaults for those that it does not.

        Args:
            parameters: ``boxes_frame`` ("768x1344": height, width), ``box_threshold``, ``text_threshold``,
                ``box_overlap``, ``boxes_at_most`` and ``masks_side``, each as text; others are ignored.

        Raises:
            ValueError: one cannot be read or is out of its range; the message names it.
        """
        usual = cls()
        height, _, width = parameters.get("boxes_frame", "{}x{}".format(*usual.frame)).partition("x")
        if not (height.strip().isdecimal() and width.strip().isdecimal()):
            said = parameters["boxes_frame"]
            raise ValueError(f"boxes_frame is {said!r}; write height and width, such as 768x1344")
        return cls(
            (int(height), int(width)),
            _number(parameters, "box_threshold", usual.box_threshold),
            _number(parameters, "text_threshold", usual.text_threshold),
            _number(parameters, "box_overlap", usual.overlap),
            _whole(parameters, "boxes_at_most", usual.most),
            _whole(parameters, "masks_side", usual.side),
        )


def _number(parameters: Mapping[str, str], name: str, usual: float) -> float:
    try:
        return float(parameters.get(name, usual))
    except ValueError:
        raise ValueError(f"{name} is {parameters[name]!r}; write a number such as {usual}") from None


def _whole(parameters: Mapping[str, str], name: str, usual: int) -> int:
    said = parameters.get(name, str(usual)).strip()
    if not said.isdecimal():
        raise ValueError(f"{name} is {said!r}; write a whole number such as {usual}")
    return int(said)


def phrase(prompt: str) -> str:
    """The prompt as a phrase of a caption: lower case, one line, nothing in it that would end the phrase.

    Empty where the prompt has nothing but such marks.
    """
    return " ".join(unicodedata.normalize("NFKC", prompt).lower().translate(_ENDS).split())


def caption(prompts: Sequence[str]) -> str:
    """All prompts in the network's convention, each ended by a full stop: "fire . blue lightning ."."""
    return " ".join(f"{said} ." for said in map(phrase, prompts) if said)


@dataclass(frozen=True)
class Caption:
    """What goes to the network at once.

    Attributes:
        tokens: int32 [N], at most ``LONGEST``, [CLS] first and [SEP] last.
        prompts: the number of the prompt that each of ``spans`` belongs to.
        spans: where in ``tokens`` that prompt's tokens are, without its full stop.
    """

    tokens: I32
    prompts: tuple[int, ...]
    spans: tuple[slice, ...]


def spans(tokens: I32) -> tuple[slice, ...]:
    """Where the phrases of a caption are: runs between full stops, [CLS], [SEP] and padding, int32 [N]."""
    inside = ~np.isin(tokens, (PADDING, BEGIN, END, STOP))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    return tuple(slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True))


def captions(rows: I32) -> list[Caption]:
    """As few captions as hold all prompts.

    A word's tokens do not depend on its neighbours, so phrases that were tokenised one by one are the tokens
    of the caption they make together.

    Args:
        rows: int32 [P,N], the tokens of ``caption([prompt])`` for each prompt, padded with 0. A row without
            any word is in no caption; of one longer than a caption the end is dropped.
    """
    found: list[Caption] = []
    ids: list[int] = []
    members: list[int] = []

    def close() -> None:
        if members:
            tokens = np.array([BEGIN, *ids, END], np.int32)
            found.append(Caption(tokens, tuple(members), spans(tokens)))
        ids.clear()
        members.clear()

    for number, row in enumerate(rows):
        said = [int(token) for token in row if token not in (PADDING, BEGIN, END, STOP)][: LONGEST - 3]
        if not said:
            continue
        if len(ids) + len(said) + 3 > LONGEST:
            close()
        ids += [*said, STOP]
        members.append(number)
    close()
    return found


def prompt_scores(scores: F32, said: Caption, count: int) -> F32:
    """How well each box fits each prompt: its best token's score.

    Args:
        scores: float32 [Q,N] for each box and token of ``said``; padding behind its tokens is ignored.
        said: the caption.
        count: prompts in all.

    Returns:
        float32 [Q,count]; 0 for prompts that are not in this caption.
    """
    found = np.zeros((len(scores), count), np.float32)
    for number, span in zip(said.prompts, said.spans, strict=True):
        found[:, number] = np.nan_to_num(scores[:, span].max(axis=1))
    return found


@dataclass(frozen=True)
class Detections:
    """Boxes worth a mask.

    Attributes:
        boxes: float32 [n,4] x0, y0, x1, y1 in pixels of the picture.
        scores: float32 [P,n], of each prompt in each box; 0 where the box is none of the prompt's.
    """

    boxes: F32
    scores: F32


def select(scores: F32, boxes: F32, options: Options) -> Detections:
    """The boxes of every prompt.

    A box counts when its best token reaches ``box_threshold``, and belongs to every prompt that reaches
    ``text_threshold`` in it; of boxes of one prompt that overlap the strongest stays. Where too many are
    left, every prompt keeps its best before any keeps its second best.

    Args:
        scores: float32 [Q,P] of :func:`prompt_scores`.
        boxes: float32 [Q,4] of :meth:`triton_anime.letterbox.Letterbox.boxes_out`; empty ones and those that
            are no numbers are left out.
        options: thresholds and limits.
    """
    real = np.isfinite(boxes).all(axis=1)
    solid = real & ((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
    counts = (scores >= options.text_threshold) & (solid & (scores.max(axis=1) >= options.box_threshold))[
        :, None
    ]
    kept: list[tuple[int, float, int, int]] = []
    for number in range(scores.shape[1]):
        own = np.flatnonzero(counts[:, number])
        ordered = own[np.argsort(-scores[own, number], kind="stable")]
        for rank, box in enumerate(_apart(boxes, ordered, options.overlap)):
            kept.append((rank, -float(scores[box, number]), box, number))
    chosen = list(dict.fromkeys(box for _, _, box, _ in sorted(kept)))[: options.most]
    place = {box: i for i, box in enumerate(chosen)}
    found = np.zeros((scores.shape[1], len(chosen)), np.float32)
    for _, score, box, number in kept:
        if box in place:
            found[number, place[box]] = -score
    return Detections(boxes[chosen].reshape(-1, 4), found)


def _apart(boxes: F32, ordered: NDArray[np.intp], overlap: float) -> list[int]:
    """Non-maximum suppression: of ``ordered`` boxes, strongest first, those that no stronger one covers."""
    kept: list[int] = []
    while len(ordered):
        best, ordered = int(ordered[0]), ordered[1:]
        kept.append(best)
        low = np.maximum(boxes[ordered, :2], boxes[best, :2])
        high = np.minimum(boxes[ordered, 2:], boxes[best, 2:])
        both = np.clip(high - low, 0, None).prod(axis=1)
        areas = (boxes[ordered, 2:] - boxes[ordered, :2]).prod(axis=1)
        either = areas + (boxes[best, 2:] - boxes[best, :2]).prod() - both
        ordered = ordered[both < overlap * either]
    return kept


def chance(scores: F32, threshold: float) -> F32:
    """Probability that a box shows its prompt, from the detector's score.

    The detector's scores are no probabilities: what the threshold lets pass is as likely right as wrong. So
    the odds of a score are taken against those of the threshold: 0 stays 0, the threshold becomes ½, 1
    stays 1. With a threshold of 0.3 a score of 0.5 becomes 0.7.
    """
    right = scores * (1 - threshold)
    return cast(F32, (right / (right + (1 - scores) * threshold)).astype(np.float32))


def maps(found: Detections, masks: U8, quality: F32, threshold: float) -> F32:
    """One map a prompt over the frame that SAM saw.

    A pixel shows the prompt when some box shows it and the pixel belongs to what is in that box: the product
    of the detector's probability (:func:`chance`), the mask's, and the mask's own predicted intersection
    over union; the best box decides.

    Args:
        found: P prompts, n boxes.
        masks: uint8 [n,m,m], probability · 255.
        quality: float32 [n], predicted intersection over union; beyond 0..1 it is cut.
        threshold: ``box_threshold``.

    Returns:
        float32 [P,m,m], 0..255.
    """
    sure = chance(found.scores, threshold) * np.clip(np.nan_to_num(quality), 0, 1)
    out = np.zeros((len(found.scores), *masks.shape[1:]), np.float32)
    for number, weights in enumerate(sure):
        for box in np.flatnonzero(weights):
            np.maximum(out[number], masks[box] * weights[box], out=out[number])
    return out
