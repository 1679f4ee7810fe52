"""Attention of E2FGVI: a window of tokens over all frames looks at itself, its rim and the whole, coarsely.

Li et al., CVPR 2022, after Yang et al., "Focal Self-attention for Local-Global Interactions in Vision
Transformers", NeurIPS 2021.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from triton_anime_export.networks._soft_split import FusionFeedForward

WINDOW = (5, 9)
"""Rows and columns of tokens."""
CELLS = WINDOW[0] * WINDOW[1]
RIM = (WINDOW[0] // 2, WINDOW[1] // 2)
"""How far beyond itself a window looks finely."""
HEADS = 4
OUTSIDE = -100.0
"""Added to the logit of a coarse token beyond the picture, whose key is zero: little, but not nothing."""

_SHIFTS = tuple((down * RIM[0], right * RIM[1]) for down in (-1, 1) for right in (-1, 1))


class FocalBlock(nn.Module):
    """One block of the transformer.

    Args:
        features: channels of a token.
        mixed: channels of the map inside the feed-forward layer.
    """

    def __init__(self, features: int, mixed: int) -> None:
        super().__init__()
        self.pool_layers = nn.ModuleList([nn.Linear(CELLS, 1)])
        self.norm1 = nn.LayerNorm(features)
        self.attn = _FocalAttention(features)
        self.norm2 = nn.LayerNorm(features)
        self.mlp = FusionFeedForward(features, mixed)

    def forward(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        """Map [T,rows,columns,D] to the same shape.

        Args:
            tokens: rows and columns are multiples of a window's.
            size: of the map that the tokens were split from.
        """
        normed = self.norm1(tokens)
        # One token for each window: [T,down,right,D].
        frames, rows, columns, features = tokens.shape
        cut = normed.reshape(frames, rows // WINDOW[0], WINDOW[0], columns // WINDOW[1], WINDOW[1], features)
        pooled = self.pool_layers[0](cut.permute(0, 1, 3, 5, 2, 4).flatten(4)).squeeze(-1)
        tokens = tokens + self.attn(normed, pooled)
        return tokens + cast("Tensor", self.mlp(self.norm2(tokens), size))


class _FocalAttention(nn.Module):
    valid_ind_rolled: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("valid_ind_rolled", rim_indices())
        self.qkv = nn.Linear(features, 3 * features)
        self.proj = nn.Linear(features, features)

    def forward(self, tokens: Tensor, pooled: Tensor) -> Tensor:
        frames, rows, columns, features = tokens.shape
        query, key, value = self.qkv(tokens).chunk(3, dim=-1)
        _, coarse_key, coarse_value = self.qkv(pooled).chunk(3, dim=-1)
        grid = (rows // WINDOW[0], columns // WINDOW[1])
        places = _neighbourhoods(*grid).to(tokens.device)

        def looked_at(fine: Tensor, coarse: Tensor) -> Tensor:
            rolled = torch.cat([_windows(fine.roll(shift, dims=(1, 2))) for shift in _SHIFTS], dim=3)
            around = _gathered(coarse, places)
            parts = [_windows(fine), rolled.index_select(3, self.valid_ind_rolled), around]
            return torch.cat(parts, dim=3).flatten(2, 3)

        scale = (features // HEADS) ** -0.5
        q = _windows(query).flatten(2, 3) * scale
        k, v = looked_at(key, coarse_key), looked_at(value, coarse_value)
        beyond = _gathered(torch.ones_like(pooled[..., :HEADS]), places)[:, :1, :, :, 0] == 0
        fine = torch.zeros_like(q[:, :1, :1, 0:1]).expand(
            -1, 1, frames, CELLS + self.valid_ind_rolled.shape[0]
        )
        bias = torch.cat([fine, beyond * OUTSIDE], dim=3).flatten(2, 3).unsqueeze(2)
        taken = (q @ k.transpose(2, 3) + bias).softmax(dim=-1) @ v
        # [windows,heads,T*cells,d] back to where the tokens stand.
        taken = taken.reshape(*grid, HEADS, frames, *WINDOW, features // HEADS)
        return cast("Tensor", self.proj(taken.permute(3, 0, 4, 1, 5, 2, 6).reshape(tokens.shape)))


def rim_indices() -> Tensor:
    """Which tokens of the four rolled windows lie outside the window itself: int64 [120], ascending."""
    rolled = (
        (shift, row, column) for shift in _SHIFTS for row in range(WINDOW[0]) for column in range(WINDOW[1])
    )
    # Rolled by -2, a row shows what stands two rows below it.
    outside = [
        not (0 <= row - down < WINDOW[0] and 0 <= column - right < WINDOW[1])
        for (down, right), row, column in rolled
    ]
    return torch.tensor([place for place, out in enumerate(outside) if out])


def _windows(x: Tensor) -> Tensor:
    """Tokens [T,rows,columns,D] to [windows,heads,T,cells,d]."""
    frames, rows, columns, features = x.shape
    down, right = rows // WINDOW[0], columns // WINDOW[1]
    cut = x.reshape(frames, down, WINDOW[0], right, WINDOW[1], HEADS, features // HEADS)
    return cut.permute(1, 3, 5, 0, 2, 4, 6).reshape(down * right, HEADS, frames, CELLS, features // HEADS)


def _neighbourhoods(down: int, right: int) -> Tensor:
    """For each window the places of the windows around it on the padded grid: int64 [windows * cells]."""
    width = right + 2 * RIM[1]
    around = [row * width + column for row in range(WINDOW[0]) for column in range(WINDOW[1])]
    corners = [row * width + column for row in range(down) for column in range(right)]
    return torch.tensor([corner + step for corner in corners for step in around])


def _gathered(coarse: Tensor, places: Tensor) -> Tensor:
    """Coarse tokens [T,down,right,D] around each window, zero beyond: [windows,heads,T,cells,d]."""
    frames, down, right, features = coarse.shape
    padded = F.pad(coarse, (0, 0, RIM[1], RIM[1], RIM[0], RIM[0])).flatten(1, 2)
    around = padded.index_select(1, places)
    cut = around.reshape(frames, down * right, CELLS, HEADS, features // HEADS)
    return cut.permute(1, 3, 0, 2, 4)
