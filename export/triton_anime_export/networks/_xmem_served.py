"""XMem's three parts as they are served."""

from __future__ import annotations

import torch
from torch import nn

from triton_anime_export.frame_io import Normalise, to_float, working_size
from triton_anime_export.networks._xmem_core import XMem, aggregate
from triton_anime_export.networks._xmem_memory import read_memory, similarity

STRIDE = 16
"""Pixels of the network's picture to a side of one cell of its memory."""


class ServedEncode(nn.Module):
    """Frames of any size in, keys and features of the network's grid out."""

    def __init__(self, core: XMem, long_side: int) -> None:
        super().__init__()
        self.core = core
        self.long_side = long_side
        self.normalise = Normalise()

    def forward(self, frame: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """``frame`` uint8 ``[B, H, W, 3]`` to key, shrinkage, selection, f16, f8, f4: ``[B, C, h, w]``."""
        size = working_size(frame.shape[1], frame.shape[2], self.long_side, STRIDE)
        f16, f8, f4 = self.core.key_encoder(self.normalise(to_float(frame, size)))
        key, shrinkage, selection = self.core.key_proj(f16)
        return key, shrinkage, selection, f16, f8, f4


class ServedDecode(nn.Module):
    """Memory read, decoding and aggregation for all objects of one frame."""

    def __init__(self, core: XMem) -> None:
        super().__init__()
        self.core = core

    def forward(
        self,
        key: torch.Tensor,
        selection: torch.Tensor,
        f16: torch.Tensor,
        f8: torch.Tensor,
        f4: torch.Tensor,
        memory_key: torch.Tensor,
        memory_shrinkage: torch.Tensor,
        memory_value: torch.Tensor,
        memory_valid: torch.Tensor,
        group: torch.Tensor,
        hidden: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Probabilities ``[O + 1, 16h, 16w]`` with the background first, hidden state, usage ``[N]``."""
        _, h, w = key.shape
        scores = similarity(memory_key, memory_shrinkage, key.flatten(1), selection.flatten(1))
        readout, usage = read_memory(scores, memory_value, memory_valid, group.long())
        readout = readout.reshape(readout.shape[0], readout.shape[1], h, w)
        logits, hidden = self.core.decoder(f16[None], f8[None], f4[None], hidden, readout)
        return torch.softmax(aggregate(torch.sigmoid(logits)), dim=0), hidden, usage


class ServedValue(nn.Module):
    """Memory value of each object of one frame."""

    def __init__(self, core: XMem) -> None:
        super().__init__()
        self.core = core
        self.normalise = Normalise()

    def forward(
        self, frame: torch.Tensor, f16: torch.Tensor, prob: torch.Tensor, hidden: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Values ``[O, CV, h, w]`` and the reinforced hidden state ``[O, CH, h, w]``."""
        image = self.normalise(to_float(frame[None], (prob.shape[1], prob.shape[2])))
        value, hidden = self.core.value_encoder(image, f16[None], prob, hidden)
        return value, hidden
