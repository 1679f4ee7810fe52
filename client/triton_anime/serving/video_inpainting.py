"""The role "video inpainting" inside the server: a window of pictures as a network's graph takes it.

Some graphs are unrolled over their pictures and take a fixed number of them. Shorter windows, those at the
ends of a shot, repeat their last picture, and the answers for the copies are dropped. (The authors' programs
take as many as there are: what they draw at the ends of a shot differs by what the copies contribute.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime.serving.calls import AbsentError, Caller, FailedError, NotServedError, RefusedError

U8 = NDArray[np.uint8]
Tensors = Mapping[str, NDArray[Any]]

ROLE = "video inpainting"

_PICTURES, _MASKS = ("FRAMES", "REFERENCES"), ("MASKS", "REFERENCE_MASKS", "UNKNOWN", "REFERENCE_UNKNOWN")
_FLOWS = ("FLOW_FORWARD", "FLOW_BACKWARD")
_USUAL = ("FRAMES", "MASKS", "REFERENCES", "REFERENCE_MASKS")
NETWORKS: Mapping[str, tuple[str, ...]] = {
    "sttn": _USUAL,
    "e2fgvi_hq": _USUAL,
    "propainter_generate": (*_USUAL, "UNKNOWN", "REFERENCE_UNKNOWN", *_FLOWS),
}
"""The tensors that each network takes."""

TENSORS = (*_PICTURES, *_MASKS, *_FLOWS)
"""All tensors of pictures that a request may have."""

_COUNTERPART = {
    "REFERENCES": "FRAMES",
    "REFERENCE_MASKS": "MASKS",
    "REFERENCE_UNKNOWN": "UNKNOWN",
}
"""Where a tensor of references takes a stand-in from."""


def lengths(text: str) -> dict[str, int]:
    """Pictures in a window by network, from a parameter such as ``e2fgvi_hq=11,propainter_generate=11``.

    Raises:
        ValueError: it cannot be read, or a number is below 1.
    """
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.partition("=")
        if not number.strip().isdecimal() or int(number) < 1:
            raise ValueError(f"windows has {part!r}; write NETWORK=PICTURES, such as e2fgvi_hq=11")
        found[name.strip()] = int(number)
    return found


async def inpaint(caller: Caller, network: str, given: Tensors, window: int | None) -> U8:
    """The pictures of a window with their holes filled.

    Args:
        caller: reaches the networks.
        network: of ``NETWORKS``.
        given: of ``TENSORS``; what the network does not take is left out.
        window: pictures that its graph takes, None where any number will do.

    Returns:
        uint8 [N,H,W,3], outside the holes the bytes of FRAMES.

    Raises:
        NotServedError: the network is not served.
        RefusedError: the request cannot be answered, or the network failed.
    """
    if network not in NETWORKS:
        raise RefusedError(f"NETWORK is {network!r}; name one of {', '.join(NETWORKS)}")
    inputs = with_a_reference({name: given[name] for name in NETWORKS[network] if name in given})
    count = _checked(network, inputs)
    if window is not None:
        inputs = padded(inputs, window)
    if not caller.serves(network):
        raise NotServedError(f"role {ROLE} is not served: {network} is not ready")
    try:
        answer = await caller.ask(network, inputs, ("PLATES",))
    except AbsentError as error:
        raise NotServedError(f"role {ROLE} is not served: {error}") from error
    except FailedError as error:
        raise RefusedError(f"role {ROLE} failed: {error}") from error
    return answer["PLATES"][:count]


def with_a_reference(given: Tensors) -> dict[str, NDArray[Any]]:
    """``given`` with one reference at least, which the graphs want.

    Without any the picture in the middle of the window stands in, which shows them nothing new.
    """
    found = dict(given)
    for name, other in _COUNTERPART.items():
        if other in found and not len(found.get(name, ())):
            middle = len(found[other]) // 2
            found[name] = found[other][middle : middle + 1]
    return found


def padded(given: Tensors, window: int) -> dict[str, NDArray[Any]]:
    """``given`` with its last picture repeated until there are ``window`` of them; copies do not move.

    Raises:
        RefusedError: there are more.
    """
    count = len(given["FRAMES"])
    if count > window:
        raise RefusedError(f"FRAMES has {count} pictures; this network takes {window} at most")
    found = dict(given)
    for name in ("FRAMES", "MASKS", "UNKNOWN"):
        if name in found:
            found[name] = np.concatenate([found[name], *[found[name][-1:]] * (window - count)])
    for name in _FLOWS:
        if name in found:
            flow = found[name]
            still = np.zeros((window - count, *flow.shape[1:]), flow.dtype)
            found[name] = np.concatenate([flow, still])
    return found


def _checked(network: str, given: Tensors) -> int:
    """How many pictures are to be drawn, once all tensors are found to be of one window."""
    missing = [name for name in NETWORKS[network] if name not in given]
    if missing:
        raise RefusedError(f"{network} needs {', '.join(missing)}; send what ensembles/inpaint_video tells")
    frames = given["FRAMES"].shape
    size, count, references = frames[1:3], frames[0], len(given["REFERENCES"])
    if not count or 0 in size:
        raise RefusedError("FRAMES is empty; send one picture at least")
    shapes = {
        "FRAMES": (count, *size, 3),
        "MASKS": (count, *size),
        "UNKNOWN": (count, *size),
        "REFERENCES": (references, *size, 3),
        "REFERENCE_MASKS": (references, *size),
        "REFERENCE_UNKNOWN": (references, *size),
        "FLOW_FORWARD": (count - 1, *size, 2),
        "FLOW_BACKWARD": (count - 1, *size, 2),
    }
    for name, value in given.items():
        if value.shape != shapes[name]:
            raise RefusedError(
                f"{name} is {list(value.shape)}; with FRAMES {list(frames)} it must be {list(shapes[name])}"
            )
    return int(count)
