"""Which tensors of a tracker's step travel through shared memory where the server is on the same host."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime.repository import Catalogue, ensemble_repository
from triton_anime.trackers.memory import MemoryPolicy
from triton_anime.transport.packing import Packer

GRID = (16, 28)
OBJECTS, KEY, VALUE = 2, 32, 96
"""Lite widths."""


def request() -> dict[str, NDArray[Any]]:
    policy = MemoryPolicy()
    columns = policy.max_frames * GRID[0] * GRID[1] + policy.max_long_term
    return {
        "FRAME": np.zeros((360, 640, 3), np.uint8),
        "MEMORY_KEY": np.zeros((KEY, columns), np.float32),
        "MEMORY_SHRINKAGE": np.ones((1, columns), np.float32),
        "MEMORY_VALUE": np.zeros((OBJECTS, VALUE, columns), np.float32),
        "MEMORY_VALID": np.ones((1, columns), np.uint8),
        "GROUP": np.zeros(OBJECTS, np.int32),
        "HIDDEN": np.zeros((OBJECTS, KEY, *GRID), np.float32),
        "GIVEN": np.zeros((360, 640), np.uint8),
        "GIVEN_NUMBERS": np.arange(1, OBJECTS + 1, dtype=np.int32),
    }


def answer() -> dict[str, NDArray[Any]]:
    cells = {"KEY": KEY, "SELECTION": KEY, "SHRINKAGE": 1}
    return {
        "PROB": np.zeros((OBJECTS + 1, 256, 448), np.float32),
        "NEXT_HIDDEN": np.zeros((OBJECTS, KEY, *GRID), np.float32),
        "VALUE": np.zeros((OBJECTS, VALUE, *GRID), np.float32),
        "USAGE": np.zeros(3712, np.float32),
    } | {name: np.zeros((width, *GRID), np.float32) for name, width in cells.items()}


def test_all_that_is_large_is_shared() -> None:
    model = Catalogue([ensemble_repository()]).served()["track_step"]
    packer = Packer(lambda *region: None, lambda name: None, enabled=True)
    inputs, outputs = request(), answer()
    try:
        packet = packer.pack(model, inputs, list(outputs), inline=False)
        shared = {
            str(tensor.name())
            for tensor in packet.inputs
            if "shared_memory_region" in tensor._get_tensor().parameters
        }
        assert shared == {"FRAME", "MEMORY_KEY", "MEMORY_VALUE", "HIDDEN", "GIVEN"}
        assert not packet.answers  # how large they are is learned from the first answer to these shapes
        said: Any = SimpleNamespace(
            get_response=lambda: SimpleNamespace(outputs=[SimpleNamespace(name=name) for name in outputs]),
            as_numpy=lambda name: outputs[name],
        )
        packer.unpack(packet, said)
        packer.release(packet)
        again = packer.pack(model, inputs, list(outputs), inline=False)
        assert set(again.answers) == {"PROB", "NEXT_HIDDEN", "VALUE", "KEY", "SELECTION"}
        bytes_of = {name: value.nbytes for name, value in (inputs | outputs).items()}
        inside = sum(bytes_of[name] for name in bytes_of if name not in shared | set(again.answers))
        assert inside < 0.02 * sum(bytes_of.values())
        packer.release(again)
    finally:
        packer.close()
