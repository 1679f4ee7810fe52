"""ProPainter's third part: what no frame knows is drawn, from the features of a window of frames.

Zhou et al., "ProPainter: Improving Propagation and Transformer for Video Inpainting" (ICCV 2023); names
follow the official checkpoint ``ProPainter.pth``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triton_anime_export.networks._patches import KERNEL, PADDING, STRIDE, TAPS, cut, lay
from triton_anime_export.networks._propainter_features import (
    Encoder,
    FeaturePropagation,
    quarter_flow,
    quarter_mask,
)
from triton_anime_export.networks._propainter_transformer import Transformer
from triton_anime_export.networks._video_codec import decoder


@dataclass(frozen=True)
class GeneratorSize:
    """Size of the generator.

    Attributes:
        width: channels at half resolution; features at a quarter have twice as many.
        groups: of the deformable convolutions.
        tokens: channels of a token.
        heads: of the attention.
        planes: of the picture inside the feed-forward layers.
        depth: transformer blocks.
    """

    width: int = 64
    groups: int = 16
    tokens: int = 512
    heads: int = 4
    planes: int = 40
    depth: int = 8


FULL = GeneratorSize()
LITE = GeneratorSize(width=8, groups=4, tokens=32, heads=2, planes=2, depth=2)


class _Split(nn.Module):
    """Features to tokens of overlapping patches."""

    def __init__(self, channels: int, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Linear(channels * TAPS, tokens)

    def forward(self, features: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, h, w, tokens]``."""
        tokens: Tensor = self.embedding(cut(features))
        return tokens


class _Compose(nn.Module):
    """Tokens back to features: patches are summed, not averaged, as the weights were trained."""

    def __init__(self, channels: int, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Linear(tokens, channels * TAPS)
        self.bias_conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        """``[N, h, w, tokens]`` to ``[N, C, H, W]``."""
        features: Tensor = self.bias_conv(lay(self.embedding(tokens), size))
        return features


class Generator(nn.Module):
    """Draws the hole of a window's local frames.

    Args:
        size: widths and depth; ``FULL`` has the keys of the official checkpoint.
    """

    def __init__(self, size: GeneratorSize = FULL) -> None:
        super().__init__()
        channels = 2 * size.width
        self.encoder = Encoder(size.width)
        self.decoder = decoder(channels, size.width)
        self.ss = _Split(channels, size.tokens)
        self.sc = _Compose(channels, size.tokens)
        self.feat_prop_module = FeaturePropagation(channels, size.groups)
        self.transformers = Transformer(size.tokens, size.heads, size.planes, size.depth)

    def forward(
        self, frames: Tensor, forward: Tensor, backward: Tensor, masks: Tensor, unknown: Tensor
    ) -> Tensor:
        """Draw the local frames, which stand first; the others are only looked at.

        Args:
            frames: float ``[B, T, 3, H, W]`` in -1..1, the hole filled as far as other frames knew; H and W
                multiples of 8.
            forward: float ``[B, L - 1, 2, H, W]`` in pixels, completed, from each local frame to the next.
            backward: float, like ``forward``, from each local frame's successor to it.
            masks: float ``[B, T, 1, H, W]``, 1 inside the hole.
            unknown: float ``[B, T, 1, H, W]``, 1 where the hole is still to be filled.

        Returns:
            float ``[B, L, 3, H, W]`` in -1..1; only its values inside the hole are meant to be used.
        """
        encoded = self.encode(frames, masks, unknown)
        carried = self.propagate(encoded, forward, backward, masks, unknown)
        tokens = self.attend(carried, masks[:, : forward.shape[1] + 1])
        return self.draw(carried, tokens, forward.shape[1] + 1)

    def encode(self, frames: Tensor, masks: Tensor, unknown: Tensor) -> Tensor:
        """Features of all frames, ``[B, T, C, H / 4, W / 4]``."""
        b, t, _, h, w = frames.shape
        features = self.encoder(torch.cat([frames, masks, unknown], dim=2).flatten(0, 1))
        return features.reshape(b, t, -1, h // 4, w // 4)

    def propagate(
        self, encoded: Tensor, forward: Tensor, backward: Tensor, masks: Tensor, unknown: Tensor
    ) -> Tensor:
        """The features, those of local frames aligned with their neighbours'."""
        local = forward.shape[1] + 1
        hidden = torch.cat([quarter_mask(masks[:, :local]), quarter_mask(unknown[:, :local])], dim=2)
        moved = self.feat_prop_module(
            encoded[:, :local], quarter_flow(forward), quarter_flow(backward), hidden
        )
        return torch.cat([moved, encoded[:, local:]], dim=1)

    def attend(self, carried: Tensor, masks: Tensor) -> Tensor:
        """Tokens after the transformer, ``[B, T, h, w, tokens]``; ``masks`` of the local frames."""
        b, t, _, h, w = carried.shape
        hidden = F.max_pool2d(quarter_mask(masks).flatten(0, 1), KERNEL, STRIDE, PADDING)
        hidden = hidden.reshape(b, masks.shape[1], hidden.shape[2], hidden.shape[3])
        tokens = self.ss(carried.flatten(0, 1))
        tokens = tokens.reshape(b, t, tokens.shape[1], tokens.shape[2], tokens.shape[3])
        attended: Tensor = self.transformers(tokens, hidden, (h, w))
        return attended

    def draw(self, carried: Tensor, tokens: Tensor, local: int) -> Tensor:
        """The local frames, ``[B, L, 3, H, W]`` in -1..1."""
        b, _, c, h, w = carried.shape
        drawn = self.sc(tokens[:, :local].flatten(0, 1), (h, w)) + carried[:, :local].reshape(
            b * local, c, h, w
        )
        return torch.tanh(self.decoder(drawn)).reshape(b, local, 3, 4 * h, 4 * w)
