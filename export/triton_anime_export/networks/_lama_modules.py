"""LaMa: fills holes of any size from the whole picture.

Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022; official
checkpoint big-lama (``best.ckpt``, Apache-2.0), whose generator keys are used as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from triton_anime_export.networks._ffc import FFCBnAct, FFCResidual, FourierBasis, Paths
from triton_anime_export.networks._first_guess import first_guess


@dataclass(frozen=True)
class LamaSize:
    """Size of the generator.

    Attributes:
        width: channels after the first convolution; they double with each of three downsamplings.
        blocks: FFC residual blocks at 1/8 of the resolution.
        global_share: part of the bottleneck's channels that the Fourier path has.
        prefill: hand the network a first guess inside the hole instead of black, and add what it draws to
            that guess before the last sigmoid. Big-lama was trained on black; the small generator spends its
            few weights better on repairing a guess than on carrying colours across the hole.
    """

    width: int = 64
    blocks: int = 18
    global_share: float = 0.75
    prefill: bool = False


FULL = LamaSize()
LITE = LamaSize(width=16, blocks=4, prefill=True)


class LamaGenerator(nn.Module):
    """The generator; ``model.N`` are the official layer numbers.

    Args:
        size: widths and depth; ``FULL`` has 50,975,875 parameters and the keys of big-lama.
    """

    def __init__(self, size: LamaSize) -> None:
        super().__init__()
        self.prefill = size.prefill
        w = size.width
        bottleneck = w * 8
        wide = int(bottleneck * size.global_share)
        paths = (bottleneck - wide, wide)
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(3),
            FFCBnAct((4, 0), (w, 0), 7),
            FFCBnAct((w, 0), (w * 2, 0), 3, 2, 1),
            FFCBnAct((w * 2, 0), (w * 4, 0), 3, 2, 1),
            FFCBnAct((w * 4, 0), paths, 3, 2, 1),
        ]
        layers += [FFCResidual(paths) for _ in range(size.blocks)]
        layers.append(_Concatenate())
        for channels in (bottleneck, bottleneck // 2, bottleneck // 4):
            up = nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1)
            layers += [up, nn.BatchNorm2d(channels // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(w, 3, 7), nn.Sigmoid()]
        self.model = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,4,H,W] (image with its hole, then the mask; H and W multiples of 8) to [B,3,H,W] in 0..1."""
        height, width = x.shape[2] // 8, x.shape[3] // 8
        basis = FourierBasis.of(height, width, x.device)
        paths: Paths = (x, None)
        for layer in self.model:
            if isinstance(layer, (FFCBnAct, FFCResidual)):
                paths = layer(paths, basis)
            elif isinstance(layer, _Concatenate):
                paths = (layer(*paths), None)
            elif isinstance(layer, nn.Sigmoid) and self.prefill:
                paths = (layer(paths[0].float() + torch.logit(x[:, :3], 0.02)), None)
            else:
                paths = (layer(paths[0]), None)
        return paths[0]


class _Concatenate(nn.Module):
    def forward(self, local: Tensor, wide: Tensor | None) -> Tensor:
        return local if wide is None else torch.cat([local, wide], dim=1)


def complete(generator: LamaGenerator, image: Tensor, mask: Tensor) -> Tensor:
    """Let the generator draw the whole picture, after the preparation that its size was trained with.

    Args:
        generator: of any size.
        image: float [B,3,H,W] in 0..1; H and W multiples of 8 (16 with a first guess).
        mask: float [B,1,H,W], 1 inside the hole, 0 elsewhere.

    Returns:
        float [B,3,H,W] in 0..1; only its values inside the hole are meant to be used.
    """
    seen = first_guess(image, mask) if generator.prefill else image * (1.0 - mask)
    return cast("Tensor", generator(torch.cat([seen, mask], dim=1)))
