"""What the way from the studio to the screen does to every picture, but for the codec."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Frames = NDArray[np.uint8]


def received(rng: Generator, frames: Frames, strength: float) -> tuple[Frames, list[str]]:
    """Low resolution, blur, smeared colour, sharpening, levels, grain and line jitter at random.

    Args:
        rng: decides everything.
        frames: uint8 RGB [T,H,W,3].
        strength: scales how likely each is; 0 does nothing.

    Returns:
        The frames and the names of what was done.
    """
    height, width = frames.shape[1:3]
    names: list[str] = []
    chance = rng.random(7)
    if chance[0] < 0.3 * strength:
        share = float(rng.uniform(0.4, 0.85))
        small = (max(16, round(width * share)), max(16, round(height * share)))
        how = int(rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)))
        frames = _each(
            frames,
            lambda f: cv2.resize(
                cv2.resize(f, small, interpolation=cv2.INTER_AREA), (width, height), interpolation=how
            ),
        )
        names.append(f"resolution {share:.2f}")
    if chance[1] < 0.2 * strength:
        sigma = float(rng.uniform(0.4, 1.1))
        frames = _each(frames, lambda f: cv2.GaussianBlur(f, (0, 0), sigma))
        names.append(f"blur {sigma:.2f}")
    if chance[2] < 0.15 * strength:
        frames = _each(frames, lambda f: composite_colour(f, 2.5, 1))
        names.append("composite colour")
    if chance[3] < 0.2 * strength:
        amount = float(rng.uniform(0.3, 0.9))
        frames = _each(
            frames, lambda f: cv2.addWeighted(f, 1 + amount, cv2.GaussianBlur(f, (0, 0), 1.2), -amount, 0)
        )
        names.append("sharpened")
    if chance[4] < 0.15 * strength:
        lift, gain = float(rng.uniform(0, 18)), float(rng.uniform(0.8, 1.05))
        frames = np.clip(frames * np.float32(gain) + np.float32(lift), 0, 255).astype(np.uint8)
        names.append("levels")
    if chance[5] < 0.35 * strength:
        sigma, coarse = float(rng.uniform(1.5, 9)) * min(strength, 1.5), float(rng.choice((0.0, 0.7, 1.1)))
        frames = np.stack([grain(rng, frame, sigma, coarse) for frame in frames])
        names.append(f"grain {sigma:.1f}")
    if chance[6] < 0.05 * strength:
        jitter = rng.normal(0, 0.8, (len(frames), height)).astype(np.float32)
        ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
        frames = np.stack(
            [
                cv2.remap(f, xs + j[:, None], ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                for f, j in zip(frames, jitter, strict=True)
            ]
        )
        names.append("line jitter")
    return np.asarray(frames, np.uint8), names


def _each(frames: Frames, step: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> Frames:
    return np.stack([np.asarray(step(frame), np.uint8) for frame in frames])


def composite_colour(frame: NDArray[np.uint8], sigma: float, shift: int) -> NDArray[np.uint8]:
    """Colour smeared and shifted to the right as by a composite cable; brightness stays sharp."""
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2YCrCb)
    smeared = cv2.GaussianBlur(luma[..., 1:], (0, 0), sigmaX=sigma, sigmaY=0.6)
    luma[..., 1:] = np.roll(smeared, shift, axis=1)
    return np.asarray(cv2.cvtColor(luma, cv2.COLOR_YCrCb2RGB), np.uint8)


def grain(rng: Generator, frame: NDArray[np.uint8], sigma: float, coarse: float) -> NDArray[np.uint8]:
    """Film grain, strongest in the middle tones; ``coarse`` is its blur in pixels."""
    field = rng.standard_normal(frame.shape[:2], np.float32)
    if coarse > 0:
        field = cv2.GaussianBlur(field, (0, 0), coarse) * (1.0 + 2.0 * coarse)
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    weight = sigma * (0.4 + 2.4 * grey * (1 - grey))
    return np.clip(frame + (field * weight)[..., None], 0, 255).astype(np.uint8)
