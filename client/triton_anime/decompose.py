"""One picture: from estimates (alpha, effect masks, plate) to the three layers that give it back.

The client's pipeline and the server's ``decompose_frame`` both end here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime import fill, layers
from triton_anime.hiding import hiding
from triton_anime.panoptic import nearest_label

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

WORKING_LONG_SIDE = 512

# The least alpha an effect has is this share of how sure the network is of it, and where it hides what is
# behind it; the colours decide the rest.
_EFFECT_SHARE, _HIDING_SHARE = 0.5, 2.0
# Estimates below which nothing is likely, and alpha from which it would be seen all the same.
_UNLIKELY_EFFECT, _SEEN_EFFECT = 128, 64
_UNLIKELY_CHARACTER, _SEEN_CHARACTER = 64, 128
# Levels: what compression leaves between a frame and its plate.
_NOISE = 3


# Levels of difference to a background that was seen: nothing stands there; alpha rises; surely somebody.
_EQUAL, _DIFFERENT, _SURE = 5, 20, 60
# Probability of a character, of 255, from which a likeness to the plate says nothing: the plate may show
# somebody who was missed in another drawing.
_LIKELY = 205
_EVIDENCE = np.clip((np.arange(256) - _DIFFERENT) * 255 / (_SURE - _DIFFERENT), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Layers:
    """Straight RGBA character and effects [H,W,4], opaque background [H,W,3]."""

    character: U8
    effects: U8
    background: U8


def working_frame(frame: U8, long_side: int = WORKING_LONG_SIDE) -> U8:
    """The frame [H,W,3] at the size the networks get; a smaller one stays as it is."""
    height, width = frame.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return frame
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cast(U8, cv2.resize(frame, size, interpolation=cv2.INTER_AREA))


def margin_of(height: int, width: int) -> int:
    """Pixels that a soft outline may reach beyond the alpha found for it, in a frame of this size."""
    return max(2, round(max(height, width) * 0.0035))


def hole_of(foreground: U8, margin: int | None = None) -> Mask:
    """Pixels that may carry any foreground: alpha above 3 %, with a margin for its soft outline."""
    if margin is None:
        margin = margin_of(foreground.shape[0], foreground.shape[1])
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return cast(Mask, cv2.dilate((foreground > 8).astype(np.uint8), kernel) > 0)


def hole_to_fill(frame: U8, alpha: U8, prior: U8, size: tuple[int, int]) -> tuple[Mask, U8, U8]:
    """(hole [H,W], working frame [h,w,3] without foreground, mask [h,w] 0/255) for an inpainting network."""
    hole = hole_of(cv2.max(alpha, prior))
    return hole, *to_invent(frame, hole, size)


def to_invent(frame: U8, missing: Mask, size: tuple[int, int]) -> tuple[U8, U8]:
    """(picture [h,w,3], mask [h,w] 0/255) at an inpainting network's size; the hole does not bleed out."""
    h, w = size
    known = fill.smooth_fill(frame, ~missing)
    small = cv2.resize(known, (w, h), interpolation=cv2.INTER_AREA)
    mask = cv2.resize(missing.astype(np.uint8) * 255, (w, h), interpolation=cv2.INTER_AREA)
    return small, ((mask > 0) * 255).astype(np.uint8)


def plate(frame: U8, hole: Mask, answer: U8 | None) -> U8:
    """The background of a single picture: the frame with its hole filled from a network's answer [h,w,3]."""
    if answer is None:
        return fill.smooth_fill(frame, ~hole)
    return fill.blend_in(frame, hole, answer)


