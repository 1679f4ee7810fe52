"""The clips as a broadcast leaves them: a codec, grain, blur, low resolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from triton_anime_export.scores.casts import SEED
from triton_anime_export.scores.clip import Clip
from triton_anime_export.studio.broadcast import degrade


def broadcast(clip: Clip) -> Clip:
    """The clip as it is received; its truth stays.

    Nothing is held longer and nothing is laid over the picture, or the truth would be another.
    """
    rng = np.random.default_rng([SEED, 6, *clip.name.encode()])
    received = degrade(clip.seen, rng, holds=False, overlays=False)
    return replace(clip, data="broadcast", seen=received.frames)
