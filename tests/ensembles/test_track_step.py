"""The contract of track_step over the served networks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.errors import ModelError
from triton_anime.server import Server
from triton_anime.trackers.xmem import XMemSession, XMemTracker

pytestmark = pytest.mark.triton

SIZE = (135, 240)


def _scene(x: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    frame = np.kron(rng.integers(40, 200, (15, 20, 3)), np.ones((9, 12, 1))).astype(np.uint8)
    labels = np.zeros(SIZE, np.uint8)
    labels[30:110, x : x + 50], labels[40:100, 170:220] = 1, 2
    frame[labels == 1], frame[labels == 2] = (230, 30, 40), (20, 60, 220)
    return frame, labels


@pytest.fixture(scope="module")
def server(triton: Server) -> Server:
    if not all(triton.is_ready(model) for model in XMemTracker.MODELS):
        pytest.skip("the tracking role is not served")
    return triton


def test_two_objects_through_memory_and_late_third(server: Server) -> None:
    session = XMemSession(server, memory_every=2)
    for t in range(4):
        frame, labels = _scene(20 + 6 * t)
        if t == 0:
            probabilities = session.step(frame, labels, [1, 2])
        elif t == 2:
            late = np.zeros(SIZE, np.uint8)
            late[0:28, 100:160] = 3
            probabilities = session.step(frame, late, [3])
        else:
            probabilities = session.step(frame)
        assert probabilities.shape == (4 if t >= 2 else 3, 256, 448)
        np.testing.assert_allclose(probabilities.sum(axis=0), 1, atol=1e-4)
    tensors = session.memory.tensors()
    assert tensors["MEMORY_KEY"].shape[1] == 2 * 16 * 28
    assert tensors["MEMORY_VALID"].sum(axis=1).tolist() == [896, 448]


def test_given_masks_come_back(server: Server) -> None:
    frame, labels = _scene(20)
    probabilities = XMemSession(server).step(frame, labels, [1, 2])
    found = probabilities.argmax(axis=0)
    assert found[256 // 2, 448 * 45 // 240] == 1
    assert found[256 // 2, 448 * 195 // 240] == 2
    assert found[3, 3] == 0


def test_request_without_anything_to_follow_is_refused(server: Server) -> None:
    with pytest.raises(ModelError, match="nothing to follow"):
        server.infer("track_step", {"FRAME": _scene(20)[0]}, ["PROB"])
