"""The whole product on a clip, in this process, as the command line runs it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from triton_anime.drawing_layers import DrawingLayers
from triton_anime.drawings import drawings
from triton_anime.pipeline import Pipeline
from triton_anime.server import Server
from triton_anime.settings import Settings
from triton_anime_export.scores.clip import HOLD, RATE, Clip

U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Layers:
    """What the product says about one drawing of a clip.

    Attributes:
        character, effects: straight RGBA uint8 [H,W,4].
        background: RGB uint8 [H,W,3].
        identity: uint8 [H,W], 0 nobody.
    """

    character: U8
    effects: U8
    background: U8
    identity: U8

    @property
    def alpha(self) -> U8:
        """Alpha [H,W] of all characters."""
        return np.ascontiguousarray(self.character[..., 3])


def run(server: Server, clip: Clip, settings: Settings | None = None, *, steady: bool = True) -> list[Layers]:
    """The layers of every drawing of the clip.

    Args:
        server: where the networks are.
        clip: its frames go through shot and hold detection like those of any video.
        settings: of the pipeline; its defaults when None.
        steady: False leaves out the correction of masks along the flow.

    Raises:
        ServerError: the server died or a model failed.
    """
    pipeline = Pipeline(server, replace(settings or Settings(), stabilise=steady))
    shown: dict[int, DrawingLayers] = {}
    for layers in pipeline.run(drawings(clip.frames(), RATE)):
        shown |= dict.fromkeys((index for index, _ in layers.drawing.frames), layers)
    return [
        Layers(found.character, found.effects, found.background, found.identity)
        for found in (shown[t * HOLD] for t in range(clip.count))
    ]
