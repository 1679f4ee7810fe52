"""The XMem network: encoders, decoder, aggregation. Its graphs: :mod:`triton_anime_export.networks.xmem`."""

from __future__ import annotations

import dataclasses

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triton_anime_export.networks._xmem_modules import (
    BasicBlock,
    Bottleneck,
    FeatureFusionBlock,
    HiddenReinforcer,
    HiddenUpdater,
    UpsampleBlock,
    stage,
)


@dataclasses.dataclass(frozen=True)
class XMemWidths:
    """Channel counts of one size of XMem.

    Attributes:
        stem: channels of the key encoder's first convolution.
        planes: planes of its three stages (each ends four times as wide).
        blocks: residual blocks of its three stages.
        value_stem: channels of the value encoder's first convolution.
        value_planes: channels of its three stages of two blocks.
        key: CK, width of keys and selections.
        value: CV, width of values.
        hidden: CH, width of the hidden state.
        decoder: width of the decoder at strides 8 and 4.
        updater: width inside the hidden state's update.
    """

    stem: int = 64
    planes: tuple[int, int, int] = (64, 128, 256)
    blocks: tuple[int, int, int] = (3, 4, 6)
    value_stem: int = 64
    value_planes: tuple[int, int, int] = (64, 128, 256)
    key: int = 64
    value: int = 512
    hidden: int = 64
    decoder: int = 256
    updater: int = 256

    @property
    def f4(self) -> int:
        """Channels of the frame's features at stride 4."""
        return self.planes[0] * Bottleneck.expansion

    @property
    def f8(self) -> int:
        """Channels of the frame's features at stride 8."""
        return self.planes[1] * Bottleneck.expansion

    @property
    def f16(self) -> int:
        """Channels of the frame's features at stride 16."""
        return self.planes[2] * Bottleneck.expansion


FULL = XMemWidths()
LITE = XMemWidths(
    stem=32,
    planes=(16, 32, 64),
    blocks=(2, 2, 3),
    value_stem=16,
    value_planes=(16, 32, 48),
    key=32,
    value=96,
    hidden=32,
    decoder=32,
    updater=48,
)


