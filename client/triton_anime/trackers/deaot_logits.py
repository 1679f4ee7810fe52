"""Logits of DeAOT's runs, ten objects each, made into one answer for the whole frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RUN = 10
"""Objects that one run follows."""

_UNKNOWN = np.float32(-1e10)  # the logit of an identity that no object has
_EDGE = 1e-5

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


def runs_for(objects: int) -> int:
    """How many runs follow so many objects."""
    return -(-objects // RUN)


def labels_of_run(labels: U8, run: int) -> U8:
    """Object numbers as a run knows them: 1 to 10, 0 for none and for those of other runs."""
    inside = (labels > run * RUN) & (labels <= (run + 1) * RUN)
    return np.where(inside, labels - np.uint8(run * RUN), 0).astype(np.uint8)


def combine(logits: Sequence[F32], objects: int, size: tuple[int, int]) -> F32:
    """One set of logits at the frame's size.

    Args:
        logits: of each run ``[11, h, w]``, background first, known or not.
        objects: how many there are.
        size: height and width of the frame.

    Returns:
        ``[1 + 10 R, H, W]``, background first; identities that no object has are far below all others.
    """
    enlarged = []
    for run, small in enumerate(logits):
        known = 1 + min(RUN, objects - run * RUN)
        large = np.full((small.shape[0], *size), _UNKNOWN, np.float32)
        large[:known] = enlarge(small[:known], size)
        enlarged.append(large)
    if len(enlarged) == 1:
        return enlarged[0]
    shares = [softmax(large) for large in enlarged]
    nobody = np.prod([share[:1] for share in shares], axis=0)
    joint = np.clip(np.concatenate([nobody, *(share[1:] for share in shares)]), _EDGE, 1 - _EDGE)
    combined: F32 = np.log(joint / (1 - joint)).astype(np.float32)
    return combined


def softmax(logits: F32) -> F32:
    """Over the first axis."""
    raised = np.exp(logits - logits.max(axis=0))
    shares: F32 = raised / raised.sum(axis=0)
    return shares


def enlarge(planes: F32, size: tuple[int, int]) -> F32:
    """Bilinear with the outermost cells' centres on the outermost pixels' (``align_corners``).

    Args:
        planes: ``[C, h, w]``.
        size: height and width of the result.
    """
    rows, columns = (_between(*pair) for pair in zip(planes.shape[1:], size, strict=True))
    large: F32 = rows @ planes @ columns.T
    return large


def nearest(labels: U8, size: tuple[int, int]) -> U8:
    """Labels ``[H, W]`` at another size, each pixel from the one that its corner lies in."""
    rows, columns = (np.arange(out) * has // out for has, out in zip(labels.shape, size, strict=True))
    return labels[rows[:, None], columns]


def _between(has: int, out: int) -> F32:
    """``[out, has]``: how much each cell counts for each pixel."""
    place = np.arange(out, dtype=np.float32) * np.float32((has - 1) / max(out - 1, 1))
    first = np.minimum(place.astype(np.intp), max(has - 2, 0))
    weights = np.zeros((out, has), np.float32)
    weights[np.arange(out), first] = 1 - (place - first)
    if has > 1:
        weights[np.arange(out), first + 1] = place - first
    return weights
