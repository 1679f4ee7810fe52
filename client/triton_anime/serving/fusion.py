"""Two opinions about where an effect is, made one.

CLIPSeg judges every pixel and knows little of outlines; Grounded SAM judges boxes, with sharp outlines and
nothing between them. They were trained apart and err apart, so their odds multiply, as those of independent
witnesses do (Genest and Zidek, "Combining Probability Distributions", Statistical Science 1986) — except that
silence is weak evidence: a detector that boxes nothing has often overlooked a glow. What the doubting source
can take away is therefore bounded by ``_SILENCE``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]

_SILENCE = 0.3
"""The least that a doubting source counts as: 0.7 of the other alone becomes 0.5."""


def fuse(opinions: Sequence[U8]) -> U8:
    """One map from one or two.

    With ``hi`` and ``lo`` the larger and the smaller probability of a pixel, the odds of the answer are the
    odds of ``hi`` times the odds of ``max(lo, 0.3)``. So: ½ and ½ are ½; above ½ agreement raises (0.7 and
    0.7 are 0.84); a source that says ½ changes nothing; a lone weak answer falls (0.6 and 0 are 0.39), a lone
    strong one stays (0.95 and 0 are 0.89); 0 and 0 are 0 and what one is certain of stays. The answer grows
    with either source and does not depend on their order.

    Args:
        opinions: probability · 255, uint8, all of one shape. One alone is its own answer.

    Returns:
        uint8 of that shape.
    """
    return reduce(lambda first, second: _table()[first, second], opinions)


@lru_cache(maxsize=1)
def _table() -> U8:
    """All answers, uint8 [256,256]."""
    value = np.arange(256) / 255
    high = np.maximum(value[:, None], value[None, :])
    low = np.maximum(np.minimum(value[:, None], value[None, :]), _SILENCE)
    yes, no = high * low, (1 - high) * (1 - low)
    # high is never 0 where no is, and low never: the sum is positive everywhere
    return np.rint(255 * yes / (yes + no)).astype(np.uint8)
