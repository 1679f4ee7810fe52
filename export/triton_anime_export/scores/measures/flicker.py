"""Temporal flicker of a matte: change of its error along the true motion.

The motion-compensated temporal coherence of Erofeev et al., "Perceptually Motivated Benchmark for Video
Matting", BMVC 2015 (MESSDdt), with absolute instead of squared errors so that it reads in alpha: a matte that
is wrong in the same way in both drawings does not flicker, and the true one scores zero.

:func:`flicker` takes that at its word. Where figures move before a background, a true flow on a grid of cells
gives the pixels at an outline the motion of the wrong side, and between pixels it averages them: a matte that
is the true one less a pixel all around then scores *more* than most real ones do, though it does not
flicker at all. So only that change counts which neither the motion of a pixel nor that of the cells beside
it explains, at either pixel that the motion ends between. :func:`strict_flicker` is the paper's rule: one
motion for each pixel, interpolated.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

CELL = 2
"""Pixels of one cell of the true flow."""


def flicker(found: tuple[U8, U8], true: tuple[U8, U8], flow: F32, valid: Mask, reach: int = 12) -> float:
    """Change of the error between two successive drawings that no motion near by explains, alpha in 0..1.

    Args:
        found: alphas [H,W] of a drawing and of the next one.
        true: the same of the truth.
        flow: true flow [H,W,2] from the first drawing to the second, pixels.
        valid: [H,W]; what the first drawing shows there is still visible in the second.
        reach: pixels around any alpha, found or true, that count; far away nothing can flicker.

    Returns:
        The mean over what may flicker; NaN where no such pixel is.
    """
    first, second = _error(found[0], true[0]), _error(found[1], true[1])
    change = np.full(valid.shape, np.inf, np.float32)
    for motion in _motions(flow):
        to_x, to_y = _ends(motion)
        np.minimum(change, np.abs(_between(second, to_x, to_y) - first), out=change)
        left, top = np.floor(to_x), np.floor(to_y)
        for x, y in itertools.product((left, np.ceil(to_x)), (top, np.ceil(to_y))):
            ended = cv2.remap(second, x, y, cv2.INTER_NEAREST, borderMode=_BORDER)
            np.minimum(change, np.abs(ended - first), out=change)
    return _mean(change, found[0], true[0], valid, reach)


def strict_flicker(
    found: tuple[U8, U8], true: tuple[U8, U8], flow: F32, valid: Mask, reach: int = 12
) -> float:
    """The same with one motion for each pixel; the arguments are those of :func:`flicker`."""
    first, second = _error(found[0], true[0]), _error(found[1], true[1])
    change = np.abs(_between(second, *_ends(flow)) - first)
    return _mean(change, found[0], true[0], valid, reach)


_BORDER = cv2.BORDER_REPLICATE


def _error(found: U8, true: U8) -> F32:
    return np.asarray(found.astype(np.float32) - true.astype(np.float32), np.float32)


def _motions(flow: F32) -> Iterator[F32]:
    """The flow, and that of the four cells beside each."""
    yield flow
    padded = cv2.copyMakeBorder(flow, CELL, CELL, CELL, CELL, _BORDER)
    h, w = flow.shape[:2]
    for down, across in ((0, CELL), (2 * CELL, CELL), (CELL, 0), (CELL, 2 * CELL)):
        yield padded[down : down + h, across : across + w]


def _ends(flow: F32) -> tuple[F32, F32]:
    """Where each pixel is in the second drawing: x and y, [H,W] each."""
    height, width = flow.shape[:2]
    to_x = flow[..., 0] + np.arange(width, dtype=np.float32)
    to_y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return to_x, to_y


def _between(values: F32, to_x: F32, to_y: F32) -> F32:
    return np.asarray(cv2.remap(values, to_x, to_y, cv2.INTER_LINEAR, borderMode=_BORDER), np.float32)


def _mean(change: F32, found: U8, true: U8, valid: Mask, reach: int) -> float:
    any_alpha = np.maximum(found, true) > 0
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    counted = valid & (cv2.dilate(any_alpha.astype(np.uint8), kernel) > 0)
    return float(change[counted].mean()) / 255.0 if counted.any() else float("nan")
