"""Losses that the recipes of the trackers share."""

from __future__ import annotations

import torch
from torch.nn import functional as F

_HARDEST = 0.2  # share of pixels that the bootstrapped part of the loss looks at


def bootstrapped(joint: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of all pixels and of the hardest ones, half and half.

    Args:
        joint: logits ``[B, K + 1, H, W]``, background first.
        labels: int64 ``[B, H, W]``.
    """
    entropy = F.cross_entropy(joint, labels, reduction="none").flatten(1)
    hardest = entropy.topk(int(entropy.shape[1] * _HARDEST), dim=1).values
    return 0.5 * entropy.mean() + 0.5 * hardest.mean()


def soft_jaccard(foreground: torch.Tensor, masks: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """One less the soft intersection over union, mean over the objects.

    Args:
        foreground: probabilities ``[B, K, H, W]``.
        masks: truth, likewise, 0 or 1.
        present: ``[B, K]``, 1 where the clip has that object.
    """
    both = (foreground * masks).sum(dim=(2, 3))
    either = (foreground + masks - foreground * masks).sum(dim=(2, 3))
    loss = 1 - (both + 1) / (either + 1)
    return (loss * present).sum() / present.sum().clamp(min=1)
