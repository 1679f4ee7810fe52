"""Clips written on the spot, and a pipeline without networks, for tests of everything around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.characters import CharacterView
from triton_anime.drawing_layers import DrawingLayers, EffectView
from triton_anime.drawings import Drawing
from triton_anime.layers import compose, decontaminate, recomposition_error
from triton_anime.settings import Settings

U8 = NDArray[np.uint8]
Clip = Callable[..., Path]


def paint(place: int, step: float, width: int = 160, height: int = 96) -> U8:
    """A drawn picture: a place of its own (texture, colours) and a red disc that moves with ``step``."""
    rng = np.random.default_rng(place)
    coarse = rng.integers(30, 220, (6, 9, 3), dtype=np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(14):
        a, b = (tuple(int(v) for v in rng.integers(0, (width, height))) for _ in range(2))
        cv2.line(image, a, b, tuple(int(v) for v in rng.integers(0, 256, 3)), 2, cv2.LINE_AA)
    centre = (round(width * (0.2 + 0.05 * step)), height // 2)
    cv2.circle(image, centre, height // 6, (220, 30, 40), -1, cv2.LINE_AA)
    return image


@pytest.fixture(scope="session")
def painted() -> Callable[..., U8]:
    """The function that paints one frame."""
    return paint


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """``clip(name, frames, codec=..., pix_fmt=..., rate=..., times=..., options=...)`` writes a video."""

    def make(
        name: str,
        frames: list[U8],
        *,
        codec: str = "libx264",
        pix_fmt: str = "yuv420p",
        rate: Fraction | int = 24,
        times: list[Fraction] | None = None,
        options: dict[str, str] | None = None,
        container_format: str | None = None,
        container_options: dict[str, str] | None = None,
        source_format: str = "rgb24",
    ) -> Path:
        path = tmp_path_factory.mktemp("clips") / name
        container = av.open(str(path), "w", format=container_format, options=container_options or {})
        stream: Any = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.options = options or ({"crf": "12", "preset": "veryfast"} if codec == "libx264" else {})
        if times is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 90000)
        for number, image in enumerate(frames):
            frame: Any = av.VideoFrame.from_ndarray(image, format=source_format)
            if times is not None:
                frame.time_base = Fraction(1, 90000)
                frame.pts = int(times[number] * 90000)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
        container.close()
        return path

    return make


@pytest.fixture(scope="session")
def two_shots(clip: Clip) -> Path:
    """30 frames at 24 fps: two shots of 15, drawn on threes."""
    frames = [paint(1 + number // 15, number // 3 % 5) for number in range(30)]
    return clip("two shots.mp4", frames)


def without_networks(drawings: Iterator[Drawing], settings: Settings) -> Iterator[DrawingLayers]:
    """Layers by colour key: the red disc is the character, the rest the background."""
    for drawing in drawings:
        frame = drawing.first.image
        pixels = frame.astype(np.int16)
        distance = np.abs(pixels - (220, 30, 40)).max(axis=2)
        alpha = np.clip((70 - distance) * 8, 0, 255).astype(np.uint8)
        hole = cv2.dilate(alpha, np.ones((5, 5), np.uint8))
        background = cv2.inpaint(frame, hole, 3, cv2.INPAINT_TELEA)
        background[hole == 0] = frame[hole == 0]
        character = decontaminate(frame, alpha, background)
        effects = np.zeros_like(character)
        identity = (character[..., 3] > 127).astype(np.uint8)
        x, y, w, h = (int(value) for value in cv2.boundingRect(identity))
        views = (CharacterView(1, (x, y, w, h), 0.9, int(identity.sum())),) if identity.any() else ()
        psnr, mae = recomposition_error(frame, compose(background, character, effects))
        yield DrawingLayers(
            drawing=drawing,
            character=character,
            effects=effects,
            background=background,
            identity=identity,
            characters=views,
            effects_found=(EffectView("fire and flames", "fire", 0.5, 0.01),),
            effect_intensity=0.0,
            inpainted=bool(hole.any()),
            mask_quality=0.8,
            background_quality=0.97,
            recovered_share=0.0,
            invented_share=float((hole > 0).mean()),
            motion_magnitude=None if drawing.is_shot_start else 0.01,
            residual_psnr=psnr,
            residual_mae=mae,
            absent_roles=frozenset({"tracking"}),
        )


@pytest.fixture(scope="session")
def keyed() -> Callable[[Iterator[Drawing], Settings], Iterator[DrawingLayers]]:
    """A pipeline of its own for `process_episode`, without a server."""
    return without_networks
