from __future__ import annotations

import numpy as np
import pytest

from triton_anime.letterbox import FILL, Letterbox

SHAPES = [(2160, 3840), (1080, 1920), (1920, 1080), (100, 100), (1, 1), (1, 900), (900, 1), (24, 42)]


@pytest.mark.parametrize(("height", "width"), SHAPES)
@pytest.mark.parametrize("frame", [(768, 1344), (48, 84), (1024, 1024)])
def test_letterbox_there_and_back(height: int, width: int, frame: tuple[int, int]) -> None:
    box = Letterbox(height, width, *frame)
    h, w = box.inside
    assert 1 <= h <= frame[0]
    assert 1 <= w <= frame[1]
    assert h == frame[0] or w == frame[1]
    if min(h, w) > 1:
        assert h / w == pytest.approx(height / width, rel=0.05)
    picture = np.full((height, width, 3), 200, np.uint8)
    put = box.put(picture)
    assert put.shape == (*frame, 3)
    assert (put[:h, :w] == 200).all()
    assert (put[h:] == FILL).all()
    assert (put[:, w:] == FILL).all()
    corners = np.array([[0.1 * width, 0.2 * height, 0.6 * width, 0.9 * height]], np.float32)
    inside = box.boxes_in(corners)
    middle, size = (inside[:, :2] + inside[:, 2:]) / 2, inside[:, 2:] - inside[:, :2]
    shares = np.concatenate([middle, size], axis=1) / np.array([frame[1], frame[0]] * 2)
    assert box.boxes_out(shares.astype(np.float32)) == pytest.approx(corners, rel=1e-3, abs=1e-3)


def test_boxes_are_cut_at_the_picture() -> None:
    box = Letterbox(100, 50, 100, 100)  # the right half of the frame is empty
    found = box.boxes_out(np.array([[0.5, 0.5, 1, 1], [0.8, 0.5, 0.2, 0.2], [0.5, 0.5, 0.4, 2]], np.float32))
    assert found == pytest.approx(np.array([[0, 0, 50, 100], [50, 40, 50, 60], [30, 0, 50, 100]]))


@pytest.mark.parametrize("shape", SHAPES)
def test_maps_come_back_to_their_place(shape: tuple[int, int]) -> None:
    height, width = shape
    box = Letterbox(height, width, 1024, 1024)
    ys, xs = np.mgrid[:256, :256].astype(np.float32) * 4 + 2  # centres, in pixels of the frame
    h, w = box.inside
    out = (min(height, 360), min(width, 360))
    across, down = box.map_out(xs, *out), box.map_out(ys, *out)
    assert across.shape == out
    # a linear map comes back linear: centres of the answer's pixels, in pixels of the frame
    wanted_x = (np.arange(out[1]) + 0.5) / out[1] * w
    wanted_y = (np.arange(out[0]) + 0.5) / out[0] * h
    reach = np.clip(wanted_x, 2, 1022), np.clip(wanted_y, 2, 1022)
    assert np.abs(across - reach[0][None, :]).max() < 0.2
    assert np.abs(down - reach[1][:, None]).max() < 0.2
