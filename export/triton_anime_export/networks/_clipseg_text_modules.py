"""Text half of CLIPSeg: a sentence becomes the embedding that conditions the decoder.

The full size is CLIP's text tower (Radford et al. 2021) with the keys of ``CIDAS/clipseg-rd64-refined``;
its tokens are CLIP's byte-pair codes. The small size keeps the tower but reads hashed words and character
trigrams (Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL 2017; tokens from
:mod:`triton_anime.prompts`), which need no vocabulary file. Hashed words carry their order as word pairs, so
it needs neither positions nor a causal mask, and its sentence is the mean over its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from triton_anime_export.networks._clip_layers import Encoder


@dataclass(frozen=True)
class TextSize:
    """Size of the text tower.

    Attributes:
        vocabulary: rows of the embedding table.
        length: tokens in one sentence, padding included.
        width, heads, hidden, depth: of the transformer.
        condition: width of the embedding that comes out.
        hashed: tokens are hashes with 0 for padding, rather than CLIP's codes ending at the highest one.
    """

    vocabulary: int = 49408
    length: int = 77
    width: int = 512
    heads: int = 8
    hidden: int = 2048
    depth: int = 12
    condition: int = 512
    hashed: bool = False


FULL = TextSize()
LITE = TextSize(vocabulary=4096, length=48, width=96, heads=4, hidden=384, depth=2, condition=64, hashed=True)


class TextEmbeddings(nn.Module):
    """Vectors of tokens, and of their positions where tokens carry no order themselves."""

    def __init__(self, size: TextSize) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(size.vocabulary, size.width)
        if not size.hashed:
            self.position_embedding = nn.Embedding(size.length, size.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map ids [B,N] to [B,N,D]."""
        x = self.token_embedding(tokens)
        if hasattr(self, "position_embedding"):
            x = x + self.position_embedding.weight[: tokens.shape[1]]
        return cast("Tensor", x)


class TextModel(nn.Module):
    """Transformer over the tokens of a sentence."""

    def __init__(self, size: TextSize) -> None:
        super().__init__()
        self.hashed = size.hashed
        self.embeddings = TextEmbeddings(size)
        self.encoder = Encoder(size.width, size.heads, size.hidden, size.depth)
        self.final_layer_norm = nn.LayerNorm(size.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map ids [B,N] to one vector a sentence [B,D]."""
        x = self.embeddings(tokens)
        if self.hashed:
            real = (tokens != 0).to(x.dtype)
            x, _ = self.encoder(x, (real[:, None, None] - 1.0) * 1e4)
            x = self.final_layer_norm(x)
            # A sentence of no words has the zero vector, not a division by zero.
            return cast("Tensor", (x * real[..., None]).sum(1) / (real.sum(1, keepdim=True) + 1e-6))
        order = torch.arange(tokens.shape[1], device=tokens.device)
        causal = torch.where(order[None, :] > order[:, None], -1e4, 0.0)
        x, _ = self.encoder(x, causal[None, None])
        # CLIP's end-of-text code is the highest of its vocabulary; the first one ends the sentence.
        # Compared, because one_hot bakes the traced length into an exported graph.
        end = (order[None, :] == tokens.argmax(dim=1, keepdim=True)).to(x.dtype)
        return cast("Tensor", (self.final_layer_norm(x) * end[..., None]).sum(1))


class ClipsegText(nn.Module):
    """Text tower and projection."""

    def __init__(self, size: TextSize) -> None:
        super().__init__()
        self.size = size
        self.clip = nn.ModuleDict(
            {
                "text_model": TextModel(size),
                "text_projection": nn.Linear(size.width, size.condition, bias=False),
            }
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Map token ids int [B,N] to CONDITION float [B,C]."""
        return cast("Tensor", self.clip["text_projection"](self.clip["text_model"](tokens)))
