"""Kinds of things that a pixel may show, finer than the served classes: effects by their type."""

from __future__ import annotations

import torch

from triton_anime_export.studio.source import EFFECT_TYPES

KINDS = (*EFFECT_TYPES, "character", "object")
KIND_WEIGHTS = torch.tensor([0.3, *[1.5] * (len(EFFECT_TYPES) - 1), 0.6, 0.8])
"""Of each kind in the cross-entropy: most of a frame is background."""
