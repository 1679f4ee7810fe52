"""The role "video inpainting", first half: flows behind the holes of a video, and what other frames show.

Zhou et al., "ProPainter: Improving Propagation and Transformer for Video Inpainting" (ICCV 2023). Two of its
networks are graphs of a fixed number of frames; here a video of any length goes through them, window by
window. Every window but those at the ends of the video sees frames on both sides of those it answers for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime.bls import complaint
from triton_anime.serving.calls import AbsentError, Answer, Caller, FailedError, NotServedError, RefusedError

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

ROLE, FLOW_ROLE = "video inpainting", "optical flow"
FLOW, COMPLETE, PROPAGATE = "estimate_flow", "propainter_complete", "propainter_propagate"

FLOW_CONTEXT, IMAGE_CONTEXT = 5, 10
"""Flows, and frames, that the authors add on both sides of those that they ask about."""

PAIRS = ((720, 8), (1280, 4))
PAIRS_OF_WIDE = 2
"""Pairs of frames in one call of the flow, for frames up to so many pixels wide, and for wider ones. The
authors' numbers, but for 8 in place of 12, which is what ``estimate_flow`` takes."""


@dataclass(frozen=True)
class Windows:
    """How many frames the served graphs take at once.

    Attributes:
        complete: of ``propainter_complete``.
        propagate: of ``propainter_propagate``.
    """

    complete: int = 11
    propagate: int = 31


@dataclass(frozen=True)
class Part:
    """One window on a row of items.

    Attributes:
        begin: the first item that it sees.
        first, last: it answers for the items ``first`` to ``last - 1``.
    """

    begin: int
    first: int
    last: int


@dataclass(frozen=True)
class Propagated:
    """What is known of a video without drawing anything.

    Attributes:
        found: uint8 [T,H,W,3], the frames with what other frames show in the holes.
        unknown: uint8 [T,H,W], 255 where a hole is still to be filled, else 0.
        forward, backward: float32 [T-1,H,W,2], (dx, dy) in pixels, completed.
    """

    found: U8
    unknown: U8
    forward: F32
    backward: F32


async def propagate_video(caller: Caller, frames: U8, masks: U8, windows: Windows) -> Propagated:
    """Carry what frames of a video show into the holes of the others.

    Args:
        caller: reaches the networks.
        frames: uint8 [T,H,W,3], RGB, consecutive, T at least 2.
        masks: uint8 [T,H,W], above 0 inside the hole.
        windows: of the served graphs.

    Returns:
        All T frames; outside the holes the very bytes and the very flows.

    Raises:
        NotServedError: a network is not served.
        RefusedError: the tensors do not fit one another, or a network failed.
    """
    _check(frames, masks, windows)
    forward, backward = await _flows(caller, frames)
    forward, backward = await _complete(caller, forward, backward, masks, windows.complete)
    found, unknown = await _propagate(caller, frames, masks, forward, backward, windows.propagate)
    return Propagated(found, unknown, forward, backward)


def parts(count: int, window: int, context: int) -> list[Part]:
    """Windows over a row of items, each answering for what the one before left.

    Args:
        count: items in the row, at least 1.
        window: items that a window sees; one longer than the row begins at 0 and reaches beyond its end.
        context: items on either side that a window sees and does not answer for, where the row goes on
            there; less than half a window.
    """
    found: list[Part] = []
    done = 0
    while done < count:
        # The last window is as long as the others, so it sees more of what came before.
        begin = max(0, min(done - context, count - window))
        last = count if begin + window >= count else begin + window - context
        found.append(Part(begin, done, last))
        done = last
    return found


