"""GMA: RAFT whose recurrent unit also sees how similar places of the first image move.

Architecture: Jiang et al., "Learning to Estimate Hidden Motions with Global Motion Aggregation" (ICCV 2021).
Names of attributes follow the official checkpoints (``gma-things.pth`` and its kin), which have one head and
attend by content alone.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from triton_anime_export.networks._raft_full_modules import MixingUpdateBlock, Raft, RaftWidths
from triton_anime_export.networks._raft_refinement import Pair

POSITIONS = 160
"""Cells to a side that the official tables of relative positions are laid out for."""


class RelativePositions(nn.Module):
    """Tables that official files hold and attention by content does not read; kept so that they load."""

    rel_ind: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.rel_height = nn.Embedding(2 * POSITIONS - 1, channels)
        self.rel_width = nn.Embedding(2 * POSITIONS - 1, channels)
        self.register_buffer("rel_ind", relative_index())


def relative_index() -> Tensor:
    """The official buffer, int64 ``[160, 160]``: column minus row, from zero on."""
    places = torch.arange(POSITIONS)
    return places[None, :] - places[:, None] + POSITIONS - 1


class Attention(nn.Module):
    """How much each cell of an image looks like each other one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = channels**-0.5
        self.to_qk = nn.Conv2d(channels, 2 * channels, 1, bias=False)
        self.pos_emb = RelativePositions(channels)

    def forward(self, context: Tensor) -> Tensor:
        """``[B, C, h, w]`` to shares ``[B, hw, hw]``; those of a row sum to one."""
        query, key = self.to_qk(context).flatten(2).chunk(2, dim=1)
        return torch.softmax(torch.matmul((self.scale * query).transpose(1, 2), key), dim=-1)


class Aggregate(nn.Module):
    """Motion features with those of similar cells added, times a learnt share."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))
        self.to_v = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, attention: Tensor, motion: Tensor) -> Tensor:
        """Shares ``[B, hw, hw]`` and motion features ``[B, C, h, w]`` to such features again."""
        value = self.to_v(motion).flatten(2)
        gathered = torch.matmul(value, attention.transpose(1, 2)).reshape(motion.shape)
        return motion + self.gamma * gathered


class GmaUpdateBlock(MixingUpdateBlock):
    """RAFT's, whose recurrent unit sees aggregated motion features too."""

    def __init__(self, widths: RaftWidths) -> None:
        motion = widths.motion + 2
        super().__init__(widths, widths.context + 2 * motion)
        self.aggregator = Aggregate(motion)


class Gma(Raft):
    """GMA; everything but the aggregation is :class:`Raft`'s.

    Args:
        widths: channel counts; the published ones when left out.
        iterations: refinements of ``forward``.
    """

    update_block: GmaUpdateBlock

    def __init__(self, widths: RaftWidths | None = None, iterations: int = 12) -> None:
        super().__init__(widths, iterations)
        self.update_block = GmaUpdateBlock(self.widths)
        self.att = Attention(self.widths.context)

    def sight(self, pair: Pair) -> Callable[[Tensor], Tensor]:
        """From the motion features of a refinement to what its recurrent unit sees."""
        attention = self.att(pair.context)

        def see(motion: Tensor) -> Tensor:
            gathered = self.update_block.aggregator(attention, motion)
            return torch.cat([pair.context, motion, gathered], dim=1)

        return see
