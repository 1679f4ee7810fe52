"""From what a segmentation network says to characters: classes, instances, boxes, scores.

The grouping is that of Panoptic-DeepLab (Cheng et al., CVPR 2020): every pixel of a character points at the
centre of its character; pixels that point at the same centre belong together. Used by the server's
``segment_frame`` and ``decompose_frame``; another network fills the same role by giving class
probabilities and an instance map to :func:`panoptic`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

BACKGROUND, CHARACTER, EFFECT, OBJECT = 0, 1, 2, 3
CLASSES = ("background", "character", "effect", "object")

# Least height of the centre heat map, of 255.
_CENTRE = 26
_MOST_CHARACTERS = 24
# Cells of a common border below which nothing can be said of it, and how far apart, in distances of the two
# peaks, the places may be that the cells on its two sides point at.
_BORDER, _SAME_PLACE = 3, 0.1
# The lesser of two instances may be somebody, not a part, when it has this share of the greater.
_LIKE = 0.5
# A character smaller than this share of the picture is a fragment of its neighbour, or noise.
_SMALLEST = 0.0008
# Share of the longer side within which cells of no instance belong to the nearest one.
_NEAR = 0.02
# Probability, of 255, from which a pixel may belong to a character.
_MAYBE = 64


@dataclass(frozen=True)
class Panoptic:
    """Segmentation of one frame.

    Attributes:
        semantic: [H,W] uint8 class.
        instances: [H,W] uint8: 0 none, 1..N characters, best score first.
        panoptic: [H,W] int32: class · 1000 + instance.
        scores: [N] float32 mean character probability inside each instance.
        boxes: [N,4] int32 x, y, w, h in pixels.
    """

    semantic: U8
    instances: U8
    panoptic: NDArray[np.int32]
    scores: F32
    boxes: NDArray[np.int32]


def group(probabilities: U8, centres: U8, offsets: F32) -> U8:
    """Instance of every pixel by the centre it points at.

    Args:
        probabilities: [4,any,any] class probabilities · 255, on this grid or a finer one.
        centres: [h,w] centre heat map · 255 after non-maximum suppression.
        offsets: [2,h,w] (dx, dy) from each cell to its centre, in cells.

    Returns:
        [h,w] uint8: 0 none, 1..N. Where no centre was found, connected parts are the instances.
    """
    maybe = _maybe(probabilities, centres.shape)
    out = np.zeros(maybe.shape, np.uint8)
    if not maybe.any():
        return out
    peaks = np.flatnonzero(centres.reshape(-1) >= _CENTRE)
    if peaks.size == 0:
        _, parts = cv2.connectedComponents(maybe.astype(np.uint8), connectivity=8)
        return cast(U8, np.minimum(parts, _MOST_CHARACTERS).astype(np.uint8))
    heights = centres.reshape(-1)[peaks]
    # stable: equal heights keep reading order
    peaks = peaks[np.argsort(-heights.astype(np.int32), kind="stable")][:_MOST_CHARACTERS]
    peak_y, peak_x = np.divmod(peaks, maybe.shape[1])
    y, x = np.nonzero(maybe)
    to_x = x + offsets[0][maybe]
    to_y = y + offsets[1][maybe]
    distance = (to_x[:, None] - peak_x) ** 2 + (to_y[:, None] - peak_y) ** 2
    out[maybe] = distance.argmin(axis=1) + 1
    columns, rows = np.meshgrid(np.arange(out.shape[1]), np.arange(out.shape[0]))
    votes = np.stack([columns + offsets[0], rows + offsets[1]]).astype(np.float32)
    return _join_agreeing(out, votes, np.stack([peak_x, peak_y]).astype(np.float32))


def _maybe(probabilities: U8, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Cells of a grid [h,w] that may belong to a character."""
    chance = cv2.resize(probabilities[CHARACTER], (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return cast(NDArray[np.bool_], chance >= _MAYBE)


def _join_agreeing(labels: U8, votes: F32, peaks: F32) -> U8:
    """Instances whose cells point at the same place across their border are one character with two peaks.

    Args:
        labels: [h,w] 0 none, n + 1 for the n-th peak.
        votes: [2,h,w] the place (x, y) each cell points at.
        peaks: [2,N] the peaks.
    """
    codes: list[NDArray[np.int64]] = []
    jumps: list[F32] = []
    for first, second in (
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        one, other = labels[first].astype(np.int64), labels[second].astype(np.int64)
        border = (one != other) & (one > 0) & (other > 0)
        codes.append((np.minimum(one, other) * 256 + np.maximum(one, other))[border])
        gap = votes[(slice(None), *first)] - votes[(slice(None), *second)]
        jumps.append(np.hypot(gap[0], gap[1])[border])
    code, jump = np.concatenate(codes), np.concatenate(jumps)
    agreeing: list[tuple[int, int, int]] = []
    for pair in np.unique(code):
        left, right = divmod(int(pair), 256)
        across = jump[code == pair]
        apart = float(np.hypot(*(peaks[:, left - 1] - peaks[:, right - 1])))
        if across.size >= _BORDER and float(np.median(across)) < _SAME_PLACE * apart:
            agreeing.append((-across.size, left, right))
    # The longest border first: a sleeve between two people goes to whom it touches most.
    return _linked(labels, [(left, right) for _, left, right in sorted(agreeing)], peaks)


def _linked(labels: U8, pairs: list[tuple[int, int]], peaks: F32) -> U8:
    """The pairs become one, in their order, unless two people would be one by way of a third alone.

    Where two people meet, what they point at passes from one to the other over parts that doubt, so each of
    these agrees with its neighbours though the two do not. Two people are of like size and side by side; the
    halves of one stand on one another.
    """
    areas = np.bincount(labels.reshape(-1), minlength=256)
    names, heaviest = np.arange(256, dtype=np.uint8), np.arange(256)
    for pair in pairs:
        low, high = sorted(int(names[label]) for label in pair)
        one, other = int(heaviest[low]), int(heaviest[high])
        if low == high or ({one, other} != set(pair) and _are_two(areas, peaks, one, other)):
            continue
        heaviest[low] = max(one, other, key=lambda part: int(areas[part]))
        names[names == high] = low
    return names[labels]


def _are_two(areas: NDArray[np.int64], peaks: F32, one: int, other: int) -> bool:
    across, along = np.abs(peaks[:, one - 1] - peaks[:, other - 1])
    return bool(min(areas[one], areas[other]) >= _LIKE * max(areas[one], areas[other]) and across > along)


def kept_segments(
    segments: U8,
    labels: NDArray[np.int32],
    areas: NDArray[np.int32],
    roles: NDArray[np.int64],
    overlap: float,
) -> U8:
    """The characters among the segments of Mask2Former, by the rule of its official panoptic inference.

    Args:
        segments: [h,w] uint8: 0 nobody, else query + 1.
        labels: [Q] class of each query.
        areas: [Q,2] cells that each query won, cells that it claims.
        roles: [C] role of each class.
        overlap: share of what it claims that a query must have won, or others cover it and it is dropped.

    Returns:
        [h,w] uint8 instances: 0 none, 1..N.
    """
    known = (labels >= 0) & (labels < len(roles))
    role = np.where(known, roles[np.where(known, labels, 0)], BACKGROUND)
    won, claimed = areas[:, 0], areas[:, 1]
    kept = (role == CHARACTER) & (won > 0) & (won >= overlap * claimed)
    chosen = np.flatnonzero(kept)
    chosen = chosen[np.argsort(-won[chosen], kind="stable")][:_MOST_CHARACTERS]
    numbers = np.zeros(256, np.uint8)
    numbers[chosen + 1] = np.arange(1, len(chosen) + 1)
    return numbers[segments]


def panoptic(probabilities: U8, instances: U8, height: int, width: int, *, mend: bool = True) -> Panoptic:
    """Classes and cleaned instances at the frame's size.

    Args:
        probabilities: [4,any,any] class probabilities · 255.
        instances: [h,w] uint8 instance of each cell of a grid as fine or coarser, 0 none.
        height: rows of the frame.
        width: columns of the frame.
        mend: join instances that stand on one another and fragments with what they touch: for networks that
            group pixels by votes. One whose queries are whole things is believed.
    """
    stack = np.ascontiguousarray(probabilities.transpose(1, 2, 0))
    large = cv2.resize(stack, (width, height), interpolation=cv2.INTER_LINEAR)
    semantic = large.argmax(axis=2).astype(np.uint8)
    character = semantic == CHARACTER
    maybe = _maybe(probabilities, instances.shape)
    whole = _merge_fragments(_join_bodies(instances), maybe) if mend else _with_strays(instances, maybe)
    labels = cv2.resize(_extend(whole), (width, height), interpolation=cv2.INTER_NEAREST)
    labels[~character] = 0
    chance = large[..., CHARACTER]
    found: list[tuple[float, int, tuple[int, int, int, int]]] = []
    for label in (int(value) for value in np.unique(labels) if value):
        mask = labels == label
        if mask.sum() < _SMALLEST * height * width:
            continue
        x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
        found.append((float(chance[mask].mean()) / 255, label, (x, y, w, h)))
    found.sort(key=lambda entry: (-entry[0], entry[1]))
    numbers = np.zeros(256, np.uint8)
    for number, (_, label, _) in enumerate(found, start=1):
        numbers[label] = number
    ordered = numbers[labels]
    return Panoptic(
        semantic,
        ordered,
        semantic.astype(np.int32) * 1000 + ordered,
        np.array([score for score, _, _ in found], np.float32),
        np.array([box for _, _, box in found], np.int32).reshape(-1, 4),
    )


def _with_strays(instances: U8, maybe: NDArray[np.bool_]) -> U8:
    """Instances grown by what lies beside them; what lies far from all of them stands for itself."""
    grown = nearest_label(instances, _NEAR * max(instances.shape)) if instances.any() else instances
    strays = maybe & (grown == 0)
    _, parts = cv2.connectedComponents(strays.astype(np.uint8), connectivity=8)
    return np.where(strays, np.minimum(parts + int(instances.max()), 255), grown).astype(np.uint8)


def _join_bodies(instances: U8) -> U8:
    """Parts that stand on one another are one figure: a network too small for a whole figure sees its parts.

    Two instances are joined when their common border is at least half as wide as the narrower one and they
    lie above one another rather than side by side.
    """
    out = instances.copy()
    while True:
        boxes = {
            int(label): cv2.boundingRect((out == label).astype(np.uint8)) for label in np.unique(out) if label
        }
        pair = next(
            (
                (one, other)
                for one in boxes
                for other in boxes
                if one < other and _is_stacked(out, one, other, boxes[one], boxes[other])
            ),
            None,
        )
        if pair is None:
            return out
        out[out == pair[1]] = pair[0]


def _is_stacked(
    labels: U8, one: int, other: int, box: tuple[int, int, int, int], other_box: tuple[int, int, int, int]
) -> bool:
    (x, _, w, _), (other_x, _, other_w, _) = box, other_box
    if abs(x + w / 2 - other_x - other_w / 2) > 0.4 * max(w, other_w):
        return False
    mine, theirs = labels == one, labels == other
    above = (mine[:-1] & theirs[1:]) | (theirs[:-1] & mine[1:])
    beside = (mine[:, :-1] & theirs[:, 1:]) | (theirs[:, :-1] & mine[:, 1:])
    border = int(above.any(axis=0).sum())
    return border >= 0.5 * min(w, other_w) and border >= int(beside.any(axis=1).sum())


def _merge_fragments(instances: U8, maybe: NDArray[np.bool_]) -> U8:
    """Fragments go to the instance they touch most; parts of nobody stay as they are."""
    out = np.where(maybe, instances, 0).astype(np.uint8)
    least = max(4.0, 4 * _SMALLEST * maybe.size)
    areas = np.bincount(out.reshape(-1), minlength=256)
    for label in sorted((v for v in range(1, 256) if areas[v]), key=lambda v: (areas[v], v)):
        mask = out == label
        count = int(mask.sum())
        if count >= least:
            continue
        around = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        touched = np.bincount(out[around & ~mask], minlength=256)
        touched[0] = 0
        if touched.any():
            out[mask] = int(touched.argmax())
    # a few cells far from an instance's body but beside another's are the other's: offsets err at borders
    for label in (int(value) for value in np.unique(out) if value):
        count, parts, stats, _ = cv2.connectedComponentsWithStats(
            (out == label).astype(np.uint8), connectivity=8
        )
        if count <= 2:
            continue
        body = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        for part in range(1, count):
            if part == body or stats[part, cv2.CC_STAT_AREA] > 0.25 * stats[body, cv2.CC_STAT_AREA]:
                continue
            mask = parts == part
            around = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            touched = np.bincount(out[around & ~mask], minlength=256)
            touched[[0, label]] = 0
            if touched.any():
                out[mask] = int(touched.argmax())
    return out


def _extend(labels: U8) -> U8:
    """Labels grown outwards to the nearest one, so that no enlarged edge is left without."""
    if not labels.any():
        return labels
    return nearest_label(labels)


def nearest_label(labels: U8, reach: float = float("inf")) -> U8:
    """[h,w] with every zero within ``reach`` pixels of a labelled pixel replaced by the nearest label."""
    distance, regions = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(regions.max()) + 1, np.uint8)
    known = labels > 0
    table[regions[known]] = labels[known]
    return np.where(distance <= reach, table[regions], 0).astype(np.uint8)
