"""What the small LaMa starts from inside a hole: colours from around it, texture borrowed from beside it.

Painted backgrounds repeat themselves sideways: fences, floors, clouds, trees. Moving the whole picture by a
few offsets and taking the one that fits around the hole fills it with real texture (after He & Sun,
"Statistics of Patch Offsets for Image Completion", ECCV 2012, with few fixed offsets and a soft choice in
place of a graph cut). Where no offset fits, the smooth interpolation stays. Nothing here is learnt.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_LEVELS = 4
"""Halvings to the grid on which the first guess is interpolated."""
_STEEPNESS = 3.0
"""Exponent of the squared distance (Shepard 1968)."""
_UPRIGHT = 9.0
"""Squared stretch of vertical distance: backgrounds change more from sky to ground than along it."""


def diffuse(image: Tensor, mask: Tensor) -> Tensor:
    """Fill the hole smoothly from its surroundings.

    A pull-push pyramid (Gortler et al. 1996) whose coarsest level interpolates by inverse distance.

    Args:
        image: float [B,3,H,W]; H and W multiples of 16.
        mask: float [B,1,H,W], 1 inside the hole.

    Returns:
        The image with its hole filled; known pixels are unchanged. A picture that is all hole turns black.
    """
    known = [torch.cat([image * (1.0 - mask), 1.0 - mask], dim=1)]
    for _ in range(_LEVELS):
        known.append(F.avg_pool2d(known[-1], 2))
    height, width = known[-1].shape[2:]
    rows, columns = _grid(height, width, image.device)
    squared = (rows[:, None] - rows) ** 2 * _UPRIGHT + (columns[:, None] - columns) ** 2
    spread = torch.matmul((squared + 0.25) ** -_STEEPNESS, known[-1].flatten(2).transpose(1, 2))
    guess = spread[..., :3] / (spread[..., 3:] + 1e-20)
    guess = guess.transpose(1, 2).reshape(-1, 3, height, width)
    for level in range(_LEVELS, -1, -1):
        colour, weight = known[level][:, :3], known[level][:, 3:]
        # A coarse cell with little that is known leans on the level below it.
        trust = torch.clamp(weight * 4.0, max=1.0) if level else weight
        guess = guess + trust * (colour / (weight + 1e-6) - guess)
        if level:
            guess = F.interpolate(guess, scale_factor=2.0, mode="bilinear", align_corners=False)
    return guess


_CELL, _COARSE = 16, 4
"""Pixels of a cell in which one offset is chosen, and of a sample when offsets are compared."""
_STEP, _REACH = 32, 224
_OFFSETS = tuple(dx for dx in range(-_REACH, _REACH + 1, _STEP) if dx)
"""Pixels to the right by which the picture moves."""
_SHARPNESS = 60.0
"""Of the choice among offsets, per unit of cost."""
_SURE, _HOPELESS = 0.09, 0.22
"""Costs (mean absolute colour error, of 1) up to which borrowed texture is believed, and above which not."""


def first_guess(image: Tensor, mask: Tensor) -> Tensor:
    """Fill the hole from its surroundings.

    Args:
        image: float [B,3,H,W]; H and W multiples of 16.
        mask: float [B,1,H,W], 1 inside the hole.

    Returns:
        float [B,3,H,W] in 0..1: the image with its hole filled.
    """
    with torch.autocast(image.device.type, enabled=False):
        smooth = diffuse(image.float(), mask.float())
        return borrow(image.float(), mask.float(), smooth)


def borrow(image: Tensor, mask: Tensor, smooth: Tensor) -> Tensor:
    """Lay texture from beside the hole over the smooth guess, whose colours it keeps.

    Args:
        image: float [B,3,H,W]; H and W multiples of 16.
        mask: float [B,1,H,W], 1 inside the hole.
        smooth: from :func:`diffuse`.
    """
    known = 1.0 - mask
    weights, sure = _choose(image, mask, smooth)
    moved = _moved(torch.cat([image * known, known], dim=1), 1)
    total = (moved * _enlarge(weights, _CELL)[:, None]).sum(dim=2)
    texture = total[:, :3] / (total[:, 3:] + 1e-6)
    trust = torch.clamp(total[:, 3:] * 20.0, max=1.0) * _enlarge(sure, _CELL)
    filled = image * known + (smooth + trust * (texture - smooth)) * mask
    # Borrowed light and shade give way to those of this place.
    filled = torch.clamp(filled + _low(smooth) - _low(filled), 0.0, 1.0)
    return image * known + filled * mask


def _choose(image: Tensor, mask: Tensor, smooth: Tensor) -> tuple[Tensor, Tensor]:
    """How much each offset counts in each cell [B,O,H/16,W/16], and how far to trust it [B,1,H/16,W/16]."""
    batch = image.shape[0]
    rows, columns = image.shape[2] // _CELL, image.shape[3] // _CELL
    known = F.avg_pool2d(1.0 - mask, _COARSE)
    colour = F.avg_pool2d(image * (1.0 - mask), _COARSE)
    hole, guess = 1.0 - known, F.avg_pool2d(smooth, _COARSE)
    moved = _moved(torch.cat([colour, known], dim=1), _COARSE)
    there = moved[:, 3:]
    # Both sides are weighted by how much of them is known, so that cells cut by the hole compare fairly.
    rim = (moved[:, :3] * known[:, :, None] - colour[:, :, None] * there).abs().mean(dim=1)
    inside = (moved[:, :3] - guess[:, :, None] * there).abs().mean(dim=1) * hole
    there = there[:, 0]
    parts = torch.stack([rim, known * there, inside, hole * there], dim=1).flatten(1, 2)
    nearby = _nearby(rows, columns, image.device)
    spread = torch.matmul(F.avg_pool2d(parts, _CELL // _COARSE).flatten(2), nearby)
    rim, shared, inside, covered = spread.reshape(batch, 4, len(_OFFSETS), rows, columns).unbind(dim=1)
    needed = torch.matmul(F.avg_pool2d(mask, _CELL).flatten(2), nearby).reshape(batch, 1, rows, columns)
    far = torch.tensor(_OFFSETS, dtype=torch.float32, device=image.device).abs() * 4e-5
    cost = (
        rim / (shared + 1e-3)
        + 0.7 * inside / (covered + 1e-3)
        + 0.5 * torch.clamp(1.0 - covered / (needed + 1e-3), min=0.0)
        + far[None, :, None, None]
    )
    sure = torch.clamp((_HOPELESS - cost.amin(dim=1, keepdim=True)) / (_HOPELESS - _SURE), 0.0, 1.0)
    return torch.softmax(-cost * _SHARPNESS, dim=1), sure


def _moved(image: Tensor, scale: int) -> Tensor:
    """The picture [B,C,H,W], whose samples are ``scale`` pixels apart, moved by each offset: [B,C,O,H,W].

    From outside comes 0. One convolution with a single 1 in each kernel: slices would need many nodes.
    """
    channels, reach, step = image.shape[1], _REACH // scale, _STEP // scale
    taps = 2 * _REACH // _STEP + 1
    kernels = torch.eye(taps, dtype=image.dtype, device=image.device).flip(0)
    kernels = torch.cat([kernels[: taps // 2], kernels[taps // 2 + 1 :]])[:, None, None].repeat(
        channels, 1, 1, 1
    )
    padded = F.pad(image, (reach, reach, 0, 0))
    moved = F.conv2d(padded, kernels, dilation=(1, step), groups=channels)
    return moved.reshape(-1, channels, taps - 1, image.shape[2], image.shape[3])


def _nearby(rows: int, columns: int, device: torch.device) -> Tensor:
    """Weights of cells for one another [N,N]: about two cells around."""
    row, column = _grid(rows, columns, device)
    return torch.exp(((row[:, None] - row) ** 2 + (column[:, None] - column) ** 2) * -0.125)


def _grid(rows: int, columns: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Row and column of each cell, float [N] each."""
    row = torch.arange(rows, device=device).float()[:, None].expand(rows, columns).reshape(-1)
    column = torch.arange(columns, device=device).float()[None].expand(rows, columns).reshape(-1)
    return row, column


def _low(image: Tensor) -> Tensor:
    """The picture without what is smaller than about 24 pixels."""
    cells = F.avg_pool2d(F.avg_pool2d(image, 8), 3, 1, 1, count_include_pad=False)
    return _enlarge(cells, 8)


def _enlarge(cells: Tensor, times: int) -> Tensor:
    return F.interpolate(cells, scale_factor=float(times), mode="bilinear", align_corners=False)
