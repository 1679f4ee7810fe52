"""A shot whose layers are known exactly: a disc and a glow over a painted background, a moving camera.

And what an episode's folder holds, to be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Scene:
    """Frames of one shot with their truth."""

    frames: list[U8]
    alphas: list[U8]
    plates: list[U8]
    glows: list[U8]


def painted(height: int, width: int, seed: int = 3) -> U8:
    """A background with structure at every size, as paint has."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    for size, strength in ((4, 60), (12, 40), (40, 25), (120, 12)):
        noise = rng.normal(0, strength, (size, size * width // height + 1, 3)).astype(np.float32)
        picture += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture + 120, 0, 255).astype(np.uint8)


def draw_scene(
    count: int = 12,
    height: int = 180,
    width: int = 320,
    pan: tuple[float, float] = (0.0, 0.0),
    step: float = 14.0,
    glow: bool = False,
    noise: float = 0.0,
) -> Scene:
    big = painted(height + 80, width + 240)
    rng = np.random.default_rng(0)
    scene = Scene([], [], [], [])
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    for t in range(count):
        window = np.array([[1.0, 0, -20 - pan[0] * t], [0, 1.0, -20 - pan[1] * t]])
        plate = cv2.warpAffine(big, window, (width, height), flags=cv2.INTER_CUBIC)
        cx, cy, radius = width * 0.25 + step * t, height * 0.55, height * 0.2
        distance = np.hypot(xs - cx, ys - cy)
        alpha = np.clip(radius + 0.5 - distance, 0, 1)
        colour = np.where((np.arctan2(ys - cy, xs - cx) > 0)[..., None], (225, 60, 70), (250, 205, 170))
        frame = plate * (1 - alpha[..., None]) + colour * alpha[..., None]
        light = np.zeros((height, width), np.float32)
        if glow:
            light = 0.8 * np.exp(-((np.hypot(xs - width * 0.8, ys - height * 0.25) / (height * 0.09)) ** 2))
            light[light < 0.04] = 0
            frame = frame * (1 - light[..., None]) + np.array([140, 220, 255]) * light[..., None]
        frame = frame + rng.normal(0, noise, frame.shape) if noise else frame
        scene.frames.append(np.clip(np.rint(frame), 0, 255).astype(np.uint8))
        scene.alphas.append(np.rint(alpha * 255).astype(np.uint8))
        scene.plates.append(plate)
        scene.glows.append(np.rint(light * 255).astype(np.uint8))
    return scene


@pytest.fixture(scope="session")
def scene():  # type: ignore[no-untyped-def]
    """The function that draws a shot; see :func:`draw_scene`."""
    return draw_scene


@pytest.fixture(scope="session")
def tree() -> Callable[[Path], dict[str, bytes]]:
    """Every file of an episode's folder but the run log, which holds the times."""

    def files_of(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "run_log.jsonl"
        }

    return files_of
