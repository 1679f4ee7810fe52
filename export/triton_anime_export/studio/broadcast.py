"""What a broadcast does to a shot: holds, bars, subtitles, logos, grain, blur, low resolution, a codec.

Nothing here moves the picture, so the truth of a shot stays true but for two things, which are returned:

* ``held[t]`` is the drawing of the input that output frame t shows (``held_below[t]`` that of its odd rows
  or of its ghost, where two fields were woven or blended). It starts at 0 and grows by 0 or 1; none is left
  out. Every truth map is brought along by ``maps[held]``; flow is 0 where ``held`` repeats and
  ``flow[held[t]]`` else.
* ``overlay`` is what lies over the picture (bars, subtitles, logo): 255 where it covers. Truth there is
  background: no character, no effect.

Use::

    result = degrade(shot.frames, np.random.default_rng(seed))      # a clip, uint8 [T,H,W,3]
    frame, overlay = overlay_augment(rng, frame)                    # one view at training, well below 1 ms
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from . import subtitles
from .codec import CODECS, available, round_trip
from .reception import received

Frames = NDArray[np.uint8]
Mask = NDArray[np.uint8]

PULLDOWNS = ("repeat", "weave", "blend", "twos")


@dataclass(frozen=True)
class Broadcast:
    """A clip as it was received.

    Attributes:
        frames: uint8 RGB [T',H,W,3]; T' >= T.
        overlay: uint8 [T',H,W], alpha of bars, subtitles and logo.
        held: int64 [T'], index of the input frame that is shown.
        held_below: int64 [T'], index shown by the second field; not ``held`` in woven or blended frames.
        steps: what was done, for the record (``pulldown: weave``, ``libx264 q31``).
    """

    frames: Frames
    overlay: Mask
    held: NDArray[np.int64]
    held_below: NDArray[np.int64]
    steps: tuple[str, ...]


def degrade(
    frames: Frames, rng: Generator, strength: float = 1.0, *, holds: bool = True, overlays: bool = True
) -> Broadcast:
    """Send a clip through a random broadcast.

    Args:
        frames: uint8 RGB [T,H,W,3], T >= 1.
        rng: decides everything; the same state gives the same bytes.
        strength: 0 leaves the picture as it is (a fine codec only), 1 is usual, 2 is bad reception.
        holds: allow repeated, woven and blended frames.
        overlays: allow bars, subtitles, credits and logos.

    Raises:
        ValueError: frames are not uint8 [T,H,W,3].
    """
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or len(frames) < 1:
        raise ValueError(f"frames must be uint8 [T,H,W,3], not {frames.dtype} {list(frames.shape)}")
    steps: list[str] = []
    held = below = np.arange(len(frames))
    if holds and rng.random() < 0.4 * strength:
        kind = str(rng.choice(PULLDOWNS))
        frames, held, below = pulldown(frames, kind, int(rng.integers(0, 4)))
        steps.append(f"pulldown: {kind}")
    overlay = np.zeros(frames.shape[:3], np.uint8)
    if overlays:
        frames, overlay, names = _overlaid(rng, frames, strength)
        steps += names
    frames, names = received(rng, frames, strength)
    codecs = available()
    codec = codecs[int(rng.integers(len(codecs)))]
    best, worst = CODECS[codec]
    quality = best + (worst - best) * min(1.0, 0.9 * strength * float(rng.random()) ** 1.3)
    frames = round_trip(frames, codec, quality, interval=int(rng.choice((12, 15, 48, 250))))
    return Broadcast(frames, overlay, held, below, (*steps, *names, f"{codec} q{quality:.1f}"))


def pulldown(
    frames: Frames, kind: str, phase: int = 0
) -> tuple[Frames, NDArray[np.int64], NDArray[np.int64]]:
    """Repeat frames as 24 to 30 pictures per second does (or as animation on twos), without leaving any out.

    Args:
        frames: uint8 [T,H,W,3].
        kind: ``repeat`` (every fourth twice); ``weave`` (2:3 fields: combed frames); ``blend`` (the same,
            deinterlaced by averaging); ``twos`` (all twice); anything else repeats none.
        phase: which of four comes first.

    Returns:
        Frames [T',H,W,3] and for each the index of its first and of its second field.
    """
    first: list[int] = []
    second: list[int] = []
    last = len(frames) - 1
    for index in range(len(frames)):
        turn = (index + phase) % 4
        first.append(index)
        second.append(index)
        if kind == "twos" or (kind == "repeat" and turn == 1):
            first.append(index)
            second.append(index)
        elif kind in ("weave", "blend"):
            # Classic 2:3: A, B, B/C, C/D, D.
            if turn == 1:
                first.append(index)
                second.append(min(index + 1, last))
            elif turn == 2:
                second[-1] = min(index + 1, last)
    held, below = np.array(first), np.array(second)
    shown = frames[held].copy()
    mixed = np.flatnonzero(held != below)
    if kind == "weave":
        shown[mixed, 1::2] = frames[below[mixed], 1::2]
    elif kind == "blend":
        for t in mixed:
            shown[t] = cv2.addWeighted(frames[held[t]], 0.5, frames[below[t]], 0.5, 0)
    return shown, held, below


def bars(rng: Generator, height: int, width: int) -> tuple[int, int, int, int]:
    """Black bars (top, bottom, left, right) in pixels of a picture of another shape."""
    if rng.random() < 0.65:
        size = round(height * float(rng.choice((0.06, 0.09, 0.12, 0.125))))
        return size, size, 0, 0
    size = round(width * float(rng.choice((0.06, 0.125))))
    return 0, 0, size, size


def _overlaid(rng: Generator, frames: Frames, strength: float) -> tuple[Frames, Mask, list[str]]:
    count, height, width = frames.shape[:3]
    frames, names = frames.copy(), []
    overlay = np.zeros((count, height, width), np.uint8)
    if rng.random() < 0.12 * strength:
        top, bottom, left, right = bars(rng, height, width)
        covered = np.ones((height, width), bool)
        covered[top : height - bottom, left : width - right] = False
        frames[:, covered] = int(rng.choice((0, 0, 16)))
        overlay[:, covered] = 255
        names.append("bars")
    for name, draw, share in (
        ("subtitles", subtitles.subtitles, 0.4),
        ("credit", subtitles.credit, 0.06),
        ("logo", subtitles.logo, 0.25),
    ):
        if rng.random() >= share * strength:
            continue
        layer = draw(rng, width, height)
        # Lines of dialogue come and go; marks of the channel stay.
        start = int(rng.integers(0, count)) if name == "subtitles" and rng.random() < 0.3 else 0
        frames[start:] = _blend(frames[start:], layer)
        overlay[start:] = np.maximum(overlay[start:], layer[..., 3])
        names.append(name)
    return frames, overlay, names


def _blend(frames: Frames, layer: NDArray[np.uint8]) -> Frames:
    alpha = layer[..., 3:].astype(np.float32) / 255
    mixed = frames.astype(np.float32) * (1 - alpha) + layer[..., :3] * alpha
    return (mixed + 0.5).astype(np.uint8)


@lru_cache(maxsize=192)
def _cached(kind: str, variant: int, height: int, width: int) -> tuple[NDArray[np.uint8], int, int]:
    """A drawn layer cut to where it is visible, with its corner (top, left)."""
    draw = {"subtitles": subtitles.subtitles, "credit": subtitles.credit, "logo": subtitles.logo}[kind]
    layer = draw(np.random.default_rng([variant, *kind.encode()]), width, height)
    rows, columns = np.flatnonzero(layer[..., 3].any(axis=1)), np.flatnonzero(layer[..., 3].any(axis=0))
    if not len(rows):
        return layer[:0, :0], 0, 0
    part = layer[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(part), int(rows[0]), int(columns[0])


def overlay_augment(
    rng: Generator, frame: NDArray[np.uint8], share: float = 0.25
) -> tuple[NDArray[np.uint8], Mask]:
    """Subtitles, credits, logo or bars on one frame, cheap enough for a training loader.

    Layers are drawn once for each of 24 variants per kind and size and kept, so a call costs a blend of a few
    rows (about a millisecond at 448x256).

    Args:
        rng: decides everything.
        frame: uint8 RGB [H,W,3]; it is not changed.
        share: probability that anything is laid over it.

    Returns:
        The frame, and the overlay's alpha as uint8 [H,W]: truth is background where it is 128 or more.
    """
    height, width = frame.shape[:2]
    overlay = np.zeros((height, width), np.uint8)
    if rng.random() >= share:
        return frame, overlay
    frame = frame.copy()
    kinds = [
        kind
        for kind, chance in (("subtitles", 0.6), ("logo", 0.35), ("credit", 0.15))
        if rng.random() < chance
    ]
    for kind in kinds:
        part, top, left = _cached(kind, int(rng.integers(0, 24)), height, width)
        top += int(rng.integers(-3, 4)) if kind != "subtitles" else 0
        top = max(top, 0)
        high, wide = min(part.shape[0], height - top), part.shape[1]
        part = part[:high]
        target = frame[top : top + high, left : left + wide]
        alpha = part[..., 3:].astype(np.uint16)
        target[:] = ((target * (255 - alpha) + part[..., :3] * alpha + 127) // 255).astype(np.uint8)
        place = overlay[top : top + high, left : left + wide]
        np.maximum(place, part[..., 3], out=place)
    if not kinds or rng.random() < 0.1:
        top, bottom, left, right = bars(rng, height, width)
        for block in (np.s_[:top], np.s_[height - bottom :], np.s_[:, :left], np.s_[:, width - right :]):
            frame[block] = 0
            overlay[block] = 255
    return frame, overlay
