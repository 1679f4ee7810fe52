"""ProPainter's transformer: windows that a hole touches look at many frames, others at themselves.

Zhou et al., "ProPainter: Improving Propagation and Transformer for Video Inpainting" (ICCV 2023); names
follow the official checkpoint ``ProPainter.pth``.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triton_anime_export.networks._patches import TAPS, cut, lay

WINDOW = (5, 9)
POOL = 4
TIME_STRIDE = 2


class WindowAttention(nn.Module):
    """Attention of each window of tokens.

    Keys are the window's own tokens, those around it, and averages of the whole frame, of every second frame;
    where nothing is hidden, only the window's own in the same frame.

    Args:
        channels: of the tokens.
        heads: that share them.
    """

    valid_ind_rolled: Tensor

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.key = nn.Linear(channels, channels)
        self.query = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)
        self.proj = nn.Linear(channels, channels)
        self.pool_layer = nn.Conv2d(channels, channels, POOL, stride=POOL, groups=channels)
        self.register_buffer("valid_ind_rolled", outside())

    def forward(self, tokens: Tensor, hidden: Tensor, first: int) -> Tensor:
        """Attend.

        Args:
            tokens: float ``[B, T, h, w, C]``.
            hidden: float ``[B, L, h, w]``, above zero where a local frame's token sees some of the hole.
            first: the first frame whose keys are looked at; every second one after it follows.

        Returns:
            float ``[B, T, h, w, C]``.
        """
        h, w = tokens.shape[2], tokens.shape[3]
        rows, columns = -(-h // WINDOW[0]), -(-w // WINDOW[1])
        below, beside = rows * WINDOW[0] - h, columns * WINDOW[1] - w
        tokens = F.pad(tokens, (0, 0, 0, beside, 0, below))
        hidden = F.pad(hidden, (0, beside, 0, below))
        averages = self._averages(tokens)
        query = self._windows(self.query(tokens))
        own: list[Tensor] = []
        wide: list[Tensor] = []
        for layer in (self.key, self.value):
            projected = layer(tokens)
            own.append(self._windows(projected))
            chosen = self._around(projected[:, first::TIME_STRIDE])
            everywhere = self._heads_first(layer(averages[:, first::TIME_STRIDE]), rows * columns)
            wide.append(
                torch.cat([own[-1][:, :, :, first::TIME_STRIDE], chosen, everywhere], dim=4).flatten(3, 4)
            )
        touched = F.max_pool2d(hidden, WINDOW).sum(dim=1).flatten(1) > 0
        over_time = _attend(query.flatten(3, 4), wide[0], wide[1]).reshape(query.shape)
        within = _attend(query, own[0], own[1])
        # Both are computed everywhere: which windows are touched must not shape the graph.
        joined = torch.where(touched[:, :, None, None, None, None], over_time, within)
        answer: Tensor = self.proj(self._together(joined, rows, columns)[:, :, :h, :w])
        return answer

    def _windows(self, tokens: Tensor) -> Tensor:
        """``[B, T, h, w, C]`` to ``[B, windows, heads, T, 45, C / heads]``."""
        b, t, h, w, c = tokens.shape
        rows, columns = h // WINDOW[0], w // WINDOW[1]
        parted = tokens.reshape(b, t, rows, WINDOW[0], columns, WINDOW[1], self.heads, c // self.heads)
        moved = parted.permute(0, 2, 4, 6, 1, 3, 5, 7)
        return moved.reshape(b, rows * columns, self.heads, t, WINDOW[0] * WINDOW[1], c // self.heads)

    def _together(self, windows: Tensor, rows: int, columns: int) -> Tensor:
        """The inverse of :meth:`_windows`."""
        b, _, heads, t, _, c = windows.shape
        parted = windows.reshape(b, rows, columns, heads, t, *WINDOW, c).permute(0, 4, 1, 5, 2, 6, 3, 7)
        return parted.reshape(b, t, rows * WINDOW[0], columns * WINDOW[1], heads * c)

    def _around(self, tokens: Tensor) -> Tensor:
        """The tokens around each window, which come from the other side at the edge of the frame."""
        down, right = reach()
        rolled = [
            self._windows(torch.roll(tokens, (vertical, horizontal), (2, 3)))
            for vertical in (-down, down)
            for horizontal in (-right, right)
        ]
        return torch.cat(rolled, dim=4)[:, :, :, :, self.valid_ind_rolled]

    def _averages(self, tokens: Tensor) -> Tensor:
        """``[B, T, h, w, C]`` to ``[B, T, h/4 * w/4, C]``."""
        b, t, h, w, c = tokens.shape
        pooled = self.pool_layer(tokens.reshape(b * t, h, w, c).permute(0, 3, 1, 2))
        return pooled.flatten(2).transpose(1, 2).reshape(b, t, -1, c)

    def _heads_first(self, averages: Tensor, windows: int) -> Tensor:
        """``[B, T, N, C]`` to ``[B, windows, heads, T, N, C / heads]``: all windows see the same."""
        b, t, n, c = averages.shape
        parted = averages.reshape(b, t, n, self.heads, c // self.heads).permute(0, 3, 1, 2, 4)
        return parted.unsqueeze(1).expand(-1, windows, -1, -1, -1, -1)


def reach() -> tuple[int, int]:
    """How far around a window its keys come from, rows and columns."""
    return (WINDOW[0] + 1) // 2, (WINDOW[1] + 1) // 2


def outside() -> Tensor:
    """Which of four shifted windows' tokens are not the window's own: int64 ``[148]``."""
    down, right = reach()
    corners: list[Tensor] = []
    for vertical in (slice(None, -down), slice(down, None)):
        for horizontal in (slice(None, -right), slice(right, None)):
            corner = torch.ones(WINDOW, dtype=torch.bool, device="cpu")
            corner[vertical, horizontal] = False
            corners.append(corner)
    return torch.stack(corners).flatten().nonzero().flatten()


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = torch.matmul(query, key.transpose(-2, -1)) * (1 / math.sqrt(query.shape[-1]))
    return torch.matmul(scores.softmax(dim=-1), value)


class FeedForward(nn.Module):
    """Two linear layers; between them tokens become overlapping patches of one picture and are cut out again.

    Args:
        channels: of the tokens.
        planes: of the picture.
    """

    def __init__(self, channels: int, planes: int) -> None:
        super().__init__()
        self.fc1 = nn.Sequential(nn.Linear(channels, planes * TAPS))
        self.fc2 = nn.Sequential(nn.GELU(), nn.Linear(planes * TAPS, channels))

    def forward(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        """``[N, h, w, C]`` to the same; ``size`` is that of the picture."""
        wide = self.fc1(tokens)
        overlaps = lay(torch.ones_like(wide[:1, :, :, :TAPS]), size)
        mixed: Tensor = self.fc2(cut(lay(wide, size) / overlaps))
        return mixed


class Block(nn.Module):
    """Attention and feed-forward, each behind a normalisation and beside a shortcut."""

    def __init__(self, channels: int, heads: int, planes: int) -> None:
        super().__init__()
        self.attention = WindowAttention(channels, heads)
        self.norm1 = nn.LayerNorm(channels)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = FeedForward(channels, planes)

    def forward(self, tokens: Tensor, hidden: Tensor, first: int, size: tuple[int, int]) -> Tensor:
        """Tokens ``[B, T, h, w, C]`` to the same; the rest as in the parts."""
        tokens = tokens + self.attention(self.norm1(tokens), hidden, first)
        mixed: Tensor = self.mlp(self.norm2(tokens).flatten(0, 1), size)
        return tokens + mixed.reshape(tokens.shape)


class Transformer(nn.Module):
    """Blocks that look at even and at odd frames in turn.

    Args:
        channels: of the tokens.
        heads: of the attention.
        planes: of the feed-forward's picture.
        depth: number of blocks.
    """

    def __init__(self, channels: int, heads: int, planes: int, depth: int) -> None:
        super().__init__()
        self.transformer = nn.ModuleList(Block(channels, heads, planes) for _ in range(depth))

    def forward(self, tokens: Tensor, hidden: Tensor, size: tuple[int, int]) -> Tensor:
        """Tokens ``[B, T, h, w, C]``, hidden ``[B, L, h, w]``; ``size`` of the features they come from."""
        for index, block in enumerate(self.transformer):
            tokens = block(tokens, hidden, index % TIME_STRIDE, size)
        return tokens
