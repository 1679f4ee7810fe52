"""LaMa as a filler: every picture by itself. The measure of what looking at others is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from triton_anime.fillers.window import U8, Shown, put_in, widened
from triton_anime.server import Server
from triton_anime.streams import in_flight

_LONG_SIDE = 512
"""Of LaMa's picture: the hole is widened by four of its pixels."""
_AHEAD = 3
"""Pictures that are on the server together: its batch is four."""


class LamaInpainter:
    """Asks ``inpaint_background`` picture by picture: a :class:`triton_anime.fillers.window.Inpainter`.

    Args:
        server: where to ask.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def fill(self, shot: Iterable[Shown]) -> Iterator[U8]:
        """See :class:`triton_anime.fillers.window.Inpainter`; holds four pictures."""
        yield from in_flight(shot, self._send, _AHEAD)

    def _send(self, shown: Shown) -> Callable[[], U8]:
        if not shown.hole.any():
            return shown.frame.copy
        height, width = shown.hole.shape
        scale = _LONG_SIDE / max(height, width)
        mask = widened(shown.hole, (max(1, round(height * scale)), max(1, round(width * scale))))
        inputs = {"FRAME": shown.frame[None], "MASK": mask[None]}
        future = self._server.infer_async("inpaint_background", inputs, ["PLATE"])
        return lambda: put_in(future.result()["PLATE"][0], shown)
