"""What the networks of the character's detail learn from: crops around characters, and whole frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from triton_anime_export.studio.bank import Bank
from triton_anime_export.training import augment, recompose

CROPS = 0.75
"""Share of views that are crops around a character, which is what the product asks about."""

NOBODY = 0.2
"""Chance to keep a frame that shows nobody: the product seldom asks about one."""

WITH_EFFECTS = (0.4, 0.7)
"""Share of drawn and of recomposed frames that get more effects: paint before a character is not one."""


def draw_views(
    rng: np.random.Generator, bank: Bank, count: int, sizes: Sequence[tuple[int, int]]
) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.uint8]]]:
    """Frames uint8 [h,w,3] and alphas of all characters uint8 [h,w] of one of ``sizes`` (height, width)."""
    size = sizes[int(rng.integers(len(sizes)))]
    frames, alphas = [], []
    for _ in range(count):
        drawn, maps = recompose.draw(rng, bank, effects=WITH_EFFECTS)
        while not maps["ids"].any() and rng.random() > NOBODY:
            drawn, maps = recompose.draw(rng, bank, effects=WITH_EFFECTS)
        around = maps["ids"] if rng.random() < CROPS else None
        alpha = {"alpha": maps["alpha"]}
        frame, seen = augment.augment(rng, drawn, alpha, size, prefer="alpha", around=around)
        frames.append(frame)
        alphas.append(seen["alpha"])
    return frames, alphas
