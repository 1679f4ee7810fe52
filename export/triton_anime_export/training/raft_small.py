"""Recipe of the lite RAFT-small: drawn shots with exact flow, both sizes and speeds jittered."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from triton_anime.trackers.flow import dis_flow
from triton_anime_export.networks._raft_modules import RaftSmall, upsample_flow
from triton_anime_export.networks.raft_small import ITERATIONS, LITE_WIDTHS, build
from triton_anime_export.studio.bank import Bank
from triton_anime_export.training.loop import fit
from triton_anime_export.training.run import Run

CROP = (144, 240)
BATCH = 4
_GAMMA = 0.8
_FASTEST = 120.0  # pixels of the crop; beyond that the truth is a cut, not a motion

Pairs = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def draw_pair(
    bank: Bank, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """One training pair.

    Returns:
        Two frames uint8 ``[*CROP, 3]``, the flow float32 ``[*CROP, 2]`` in pixels of the crop, and its
        weights float32 ``[*CROP]`` (full where the thing stays visible).
    """
    clip = bank.clip(int(rng.integers(len(bank))))
    t = int(rng.integers(len(clip.flow)))
    height, width = clip.frames.shape[1:3]
    scale = float(rng.uniform(CROP[0] / height, 1.0))
    crop_h, crop_w = min(round(CROP[0] / scale), height), min(round(CROP[1] / scale), width)
    top, left = int(rng.integers(height - crop_h + 1)), int(rng.integers(width - crop_w + 1))
    window = (slice(top, top + crop_h), slice(left, left + crop_w))
    size = (CROP[1], CROP[0])
    frame0 = cv2.resize(clip.frames[t][window], size, interpolation=cv2.INTER_LINEAR)
    frame1 = cv2.resize(clip.frames[t + 1][window], size, interpolation=cv2.INTER_LINEAR)
    # The truth is sampled at every second pixel; nearest keeps edges of motion sharp.
    ys = np.minimum((top + (np.arange(CROP[0]) + 0.5) * crop_h / CROP[0]) / 2, height // 2 - 1).astype(int)
    xs = np.minimum((left + (np.arange(CROP[1]) + 0.5) * crop_w / CROP[1]) / 2, width // 2 - 1).astype(int)
    flow = np.stack(
        [
            clip.flow[t, 0][np.ix_(ys, xs)].astype(np.float32) * (CROP[1] / crop_w),
            clip.flow[t, 1][np.ix_(ys, xs)].astype(np.float32) * (CROP[0] / crop_h),
        ],
        axis=-1,
    )
    weight = np.where(clip.flow_valid[t][np.ix_(ys, xs)] > 0, 1.0, 0.2).astype(np.float32)
    speed = np.abs(flow).max(axis=-1)
    weight[~(speed < _FASTEST)] = 0.0
    flow = np.nan_to_num(flow, posinf=0.0, neginf=0.0)
    for axis, channel, chance in ((1, 0, 0.5), (0, 1, 0.15)):
        if rng.random() < chance:
            frame0, frame1 = np.flip(frame0, axis), np.flip(frame1, axis)
            flow, weight = np.flip(flow, axis).copy(), np.flip(weight, axis)
            flow[..., channel] *= -1
    return (*_recolour(frame0, frame1, rng), np.ascontiguousarray(flow), np.ascontiguousarray(weight))


def draw_batch(bank: Bank, rng: np.random.Generator) -> Pairs:
    """Frames float ``[B, 3, h, w]`` 0..255, flow ``[B, 2, h, w]`` and weights ``[B, h, w]``."""
    frames0, frames1, flows, weights = zip(*(draw_pair(bank, rng) for _ in range(BATCH)), strict=True)
    return (
        torch.from_numpy(np.stack(frames0)).permute(0, 3, 1, 2).float(),
        torch.from_numpy(np.stack(frames1)).permute(0, 3, 1, 2).float(),
        torch.from_numpy(np.stack(flows)).permute(0, 3, 1, 2),
        torch.from_numpy(np.stack(weights)),
    )


def sequence_loss(model: nn.Module, pairs: Pairs) -> dict[str, torch.Tensor]:
    """The paper's loss: absolute error of every iteration's full-size flow, later iterations weigh more."""
    frame0, frame1, flow, weight = pairs
    answers = model(frame0, frame1)
    total = torch.zeros(())
    norm = weight.sum().clamp(min=1.0)
    for i, answer in enumerate(answers):
        error = (upsample_flow(answer.float()) - flow).abs().sum(dim=1)
        total = total + _GAMMA ** (len(answers) - 1 - i) * (error * weight).sum() / norm
    return {"loss": total}


def train(run: Run) -> nn.Module:
    """Train the lite size.

    Returns:
        The core network with averaged weights.
    """
    torch.manual_seed(run.seed)
    bank, held_out = Bank(run.bank, "train"), Bank(run.bank, "val")
    core = RaftSmall(LITE_WIDTHS, ITERATIONS["lite"])
    run.begin(core)
    return fit(
        "raft_small",
        core,
        lambda rng: draw_batch(bank, rng),
        sequence_loss,
        out=run.out,
        beside=run.beside,
        minutes=run.minutes,
        steps=run.steps,
        lr=run.lr or (1.2e-3 if run.start is None else 8e-4),
        weight_decay=1e-4,
        seed=run.seed,
        average=0.995,
        clip_norm=1.0,
        muon=True,
        evaluate=lambda model: score(model, held_out, clips=8, rivals=False),
    )


@torch.no_grad()
def score(core: nn.Module, bank: Bank, *, clips: int = 40, rivals: bool = True) -> dict[str, float]:
    """Mean end-point error in pixels of 448x256 where the thing stays visible, against two trivial answers.

    Returns:
        ``epe`` of the network, ``moving`` (only where the truth exceeds one pixel), and with ``rivals`` the
        same of the zero flow and of OpenCV's DIS (medium preset).
    """
    served = build("lite")
    served.core.load_state_dict(core.state_dict())
    served.eval()
    dis = dis_flow()
    errors: dict[str, list[NDArray[np.float32]]] = {}
    for index in np.linspace(0, len(bank) - 1, min(clips, len(bank))).astype(int):
        clip = bank.clip(int(index))
        for t in range(len(clip.flow)):
            truth = clip.flow[t].astype(np.float32).transpose(1, 2, 0)
            valid = (clip.flow_valid[t] > 0) & (np.abs(truth).max(axis=-1) < _FASTEST)
            moving = np.linalg.norm(truth[valid], axis=-1) > 1
            frames = [torch.from_numpy(np.array(clip.frames[i]))[None] for i in (t, t + 1)]
            answers = {"epe": served(*frames)[0].numpy()}
            if rivals:
                answers["dis"] = dis(*(np.array(clip.frames[i]) for i in (t, t + 1)))
                answers["zero"] = np.zeros_like(answers["dis"])
            for name, answer in answers.items():
                error = np.linalg.norm(answer[::2, ::2] - truth, axis=-1)[valid]
                errors.setdefault(name, []).append(error)
                errors.setdefault("moving" if name == "epe" else f"{name}_moving", []).append(error[moving])
    return {name: round(float(np.concatenate(parts).mean()), 3) for name, parts in errors.items()}


def _recolour(
    frame0: NDArray[np.uint8], frame1: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """One colour change for both frames, and a slight one of their own (glow, exposure of the cut)."""
    order = rng.permutation(3) if rng.random() < 0.5 else np.arange(3)
    gain, lift = rng.uniform(0.7, 1.3, 3), rng.uniform(-25, 25)
    frames = []
    for frame in (frame0, frame1):
        own = rng.uniform(0.95, 1.05)
        table = np.clip(np.arange(256)[:, None] * gain * own + lift, 0, 255).astype(np.uint8)
        shuffled = frame[..., order]
        frames.append(np.stack([table[:, c][shuffled[..., c]] for c in range(3)], axis=-1))
    return frames[0], frames[1]
