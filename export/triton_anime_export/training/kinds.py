"""Kinds of things that a pixel may show, finer than the served classes: effects by their type."""

from __future__ import annotations

import torch

from triton_anime_export.studio.source import EFFECT_TYPES

KINDS = (*EFFECT_TYPES, "character", "object")
KIND_WEIGHTS = torch.tensor([0.3, *[6.0] * (len(EFFECT_TYPES) - 1), 0.6, 4.0])
"""Of each kind in the cross-entropy. Four fifths of the pixels are background and each type of effect has a
few thousandths of them: with weights that differed less, no type was told from another after 10,000 steps."""
