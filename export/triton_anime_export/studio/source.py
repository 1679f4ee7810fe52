"""What a scene is composed of: a drawn thing with exact alpha, and what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EFFECT_TYPES = (
    "none",
    "energy_glow",
    "fire",
    "light_beam",
    "sparkles",
    "explosion",
    "smoke",
    "lightning",
    "speed_lines",
    "water",
    "magic",
    "motion_blur",
    "shockwave",
)
"""Names of the effect types; their index is the value in :attr:`Shot.effect_type` maps."""


@dataclass(frozen=True)
class Source:
    """A character, object, effect or backdrop as successive drawings.

    Attributes:
        kind: ``character``, ``object``, ``effect`` or ``backdrop``.
        name: identity; two sources of one name are one character.
        drawings: uint8 RGBA [h,w,4], straight alpha, all of one size.
        additive: light that is added to the picture rather than painted over it.
        effect_type: one of :data:`EFFECT_TYPES`, empty for what is not an effect.
        key_points: for each drawing float32 [17,3] (x, y, visibility) in drawing pixels, COCO order and
            COCO visibility (0 beyond the drawing's edge, 1 hidden, 2 seen); empty where nobody knows them.
        parts: for each drawing uint8 [h,w], which part of the body is drawn there (index into
            ``keypoints.PARTS``, 0 for none); empty where nobody knows them.
        pieces: for each drawing uint8 [h,w], the number of the piece that is drawn there, 0 for none; a piece
            has one number in all drawings. Empty where nobody knows them.
        outlines: for each drawing the outlines of the pieces by number, float32 [K,2] in drawing pixels.
        actions: for each drawing what the character does (``walk``, ``kick``); empty where unknown.
        expressions: for each drawing the look on the face; empty where unknown.
        travel: for each drawing how many drawing pixels the ground passes since the last (a walker's
            stride, positive to the right); empty for what does not walk.
        words: what is drawn, for captions (``a figure with braids in a kimono``); empty where unknown.
        style: how it is drawn (``inked cel``), empty where unknown.
        scene_type: what place a backdrop shows (``classroom``), empty where unknown.
        mood: the light a backdrop is painted in (``dusk``), empty where unknown.
        layers: a backdrop taken apart, from far to near: uint8 RGBA [h,w,4] of the drawing's size, the first
            one opaque; laid over one another they give the drawing, but for soft edges. Empty where it is
            one sheet.
    """

    kind: str
    name: str
    drawings: tuple[NDArray[np.uint8], ...]
    additive: bool = False
    effect_type: str = ""
    key_points: tuple[NDArray[np.float32], ...] = ()
    parts: tuple[NDArray[np.uint8], ...] = ()
    pieces: tuple[NDArray[np.uint8], ...] = ()
    outlines: tuple[dict[int, NDArray[np.float32]], ...] = ()
    actions: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    travel: tuple[float, ...] = ()
    words: str = ""
    style: str = ""
    scene_type: str = ""
    mood: str = ""
    layers: tuple[NDArray[np.uint8], ...] = ()
