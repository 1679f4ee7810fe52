"""The video networks that need nothing but pictures and holes, and the way to any filler by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from triton_anime.errors import InputError
from triton_anime.fillers.lama import LamaInpainter
from triton_anime.fillers.window import (
    U8,
    Inpainter,
    Schedule,
    Shown,
    Window,
    filled,
    widened,
)
from triton_anime.server import Server

_MODEL = "inpaint_video"
MODELS: Mapping[str, tuple[str, ...]] = {
    "lama": ("inpaint_background",),
    "sttn": ("sttn", _MODEL),
    "e2fgvi_hq": ("e2fgvi_hq", _MODEL),
    "propainter": (
        "propainter_complete",
        "propainter_propagate",
        "propainter_generate",
        "propagate_video",
        _MODEL,
    ),
}
"""What each filler cannot do without."""

GRIDS: Mapping[str, tuple[int, int]] = {"sttn": (240, 432), "e2fgvi_hq": (240, 432)}
"""Height and width of the networks' pictures at the published sizes."""
_PATIENCE_S = 1800.0
"""For one window: without a GPU the published sizes take minutes."""


@dataclass(frozen=True)
class _Picture:
    shown: Shown
    mask: U8


class WindowInpainter:
    """A network that draws windows of pictures; implements :class:`triton_anime.fillers.window.Inpainter`.

    It keeps nothing between shots. A window whose pictures have no holes is not sent.

    Args:
        server: where to ask.
        network: of ``GRIDS``.
        schedule: which pictures are looked at together; that of the authors when None, with shorter windows
            where the served graph takes fewer pictures.
    """

    def __init__(self, server: Server, network: str, schedule: Schedule | None = None) -> None:
        self._server = server
        self._network = network
        self._grid = GRIDS[network]
        self._window = pictures_of(server, network)
        usual = Schedule()
        if self._window is not None and self._window < 2 * usual.side + 1:
            usual = Schedule(max(1, (self._window - 1) // 2), usual.every, usual.reach)
        self._schedule = schedule or usual

    def fill(self, shot: Iterable[Shown]) -> Iterator[U8]:
        """See :class:`triton_anime.fillers.window.Inpainter`; holds about sixty pictures."""
        pictures = (_Picture(shown, widened(shown.hole, self._grid)) for shown in shot)
        yield from filled(pictures, self._schedule, self._draw)

    def _draw(self, window: Window, held: Mapping[int, _Picture]) -> Iterable[U8]:
        drawn = [held[index] for index in window.drawn]
        if not any(picture.mask.any() for picture in drawn):
            return [picture.shown.frame for picture in drawn]
        inputs = {
            "NETWORK": np.array([self._network.encode()], object),
            "FRAMES": np.stack([picture.shown.frame for picture in drawn]),
            "MASKS": np.stack([picture.mask for picture in drawn]),
        }
        if window.references:
            references = [held[index] for index in window.references]
            inputs["REFERENCES"] = np.stack([picture.shown.frame for picture in references])
            inputs["REFERENCE_MASKS"] = np.stack([picture.mask for picture in references])
        if self._window is not None:
            inputs["WINDOW"] = np.array([self._window], np.int32)
        plates: U8 = self._server.infer(_MODEL, inputs, ["PLATES"], timeout_s=_PATIENCE_S)["PLATES"]
        return plates


def pictures_of(server: Server, network: str) -> int | None:
    """How many pictures the served graph of a network takes; None where any number will do, or nobody says.

    Raises:
        ServerError: the server cannot be asked.
    """
    for served in server.models():
        for tensor in served.inputs if served.name == network else ():
            if tensor.name == "FRAMES" and tensor.shape[0] > 0:
                return tensor.shape[0]
    return None


def open_inpainter(server: Server, name: str) -> Inpainter:
    """The filler called ``name``.

    Args:
        server: where to ask.
        name: of ``MODELS``.

    Raises:
        InputError: there is no filler of that name, or the server lacks a model that it needs.
        ServerError: the server cannot be asked, or such a model cannot be loaded.
    """
    if name not in MODELS:
        raise InputError(f"no video inpainting is called {name!r}; choose one of {', '.join(MODELS)}")
    absent = [model for model in MODELS[name] if not server.is_ready(model)]
    if absent:
        raise InputError(
            f"video inpainting by {name} needs {', '.join(absent)}, which the server does not serve; "
            "put it into the model repository (docs/full_networks.md) or choose another"
        )
    if name == "lama":
        return LamaInpainter(server)
    if name == "propainter":
        from triton_anime.fillers.propainter import ProPainterInpainter

        return ProPainterInpainter(server)
    return WindowInpainter(server, name)
