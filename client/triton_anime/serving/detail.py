"""The role "character detail": crops through the matting networks, their alphas pasted, edges answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime import matting
from triton_anime.bls import complaint
from triton_anime.serving.calls import AbsentError, Caller, FailedError, NotServedError, RefusedError
from triton_anime.settings import DETAIL, EDGES
from triton_anime.trimap import Refinement

U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]

ROLE, EDGES_ROLE = "character detail", "fine edges"


async def refine(
    caller: Caller,
    frame: U8,
    boxes: I32 | None,
    coarse: U8 | None,
    names: Sequence[str],
    tensor: str,
    *,
    stand_in: bool = False,
) -> tuple[U8, float]:
    """Full-resolution alpha of all characters together.

    Args:
        caller: reaches the networks.
        frame: uint8 [H,W,3].
        boxes: int32 [N,4] x, y, w, h in pixels: where to look; ``None``: the connected parts of ``coarse``,
            without that the whole frame.
        coarse: probability · 255 that a pixel is a character, uint8 [any,any], or ``None``.
        names: networks to ask, of ``DETAIL`` and ``EDGES``; those of ``DETAIL`` that are served count.
        tensor: the input that named them, for the message.
        stand_in: whether ``coarse`` takes the place of the networks where none of them is served.

    Returns:
        Alpha uint8 [H,W], and how much the networks agree, 0..1: soft intersection over union pair by pair;
        NaN with one network or no crop.

    Raises:
        NotServedError: no named network is served, or ``EDGES`` is named and not served.
        RefusedError: a name is unknown, or a network failed.
    """
    networks = [name for name in DETAIL if name in names]
    if not networks or not set(names) <= {*DETAIL, EDGES}:
        known = f"one or more of {', '.join(DETAIL)}, and {EDGES} for the edges"
        raise RefusedError(f"{tensor} names {', '.join(names) or 'none'}; name {known}")
    height, width = frame.shape[:2]
    if boxes is None:
        boxes = None if coarse is None else matting.boxes_of(coarse, height, width)
    where = [(0, 0, width, height)] if boxes is None else matting.crops(boxes, height, width)
    answers, why = await _ask(caller, frame, where, networks)
    if not all(answers):
        if not stand_in or coarse is None:
            raise NotServedError(complaint(ROLE, why))
        large = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        answers = [[large[y : y + h, x : x + w]] for x, y, w, h in where]
    least, most = 0.0, 0.0
    for several in answers:
        for pair in combinations(several, 2):
            both, either = matting.agreement(*pair)
            least, most = least + both, most + either
    alpha = np.zeros((height, width), np.uint8)
    if where:
        alpha = matting.fuse(frame, where, answers, coarse)
    if EDGES in names and alpha.any():
        alpha = await _edges(caller, frame, alpha)
    # NaN: one network alone has nobody to agree with
    return alpha, least / most if most > 0 else float("nan")


async def _ask(
    caller: Caller, frame: U8, where: Sequence[matting.Box], networks: Sequence[str]
) -> tuple[list[list[U8]], str]:
    """For each crop the alphas [h,w] of the networks that are served, and why others gave none."""
    parts = [np.ascontiguousarray(frame[y : y + h, x : x + w]) for x, y, w, h in where]
    answers = await asyncio.gather(
        *(caller.ask(name, {"FRAME": part[None]}, ["ALPHA"]) for part in parts for name in networks),
        return_exceptions=True,
    )
    why = ""
    for answer in answers:
        if isinstance(answer, FailedError):
            raise RefusedError(f"role {ROLE} failed: {answer}") from answer
        if isinstance(answer, AbsentError):
            why = why or str(answer)
        elif isinstance(answer, BaseException):
            raise answer
    return [
        [
            answer["ALPHA"][0]
            for answer in answers[len(networks) * index :][: len(networks)]
            if not isinstance(answer, BaseException)
        ]
        for index in range(len(parts))
    ], why


async def _edges(caller: Caller, frame: U8, alpha: U8) -> U8:
    """The alpha [H,W] with the band around its edges answered anew."""
    refinement = Refinement(frame, alpha)
    try:
        fine = await asyncio.gather(
            *(
                caller.ask(EDGES, {"SQUARE": squares, "TRIMAP": maps}, ["ALPHA"])
                for squares, maps in refinement.calls
            )
        )
    except AbsentError as error:
        raise NotServedError(complaint(EDGES_ROLE, str(error))) from error
    except FailedError as error:
        raise RefusedError(f"role {EDGES_ROLE} failed: {error}") from error
    return refinement.finish([answer["ALPHA"] for answer in fine])
