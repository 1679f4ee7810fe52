from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.flow_fields import occluded, resized, sampled

F32 = NDArray[np.float32]


def affine(size: tuple[int, int], whole: tuple[int, int]) -> F32:
    """One affine motion of a picture, in pixels of a grid of ``size`` over ``whole`` units of length."""
    (h, w), (height, width) = size, whole
    x = (np.arange(w) + 0.5)[None] * width / w
    y = (np.arange(h) + 0.5)[:, None] * height / h
    dx = 0.06 * x - 0.11 * y + 4.0
    dy = 0.02 * x + 0.05 * y - 3.0
    return np.stack([dx * w / width, dy * h / height], axis=-1).astype(np.float32)


@pytest.mark.parametrize("size", [(45, 80), (60, 80), (33, 71)])
def test_an_affine_flow_enlarged_is_the_same_motion(size: tuple[int, int]) -> None:
    whole = (180, 320)
    grown = resized(affine(size, whole), whole)
    error = np.abs(grown - affine(whole, whole))
    edge = 6  # within half a coarse pixel of the border there is nothing to interpolate with
    assert error[edge:-edge, edge:-edge].max() < 1e-3
    assert error.max() < 1.0
    assert np.abs(grown).max() > 10  # of a motion that is no rounding


def test_a_flow_made_smaller_is_the_same_motion() -> None:
    assert (
        np.abs(resized(affine((180, 320), (180, 320)), (45, 80)) - affine((45, 80), (180, 320))).max() < 1e-3
    )


def test_the_same_size_costs_nothing() -> None:
    flow = affine((20, 30), (20, 30))
    assert resized(flow, (20, 30)) is flow


def test_sampling_reads_where_the_flow_leads() -> None:
    ramp = np.zeros((4, 6, 2), np.float32)
    ramp[..., 0] = np.arange(6)
    along = np.full((4, 6, 2), (1.5, 0.0), np.float32)
    assert sampled(ramp, along)[2, :, 0].tolist() == [1.5, 2.5, 3.5, 4.5, 5.0, 5.0]


def still_behind_a_square(step: int) -> tuple[F32, F32]:
    """True flows of a square of 30 pixels at (20, 40) that moves ``step`` to the right over what stands."""
    forward, backward = np.zeros((2, 100, 160, 2), np.float32)
    forward[20:50, 40:70, 0] = step
    backward[20:50, 40 + step : 70 + step, 0] = -step
    return forward, backward


def test_what_a_square_hides_and_uncovers_is_found() -> None:
    first, second = occluded(*still_behind_a_square(12))
    hidden, uncovered = np.zeros((2, 100, 160), bool)
    hidden[20:50, 70:82] = True  # it comes to stand there
    uncovered[20:50, 40:52] = True  # it stood there
    assert np.array_equal(first, hidden)
    assert np.array_equal(second, uncovered)


def test_what_leaves_the_picture_is_hidden() -> None:
    """A camera that pans: a column as wide as its step is seen in one picture only, on either side."""
    shift = np.full((40, 60, 2), (7.0, 0.0), np.float32)
    first, second = occluded(shift, -shift)
    assert first.any(axis=0).nonzero()[0].tolist() == list(range(53, 60))
    assert second.any(axis=0).nonzero()[0].tolist() == list(range(7))


@pytest.mark.parametrize(("apart", "hidden"), [(0.70, False), (0.72, True)])
def test_half_a_pixel_squared_is_tolerated_where_nothing_moves(apart: float, hidden: bool) -> None:
    still = np.zeros((8, 8, 2), np.float32)
    wrong = np.full((8, 8, 2), (0.0, apart), np.float32)
    wrong[:2] = wrong[-2:] = 0  # or the way there would lead out of the picture
    first, _ = occluded(still, wrong)
    assert first[4, 4] == hidden
    assert not first[0, 0]


def test_longer_ways_may_disagree_by_more() -> None:
    """At 50 pixels 0.01 (50² + 43²) + 0.5 is 43.99: 6.6 pixels apart are tolerated, 7 are not."""
    ahead = np.full((8, 200, 2), (50.0, 0.0), np.float32)
    for home, hidden in ((-43.4, False), (-43.0, True)):
        first, _ = occluded(ahead, np.full((8, 200, 2), (home, 0.0), np.float32))
        assert first[:, :150].all() == hidden
        assert first[:, :150].any() == hidden


def test_flows_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="give them one size"):
        occluded(np.zeros((4, 4, 2), np.float32), np.zeros((4, 5, 2), np.float32))