class KeyEncoder(nn.Module):
    """Three stages of a ResNet-50 shaped trunk over the frame."""

    def __init__(self, widths: XMemWidths) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths.stem, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths.stem)
        self.res2 = stage(Bottleneck, widths.stem, widths.planes[0], widths.blocks[0], 1)
        self.layer2 = stage(Bottleneck, widths.f4, widths.planes[1], widths.blocks[1], 2)
        self.layer3 = stage(Bottleneck, widths.f8, widths.planes[2], widths.blocks[2], 2)

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``frame`` ``[B, 3, H, W]`` normalised to f16, f8, f4."""
        x = F.relu(self.bn1(self.conv1(frame)))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        f4 = self.res2(x)
        f8 = self.layer2(f4)
        return self.layer3(f8), f8, f4


class KeyProjection(nn.Module):
    """Key, shrinkage and selection from the frame's features at stride 16."""

    def __init__(self, channels: int, key: int) -> None:
        super().__init__()
        self.key_proj = nn.Conv2d(channels, key, 3, padding=1)
        self.d_proj = nn.Conv2d(channels, 1, 3, padding=1)
        self.e_proj = nn.Conv2d(channels, key, 3, padding=1)

    def forward(self, f16: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Key ``[B, CK, h, w]``, shrinkage ``[B, 1, h, w]`` >= 1, selection ``[B, CK, h, w]`` in 0..1."""
        return self.key_proj(f16), self.d_proj(f16) ** 2 + 1, torch.sigmoid(self.e_proj(f16))


class ValueEncoder(nn.Module):
    """Memory value of each object from the frame, its mask and the masks of the others."""

    def __init__(self, widths: XMemWidths) -> None:
        super().__init__()
        p1, p2, p3 = widths.value_planes
        self.conv1 = nn.Conv2d(5, widths.value_stem, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths.value_stem)
        self.layer1 = stage(BasicBlock, widths.value_stem, p1, 2, 1)
        self.layer2 = stage(BasicBlock, p1, p2, 2, 2)
        self.layer3 = stage(BasicBlock, p2, p3, 2, 2)
        self.fuser = FeatureFusionBlock(widths.f16, p3, widths.value)
        self.hidden_reinforce = HiddenReinforcer(widths.value, widths.hidden)

    def forward(self, frame: Tensor, f16: Tensor, masks: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Encode the objects of one frame.

        Args:
            frame: ``[1, 3, H, W]`` normalised.
            f16: ``[1, C16, h, w]``.
            masks: ``[O, H, W]`` foreground probabilities.
            hidden: ``[O, CH, h, w]``.

        Returns:
            Values ``[O, CV, h, w]`` and the reinforced hidden state.
        """
        own = masks.unsqueeze(1)
        others = masks.sum(dim=0, keepdim=True).unsqueeze(1) - own
        objects = masks.shape[0]
        expanded = frame.expand(objects, -1, -1, -1), f16.expand(objects, -1, -1, -1)
        return self.encode(*expanded, own, others, hidden)

    def encode(
        self, frame: Tensor, f16: Tensor, own: Tensor, others: Tensor, hidden: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same with everything given per object: ``own`` and ``others`` are ``[O, 1, H, W]``."""
        x = torch.cat([frame, own, others], dim=1)
        x = F.relu(F.max_pool2d(self.bn1(self.conv1(x)), 3, stride=2, padding=1))
        x = self.layer3(self.layer2(self.layer1(x)))
        value = self.fuser(f16, x)
        return value, self.hidden_reinforce(value, hidden)


class Decoder(nn.Module):
    """Object logits at stride 4 from the memory readout, the hidden state and the frame's features."""

    def __init__(self, widths: XMemWidths) -> None:
        super().__init__()
        self.fuser = FeatureFusionBlock(widths.f16, widths.value + widths.hidden, widths.value)
        self.hidden_update = HiddenUpdater(
            widths.value, widths.decoder, widths.decoder, widths.updater, widths.hidden
        )
        self.up_16_8 = UpsampleBlock(widths.f8, widths.value, widths.decoder)
        self.up_8_4 = UpsampleBlock(widths.f4, widths.decoder, widths.decoder)
        self.pred = nn.Conv2d(widths.decoder, 1, 3, padding=1)

    def forward(
        self,
        f16: Tensor,
        f8: Tensor,
        f4: Tensor,
        hidden: Tensor,
        readout: Tensor,
        owner: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Decode the objects of one frame, or of several.

        Args:
            f16: features ``[B, C, h, w]`` of the frame (B is 1 without ``owner``), like ``f8`` and ``f4`` at
                twice and four times the size.
            f8: see ``f16``.
            f4: see ``f16``.
            hidden: ``[O, CH, h, w]``.
            readout: ``[O, CV, h, w]``.
            owner: ``[O]`` int, which frame each object is in.

        Returns:
            Logits ``[O, 16h, 16w]`` and the updated hidden state.
        """
        of_object = f16.expand(readout.shape[0], -1, -1, -1) if owner is None else f16[owner]
        g16 = self.fuser(of_object, torch.cat([readout, hidden], dim=1))
        g8 = self.up_16_8(f8, g16, owner)
        g4 = self.up_8_4(f4, g8, owner)
        logits = self.pred(F.relu(g4))
        updated = self.hidden_update(g16, g8, torch.cat([g4, logits], dim=1), hidden)
        full = F.interpolate(logits, scale_factor=4.0, mode="bilinear", align_corners=False)
        return full.squeeze(1), updated


class XMem(nn.Module):
    """The published network; its parts are exported as three graphs."""

    def __init__(self, widths: XMemWidths = FULL) -> None:
        super().__init__()
        self.widths = widths
        self.key_encoder = KeyEncoder(widths)
        self.value_encoder = ValueEncoder(widths)
        self.key_proj = KeyProjection(widths.f16, widths.key)
        self.decoder = Decoder(widths)


def aggregate(probabilities: Tensor) -> Tensor:
    """Let objects and background compete.

    Args:
        probabilities: ``[O, H, W]``, each object for itself.

    Returns:
        ``[O + 1, H, W]`` logits, background first; their softmax over the first axis are the probabilities.
    """
    background = torch.prod(1 - probabilities, dim=0, keepdim=True)
    joint = torch.cat([background, probabilities], dim=0).clamp(1e-7, 1 - 1e-7)
    return torch.log(joint / (1 - joint))
