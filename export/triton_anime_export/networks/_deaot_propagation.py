"""DeAOT's propagation: what was remembered, read by a frame in two branches, visual and identity.

Yang and Yang, "Decoupling Features in Hierarchical Propagation for Video Object Segmentation", NeurIPS 2022.
Attribute names follow the official checkpoints. Everything is of one frame and without a batch axis: N cells
in row order by channels. The neighbourhood attention is a dense one with a mask, which gives the same numbers
and leaves no scatter in the graph.
"""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KERNEL = 5
"""Of the depthwise convolution after each attention."""
_ABSENT = -1e30  # finite: weights of cells outside become 0, not NaN


class Grid(NamedTuple):
    """Cells of stride 16: rows and columns."""

    h: int
    w: int


@dataclasses.dataclass(frozen=True)
class PropagationWidths:
    """Sizes of the propagation.

    Attributes:
        layers: blocks.
        embed: channels of a branch.
        attention: channels of queries and keys.
        reach: cells that the neighbourhood reaches in each direction.
    """

    layers: int = 3
    embed: int = 256
    attention: int = 128
    reach: int = 7

    @property
    def value(self) -> int:
        """Channels of one branch's values: twice its own."""
        return 2 * self.embed


class Memory(NamedTuple):
    """What one block reads.

    Attributes:
        key: ``[M, A]``.
        value: ``[M, 4 embed]``, visual values, then identity values.
        valid: ``[M]``, above 0 where a column counts, or None for all.
    """

    key: Tensor
    value: Tensor
    valid: Tensor | None = None


class DepthwiseFilter(nn.Module):
    """Each channel filtered over the grid."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, KERNEL, padding=KERNEL // 2, groups=channels, bias=False)

    def forward(self, cells: Tensor, grid: Grid) -> Tensor:
        """``[N, C]`` to ``[N, C]``."""
        plane = cells.transpose(0, 1).reshape(1, cells.shape[1], grid.h, grid.w)
        filtered: Tensor = self.conv(plane)
        return filtered.flatten(2)[0].transpose(0, 1)


class GatedAttention(nn.Module):
    """Attention whose answer is gated, filtered over the grid and projected.

    Args:
        widths: of the propagation.
    """

    def __init__(self, widths: PropagationWidths) -> None:
        super().__init__()
        self.dw_conv = DepthwiseFilter(2 * widths.value)
        self.projection = nn.Linear(2 * widths.value, 2 * widths.embed)

    def weights(self, query: Tensor, memory: Memory, grid: Grid) -> Tensor:
        """``[N, M]``, each row sums to 1."""
        scores = torch.matmul(query / math.sqrt(query.shape[1]), memory.key.transpose(0, 1))
        if memory.valid is not None:
            scores = torch.where(memory.valid[None] > 0, scores, _ABSENT)
        return torch.softmax(scores, dim=1)

    def forward(self, query: Tensor, memory: Memory, gate: Tensor, grid: Grid) -> Tensor:
        """Read.

        Args:
            query: ``[N, A]``.
            memory: of M columns.
            gate: ``[N, 4 embed]``.
            grid: N as rows and columns.

        Returns:
            ``[N, 2 embed]``, visual and identity.
        """
        read = torch.matmul(self.weights(query, memory, grid), memory.value)
        answer: Tensor = self.projection(self.dw_conv(read * gate, grid))
        return answer


class LocalGatedAttention(GatedAttention):
    """The same, where a cell sees the memory's cells near its own place, with a term for where they are."""

    def __init__(self, widths: PropagationWidths) -> None:
        super().__init__(widths)
        self.reach = widths.reach
        self.relative_emb_k = nn.Conv2d(widths.attention, (2 * widths.reach + 1) ** 2, 1)

    def places(self, grid: Grid) -> tuple[Tensor, Tensor]:
        """For each pair of cells the offset's number in the window, row by row, and whether it is inside."""
        device = self.relative_emb_k.weight.device
        rows = torch.arange(grid.h, device=device)[:, None].expand(grid.h, grid.w).reshape(-1)
        columns = torch.arange(grid.w, device=device)[None].expand(grid.h, grid.w).reshape(-1)
        down, right = rows[None] - rows[:, None], columns[None] - columns[:, None]
        reach = self.reach
        inside = (down.abs() <= reach) & (right.abs() <= reach)
        down, right = down.clamp(-reach, reach) + reach, right.clamp(-reach, reach) + reach
        return down * (2 * reach + 1) + right, inside

    def weights(self, query: Tensor, memory: Memory, grid: Grid) -> Tensor:
        """``[N, N]``, each row sums to 1 over its neighbourhood."""
        number, inside = self.places(grid)
        # The term is of the query as it is; only the product with the key is scaled.
        term = self.relative_emb_k(query.transpose(0, 1)[None, :, :, None])[0, :, :, 0].transpose(0, 1)
        scores = torch.matmul(query / math.sqrt(query.shape[1]), memory.key.transpose(0, 1))
        scores = scores + torch.gather(term, 1, number)
        return torch.softmax(torch.where(inside, scores, _ABSENT), dim=1)


