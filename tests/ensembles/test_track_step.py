"""The contract of track_step over the served networks, and over others as deep as the published ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.errors import ModelError
from triton_anime.server import FakeServer, Server
from triton_anime.trackers.memory import MemoryPolicy
from triton_anime.trackers.stepping import track_step
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


def test_a_width_that_is_no_number_is_refused(ensemble: Any, refused: type[Exception]) -> None:
    with pytest.raises(refused, match="is a number of channels, not 'wide'"):
        ensemble("track_step", {"hidden_width": "wide"})


# ---------------------------------------------------------------- other widths

KEY, VALUE, HIDDEN = 20, 48, 12
"""Neither those of the lite nor those of the published size, and all different."""
PLAYED = (90, 160)
SIDES = (96, 160)
OUTPUTS = ("PROB", "KEY", "SHRINKAGE", "SELECTION", "VALUE", "NEXT_HIDDEN", "USAGE")


@pytest.fixture(scope="module")
def deep() -> dict[str, tuple[Any, Any]]:
    """The three networks with the published numbers of blocks, narrow; a quick trace cannot follow how theirs
    compute the size of a picture, so they are given it."""
    torch = pytest.importorskip("torch", reason="needs the extra triton-anime[export]")
    from triton_anime_export.frame_io import Normalise
    from triton_anime_export.networks import xmem
    from triton_anime_export.networks._xmem_core import FULL, XMem, XMemWidths
    from triton_anime_export.random_weights import shake

    widths = XMemWidths(
        stem=8,
        planes=(4, 6, 10),
        blocks=FULL.blocks,
        value_stem=6,
        value_planes=(6, 8, 12),
        key=KEY,
        value=VALUE,
        hidden=HIDDEN,
        decoder=16,
        updater=14,
    )

    class Sized(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self, core: Any) -> None:
            super().__init__()
            self.core, self.normalise = core, Normalise()

        def picture(self, frame: Any) -> Any:
            real = frame.permute(0, 3, 1, 2).float() / 255
            return self.normalise(torch.nn.functional.interpolate(real, size=SIDES, mode="bilinear"))

    class Encode(Sized):
        def forward(self, frame: Any) -> Any:
            f16, f8, f4 = self.core.key_encoder(self.picture(frame))
            return (*self.core.key_proj(f16), f16, f8, f4)

    class Value(Sized):
        def forward(self, frame: Any, f16: Any, prob: Any, hidden: Any) -> Any:
            return self.core.value_encoder(self.picture(frame[None]), f16[None], prob, hidden)

    torch.manual_seed(5)
    core = XMem(widths)
    known = (
        (xmem.XMEM_ENCODE, Encode(core), xmem._encode_tensors(widths)),
        (xmem.XMEM_DECODE, xmem.ServedDecode(core), xmem._decode_tensors(widths)),
        (xmem.XMEM_VALUE, Value(core), xmem._value_tensors(widths)),
    )
    described = {}
    for network, module, tensors in known:
        mine = dataclasses.replace(network, **tensors)
        if network.name == "xmem_encode":
            shake(mine, module)
        described[network.name] = mine, module.eval()
    return described


@pytest.fixture(scope="module")
def beside(deep: dict[str, tuple[Any, Any]], computed: Any) -> FakeServer:
    """The same networks without a server."""
    call = computed(deep)
    return FakeServer({"track_step": partial(track_step, wanted=OUTPUTS, call=call, hidden_width=HIDDEN)})


@pytest.fixture(scope="module")
def deep_server(
    deep: dict[str, tuple[Any, Any]], step_server: Callable[..., AbstractContextManager[Server]]
) -> Iterator[Server]:
    """Triton with the graphs of those networks."""
    h, w = SIDES[0] // 16, SIDES[1] // 16
    lengths = {
        "height": PLAYED[0],
        "width": PLAYED[1],
        "objects": 3,
        "groups": 2,
        "columns": 90,
        "h": h,
        "w": w,
    }
    free = {"objects", "objects + 1", "groups", "columns"}
    config = f'parameters {{ key: "hidden_width" value {{ string_value: "{HIDDEN}" }} }}\n'
    with step_server("track_step", deep, lengths, free, config) as server:
        yield server


def _play(server: Server) -> tuple[list[NDArray[np.float32]], XMemSession]:
    """Three objects, a fourth that comes late, memory that is consolidated and evicted."""
    policy = MemoryPolicy(min_frames=2, max_frames=4, prototypes=16, max_long_term=32)
    session = XMemSession(server, policy, memory_every=1)
    frame = np.random.default_rng(0).integers(0, 256, (*PLAYED, 3), dtype=np.uint8)
    labels = np.zeros(PLAYED, np.uint8)
    for k in range(4):
        labels[10 + 8 * k : 60 + 8 * k, 8 + 38 * k : 40 + 38 * k] = k + 1
    found = []
    for t in range(12):
        moved = np.roll(frame, 3 * t, axis=1)
        if t in (0, 4):
            new = labels == 4 if t else (labels > 0) & (labels < 4)
            numbers = (4,) if t else (1, 2, 3)
            given = np.where(np.roll(new, 3 * t, axis=1), np.roll(labels, 3 * t, axis=1), 0).astype(np.uint8)
            found.append(session.step(moved, given, numbers))
        else:
            found.append(session.step(moved))
    return found, session


def test_no_width_is_taken_for_granted(deep_server: Server, beside: FakeServer) -> None:
    served, session = _play(deep_server)
    wanted, _ = _play(beside)
    assert [len(probabilities) for probabilities in served] == [4] * 4 + [5] * 8
    strays = [np.abs(mine - theirs) > 5e-3 for mine, theirs in zip(served, wanted, strict=True)]
    # A tie at the edge of the top 30 may fall either way.
    assert np.mean([stray.mean() for stray in strays]) < 1e-2
    assert np.ptp(wanted[1][1]) > 0.1
    tensors = session.memory.tensors()
    assert tensors["MEMORY_KEY"].shape[0] == KEY
    assert tensors["MEMORY_VALUE"].shape[:2] == (4, VALUE)
    assert session.memory.groups == 2
    assert {event["event"] for event in session.memory.log} == {"consolidate", "evict"}