def margin(window: int, usual: int) -> int:
    """Items on either side of those that a window answers for: the authors' number, a third of it at most."""
    return min(usual, window // 3)


def _check(frames: U8, masks: U8, windows: Windows) -> None:
    if frames.ndim != 4 or frames.shape[0] < 2 or 0 in frames.shape:
        raise RefusedError(
            f"FRAMES is {list(frames.shape)}; send two frames or more as [frames, height, width, 3]"
        )
    if masks.shape != frames.shape[:3]:
        raise RefusedError(f"MASKS is {list(masks.shape)}; send one for each frame: {list(frames.shape[:3])}")
    if min(windows.complete, windows.propagate) < 2:
        raise RefusedError(
            f"WINDOWS is {windows.complete}, {windows.propagate}; send the frames that {COMPLETE} and "
            f"{PROPAGATE} take, two at least, as their metadata says"
        )


async def _flows(caller: Caller, frames: U8) -> tuple[F32, F32]:
    """Between neighbours, as the frames are: the network is to see motion, not holes."""
    width = frames.shape[2]
    step = next((pairs for widest, pairs in PAIRS if width <= widest), PAIRS_OF_WIDE)
    shape = (len(frames) - 1, *frames.shape[1:3], 2)
    forward, backward = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for first in range(0, len(frames) - 1, step):
        # The last frame has no successor.
        some = slice(first, min(first + step, len(frames) - 1))
        pair = {"FRAME0": frames[some], "FRAME1": frames[some.start + 1 : some.stop + 1]}
        said = await _ask(caller, FLOW, pair, ("FORWARD", "BACKWARD"))
        forward[some], backward[some] = said["FORWARD"], said["BACKWARD"]
    return forward, backward


async def _complete(caller: Caller, forward: F32, backward: F32, masks: U8, frames: int) -> tuple[F32, F32]:
    flows = frames - 1
    ahead, back = forward.copy(), backward.copy()
    for part in parts(len(forward), flows, margin(flows, FLOW_CONTEXT)):
        if not masks[part.first : part.last + 1].any():
            continue
        seen = slice(part.begin, part.begin + flows)
        window: dict[str, NDArray[Any]] = {
            "FLOW_FORWARD": _still(forward[seen], flows),
            "FLOW_BACKWARD": _still(backward[seen], flows),
            "MASKS": _repeated(masks[part.begin : part.begin + frames], frames),
        }
        said = await _ask(caller, COMPLETE, window, ("COMPLETED_FORWARD", "COMPLETED_BACKWARD"))
        kept, here = slice(part.first, part.last), slice(part.first - part.begin, part.last - part.begin)
        ahead[kept], back[kept] = said["COMPLETED_FORWARD"][here], said["COMPLETED_BACKWARD"][here]
    return ahead, back


async def _propagate(
    caller: Caller, frames: U8, masks: U8, forward: F32, backward: F32, window: int
) -> tuple[U8, U8]:
    found, unknown = frames.copy(), np.zeros_like(masks)
    for part in parts(len(frames), window, margin(window, IMAGE_CONTEXT)):
        if not masks[part.first : part.last].any():
            continue
        seen, between = (slice(part.begin, part.begin + length) for length in (window, window - 1))
        inputs: dict[str, NDArray[Any]] = {
            "FRAMES": _repeated(frames[seen], window),
            "MASKS": _repeated(masks[seen], window),
            "FLOW_FORWARD": _still(forward[between], window - 1),
            "FLOW_BACKWARD": _still(backward[between], window - 1),
        }
        said = await _ask(caller, PROPAGATE, inputs, ("FOUND", "UNKNOWN"))
        kept, here = slice(part.first, part.last), slice(part.first - part.begin, part.last - part.begin)
        found[kept], unknown[kept] = said["FOUND"][here], said["UNKNOWN"][here]
    return found, unknown


def _repeated(pictures: U8, count: int) -> U8:
    """``count`` pictures: the video stands still after its end."""
    missing = count - len(pictures)
    return pictures if missing == 0 else np.concatenate([pictures, np.repeat(pictures[-1:], missing, axis=0)])


def _still(flows: F32, count: int) -> F32:
    """``count`` flows, zero after the end."""
    missing = count - len(flows)
    if missing == 0:
        return flows
    return np.concatenate([flows, np.zeros((missing, *flows.shape[1:]), np.float32)])


async def _ask(caller: Caller, model: str, inputs: dict[str, NDArray[Any]], outputs: Sequence[str]) -> Answer:
    role = FLOW_ROLE if model == FLOW else ROLE
    try:
        return await caller.ask(model, inputs, outputs)
    except AbsentError as error:
        raise NotServedError(complaint(role, str(error))) from error
    except FailedError as error:
        raise RefusedError(f"role {role} failed: {error}") from error
