"""The shipped demonstration clip is the one that the studio draws, small, on twos, of two shots."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skia")

import av

from triton_anime_export.studio import demo

CLIP = Path(__file__).parents[2] / "data" / "demo.mp4"


def test_the_clip_is_small_and_drawn_on_twos() -> None:
    assert CLIP.stat().st_size < 2_000_000
    with av.open(str(CLIP)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 1280, 720)
        assert stream.average_rate == demo.FRAME_RATE
        grey = [
            frame.to_ndarray(format="gray")[::4, ::4].astype(np.int16) for frame in container.decode(stream)
        ]
    steps = [float(np.abs(after - before).mean()) for before, after in pairwise(grey)]
    assert len(grey) == sum(demo.SHOT_SECONDS) * demo.FRAME_RATE
    assert max(steps[::2]) < 0.5  # the second frame of each drawing is held
    cuts = [index + 1 for index, step in enumerate(steps) if step > 30]
    assert cuts == [demo.SHOT_SECONDS[0] * demo.FRAME_RATE]


def test_the_clip_shows_what_the_studio_draws() -> None:
    drawn = next(demo.drawings(7)).astype(np.float32)
    with av.open(str(CLIP)) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.float32)
    assert 10 * np.log10(255**2 / np.mean((drawn - shown) ** 2)) > 30
