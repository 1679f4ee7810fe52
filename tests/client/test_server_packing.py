"""What is learned of answers decides which outputs go through shared memory, and is bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from triton_anime.server import ServedModel, TensorDescription
from triton_anime.transport import packing
from triton_anime.transport.failures import ServerLostError
from triton_anime.transport.packing import Packer

MODEL = ServedModel(
    "blur",
    "",
    True,
    (TensorDescription("IN", "UINT8", (-1, 1024)),),
    (TensorDescription("OUT", "UINT8", (-1, 1024)),),
)

Answer = Callable[[int], bool]


@pytest.fixture
def answer() -> Iterator[Answer]:
    """Sends a request of so many KiB and has it answered; says whether the answer's place was known."""
    packer = Packer(lambda name, key, size: None, lambda name: None, enabled=True)

    def send(rows: int) -> bool:
        given = np.zeros((rows, 1024), np.uint8)
        packet = packer.pack(MODEL, {"IN": given}, None, inline=False)
        known = "OUT" in packet.answers
        tensor = SimpleNamespace(name="OUT", datatype="UINT8", shape=given.shape)
        result: Any = SimpleNamespace(
            get_response=lambda: SimpleNamespace(outputs=[tensor]), as_numpy=lambda name: given
        )
        assert packer.unpack(packet, result)["OUT"].shape == given.shape
        packer.release(packet)
        return known

    yield send
    packer.close()


def test_the_second_answer_of_a_size_has_a_place(answer: Answer) -> None:
    assert [answer(rows) for rows in (64, 64, 80, 64, 80)] == [False, True, False, True, True]


def test_small_answers_travel_in_the_message(answer: Answer) -> None:
    assert [answer(4), answer(4)] == [False, False]


def test_what_was_answered_longest_ago_is_forgotten(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_SIZES_AT_MOST", 2)
    assert [answer(rows) for rows in (64, 80, 64, 96)] == [False, False, True, False]
    # 80 had to go for 96: 64 came after it
    assert [answer(rows) for rows in (64, 96, 80)] == [True, True, False]


def test_an_answer_without_what_was_asked_for_is_none() -> None:
    packer = Packer(lambda name, key, size: None, lambda name: None, enabled=False)
    packet = packer.pack(MODEL, {"IN": np.zeros((4, 1024), np.uint8)}, ["OUT"], inline=True)
    empty: Any = SimpleNamespace(get_response=lambda: SimpleNamespace(outputs=[]))
    with pytest.raises(ServerLostError, match="model blur died: no OUT"):
        packer.unpack(packet, empty)
    packer.close()
