"""Given masks and predicted ones made into one set of competing probabilities, as XMem does it."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

_EDGE = 1e-7

F32 = NDArray[np.float32]


def compete(probabilities: F32) -> F32:
    """Let objects and background share each pixel (XMem's soft aggregation).

    Args:
        probabilities: float32 ``[O, H, W]``, each object for itself.

    Returns:
        float32 ``[O + 1, H, W]`` that sum to 1, background first.
    """
    background = np.prod(1 - probabilities, axis=0, keepdims=True)
    joint = np.clip(np.concatenate([background, probabilities]), _EDGE, 1 - _EDGE)
    odds = joint / (1 - joint)  # the softmax of logits, without the detour through logarithms
    return (odds / odds.sum(axis=0, keepdims=True)).astype(np.float32)


def merge_given(
    predicted: F32 | None, labels: NDArray[np.uint8], given: Collection[int], objects: int
) -> F32:
    """Probabilities of a drawing for which some masks are given.

    The given objects take their masks as they are; the others keep what was predicted, except where a given
    mask lies. Objects that are neither predicted nor given are nowhere.

    Args:
        predicted: ``[P + 1, H, W]``, background first, of the objects that are already known (P may be less
            than ``objects``), or None when nothing was predicted.
        labels: uint8 ``[H, W]``, object numbers from 1 where a given mask lies, 0 elsewhere.
        given: the numbers that are given, also those whose mask is empty.
        objects: how many objects there are from now on.

    Returns:
        ``[objects + 1, H, W]``, background first.
    """
    masks = np.zeros((objects, *labels.shape), np.float32)
    if predicted is not None:
        known = min(predicted.shape[0] - 1, objects)
        masks[:known] = predicted[1 : known + 1]
        masks[:, labels > 0] = 0.0
    for number in given:
        masks[number - 1] = labels == number
    return compete(masks)
