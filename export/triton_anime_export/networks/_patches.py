"""Overlapping patches of 7x7 pixels, one every 3: cut out of a picture, and laid back over each other.

What ``unfold`` and ``fold`` of PyTorch do with ``kernel_size=7, stride=3, padding=3``, by reshaping and
adding: the operator that ``fold`` exports to, Col2Im, is one that TensorRT does not take.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

KERNEL, STRIDE, PADDING = 7, 3, 3
TAPS = KERNEL * KERNEL
SPAN = -(-KERNEL // STRIDE)
"""Cells of one stride that a patch covers, its last one in part."""


def cells(side: int) -> int:
    """Patches along a side of so many pixels."""
    return (side + 2 * PADDING - KERNEL) // STRIDE + 1


def cut(picture: Tensor) -> Tensor:
    """Patches of a picture ``[N, C, H, W]``: ``[N, h, w, C * 49]``; outside of it is zero."""
    n, c, height, width = picture.shape
    h, w = cells(height), cells(width)
    below = STRIDE * (h + SPAN - 1) - height - PADDING
    beside = STRIDE * (w + SPAN - 1) - width - PADDING
    x = F.pad(picture, (PADDING, beside, PADDING, below))
    x = x.reshape(n, c, h + SPAN - 1, STRIDE, w + SPAN - 1, STRIDE)
    x = torch.stack([x[:, :, a : a + h] for a in range(SPAN)], dim=3)
    x = torch.stack([x[:, :, :, :, :, a : a + w] for a in range(SPAN)], dim=6)
    # Now [n, c, h, span, stride, w, span, stride]: of the last cell a patch has only the beginning.
    x = x.permute(0, 2, 5, 1, 3, 4, 6, 7).reshape(n, h, w, c, SPAN * STRIDE, SPAN * STRIDE)
    return x[..., :KERNEL, :KERNEL].reshape(n, h, w, c * TAPS)


def lay(patches: Tensor, size: tuple[int, int]) -> Tensor:
    """The sum of patches ``[N, h, w, C * 49]`` where they lie: ``[N, C, H, W]`` with ``size`` H and W."""
    n, h, w, channels = patches.shape
    c, rest = channels // TAPS, SPAN * STRIDE - KERNEL
    x = F.pad(patches.reshape(n, h, w, c, KERNEL, KERNEL), (0, rest, 0, rest))
    x = x.reshape(n, h, w, c, SPAN, STRIDE, SPAN, STRIDE).permute(0, 3, 1, 4, 5, 2, 6, 7)
    # [n, c, h, span, stride, w, span, stride]: the cell a of patch p is the cell p + a of the picture.
    x = _added([F.pad(x[..., a, :], (0, 0, a, SPAN - 1 - a)) for a in range(SPAN)])
    x = _added([F.pad(x[:, :, :, a], (0, 0, 0, 0, 0, 0, a, SPAN - 1 - a)) for a in range(SPAN)])
    x = x.reshape(n, c, (h + SPAN - 1) * STRIDE, (w + SPAN - 1) * STRIDE)
    return x[:, :, PADDING : PADDING + size[0], PADDING : PADDING + size[1]]


def _added(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
