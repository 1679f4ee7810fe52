"""A network that looks at many drawings of a shot fills what none of them shows."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from triton_anime.errors import InputError
from triton_anime.pipeline import Pipeline
from triton_anime.settings import Settings


def test_a_video_network_fills_what_no_drawing_shows(
    scene: Any, keys: Any, run: Any, video_networks: Any
) -> None:
    truth = scene(count=14, step=0)
    server = keys.server(**video_networks)
    found = run(server, truth.frames, video_inpainting="sttn")
    usual = run(keys.server(), truth.frames)
    asked = [name for name, _ in server.calls]
    assert asked.count("inpaint_video") == 3
    assert "inpaint_background" not in asked
    light = np.broadcast_to(np.arange(320) % 16 >= 8, truth.alphas[0].shape)
    for item, other, alpha in zip(found, usual, truth.alphas, strict=True):
        outside = alpha == 0
        assert item.invented_share == pytest.approx(other.invented_share, rel=0.02)
        assert item.invented_share > 0.05
        assert np.abs(item.background.astype(int) - other.background)[outside].mean() < 1
        # in the middle of the hole what the network painted, but for its brightness
        middle = cv2.erode(alpha, np.ones((25, 25), np.uint8)) > 0
        apart = [
            float(picture[middle & light].mean()) - float(picture[middle & ~light].mean())
            for picture in (item.background, other.background)
        ]
        assert apart[0] > 90
        assert abs(apart[1]) < 30
        for name in ("character", "identity"):
            assert np.abs(getattr(item, name).astype(int) - getattr(other, name)).mean() < 2


def test_a_video_network_sees_working_frames_and_all_of_the_foreground(
    scene: Any, keys: Any, run: Any, video_networks: Any
) -> None:
    truth = scene(count=4)
    server = keys.server(**video_networks)
    run(server, truth.frames, video_inpainting="e2fgvi_hq", working_long_side=160)
    (sent,) = [inputs for name, inputs in server.calls if name == "inpaint_video"]
    assert sent["FRAMES"].shape == (4, 90, 160, 3)
    for mask, alpha in zip(sent["MASKS"], truth.alphas, strict=True):
        small = cv2.resize(alpha, (160, 90), interpolation=cv2.INTER_AREA)
        assert (mask[small > 0] == 255).all()
        assert (mask == 0).mean() > 0.5


def test_shots_are_not_mixed_and_drawings_come_back_whole(
    scene: Any, keys: Any, run: Any, video_networks: Any
) -> None:
    first, second = scene(count=7, pan=(1.3, 0)).frames, scene(count=12, step=-9).frames
    server = keys.server(**video_networks)
    found = run(server, first, second, first, video_inpainting="sttn", shots_in_flight=3)
    assert [item.drawing.first.index for item in found] == list(range(26))
    for item, frame in zip(found, [*first, *second, *first], strict=True):
        assert np.array_equal(item.drawing.first.image, frame)
    for one, other in zip(found[:7], found[19:], strict=True):
        assert np.array_equal(one.background, other.background)


@pytest.mark.parametrize(("name", "lacks"), [("sttn", "sttn, inpaint_video"), ("e2fgvi_hq", "inpaint_video")])
def test_a_chosen_network_that_is_not_served_ends_the_run_before_it_begins(
    keys: Any, video_networks: Any, name: str, lacks: str
) -> None:
    server = keys.server(e2fgvi_hq=video_networks["e2fgvi_hq"])
    with pytest.raises(
        InputError, match=f"video inpainting by {name} needs {lacks}, which the server does not"
    ):
        Pipeline(server, Settings(video_inpainting=name))
