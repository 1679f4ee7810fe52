"""What a drawing shows that neither of its neighbours does: drawn light, smoke and strokes that come and go.

Somebody who acts is found again in the next drawing, a little further on; a flame is drawn anew each time.
Where flow explains a picture from neither side, an effect needs less proof: the logarithms of odds add up
(Good, "Weight of evidence: a brief survey", 1985), those of the networks and those of time.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.panoptic import CHARACTER, EFFECT
from triton_anime.stabilise import Link, inside

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

# Log-odds of an effect where a pixel is unexplained, and where all around it is, and what of their sum does
# not count: a little is unexplained everywhere. Begun with a logistic regression on 26 clips of art that was
# trained on, tried on 28 of the studio; then a face of the real clips, shaded anew each time, had to stay.
_HERE, _AROUND, _USUAL = 2.0, 3.5, 0.8
# Standard deviation of "around", as a share of the longer side.
_SPREAD = 1 / 64
# Share below which a pixel counts as explained: shading that creeps, grain, a line between two pixels.
_CREEPS = 0.3
# Share of an effect in what is there, an effect, somebody or neither, from which time has something to say
# and at which it has its full say. Somebody who runs in is found in no neighbour either, but does not look
# like an effect at all: his share is mostly below 0.15, that of nine tenths of the effects above 0.3.
_HARDLY, _EASILY, _NEITHER = 0.1, 0.25, 0.1
# Log-odds against an effect where all is explained and somebody may be there, with the probability of a
# character from which and at which they count: white clothes move along, light on them does not.
_AGAINST, _PERHAPS, _LIKELY = 1.0, 0.2, 0.6
# Mean from which nothing is explained: the camera whips, or a cut was missed, and that says nothing.
_EVERYWHERE = 0.4


def unexplained(before: Link | None, after: Link | None, probability: U8) -> F32 | None:
    """Evidence that time gives of an effect.

    Args:
        before: link to the drawing before.
        after: to the one after, on the same grid.
        probability: [4,any,any] class probabilities · 255: time cannot make an effect of what does not look
            like one.

    Returns:
        [h,w] log-odds, up to 4.7 where no neighbour shows the same, 0 where one does, or less than 0 where
        somebody may be who moves along. None without both neighbours: what only one of two drawings shows
        may have been hidden in the other.
    """
    if before is None or after is None:
        return None
    known = cv2.max(before.known, after.known)
    # thin lines are outlines that flow misses by a fraction of a pixel
    new = np.maximum((1 - _CREEPS - known) / (1 - _CREEPS), 0)
    new = cv2.morphologyEx(new, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    new[~(inside(before.flow) & inside(after.flow))] = 0
    if float(new.mean()) > _EVERYWHERE:
        return None
    around = cv2.GaussianBlur(new, (0, 0), _SPREAD * max(new.shape))
    more = cast(F32, cv2.addWeighted(new, _HERE, around, _AROUND, -_USUAL))
    character, effect = (_at(probability[index], more.shape) for index in (CHARACTER, EFFECT))
    share = effect / (effect + character + np.float32(_NEITHER))
    speaks = np.maximum(more, 0) * np.clip((share - _HARDLY) / (_EASILY - _HARDLY), 0, 1)
    against = np.minimum(more, 0) / _USUAL * np.clip((character - _PERHAPS) / (_LIKELY - _PERHAPS), 0, 1)
    return cast(F32, speaks + np.float32(_AGAINST) * against)


def more_likely(chance: U8, evidence: F32) -> U8:
    """Chances · 255 [..., h,w] of an effect with log-odds [any,any] added to their own."""
    h, w = chance.shape[-2:]
    times = np.exp(cv2.resize(evidence, (w, h), interpolation=cv2.INTER_LINEAR))
    share = chance.astype(np.float32) / 255
    return np.rint(255 * share * times / (1 + share * (times - 1))).astype(np.uint8)


def left_to_others(probability: U8, evidence: F32) -> F32:
    """By how much the evidence of an effect multiplies the chances of all other classes (Bayes' rule).

    Args:
        probability: [4,any,any] class probabilities · 255.
        evidence: [h,w] log-odds of an effect.

    Returns:
        [h,w], below 1 where the evidence speaks for an effect.
    """
    return cast(F32, 1 / (1 + _at(probability[EFFECT], evidence.shape) * np.expm1(evidence)))


def with_evidence(probability: U8, evidence: F32, others: F32) -> U8:
    """Class probabilities · 255 [4,h,w] after the evidence, see :func:`left_to_others`."""
    h, w = probability.shape[1:]
    known = probability * cv2.resize(others, (w, h), interpolation=cv2.INTER_LINEAR)
    out = np.rint(np.minimum(known, 255)).astype(np.uint8)
    out[EFFECT] = more_likely(probability[EFFECT], evidence)
    return out


def _at(chance: U8, shape: tuple[int, ...]) -> F32:
    """A chance · 255 [any,any] as 0..1 on a grid of another size."""
    h, w = shape
    return cv2.resize(chance, (w, h), interpolation=cv2.INTER_LINEAR).astype(np.float32) / np.float32(255)