def corrected(frame: U8, alpha: U8, background: U8, shown: Mask, chance: U8 | None = None) -> U8:
    """Alpha corrected by a background that was really seen: what differs from it stands in front of it.

    Args:
        frame: [H,W,3].
        alpha: [H,W] of all characters.
        background: [H,W,3] plate.
        shown: [H,W] where the plate's pixels come from other drawings, and a character may stand.
        chance: [any,any] probability · 255 of a character, if known: where it is not high, what looks like
            the plate is the plate, however much of it the matting took along.

    Returns:
        [H,W] uint8; the same as ``alpha`` outside ``shown``.
    """
    out = alpha.copy()
    x, y, w, h = cv2.boundingRect(shown.view(np.uint8))
    if w == 0:
        return out
    here = (slice(y, y + h), slice(x, x + w))
    apart = layers.difference(frame[here], background[here])
    # the strongest difference nearby is that of a solid pixel: a soft outline has its share of it
    solid = cv2.dilate(apart, np.ones((5, 5), np.uint8))
    share = apart.astype(np.float32) / np.maximum(solid, 1)
    evidence = np.clip(3 * share - 0.75, 0, 1) * cv2.LUT(solid, _EVIDENCE)
    # a line of the painting that lies a fraction of a pixel off is thin; what the matting misses is not
    evidence = np.minimum(evidence, cv2.morphologyEx(evidence, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)))
    # and small places where a character happens to have the background's colour are the character
    evidence = cv2.morphologyEx(evidence, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    where = shown[here]
    part = np.where(where, cv2.max(out[here], np.rint(evidence).astype(np.uint8)), out[here])
    equal = where & (apart <= _EQUAL)
    part[equal & (part < 128)] = 0
    if chance is not None:
        height, width = alpha.shape
        likely = cv2.resize(chance, (width, height), interpolation=cv2.INTER_LINEAR)[here] >= _LIKELY
        # here too, a small place is a coincidence
        bare = (equal & ~likely).view(np.uint8)
        part[cv2.morphologyEx(bare, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0] = 0
    out[here] = part
    return out


def decompose(frame: U8, alpha: U8, prior: U8, background: U8, shown: Mask | None = None) -> Layers:
    """Solve the colours of the layers so that they compose to the frame.

    Args:
        frame: [H,W,3].
        alpha: [H,W] of all characters.
        prior: [H,W] effect prior of :func:`triton_anime.effect_prior.effect_prior`.
        background: [H,W,3] clean plate; where no layer is near, the frame itself takes its place, and so it
            does where an invented plate alone speaks for an effect or somebody.
        shown: [H,W] where the plate's pixels come from other drawings and are true; nowhere by default. They
            also tell an effect that hides a character from light on one, see :mod:`triton_anime.hiding`.
    """
    foreground = cv2.max(alpha, prior)
    character = np.zeros((*alpha.shape, 4), np.uint8)
    effects = np.zeros((*alpha.shape, 4), np.uint8)
    if not foreground.any():
        return Layers(character, effects, frame)
    hole = hole_of(foreground)
    background = np.where(hole[..., None], background, frame)
    # nothing differs outside: work on the part that does
    x, y, w, h = cv2.boundingRect(hole.view(np.uint8))
    here = (slice(y, y + h), slice(x, x + w))
    margin = margin_of(alpha.shape[0], alpha.shape[1])
    f, a, p, b = frame[here], alpha[here], prior[here], background[here]
    least = cv2.convertScaleAbs(p, alpha=_EFFECT_SHARE)
    wrong = _invented_wrongly(f, a, p, b, margin)
    if shown is not None:
        wrong &= ~shown[here]
        hides = hiding(f, a, p, b, shown[here])
        least[hides] = cv2.convertScaleAbs(p, alpha=_HIDING_SHARE)[hides]
    b[wrong] = f[wrong]
    character[here], effects[here] = _solve(f, a, p, b, margin, least)
    return Layers(character, effects, background)


def _invented_wrongly(frame: U8, alpha: U8, prior: U8, background: U8, margin: int) -> Mask:
    """Where somebody or an effect would have to be more opaque than is likely: the plate is no good there."""
    wrong = np.zeros(alpha.shape, bool)
    for found, other, unlikely, opaque in (
        (prior, alpha, _UNLIKELY_EFFECT, _SEEN_EFFECT),
        (alpha, prior, _UNLIKELY_CHARACTER, _SEEN_CHARACTER),
    ):
        doubted = hole_of(found, margin) & (found < unlikely) & (other == 0)
        wrong[doubted] |= layers.least_alpha(frame[doubted], background[doubted]) >= opaque
    # thin lines are the outlines of what stands there: they must not stay behind in the plate
    outside = {"borderType": cv2.BORDER_CONSTANT, "borderValue": 0}
    kernel = np.ones((3, 3), np.uint8)
    return cast(Mask, cv2.morphologyEx(wrong.view(np.uint8), cv2.MORPH_OPEN, kernel, **outside) > 0)


def _solve(frame: U8, alpha: U8, prior: U8, background: U8, margin: int, least: U8) -> tuple[U8, U8]:
    """(character, effects) of :func:`decompose`, ``least`` [H,W] the least alpha of the effects; changed."""
    differs = layers.difference(frame, background) > _NOISE
    # beside the foreground, what differs from the plate is a part of what stands nearest
    rim = hole_of(alpha, margin) & (alpha == 0) & differs & (prior == 0)
    character = layers.decontaminate(frame, alpha, background, rim)
    if not prior.any():
        return character, np.zeros((*alpha.shape, 4), np.uint8)
    rim = hole_of(prior, margin) & (prior == 0) & differs & (character[..., 3] == 0)
    least[rim] = 1
    # an effect in front of a character takes its share of the pixel from the character
    both = (least > 0) & (character[..., 3] > 0)
    covered = 255 - least[both].astype(np.uint16)
    veiled = character[both]
    veiled[:, 3] = veiled[:, 3] * covered // 255
    veiled[veiled[:, 3] == 0] = 0
    character[both] = veiled
    return character, layers.effect_layer(frame, layers.over(background, character), least)


def identities(instances: U8, alpha: U8) -> U8:
    """Which character each pixel of the alpha [H,W] belongs to, from a map of any size; 0 where alpha < ½.

    Outlines that the map misses go to the nearest character, but not what is far from all of them.
    """
    if not instances.any():
        return np.zeros(alpha.shape, np.uint8)
    height, width = alpha.shape
    reach = 0.03 * max(instances.shape)
    labels = cv2.resize(nearest_label(instances, reach), (width, height), interpolation=cv2.INTER_NEAREST)
    labels[alpha < 128] = 0
    return cast(U8, labels)
