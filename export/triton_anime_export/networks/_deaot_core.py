"""The DeAOT network: encoder, identities, propagation, decoder.

Yang and Yang, "Decoupling Features in Hierarchical Propagation for Video Object Segmentation", NeurIPS 2022.
Its graphs: :mod:`triton_anime_export.networks.deaot`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triton_anime_export.network import Shapes
from triton_anime_export.networks._deaot_encoders import STRIDE, MobileNetV2, ResNet
from triton_anime_export.networks._deaot_propagation import (
    Grid,
    Memory,
    Propagation,
    PropagationBlock,
    PropagationWidths,
)
from triton_anime_export.networks._mobilenetv2 import LAST

IDENTITIES = 11
"""Background and ten objects."""


@dataclasses.dataclass(frozen=True)
class DeAOTWidths:
    """Sizes of one DeAOT.

    Attributes:
        stem: channels of the ResNet's first convolution; 0 for MobileNetV2.
        planes: planes of its three stages.
        blocks: residual blocks of its three stages.
        propagation: of the blocks that read the memory.
    """

    stem: int = 64
    planes: tuple[int, int, int] = (64, 128, 256)
    blocks: tuple[int, int, int] = (3, 4, 6)
    propagation: PropagationWidths = dataclasses.field(default_factory=PropagationWidths)

    @property
    def features(self) -> tuple[int, int, int, int]:
        """Channels at strides 4, 8, 16 and of the last feature."""
        if not self.stem:
            return 24, 32, 96, LAST
        f4, f8, f16 = (4 * planes for planes in self.planes)
        return f4, f8, f16, f16

    @property
    def skips(self) -> tuple[int, int, int]:
        """Channels of what the decoder adds at strides 16, 8 and 4."""
        embed = self.propagation.embed
        return embed, embed, embed // 2


R50_L = DeAOTWidths()
MOBILE_L = DeAOTWidths(stem=0)
MOBILE_T = DeAOTWidths(stem=0, propagation=PropagationWidths(layers=1))
LITE = DeAOTWidths(
    stem=32,
    planes=(16, 32, 64),
    blocks=(2, 2, 3),
    propagation=PropagationWidths(embed=112, attention=32),
)
"""As many parameters as the lite XMem, and its encoder: the two can be held against one another."""


def widths_of(shapes: Shapes) -> DeAOTWidths:
    """The sizes that official keys and shapes belong to.

    Raises:
        KeyError: they are not DeAOT's.
    """
    stem, blocks = 0, R50_L.blocks
    planes = R50_L.planes
    if "encoder.conv1.weight" in shapes:
        stem = shapes["encoder.conv1.weight"][0]
        first, second, third = (shapes[f"encoder.layer{stage}.0.conv1.weight"][0] for stage in (1, 2, 3))
        planes = first, second, third
        first, second, third = (
            sum(key.startswith(f"encoder.layer{stage}.") and key.endswith(".conv1.weight") for key in shapes)
            for stage in (1, 2, 3)
        )
        blocks = first, second, third
    attention, embed = shapes["LSTT.layers.0.self_attn.linear_QK.weight"]
    window = shapes["LSTT.layers.0.short_term_attn.relative_emb_k.weight"][0]
    layers = sum(key.endswith(".norm1.weight") and key.startswith("LSTT.") for key in shapes)
    return DeAOTWidths(
        stem,
        planes,
        blocks,
        PropagationWidths(layers, embed // 2, attention, (round(window**0.5) - 1) // 2),
    )


class ConvNorm(nn.Module):
    """Convolution, GroupNorm of eight groups."""

    def __init__(self, into: int, out: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(into, out, kernel, padding=kernel // 2)
        self.gn = nn.GroupNorm(8, out)

    def forward(self, x: Tensor) -> Tensor:
        """``[B, into, h, w]`` to ``[B, out, h, w]``, rectified."""
        return F.relu(self.gn(self.conv(x)))


class Decoder(nn.Module):
    """Logits of the identities at stride 4 from what was propagated and the frame's features."""

    def __init__(self, widths: DeAOTWidths) -> None:
        super().__init__()
        f4, f8, f16, _ = widths.features
        embed = widths.propagation.embed
        self.conv_in = ConvNorm(2 * embed, embed, 1)
        self.conv_16x = ConvNorm(embed, embed, 3)
        self.conv_8x = ConvNorm(embed, embed // 2, 3)
        self.conv_4x = ConvNorm(embed // 2, embed // 2, 3)
        self.adapter_16x = nn.Conv2d(f16, embed, 1)
        self.adapter_8x = nn.Conv2d(f8, embed, 1)
        self.adapter_4x = nn.Conv2d(f4, embed // 2, 1)
        self.conv_out = nn.Conv2d(embed // 2, IDENTITIES, 1)

    def skips(self, f4: Tensor, f8: Tensor, f16: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is added at strides 16, 8 and 4; it depends on the frame alone."""
        return self.adapter_16x(f16), self.adapter_8x(f8), self.adapter_4x(f4)

    def forward(self, propagated: Tensor, skip16: Tensor, skip8: Tensor, skip4: Tensor) -> Tensor:
        """``[B, 2 embed, h, w]`` and the skips to ``[B, 11, 4h - 3, 4w - 3]``."""
        x = self.conv_16x(self.conv_in(propagated) + skip16)
        x = self.conv_8x(_enlarged(x, skip8) + skip8)
        x = self.conv_4x(_enlarged(x, skip4) + skip4)
        logits: Tensor = self.conv_out(x)
        return logits


def _enlarged(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=True)


class Seen(NamedTuple):
    """A frame as the propagation and the decoder see it.

    Attributes:
        cells: ``[B, embed, h, w]``.
        skip16: ``[B, embed, h, w]``.
        skip8: ``[B, embed, 2h - 1, 2w - 1]``.
        skip4: ``[B, embed / 2, 4h - 3, 4w - 3]``.
    """

    cells: Tensor
    skip16: Tensor
    skip8: Tensor
    skip4: Tensor


class Passed(NamedTuple):
    """What one pass through the propagation leaves.

    Attributes:
        keys: of each block ``[N, A]``.
        values: of each block ``[N, 2 embed]``, visual.
        identities: of each block ``[N, embed]``, None for the first.
        id_values: of each block ``[N, 2 embed]`` where masks were given.
        branches: after each block ``[N, 2 embed]``; the last is normed, for the decoder.
    """

    keys: list[Tensor]
    values: list[Tensor]
    identities: list[Tensor | None]
    id_values: list[Tensor]
    branches: list[Tensor]


class DeAOT(nn.Module):
    """The published network; its parts are exported as four graphs."""

    def __init__(self, widths: DeAOTWidths = R50_L) -> None:
        super().__init__()
        self.widths = widths
        embed = widths.propagation.embed
        self.encoder: nn.Module = (
            ResNet(widths.stem, widths.planes, widths.blocks) if widths.stem else MobileNetV2()
        )
        self.encoder_projector = nn.Conv2d(widths.features[3], embed, 1)
        self.LSTT = Propagation(widths.propagation)
        self.decoder = Decoder(widths)
        self.patch_wise_id_bank = nn.Conv2d(IDENTITIES, embed, STRIDE + 1, STRIDE, STRIDE // 2)
        self.id_norm = nn.LayerNorm(embed)

    @property
    def blocks(self) -> Sequence[PropagationBlock]:
        """The propagation's blocks, in order."""
        return cast("Sequence[PropagationBlock]", self.LSTT.layers)

    def see(self, image: Tensor) -> Seen:
        """Normalised ``[B, 3, H, W]``, sides of 16 n + 1, to what depends on the frame alone."""
        f4, f8, f16, last = self.encoder(image)
        return Seen(self.encoder_projector(last), *self.decoder.skips(f4, f8, f16))

    def identify(self, one_hot: Tensor) -> Tensor:
        """Masks ``[1, 11, H, W]``, 0 or 1, background first, to identities ``[N, embed]``."""
        planes: Tensor = self.patch_wise_id_bank(one_hot)
        normed: Tensor = self.id_norm(planes.flatten(2)[0].transpose(0, 1))
        return normed

    def propagate(
        self,
        cells: Tensor,
        *,
        masks: Tensor | None = None,
        long: Sequence[Memory] = (),
        short: Sequence[Memory] = (),
    ) -> Passed:
        """One frame through all blocks.

        Args:
            cells: ``[embed, h, w]``.
            masks: identities ``[N, embed]`` of a frame whose masks are given: it then reads itself.
            long: one memory for each block, where masks are not given.
            short: likewise, of N columns: the frame before.
        """
        grid = Grid(cells.shape[1], cells.shape[2])
        x, y = cells.flatten(1).transpose(0, 1), None
        passed = Passed([], [], [], [], [])
        for index, block in enumerate(self.blocks):
            own = block.project(x, y)
            if masks is None:
                read = long[index], short[index]
            else:
                passed.id_values.append(block.id_value(own.identity, masks))
                itself = Memory(own.key, torch.cat([own.value, passed.id_values[-1]], dim=1))
                read = itself, itself
            x, y = block(x, y, own, *read, grid)
            passed.keys.append(own.key)
            passed.values.append(own.value)
            passed.identities.append(own.identity)
            passed.branches.append(torch.cat([x, y], dim=1))
        passed.branches[-1] = self.LSTT.decoder_norms[0](passed.branches[-1])
        return passed

    def decode(self, branches: Tensor, skip16: Tensor, skip8: Tensor, skip4: Tensor) -> Tensor:
        """Normed branches ``[N, 2 embed]``, one frame's skips ``[C, ., .]`` to ``[11, 4h - 3, 4w - 3]``."""
        plane = branches.transpose(0, 1).reshape(1, branches.shape[1], skip16.shape[1], skip16.shape[2])
        logits: Tensor = self.decoder(plane, skip16[None], skip8[None], skip4[None])
        return logits[0]


def one_hot(labels: Tensor) -> Tensor:
    """Labels ``[H, W]``, whole numbers from 0 to 10, to ``[1, 11, H, W]``."""
    numbers = torch.arange(IDENTITIES, device=labels.device)[:, None, None]
    return (labels[None].to(torch.int64) == numbers).float()[None]