class SelfGatedAttention(GatedAttention):
    """Every cell reads all cells of its own frame; queries are the keys."""

    def __init__(self, widths: PropagationWidths) -> None:
        super().__init__(widths)
        self.linear_QK = nn.Linear(2 * widths.embed, widths.attention)
        self.linear_V1 = nn.Linear(widths.embed, widths.value)
        self.linear_V2 = nn.Linear(widths.embed, widths.value)
        self.linear_U1 = nn.Linear(widths.embed, widths.value)
        self.linear_U2 = nn.Linear(widths.embed, widths.value)

    def read(self, x: Tensor, y: Tensor, grid: Grid) -> Tensor:
        """Branches ``[N, embed]`` each to ``[N, 2 embed]``."""
        query = self.linear_QK(torch.cat([x, y], dim=1))
        value = F.silu(torch.cat([self.linear_V1(x), self.linear_V2(y)], dim=1))
        gate = F.silu(torch.cat([self.linear_U1(x), self.linear_U2(y)], dim=1))
        return self(query, Memory(query, value), gate, grid)


class Projected(NamedTuple):
    """What a block makes of a frame before it reads.

    Attributes:
        key: ``[N, A]``, queries and keys at once.
        value: ``[N, 2 embed]``, visual.
        gate: ``[N, 4 embed]``.
        identity: ``[N, embed]``, the normalised identity branch; None in the first block, which has none.
    """

    key: Tensor
    value: Tensor
    gate: Tensor
    identity: Tensor | None


class PropagationBlock(nn.Module):
    """One block: read the long and the short memory, then the frame itself.

    Args:
        widths: of the propagation.
        first: the first block has no identity branch to begin with.
    """

    def __init__(self, widths: PropagationWidths, first: bool) -> None:
        super().__init__()
        self.widths = widths
        self.first = first
        embed, value = widths.embed, widths.value
        self.norm1 = nn.LayerNorm(embed)
        self.linear_QV = nn.Linear(embed, widths.attention + value)
        self.linear_U = nn.Linear(embed, value)
        if first:
            self.linear_ID_V = nn.Linear(embed, value)
        else:
            self.id_norm1 = nn.LayerNorm(embed)
            self.linear_ID_V = nn.Linear(2 * embed, value)
            self.linear_ID_U = nn.Linear(embed, value)
        self.long_term_attn = GatedAttention(widths)
        self.short_term_attn = LocalGatedAttention(widths)
        self.norm2 = nn.LayerNorm(embed)
        self.id_norm2 = nn.LayerNorm(embed)
        self.self_attn = SelfGatedAttention(widths)

    def project(self, x: Tensor, y: Tensor | None) -> Projected:
        """Branches ``[N, embed]`` (``y`` is None in the first block) to keys, values and gates."""
        normed = self.norm1(x)
        key, value = torch.split(self.linear_QV(normed), [self.widths.attention, self.widths.value], dim=1)
        gate = self.linear_U(normed)
        if y is None:
            gate = F.silu(gate)
            return Projected(key, F.silu(value), torch.cat([gate, torch.ones_like(gate)], dim=1), None)
        identity = self.id_norm1(y)
        gate = F.silu(torch.cat([gate, self.linear_ID_U(identity)], dim=1))
        return Projected(key, F.silu(value), gate, identity)

    def id_value(self, identity: Tensor | None, masks: Tensor) -> Tensor:
        """Identity values ``[N, 2 embed]`` of a frame whose masks (identities ``[N, embed]``) are known."""
        given = masks if identity is None else torch.cat([identity, masks], dim=1)
        return F.silu(self.linear_ID_V(given))

    def forward(
        self, x: Tensor, y: Tensor | None, own: Projected, long: Memory, short: Memory, grid: Grid
    ) -> tuple[Tensor, Tensor]:
        """The branches ``[N, embed]`` afterwards."""
        read = self.long_term_attn(own.key, long, own.gate, grid)
        read = read + self.short_term_attn(own.key, short, own.gate, grid)
        visual, identity = torch.chunk(read, 2, dim=1)
        x, y = x + visual, identity if y is None else y + identity
        visual, identity = torch.chunk(self.self_attn.read(self.norm2(x), self.id_norm2(y), grid), 2, dim=1)
        return x + visual, y + identity


class OverCells(nn.Module):
    """GroupNorm of ``[N, C]`` with statistics over the cells and each group's channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gn = nn.GroupNorm(2, channels)

    def forward(self, cells: Tensor) -> Tensor:
        """``[N, C]`` to ``[N, C]``."""
        normed: Tensor = self.gn(cells.transpose(0, 1)[None])
        return normed[0].transpose(0, 1)


class Propagation(nn.Module):
    """All blocks and the norm of what the decoder gets."""

    def __init__(self, widths: PropagationWidths) -> None:
        super().__init__()
        self.layers = nn.ModuleList(PropagationBlock(widths, index == 0) for index in range(widths.layers))
        self.decoder_norms = nn.ModuleList([OverCells(2 * widths.embed)])
