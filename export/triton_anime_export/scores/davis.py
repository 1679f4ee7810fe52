"""DAVIS 2017, semi-supervised: its folder, and its score of followed masks.

Pont-Tuset et al., "The 2017 DAVIS Challenge on Video Object Segmentation" (2017). The first frame's masks are
given; it and the last one are not scored. Figures are means over the objects of all sequences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.errors import DataError
from triton_anime_export.scores.measures.boundary_f import boundary_f
from triton_anime_export.scores.measures.course import Course, course
from triton_anime_export.scores.measures.mask_iou import mask_iou

U8 = NDArray[np.uint8]

_VOID = 255
_SET = "ImageSets/2017/{}.txt"


@dataclass(frozen=True)
class Sequence2017:
    """One sequence.

    Attributes:
        name: of its folders.
        frames: RGB uint8 [H,W,3].
        masks: object numbers uint8 [H,W] of every frame; what is void counts as nobody.
    """

    name: str
    frames: list[U8]
    masks: list[U8]


@dataclass(frozen=True)
class ObjectScore:
    """J and F of one object over a sequence."""

    number: int
    j: Course
    f: Course


def sequences(folder: Path, split: str = "val", resolution: str = "480p") -> Iterator[Sequence2017]:
    """The sequences of a split, one at a time, as its list names them.

    Args:
        folder: of the data set: ``JPEGImages/480p``, ``Annotations/480p``, ``ImageSets/2017``.
        split: its list in ``ImageSets/2017``.
        resolution: folder inside the first two.

    Raises:
        DataError: a file is missing or not a picture; the message names it.
    """
    listed = folder / _SET.format(split)
    if not listed.is_file():
        raise DataError(f"{listed} is missing; name the folder of DAVIS 2017 that holds JPEGImages")
    for name in listed.read_text("utf-8").split():
        pictures = folder / "JPEGImages" / resolution / name
        files = sorted(pictures.glob("*.jpg"))
        if not files:
            raise DataError(f"{pictures} holds no .jpg files; is DAVIS 2017 there at {resolution}?")
        marked = [folder / "Annotations" / resolution / name / f"{file.stem}.png" for file in files]
        yield Sequence2017(name, [_picture(file) for file in files], [_numbers(file) for file in marked])


def score(name: str, found: Sequence[U8], true: Sequence[U8]) -> list[ObjectScore]:
    """J and F of each object of the first frame.

    Args:
        name: of the sequence.
        found: object numbers uint8 [H,W] of every frame.
        true: the same of the truth.

    Raises:
        DataError: there are fewer than three frames, of which the first and the last are not scored.
    """
    if len(true) < 3:
        raise DataError(f"{name} has {len(true)} frames; three are needed, the first and last are not scored")
    scores = []
    for number in range(1, int(true[0].max()) + 1):
        pairs = [(a == number, b == number) for a, b in zip(found[1:-1], true[1:-1], strict=True)]
        j, f = (course([measure(*pair) for pair in pairs]) for measure in (mask_iou, boundary_f))
        scores.append(ObjectScore(number, j, f))
    return scores


def means(scores: Sequence[ObjectScore]) -> dict[str, float]:
    """The figures of the challenge: J&F, then mean, recall and decay of J and of F, over all objects."""
    figures = {
        f"{key}_{part}": float(np.mean([getattr(getattr(score, key), part) for score in scores]))
        for key in ("j", "f")
        for part in ("mean", "recall", "decay")
    }
    return {"jf": (figures["j_mean"] + figures["f_mean"]) / 2} | figures


def _picture(path: Path) -> U8:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(f"{path} is not a picture; fetch it again")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _numbers(path: Path) -> U8:
    """The indices of a palette picture, which OpenCV would turn into colours."""
    if not path.is_file():
        raise DataError(f"{path} is missing: every frame of the split needs its masks")
    try:
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            array = frame.to_ndarray()
    except (av.error.FFmpegError, StopIteration, ValueError) as error:
        raise DataError(f"{path} is not a picture ({error}); fetch it again") from error
    if isinstance(array, tuple):  # indices and palette
        array = array[0]
    if array.ndim != 2:
        raise DataError(f"{path} has colours, not object numbers; the masks of DAVIS are palette pictures")
    return np.where(array == _VOID, 0, array).astype(np.uint8)
