"""Batches of short clips for the trackers: crops, time reversal, a few instances as objects."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from triton_anime_export.studio.bank import Bank

CROP = (160, 256)
BATCH = 4
_CELL = 16  # pixels
_SMALLEST = 0.006  # share of the crop below which an instance is not given as an object


@dataclass(frozen=True)
class Clips:
    """One batch of B clips of T drawings with up to K objects.

    Attributes:
        frames: float ``[B, T, 3, H, W]`` 0..255.
        masks: float ``[B, T, K, H, W]`` 0 or 1.
        given: float ``[B, K, H, W]``, the first drawing's masks as a segmenter might give them.
        present: float ``[B, K]``, 1 where the clip has that object.
        labels: int64 ``[B, T, H, W]``, 0 background, then the objects.
        character: float ``[B, T, H, W]`` alpha of all characters.
        matches: int64 ``[M, 4]``: clip, drawing, its cell, the matching cell of the drawing before. Cells are
            of 16 pixels, numbered row by row.
    """

    frames: torch.Tensor
    masks: torch.Tensor
    given: torch.Tensor
    present: torch.Tensor
    labels: torch.Tensor
    character: torch.Tensor
    matches: torch.Tensor


def draw_clips(bank: Bank, rng: np.random.Generator, *, corners: bool = False) -> Clips:
    """One batch; all its clips have the same length and room for the same number of objects.

    Args:
        bank: where shots come from.
        rng: decides everything.
        corners: the outermost cells are centred on the corners of the crop, so that there is one more each
            way; otherwise they lie inside.
    """
    drawings = 3 if rng.random() < 0.6 else 4
    objects = int(rng.choice([1, 2, 3], p=[0.3, 0.5, 0.2]))
    parts = [_draw_one(bank, rng, drawings, objects, i, corners) for i in range(BATCH)]
    frames, ids, given, character, matches = zip(*parts, strict=True)
    labels = torch.from_numpy(np.stack(ids)).long()
    planes = torch.arange(1, objects + 1).view(1, 1, -1, 1, 1)
    masks = (labels.unsqueeze(2) == planes).float()
    first = (torch.from_numpy(np.stack(given)).long().unsqueeze(1) == planes[:, 0]).float()
    return Clips(
        torch.from_numpy(np.stack(frames)).permute(0, 1, 4, 2, 3).float(),
        masks,
        first,
        (masks[:, 0].sum(dim=(2, 3)) > 0).float(),
        labels,
        torch.from_numpy(np.stack(character)).float() / 255.0,
        torch.from_numpy(np.concatenate(matches)).long(),
    )


def _draw_one(
    bank: Bank, rng: np.random.Generator, drawings: int, objects: int, index: int, corners: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]:
    for _ in range(20):
        clip = bank.clip(int(rng.integers(len(bank))))
        total, height, width = clip.ids.shape
        times = np.sort(rng.choice(total, drawings, replace=False))
        if rng.random() < 0.5:
            times = times[::-1]
        scale = float(rng.uniform(CROP[0] / height, 1.0))
        crop = (min(round(CROP[0] / scale), height), min(round(CROP[1] / scale), width))
        at = (int(rng.integers(height - crop[0] + 1)), int(rng.integers(width - crop[1] + 1)))
        window = (slice(at[0], at[0] + crop[0]), slice(at[1], at[1] + crop[1]))
        flipped = bool(rng.random() < 0.5)
        ids = np.stack([_nearest(clip.ids[t][window]) for t in times])
        found, areas = np.unique(ids[0], return_counts=True)
        found = found[(found > 0) & (areas > _SMALLEST * ids[0].size)]
        if len(found) < min(objects, 2):
            # Two objects are worth looking for, three are taken where they are.
            continue
        chosen = rng.permutation(found)[:objects]
        table = np.zeros(256, np.uint8)
        if objects == 1 and rng.random() < 0.4:
            table[found] = 1  # a group as one object
        else:
            table[chosen] = np.arange(1, len(chosen) + 1)
        labels = table[ids]
        frames = np.stack([_linear(clip.frames[t][window]) for t in times])
        character = np.stack([_linear(clip.alpha[t][window]) for t in times])
        matches = _matches(clip.flow, clip.flow_valid, times, at, crop, flipped, corners)
        matches[:, 0] = index
        if flipped:
            frames, labels, character = (
                np.ascontiguousarray(x[:, :, ::-1]) for x in (frames, labels, character)
            )
        return _recolour(frames, rng), labels, _as_given(labels[0], rng), character, matches
    return _draw_one(bank, rng, drawings, 1, index, corners) if objects > 1 else _empty(drawings)


def _empty(
    drawings: int,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]:
    frames = np.full((drawings, *CROP, 3), 127, np.uint8)
    nothing = np.zeros((drawings, *CROP), np.uint8)
    return frames, nothing, nothing[0], nothing, np.zeros((0, 4), np.int64)


def _matches(
    flow: NDArray[np.float16],
    valid: NDArray[np.uint8],
    times: NDArray[np.int64],
    at: tuple[int, int],
    crop: tuple[int, int],
    flipped: bool,
    corners: bool,
) -> NDArray[np.int64]:
    """Cells of neighbouring drawings that show the same thing, from the true flow."""
    down, across = CROP[0] // _CELL, CROP[1] // _CELL
    h, w = down + corners, across + corners
    centre = 0.0 if corners else 0.5
    ys, xs = np.meshgrid(np.arange(h), np.arange(w), indexing="ij")
    y0 = at[0] + (ys + centre) * crop[0] / down
    x0 = at[1] + (xs + centre) * crop[1] / across
    rows = np.minimum(y0 / 2, flow.shape[2] - 1).astype(int)
    cols = np.minimum(x0 / 2, flow.shape[3] - 1).astype(int)
    found: list[NDArray[np.int64]] = []
    for index in range(1, len(times)):
        before, now = int(times[index - 1]), int(times[index])
        if abs(before - now) != 1:
            continue
        early = min(before, now)
        x1 = (x0 + flow[early, 0][rows, cols] - at[1]) * across / crop[1] + 0.5 - centre
        y1 = (y0 + flow[early, 1][rows, cols] - at[0]) * down / crop[0] + 0.5 - centre
        kept = (valid[early][rows, cols] > 0) & (x1 >= 0) & (y1 >= 0) & (x1 < w) & (y1 < h)
        starts = np.stack([ys[kept], xs[kept]])
        ends = np.stack([y1[kept], x1[kept]]).astype(np.int64)
        if flipped:
            starts[1], ends[1] = w - 1 - starts[1], w - 1 - ends[1]
        start_cells, end_cells = starts[0] * w + starts[1], ends[0] * w + ends[1]
        queries, memories = (end_cells, start_cells) if before < now else (start_cells, end_cells)
        zeros = np.zeros(len(queries), np.int64)
        found.append(np.stack([zeros, zeros + index, queries, memories], axis=1))
    return np.concatenate(found) if found else np.zeros((0, 4), np.int64)


def _as_given(labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The mask a segmenter might give: sometimes too tight, sometimes too wide."""
    if rng.random() < 0.6:
        return labels
    size = int(rng.integers(2, 6))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    if rng.random() < 0.5:
        return np.where(cv2.erode((labels > 0).astype(np.uint8), kernel) > 0, labels, 0).astype(np.uint8)
    grown = cv2.dilate(labels, kernel)
    return np.where(labels > 0, labels, grown).astype(np.uint8)


def _recolour(frames: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    order = rng.permutation(3) if rng.random() < 0.3 else np.arange(3)
    gain, lift = rng.uniform(0.75, 1.25, 3), rng.uniform(-20, 20)
    table = np.clip(np.arange(256)[:, None] * gain + lift, 0, 255).astype(np.uint8)
    return np.stack([table[:, c][frames[..., order[c]]] for c in range(3)], axis=-1)


def _linear(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(image, (CROP[1], CROP[0]), interpolation=cv2.INTER_LINEAR), np.uint8)


def _nearest(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(image, (CROP[1], CROP[0]), interpolation=cv2.INTER_NEAREST), np.uint8)
