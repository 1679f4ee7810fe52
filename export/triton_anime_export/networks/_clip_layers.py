"""Transformer layers of CLIP (Radford et al. 2021), under the names that its checkpoints use."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Multi-head self-attention with four biased projections.

    Training uses the fused kernel where nothing is masked; otherwise it is written out, because the export of
    the fused one carries a test for NaN in every layer.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.q_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Map [B,N,D] to the same shape; ``bias`` [B or 1,1,N or 1,N] is added to the scores."""
        batch, count, width = x.shape
        shape = (batch, count, self.heads, width // self.heads)
        q = self.q_proj(x).reshape(shape).transpose(1, 2)
        k = self.k_proj(x).reshape(shape).transpose(1, 2)
        v = self.v_proj(x).reshape(shape).transpose(1, 2)
        if self.training and bias is None:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            scores = torch.matmul(q * (width // self.heads) ** -0.5, k.transpose(2, 3))
            y = torch.matmul(torch.softmax(scores if bias is None else scores + bias, dim=-1), v)
        return cast("Tensor", self.out_proj(y.transpose(1, 2).reshape(batch, count, width)))


class MLP(nn.Module):
    """Two linear layers around ``quick_gelu`` (CLIP's towers) or ``relu`` (CLIPSeg's decoder)."""

    def __init__(self, width: int, hidden: int, activation: str) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,N,D] to the same shape."""
        y = self.fc1(x)
        y = torch.relu(y) if self.activation == "relu" else y * torch.sigmoid(1.702 * y)
        return cast("Tensor", self.fc2(y))


class Layer(nn.Module):
    """One transformer layer; normalisation before each part (CLIP) or after it (CLIPSeg's decoder)."""

    def __init__(self, width: int, heads: int, hidden: int, *, decoder: bool = False) -> None:
        super().__init__()
        self.decoder = decoder
        self.self_attn = Attention(width, heads)
        self.layer_norm1 = nn.LayerNorm(width)
        self.mlp = MLP(width, hidden, "relu" if decoder else "quick_gelu")
        self.layer_norm2 = nn.LayerNorm(width)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Map [B,N,D] to the same shape."""
        if self.decoder:
            x = self.layer_norm1(x + self.self_attn(x, bias))
            return cast("Tensor", self.layer_norm2(x + self.mlp(x)))
        x = x + self.self_attn(self.layer_norm1(x), bias)
        return cast("Tensor", x + self.mlp(self.layer_norm2(x)))


class Encoder(nn.Module):
    """A stack of layers that keeps the activations after chosen ones."""

    def __init__(self, width: int, heads: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Layer(width, heads, hidden) for _ in range(depth)])

    def forward(
        self, x: Tensor, bias: Tensor | None = None, taps: tuple[int, ...] = ()
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the last activations and those after each layer whose index is in ``taps``."""
        kept = []
        for index, layer in enumerate(self.layers):
            x = layer(x, bias)
            if index in taps:
                kept.append(x)
        return x, kept
