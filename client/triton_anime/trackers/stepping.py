"""One step of XMem on the server's side: encode, read, decode, merge, and a memory value when it is wanted.

Pure arithmetic on arrays plus calls of networks through a function, so that it runs inside the server
(``ensembles/track_step``) and in tests alike.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.trackers.merging import merge_given
from triton_anime.trackers.served import Arrays, Call

STRIDE = 16
_MEMORY = ("MEMORY_KEY", "MEMORY_SHRINKAGE", "MEMORY_VALUE", "MEMORY_VALID", "GROUP", "HIDDEN")
_ENCODED = ("KEY", "SHRINKAGE", "SELECTION", "F16", "F8", "F4")


def track_step(
    inputs: Arrays, wanted: Collection[str], call: Call, *, hidden_width: int | None = None
) -> dict[str, NDArray[Any]]:
    """Segment one drawing with a memory, or take the masks given for it, or both.

    Args:
        inputs: as the README of ``ensembles/track_step`` lists them.
        wanted: outputs to compute; VALUE makes this a drawing that is remembered, and NEXT_HIDDEN then comes
            from the value encoder instead of the decoder.
        call: runs one of the networks xmem_encode, xmem_decode, xmem_value.
        hidden_width: channels of the hidden state, for a drawing that brings none; those of the keys when
            None, as in every published checkpoint.

    Raises:
        ValueError: neither a memory nor given masks, or the memory is incomplete; one line for the client.
    """
    frame = inputs["FRAME"]
    remembered = [name for name in _MEMORY if name in inputs]
    if ("GIVEN" in inputs) != ("GIVEN_NUMBERS" in inputs):
        raise ValueError("send GIVEN and GIVEN_NUMBERS together")
    given = [int(number) for number in inputs["GIVEN_NUMBERS"]] if "GIVEN" in inputs else []
    known = int(inputs["HIDDEN"].shape[0]) if "HIDDEN" in inputs else 0
    covered = bool(given) and set(given) >= set(range(1, max([known, *given]) + 1))
    if remembered and len(remembered) < len(_MEMORY) and not (covered and remembered == ["HIDDEN"]):
        missing = ", ".join(name for name in _MEMORY if name not in inputs)
        raise ValueError(f"the memory is incomplete: send {missing} too, or none of it")
    objects = max([known, *given])
    if not objects:
        raise ValueError("nothing to follow: send GIVEN with GIVEN_NUMBERS, or a memory")
    if given and min(given) < 1:
        raise ValueError("GIVEN_NUMBERS count from 1")
    if not remembered and not covered:
        raise ValueError("without a memory every object's mask has to be given")

    encoded = call("xmem_encode", {"FRAME": frame[None]}, _ENCODED)
    encoded = {name: value[0] for name, value in encoded.items()}
    h, w = encoded["KEY"].shape[1:]
    hidden = inputs["HIDDEN"] if remembered else None
    predicted, next_hidden, usage = None, hidden, np.zeros(0, np.float32)
    if not covered:
        answer = call(
            "xmem_decode",
            {name: encoded[name] for name in ("KEY", "SELECTION", "F16", "F8", "F4")}
            | {name: inputs[name] for name in _MEMORY},
            ("PROB", "NEXT_HIDDEN", "USAGE"),
        )
        predicted, next_hidden, usage = answer["PROB"], answer["NEXT_HIDDEN"], answer["USAGE"]
    probabilities = predicted
    if given:
        size = (w * STRIDE, h * STRIDE)
        labels = inputs["GIVEN"]
        if labels.shape != (size[1], size[0]):
            labels = np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        probabilities = merge_given(predicted, labels, given, objects)
    assert probabilities is not None
    outputs: dict[str, NDArray[Any]] = {"PROB": probabilities, "USAGE": usage} | {
        name: encoded[name] for name in ("KEY", "SHRINKAGE", "SELECTION")
    }
    width = hidden_width or encoded["KEY"].shape[0]
    if "VALUE" in wanted:
        state = _with_room(hidden, (objects, width, h, w))
        answer = call(
            "xmem_value",
            {"FRAME": frame, "F16": encoded["F16"], "PROB": probabilities[1:], "HIDDEN": state},
            ("VALUE", "NEXT_HIDDEN"),
        )
        outputs |= {"VALUE": answer["VALUE"], "NEXT_HIDDEN": answer["NEXT_HIDDEN"]}
    else:
        outputs["NEXT_HIDDEN"] = _with_room(next_hidden, (objects, width, h, w))
    return {name: value for name, value in outputs.items() if name in wanted}


def _with_room(hidden: NDArray[Any] | None, shape: tuple[int, int, int, int]) -> NDArray[Any]:
    """The hidden state with zeros for objects that are new; of ``shape`` where there is none yet."""
    if hidden is None:
        return np.zeros(shape, np.float32)
    return np.pad(hidden, ((0, shape[0] - hidden.shape[0]), (0, 0), (0, 0), (0, 0)))
