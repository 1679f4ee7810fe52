"""Flow refined on the pixels, on a painting whose motion is known."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.refined_flow import refined

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
SIZE = (120, 200)


def painting(shift: tuple[float, float] = (0.0, 0.0), seed: int = 3) -> U8:
    """A blurred noise, moved by (dx, dy) pixels."""
    noise = np.random.default_rng(seed).integers(0, 256, (SIZE[0] + 40, SIZE[1] + 40, 3)).astype(np.uint8)
    soft = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2.5), None, 0, 255, cv2.NORM_MINMAX)
    matrix = np.array([[1, 0, shift[0] - 20], [0, 1, shift[1] - 20]], np.float32)
    return np.asarray(cv2.warpAffine(soft, matrix, SIZE[::-1], flags=cv2.INTER_CUBIC), np.uint8)


def flat(flow: tuple[float, float]) -> F32:
    return np.full((*SIZE, 2), flow, np.float32)


def error(flow: F32, true: tuple[float, float]) -> float:
    """Mean endpoint error away from the border, over which the painting leaves the picture."""
    return float(np.linalg.norm(flow - true, axis=2)[16:-16, 16:-16].mean())


def test_the_fraction_of_a_pixel_is_found_both_ways() -> None:
    first, second = painting(), painting((5.3, -2.6))
    forward, backward = refined(first, second, flat((6.0, -3.0)), flat((-6.0, 3.0)))
    assert forward.dtype == backward.dtype == np.float32
    assert error(flat((6.0, -3.0)), (5.3, -2.6)) > 0.7
    assert error(forward, (5.3, -2.6)) < 0.1
    assert error(backward, (-5.3, 2.6)) < 0.1


def test_a_long_way_is_kept_where_a_pattern_repeats() -> None:
    # stripes 16 pixels apart: a shift of 16 looks like none, and only the estimate knows
    stripes = (128 + 100 * np.sin(np.arange(SIZE[1]) * 2 * np.pi / 16)).astype(np.uint8)
    picture = np.repeat(np.broadcast_to(stripes, SIZE)[..., None], 3, axis=2).copy()
    forward, backward = refined(picture, picture, flat((16.0, 0.0)), flat((-16.0, 0.0)))
    assert error(forward, (16.0, 0.0)) < 0.5
    assert error(backward, (-16.0, 0.0)) < 0.5


def test_the_estimate_stands_where_the_other_picture_hides_the_place() -> None:
    before, after = painting(), painting()
    after[30:90, 80:140] = painting(seed=9)[30:90, 80:140]
    estimate = flat((0.0, 0.0))
    forward, _ = refined(before, after, estimate, estimate)
    inside = np.linalg.norm(forward, axis=2)[40:80, 90:130]
    assert (inside < 0.05).mean() > 0.5
    assert error(forward[:, :60], (0.0, 0.0)) < 0.05


def test_the_estimate_is_not_changed_in_place() -> None:
    first, second, estimate = painting(), painting((1.4, 0.0)), flat((1.0, 0.0))
    refined(first, second, estimate, -estimate)
    assert (estimate == flat((1.0, 0.0))).all()


def test_pictures_too_small_to_search_keep_their_estimate() -> None:
    tiny = painting()[:20, :20]
    estimate = np.full((20, 20, 2), 0.5, np.float32)
    assert refined(tiny, tiny, estimate, estimate)[0] is estimate
