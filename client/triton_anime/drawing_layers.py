"""What becomes of a drawing: its layers, and what is known about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from triton_anime.cast.descriptor import Look
from triton_anime.characters import CharacterView
from triton_anime.drawings import Drawing

U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class EffectView:
    """One prompt that was found in one drawing.

    Attributes:
        prompt: the words asked for.
        type: the effect's name in the metadata.
        intensity: mean probability inside the prompt's mask, 0..1.
        coverage: share of the picture that the mask covers.
    """

    prompt: str
    type: str
    intensity: float
    coverage: float


@dataclass(frozen=True)
class DrawingLayers:
    """Everything about one distinct drawing, ready to be written.

    Attributes:
        drawing: the drawing, with its image and the frames that show it.
        character, effects: straight RGBA uint8 [H,W,4].
        background: RGB uint8 [H,W,3].
        identity: uint8 [H,W]: 0 nobody, else the character's number, stable within the shot.
        characters: one entry per number in ``identity``.
        effects_found: prompts with a mask in this drawing.
        effect_intensity: mean alpha of the effect layer where it is not empty, 0..1; None: role absent.
        inpainted: whether any background pixel is not this frame's own.
        mask_quality: soft intersection over union of independent estimates of the characters; None where
            fewer than two networks looked, or nobody is there.
        background_quality: share of the plate's pixels that some drawing of the shot really shows.
        recovered_share, invented_share: shares of the plate copied from other drawings, and invented.
        motion_magnitude: median length of the flow from the drawing before, in diagonals of the frame; None
            for the first drawing of a shot or without flow.
        residual_psnr, residual_mae: the composed layers against the frame, dB (99 at most) and levels.
        absent_roles: roles that nobody fills.
        looks: on the last drawing of a shot: how each character of the shot looks, by number.
    """

    drawing: Drawing
    character: U8
    effects: U8
    background: U8
    identity: U8
    characters: tuple[CharacterView, ...]
    effects_found: tuple[EffectView, ...]
    effect_intensity: float | None
    inpainted: bool
    mask_quality: float | None
    background_quality: float | None
    recovered_share: float
    invented_share: float
    motion_magnitude: float | None
    residual_psnr: float
    residual_mae: float
    absent_roles: frozenset[str]
    looks: Mapping[int, tuple[Look, ...]] = field(default_factory=dict)
