"""How well the lite XMem carries a first mask through a shot, against two trivial answers."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from triton_anime_export.frame_io import Normalise
from triton_anime_export.networks._xmem_core import XMem, aggregate
from triton_anime_export.networks._xmem_memory import read_memory, similarity
from triton_anime_export.studio.bank import Bank

_SMALLEST = 400  # pixels of 448x256; smaller first masks are not followed


@torch.no_grad()
def propagate(core: XMem, frames: NDArray[np.uint8], first: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Carry the labels of the first drawing through the others.

    Args:
        core: the network in eval mode.
        frames: RGB ``[T, H, W, 3]``, sides multiples of 16.
        first: ``[H, W]`` labels 0..K of the first drawing.

    Returns:
        ``[T, H, W]`` labels.
    """
    objects = int(first.max())
    images = Normalise()(torch.from_numpy(frames.astype(np.float32) / 255.0).permute(0, 3, 1, 2))
    masks = torch.stack([torch.from_numpy((first == k + 1).astype(np.float32)) for k in range(objects)])
    features = [core.key_encoder(image[None]) for image in images]
    projected = [[x[0].flatten(1) for x in core.key_proj(f16)] for f16, _, _ in features]
    h, w = features[0][0].shape[-2:]
    hidden = torch.zeros(objects, core.widths.hidden, h, w)
    value, hidden = core.value_encoder(images[:1], features[0][0], masks, hidden)
    answers = [first]
    for (f16, f8, f4), (key, _, selection) in zip(features[1:], projected[1:], strict=True):
        scores = similarity(projected[0][0], projected[0][1], key, selection)
        readout, _ = read_memory(
            scores, value.flatten(2), torch.ones(1, h * w), torch.zeros(objects, dtype=torch.long)
        )
        logits, hidden = core.decoder(f16, f8, f4, hidden, readout.reshape(objects, -1, h, w))
        answers.append(aggregate(torch.sigmoid(logits)).argmax(dim=0).numpy().astype(np.uint8))
    return np.stack(answers)


def score(core: XMem, bank: Bank, *, clips: int = 60, rivals: bool = True) -> dict[str, float]:
    """Region overlap J and boundary measure F of the last drawing of held-out shots, the mean over objects.

    Returns:
        ``j`` and ``f`` of the network and, with ``rivals``, of the first mask copied and of the first mask
        warped along OpenCV's DIS flow.
    """
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    sums: dict[str, list[float]] = {}
    for index in np.linspace(0, len(bank) - 1, min(clips, len(bank))).astype(int):
        clip = bank.clip(int(index))
        found, areas = np.unique(clip.ids[0], return_counts=True)
        chosen = found[(found > 0) & (areas >= _SMALLEST)]
        if len(chosen) == 0:
            continue
        table = np.zeros(256, np.uint8)
        table[chosen] = np.arange(1, len(chosen) + 1)
        truth = table[clip.ids]
        frames = np.array(clip.frames)
        answers = {"": propagate(core, frames, truth[0])[-1]}
        if rivals:
            answers["copied_"] = truth[0]
            answers["dis_"] = _warped(dis, frames, truth[0])
        for name, answer in answers.items():
            for k in range(1, len(chosen) + 1):
                if not (truth[-1] == k).any():
                    continue
                sums.setdefault(f"{name}j", []).append(region(answer == k, truth[-1] == k))
                sums.setdefault(f"{name}f", []).append(boundary(answer == k, truth[-1] == k))
    return {name: round(float(np.mean(values)), 3) for name, values in sums.items()}


def region(answer: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((answer & truth).sum() / max(int((answer | truth).sum()), 1))


def boundary(answer: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """F-measure of the outlines within 0.8 % of the diagonal, as DAVIS measures it."""
    reach = max(1, round(0.008 * float(np.hypot(truth.shape[0], truth.shape[1]))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    lines = [_outline(mask) for mask in (answer, truth)]
    wide = [cv2.dilate(line, kernel) for line in lines]
    precision = float((lines[0] & wide[1]).sum()) / max(int(lines[0].sum()), 1)
    recall = float((lines[1] & wide[0]).sum()) / max(int(lines[1].sum()), 1)
    return 2 * precision * recall / max(precision + recall, 1e-9)


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    solid = mask.astype(np.uint8)
    return np.asarray(solid - cv2.erode(solid, np.ones((3, 3), np.uint8), borderValue=0), np.uint8)


def _warped(
    dis: cv2.DISOpticalFlow, frames: NDArray[np.uint8], first: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    ys, xs = np.mgrid[: first.shape[0], : first.shape[1]].astype(np.float32)
    labels = first
    for before, now in itertools.pairwise(grey):
        back = dis.calc(now, before, None)
        labels = np.asarray(
            cv2.remap(labels, xs + back[..., 0], ys + back[..., 1], cv2.INTER_NEAREST), np.uint8
        )
    return labels
