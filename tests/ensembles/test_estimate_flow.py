"""The contract of estimate_flow over the served network."""

from __future__ import annotations

import numpy as np
import pytest

from triton_anime.server import Server

pytestmark = pytest.mark.triton


def test_both_ways_of_a_pan(triton: Server) -> None:
    if not triton.is_ready("estimate_flow"):
        pytest.skip("the flow role is not served")
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(0, 255, (30, 50, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    pairs = [(picture[20:212, 20:340], picture[20:212, 20 + dx : 340 + dx]) for dx in (0, 8)]
    answer = triton.infer(
        "estimate_flow",
        {"FRAME0": np.stack([a for a, _ in pairs]), "FRAME1": np.stack([b for _, b in pairs])},
    )
    forward, backward = answer["FORWARD"], answer["BACKWARD"]
    assert forward.shape == backward.shape == (2, 192, 320, 2)
    middle = (slice(40, 150), slice(60, 260))
    assert np.abs(forward[0][middle]).mean() < 1.5
    # the picture moves 8 pixels to the left, and back
    assert np.median(forward[1][middle][..., 0]) == pytest.approx(-8, abs=2)
    assert np.median(backward[1][middle][..., 0]) == pytest.approx(8, abs=2)
    assert np.abs(np.median(forward[1][middle][..., 1])) < 1.5
