"""A drawing on its way through the stages of the pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.characters import Segmentation, coarse_mask
from triton_anime.drawings import Drawing
from triton_anime.roles import Answer
from triton_anime.stabilise import Link
from triton_anime.unexplained import left_to_others, more_likely, unexplained, with_evidence

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

# Coarse probability, of 255, from which a pixel may belong to a character that its alpha misses.
_DOUBT = 96


@dataclass
class Cel:
    """A drawing on its way; each stage fills in its part."""

    drawing: Drawing
    working: U8
    segmentation: Segmentation | None = None
    effects: Answer | None = None
    flow: tuple[F32, F32] | None = None
    """Flow from the drawing before to this one and back, [h,w,2] in working pixels."""
    identity: U8 | None = None
    """[h,w] at the working resolution."""
    alpha: U8 = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    prior: U8 = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    evidence: F32 | None = None
    """[h,w] log-odds that time adds for an effect; ``kept``: what that leaves of other chances."""
    kept: F32 | None = None
    mask_quality: float | None = None
    motion_magnitude: float | None = None
    before: Link | None = None
    """To the drawing before, on the working grid; ``after`` to the next one."""
    after: Link | None = None
    sure: F32 | None = None
    """[h,w] from -1 to 1: how sure the segmentation is that nobody, or somebody, is there."""

    @property
    def image(self) -> U8:
        """The frame [H,W,3]."""
        return self.drawing.first.image

    @property
    def probability(self) -> U8 | None:
        """[4,h,w] class probabilities · 255 of the segmentation."""
        return None if self.segmentation is None else self.segmentation.probability

    def look_at_time(self) -> None:
        """Weigh what the networks said about effects by what the neighbours show; once, linked to them."""
        if self.segmentation is None:
            return
        known = self.segmentation.probability
        self.evidence = unexplained(self.before, self.after, known)
        if self.evidence is None:
            return
        self.kept = left_to_others(known, self.evidence)
        self.segmentation = replace(
            self.segmentation, probability=with_evidence(known, self.evidence, self.kept)
        )

    def effect_masks(self) -> U8 | None:
        """[P,h,w] probability · 255 of each prompt, weighed likewise."""
        if self.effects is None:
            return None
        found: U8 = self.effects["ALPHA"]
        return found if self.evidence is None else more_likely(found, self.evidence)

    def coarse(self, *, alone: bool = False) -> U8 | None:
        """What segmentation and tracker know of the characters, as ``characters.coarse_mask`` has it.

        Args:
            alone: leaves out the tracker, whatever it knows from other drawings; if there is a segmentation.
        """
        identity = None if alone and self.segmentation is not None else self.identity
        return coarse_mask(self.probability, identity, self.kept)

    def doubt(self) -> NDArray[np.bool_] | None:
        """Where the segmentation or the tracker sees somebody, [h,w], whatever the alpha says."""
        coarse = self.coarse()
        if coarse is None:
            return None
        h, w = self.working.shape[:2]
        return cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR) >= _DOUBT
