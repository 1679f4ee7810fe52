"""ProPainter over a shot: carry what its pictures show into the holes of the others, then draw the rest.

Zhou et al., "ProPainter: Improving Propagation and Transformer for Video Inpainting" (ICCV 2023), in the
order of the authors' script. Its checkpoints are licensed for non-commercial use (S-Lab License 1.0): it runs
where it is asked for by name and nowhere else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triton_anime.errors import InputError
from triton_anime.fillers.window import Schedule, Shown, Window, filled, widened
from triton_anime.server import Server

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

NETWORK = "propainter_generate"
GRID = (360, 640)
"""Height and width of the networks' picture at the published size."""

FRAMES = {"propainter_complete": 11, "propainter_propagate": 31, NETWORK: 11}
"""The graphs of a fixed number of frames, and that number at the published size."""

CONTEXT = 10
"""Pictures on both sides of a sub-video that are looked at with it."""
EVERY = 10
"""References are the pictures whose number is a multiple of this."""

BYTES, WINDOW = 50, 9
"""What is held at most, measured: so many bytes for each pixel of a sub-video with its context, which is two
sub-videos with their flows, and of so many pictures more, which is a window with what was drawn."""
LEAST = 11
"""Pictures of the shortest sub-video: those of one window."""


@dataclass(frozen=True)
class _Known:
    """A picture with what the shot shows of it.

    Attributes:
        shown: as it was given.
        mask: [h,w] its hole, widened.
        found: [h,w,3] with what other pictures show inside ``mask``.
        unknown: [h,w] 255 where that is nothing.
        flows: [h,w,2] to the next picture, and from that back to this one, or None: they do not matter.
    """

    shown: Shown
    mask: U8
    found: U8
    unknown: U8
    flows: tuple[F32, F32] | None


