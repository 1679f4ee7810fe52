"""Windows as the graphs of video networks take them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.serving.calls import AbsentError, FailedError, NotServedError, RefusedError
from triton_anime.serving.video_inpainting import NETWORKS, inpaint, lengths, padded, with_a_reference

Tensors = dict[str, NDArray[Any]]


class Caller:
    """Answers FRAMES with the number of the picture in it; keeps what it was asked."""

    def __init__(self, error: Exception | None = None, served: bool = True) -> None:
        self.error, self.served = error, served
        self.inputs: Tensors = {}

    async def ask(self, model: str, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str]) -> Tensors:
        assert tuple(outputs) == ("PLATES",)
        assert set(inputs) == set(NETWORKS[model])
        self.inputs = dict(inputs)
        if self.error is not None:
            raise self.error
        return {"PLATES": inputs["FRAMES"]}

    def serves(self, model: str) -> bool:
        return self.served


def window(count: int, references: int = 1, flows: bool = False) -> Tensors:
    def pictures(number: int, first: int, *channels: int) -> NDArray[np.uint8]:
        level = np.arange(first, first + number, dtype=np.uint8)
        return np.tile(level.reshape(-1, 1, 1, *[1] * len(channels)), (1, 4, 6, *channels))

    found: Tensors = {
        "FRAMES": pictures(count, 1, 3),
        "MASKS": pictures(count, 101),
        "REFERENCES": pictures(references, 51, 3),
        "REFERENCE_MASKS": pictures(references, 151),
    }
    if flows:
        found |= {
            "UNKNOWN": pictures(count, 201),
            "REFERENCE_UNKNOWN": pictures(references, 221),
            "FLOW_FORWARD": np.full((count - 1, 4, 6, 2), 3, np.float32),
            "FLOW_BACKWARD": np.full((count - 1, 4, 6, 2), -3, np.float32),
        }
    return found


def answer(caller: Caller, network: str, given: Tensors, length: int | None = None) -> NDArray[np.uint8]:
    return asyncio.run(inpaint(caller, network, given, length))


@pytest.mark.parametrize("network", NETWORKS)
def test_the_last_picture_is_repeated_and_its_copies_are_dropped(network: str) -> None:
    caller, given = Caller(), window(3, flows=True)
    plates = answer(caller, network, given, 5)
    assert np.array_equal(plates, given["FRAMES"])
    assert caller.inputs["FRAMES"][:, 0, 0, 0].tolist() == [1, 2, 3, 3, 3]
    assert caller.inputs["MASKS"][:, 0, 0].tolist() == [101, 102, 103, 103, 103]
    assert len(caller.inputs["REFERENCES"]) == 1
    if network == "propainter_generate":
        assert caller.inputs["UNKNOWN"][:, 0, 0].tolist() == [201, 202, 203, 203, 203]
        assert caller.inputs["FLOW_FORWARD"][:, 0, 0, 0].tolist() == [3, 3, 0, 0]
        assert caller.inputs["FLOW_BACKWARD"][:, 0, 0, 1].tolist() == [-3, -3, 0, 0]


def test_a_window_of_the_right_length_or_of_any_stays_as_it_is() -> None:
    given = window(4, 2)
    for length in (4, None):
        caller = Caller()
        answer(caller, "e2fgvi_hq", given, length)
        for name, value in given.items():
            assert np.array_equal(caller.inputs[name], value)
    with pytest.raises(RefusedError, match="FRAMES has 4 pictures; this network takes 3 at most"):
        answer(Caller(), "e2fgvi_hq", given, 3)


def test_one_picture_has_no_flow() -> None:
    found = padded(window(1, flows=True), 2)
    assert found["FLOW_FORWARD"].shape == (1, 4, 6, 2)
    assert not found["FLOW_FORWARD"].any()


def test_a_picture_of_the_window_stands_in_for_a_reference() -> None:
    given = window(3, flows=True)
    alone = {name: value for name, value in given.items() if "REFERENCE" not in name}
    empty = {name: value[:0] if "REFERENCE" in name else value for name, value in given.items()}
    for without in (alone, empty):
        found = with_a_reference(without)
        assert found["REFERENCES"][:, 0, 0, 0].tolist() == [2]
        assert found["REFERENCE_MASKS"][:, 0, 0].tolist() == [102]
        assert found["REFERENCE_UNKNOWN"][:, 0, 0].tolist() == [202]
    assert "REFERENCE_UNKNOWN" not in with_a_reference(window(2, 0))


@pytest.mark.parametrize(
    ("network", "change", "says"),
    [
        ("lama", {}, "NETWORK is 'lama'; name one of sttn, e2fgvi_hq, propainter_generate"),
        ("propainter_generate", {}, "propainter_generate needs UNKNOWN, REFERENCE_UNKNOWN, FLOW_FORWARD"),
        ("sttn", {"MASKS": np.zeros((2, 4, 6), np.uint8)}, r"MASKS is \[2, 4, 6\]; .* must be \[3, 4, 6\]"),
        ("sttn", {"REFERENCES": np.zeros((1, 4, 5, 3), np.uint8)}, r"REFERENCES is \[1, 4, 5, 3\]"),
        ("sttn", {"FRAMES": np.zeros((0, 4, 6, 3), np.uint8)}, "FRAMES is empty; send one picture"),
    ],
)
def test_what_cannot_be_answered_is_one_line(network: str, change: Tensors, says: str) -> None:
    with pytest.raises(RefusedError, match=says) as raised:
        answer(Caller(), network, {**window(3), **change})
    assert "\n" not in str(raised.value)


def test_absent_and_failing_networks_are_told_apart() -> None:
    said = "role video inpainting is not served: sttn is not ready"
    with pytest.raises(NotServedError, match=said):
        answer(Caller(served=False), "sttn", window(2))
    with pytest.raises(NotServedError, match="role video inpainting is not served: gone"):
        answer(Caller(AbsentError("gone")), "sttn", window(2))
    with pytest.raises(RefusedError, match="role video inpainting failed: out of memory") as raised:
        answer(Caller(FailedError("out of memory")), "sttn", window(2))
    assert not isinstance(raised.value, NotServedError)


def test_lengths_are_read_from_words() -> None:
    assert lengths(" a=11, b = 3 ,") == {"a": 11, "b": 3}
    assert lengths("") == {}
    for wrong in ("a", "a=", "a=0", "a=-1"):
        with pytest.raises(ValueError, match="write NETWORK=PICTURES"):
            lengths(wrong)
