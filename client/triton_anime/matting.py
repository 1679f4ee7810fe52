"""From boxes to a full-resolution alpha: crops, the agreement of independent networks, fine edges.

Used by the server's ``refine_character`` and ``decompose_frame``. U²-Net (Qin et al. 2020, saliency) and
MODNet (Ke et al. 2022, matting) look at the same crop independently; how far they agree is the measured
quality of the mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.graph_cut import graph_cut, mixtures
from triton_anime.guided import guided_around

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]

# Drawn outlines are one or two pixels wide, the networks' are wider: alpha between these is stretched.
# Measured on true alphas blurred as the networks blur them: mean error 0.8 with, 1.9 without (of 255).
_BLACK, _WHITE = 64, 192
# Long side of the picture that is cut. On the drawings of the scores, intersection over union is higher by
# 0.01 to 0.02 at 400 than at 320, which has two thirds of the pixels.
_SIDE = 400
_SURELY_NOT = 0.15
# What is added to the chances before each of the cuts begins. With one cut alone, a hat of the real clips
# came and went from drawing to drawing; on the drawings of the scores nothing changes in the mean.
_STARTS = (-0.1, 0.0, 0.1)
# Chance below and above which a further cut learns the colours: between the two the networks doubt, and grey
# trousers that they half see would count as colours of the background, which then has them.
_DOUBT = (0.3, 0.7)
_CUT_SHARE = 0.75
# Mean chance from which an enclosed gap of the cut is closed.
_GAP = 0.4
_COARSE_SHARE = 0.8
# Coarse probability, of 255, from which somebody may be there.
_MAYBE = 112


def crops(boxes: I32, height: int, width: int, margin: float = 0.15) -> list[Box]:
    """Where to look: boxes with a margin, overlapping ones joined.

    Args:
        boxes: [N,4] int32 x, y, w, h in pixels.
        height: rows of the frame.
        width: columns of the frame.
        margin: share of the longer side of a box added on every side.

    Returns:
        (x, y, w, h) inside the frame, left to right; empty when there are no boxes.
    """
    grown: list[list[int]] = []
    for x, y, w, h in boxes.tolist():
        if w <= 0 or h <= 0:
            continue
        by = round(margin * max(w, h)) + 4
        grown.append([max(0, x - by), max(0, y - by), min(width, x + w + by), min(height, y + h + by)])
    joined = True
    while joined:
        joined = False
        for i in range(len(grown)):
            for j in range(i + 1, len(grown)):
                a, b = grown[i], grown[j]
                if min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1]):
                    grown[i] = [min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])]
                    del grown[j]
                    joined = True
                    break
            if joined:
                break
    boxes_out = [(x0, y0, x1 - x0, y1 - y0) for x0, y0, x1, y1 in grown if x1 > x0 and y1 > y0]
    return sorted(boxes_out)


def boxes_of(mask: U8, height: int, width: int, threshold: int = 96) -> I32:
    """Boxes [N,4] in a frame of the given size around the connected parts of a coarse mask [h,w]."""
    h, w = mask.shape
    count, _, stats, _ = cv2.connectedComponentsWithStats(
        (mask >= threshold).astype(np.uint8), connectivity=8
    )
    found = []
    for x, y, bw, bh, area in stats[1:count].tolist():
        if area < max(2, 0.0008 * h * w):
            continue
        x0, y0 = x * width // w, y * height // h
        x1, y1 = -(-(x + bw) * width // w), -(-(y + bh) * height // h)
        found.append((x0, y0, x1 - x0, y1 - y0))
    return np.array(found, np.int32).reshape(-1, 4)


def fuse(frame: U8, where: Sequence[Box], answers: Sequence[Sequence[U8]], coarse: U8 | None) -> U8:
    """One alpha from what the networks said about the crops, and from the colours of the picture.

    The mean of all estimates says where characters surely are and surely are not; between the two, the cut
    of least energy decides (Rother, Kolmogorov & Blake, "GrabCut", 2004): drawn colours are flat and bounded
    by lines, which is what it looks for. Edges then move to those of the picture.

    Args:
        frame: [H,W,3] RGB.
        where: the crops, (x, y, w, h).
        answers: for each crop, alphas [h,w] of one or more independent networks.
        coarse: [any, any] coarse character probability · 255 of the whole frame, if known: nothing far
            outside of it is kept (a network that sees only a crop takes the most salient thing for a
            character).

    Returns:
        [H,W] uint8.
    """
    height, width = frame.shape[:2]
    said = np.zeros((height, width), np.uint8)
    for (x, y, w, h), alphas in zip(where, answers, strict=True):
        mean = np.mean([alpha.astype(np.float32) for alpha in alphas], axis=0)
        here = said[y : y + h, x : x + w]
        np.maximum(here, np.rint(mean).astype(np.uint8), out=here)
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    mean = cv2.resize(said, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    if coarse is not None:
        known = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
        mean = (_COARSE_SHARE * known + (1 - _COARSE_SHARE) * mean) * _gate(known)
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    mixed = _CUT_SHARE * cut(small, mean) + (1 - _CUT_SHARE) * mean
    return levels(guided_around(np.rint(mixed).astype(np.uint8), frame, radius=5, epsilon=2e-3))


def cut(picture: U8, chance: F32) -> F32:
    """Foreground [h,w], 0..255, by GrabCut from a chance [h,w] in 0..255; the chance if one side lacks.

    Which of two borders is the cheaper one may hang on a hair, and a hat on it: the mean of several cuts
    decides, which begin with more and with less inside. One of them has its colours from where the chance is
    no doubt alone.
    """
    share = chance / 255
    never, surely = share < _SURELY_NOT, share > 1 - _SURELY_NOT
    found = [graph_cut(picture, share + np.float32(shift), never, surely) for shift in _STARTS]
    colours = mixtures(picture, share > _DOUBT[1], share < _DOUBT[0])
    if colours is not None:
        found.append(graph_cut(picture, share, never, surely, colours))
    votes = [_without_gaps(inside, share) for inside in found if inside is not None]
    if not votes:
        return chance
    return np.mean(votes, axis=0, dtype=np.float32) * np.float32(255)


def _without_gaps(found: Mask, share: F32) -> Mask:
    """A cut closed where a gap inside a figure is paint in the background's colours: the networks see it."""
    closed = found.copy()
    count, gaps = cv2.connectedComponents((~found).astype(np.uint8), connectivity=4)
    edge = {*gaps[0].tolist(), *gaps[-1].tolist(), *gaps[:, 0].tolist(), *gaps[:, -1].tolist()}
    for gap in range(1, count):
        inside_gap = gaps == gap
        if gap not in edge and float(share[inside_gap].mean()) > _GAP:
            closed |= inside_gap
    return closed


def levels(alpha: U8) -> U8:
    """Soft outlines made as narrow as drawn ones; the slope between stays straight."""
    table = np.clip((np.arange(256) - _BLACK) * 255.0 / (_WHITE - _BLACK), 0, 255)
    return cast(U8, cv2.LUT(alpha, np.rint(table).astype(np.uint8)))


def agreement(one: U8, other: U8) -> tuple[float, float]:
    """(Σ min, Σ max) of two alphas; their ratio is the soft intersection over union."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    return float(np.minimum(a, b).sum()), float(np.maximum(a, b).sum())


def _gate(coarse: U8) -> F32:
    """1 on and around the coarse mask, falling to 0 over a twentieth of the shorter side."""
    if not (coarse >= _MAYBE).any():
        return np.zeros(coarse.shape, np.float32)
    outside = cv2.distanceTransform((coarse < _MAYBE).astype(np.uint8), cv2.DIST_L2, 3)
    return np.clip(2.0 - outside / max(1.0, 0.05 * min(coarse.shape)), 0, 1).astype(np.float32)