class ProPainterInpainter:
    """An `Inpainter` over ``propagate_video`` and ``inpaint_video``.

    A shot longer than ``subvideo`` is propagated in parts of that length, each with ten pictures of context
    on both sides (a quarter of its length at most), and its windows see references within half of it; a
    shorter one is treated as a whole. Windows without holes are not asked about, and neither are parts
    without holes whose context is as long as a window.

    Args:
        server: serves both models and the three networks behind them.
        subvideo: pictures that are propagated at once, the authors' 80, at least 11. Large pictures get
            fewer, as many as ``memory_bytes`` has room for.
        memory_bytes: what is held of a shot may take. 640x360 has room for 80 pictures at the default,
            1280x720 for 13; 11 are propagated at once in any case.
        grid: height and width of the networks' picture; masks are widened by four of its pixels.
        timeout_s: seconds to wait for each answer.

    Raises:
        InputError: ``subvideo`` is too short.
    """

    def __init__(
        self,
        server: Server,
        *,
        subvideo: int = 80,
        memory_bytes: int = 5 << 28,
        grid: tuple[int, int] = GRID,
        timeout_s: float = 1800.0,
    ) -> None:
        if subvideo < LEAST:
            raise InputError(f"subvideo is {subvideo}; ProPainter needs {LEAST} pictures at least")
        self._server, self._grid, self._timeout_s = server, grid, timeout_s
        self._subvideo, self._memory_bytes = subvideo, memory_bytes

    def fill(self, shot: Iterable[Shown]) -> Iterator[U8]:
        """See `triton_anime.fillers.window.Inpainter`."""
        pictures = iter(shot)
        head = list(islice(pictures, 1))
        if not head:
            return
        length = self.length(*head[0].hole.shape)
        head += islice(pictures, length)
        whole = len(head) <= length
        side = max(1, (self._taken(NETWORK) - 1) // 2)
        schedule = Schedule(side, EVERY, length if whole else length // 2)
        # Flows of pictures without holes matter to a window that begins with them and has a hole at its end.
        idle = whole or _context(length) >= 2 * side
        known = self._propagated(chain(_emptied(deque(head)), pictures), length, idle)
        del head  # it would keep its pictures
        yield from filled(known, schedule, self._drawn)

    def length(self, height: int, width: int) -> int:
        """Pictures of this size that are propagated at once."""
        room = self._memory_bytes // (BYTES * max(1, height * width)) - WINDOW
        fits = room - 2 * CONTEXT if room >= 6 * CONTEXT else room * 2 // 3
        return min(self._subvideo, max(LEAST, fits))

    def _taken(self, network: str) -> int:
        """Pictures that a graph takes at once."""
        return self._windows.get(network, FRAMES[network])

    @cached_property
    def _windows(self) -> dict[str, int]:
        """Pictures that the served graphs of a fixed length take, by name, as far as the server says."""
        return {
            model.name: tensor.shape[0]
            for model in self._server.models()
            if model.name in FRAMES
            for tensor in model.inputs
            if tensor.name == "MASKS" and tensor.shape and tensor.shape[0] > 0
        }

    def _propagated(self, shot: Iterable[Shown], length: int, idle: bool) -> Iterator[_Known]:
        """The pictures of a shot, sub-video by sub-video; ``idle`` ones, without holes, need not be asked."""
        context = _context(length)
        pictures, held, before = iter(shot), list[Shown](), 0
        while True:
            held += islice(pictures, before + length + context - len(held))
            count = min(length, len(held) - before)
            if count <= 0:
                return
            yield from self._part(held, range(before, before + count), idle)
            past = max(0, before + count - context)
            del held[:past]
            before += count - past

    def _part(self, pictures: list[Shown], wanted: range, idle: bool) -> Iterator[_Known]:
        """What is known of some of the pictures of a sub-video."""
        masks = np.stack([widened(shown.hole, self._grid) for shown in pictures])
        if (idle and not masks.any()) or len(pictures) == 1:
            for i in wanted:
                yield _Known(pictures[i], masks[i], pictures[i].frame, masks[i], None)
            return
        inputs: dict[str, NDArray[Any]] = {
            "FRAMES": np.stack([shown.frame for shown in pictures]),
            "MASKS": masks,
            "WINDOWS": np.array(
                [self._taken("propainter_complete"), self._taken("propainter_propagate")], np.int32
            ),
        }
        said = self._server.infer("propagate_video", inputs, timeout_s=self._timeout_s)
        del inputs
        found, unknown, ahead, back = (
            said.pop(name) for name in ("FOUND", "UNKNOWN", "FLOW_FORWARD", "FLOW_BACKWARD")
        )
        for i in wanted:
            flows = (ahead[i], back[i]) if i < len(ahead) else None
            yield _Known(pictures[i], masks[i], found[i], unknown[i], flows)

    def _drawn(self, window: Window, seen: Mapping[int, _Known]) -> Iterable[U8]:
        """The pictures [h,w,3] of a window with their holes filled."""
        drawn = [seen[i] for i in window.drawn]
        if not any(known.mask.any() for known in drawn):
            return [known.shown.frame for known in drawn]
        nothing = np.zeros((*drawn[0].mask.shape, 2), np.float32)
        flows = [known.flows or (nothing, nothing) for known in drawn[:-1]]
        between = np.array(flows, np.float32).reshape(len(flows), 2, *nothing.shape)
        inputs: dict[str, NDArray[Any]] = {
            "NETWORK": np.array([NETWORK.encode()], object),
            "WINDOW": np.array([self._taken(NETWORK)], np.int32),
            "FLOW_FORWARD": np.ascontiguousarray(between[:, 0]),
            "FLOW_BACKWARD": np.ascontiguousarray(between[:, 1]),
            "FRAMES": np.stack([known.found for known in drawn]),
            "MASKS": np.stack([known.mask for known in drawn]),
            "UNKNOWN": np.stack([known.unknown for known in drawn]),
        }
        if window.references:
            others = [seen[i] for i in window.references]
            inputs["REFERENCES"] = np.stack([known.found for known in others])
            inputs["REFERENCE_MASKS"] = np.stack([known.mask for known in others])
            inputs["REFERENCE_UNKNOWN"] = np.stack([known.unknown for known in others])
        plates: U8 = self._server.infer("inpaint_video", inputs, ["PLATES"], timeout_s=self._timeout_s)[
            "PLATES"
        ]
        return plates


def _emptied(pictures: deque[Shown]) -> Iterator[Shown]:
    """The pictures, none of them held once it is handed out."""
    while pictures:
        yield pictures.popleft()


def _context(length: int) -> int:
    """Pictures on both sides of a sub-video."""
    return min(CONTEXT, length // 4)
