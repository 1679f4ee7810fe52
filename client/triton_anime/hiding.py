"""Where an effect hides who is behind it: paint, and light so bright that nothing else is left.

Light that is added to a character leaves it to be seen, and its layer stays whole under the light; a wall of
flames painted over it does not, and the colours of the flames are no part of it. What the effect does beside
the character tells the two apart: where other drawings show the background, the colours are known with which
the effect covers that almost entirely, and a pixel in front of the character that has one of them shows the
effect and nothing else.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime import layers

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Prior from which pixels hang together as one effect, and alpha below which nobody hides the plate.
_EFFECT, _NOBODY = 64, 32
# Least alpha of an effect that hides what is behind it.
_OPAQUE = 160
# Colours are told apart by so many bits a channel, their neighbours counted in.
_BITS = 5
# Fewer pixels than this describe nothing; share of them that makes a colour one of the effect's.
_FEWEST, _OWN = 50, 0.004


def hiding(frame: U8, alpha: U8, prior: U8, plate: U8, shown: Mask) -> Mask:
    """Where an effect shows itself alone, though somebody may be behind it.

    Args:
        frame: [H,W,3] RGB.
        alpha: [H,W] of all characters.
        prior: [H,W] effect prior of :func:`triton_anime.effect_prior.effect_prior`.
        plate: [H,W,3] clean plate.
        shown: [H,W] where the plate's pixels come from other drawings and are true.

    Returns:
        [H,W]; nowhere in an effect of which too little is known beside the characters.
    """
    found = np.zeros(alpha.shape, bool)
    lit = prior >= _EFFECT
    bare = lit & (alpha < _NOBODY) & shown
    if not (lit & (alpha >= _NOBODY)).any() or not bare.any():
        return found
    bare[bare] = layers.least_alpha(frame[bare], plate[bare]) >= _OPAQUE
    _, effects = cv2.connectedComponents(lit.view(np.uint8))
    known = np.bincount(effects[bare])
    for effect in np.flatnonzero(known >= _FEWEST).tolist():
        here = effects == effect
        front = here & (alpha >= _NOBODY)
        if front.any():
            own = _shares(_colour(frame[here & bare])) >= _OWN
            found[front] = own[_colour(frame[front])]
    return found


def _colour(pixels: U8) -> NDArray[np.intp]:
    """Number of the coarse colour of each pixel, [N,3] → [N]."""
    coarse = (pixels >> (8 - _BITS)).astype(np.intp)
    return cast("NDArray[np.intp]", np.ravel_multi_index(tuple(coarse.T), (1 << _BITS,) * 3))


def _shares(colours: NDArray[np.intp]) -> NDArray[np.float64]:
    """Share of the pixels [N] that have each coarse colour or one beside it."""
    side = 1 << _BITS
    counts = np.bincount(colours, minlength=side**3).reshape(side, side, side).astype(np.float64)
    for axis in range(3):
        padded = np.pad(counts, [(1, 1) if axis == other else (0, 0) for other in range(3)])
        first, middle, last = (np.take(padded, np.arange(side) + by, axis) for by in range(3))
        counts = first + middle + last
    return cast("NDArray[np.float64]", counts.reshape(-1) / len(colours))
