"""LaMa: fills holes of any size from the whole picture.

Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022; official
checkpoint big-lama (``best.ckpt``, Apache-2.0), whose generator keys are used as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triton_anime_export.networks._ffc import FFCBnAct, FFCResidual, FourierBasis, Paths


@dataclass(frozen=True)
class LamaSize:
    """Size of the generator.

    Attributes:
        width: channels after the first convolution; they double with each of three downsamplings.
        blocks: FFC residual blocks at 1/8 of the resolution.
        global_share: part of the bottleneck's channels that the Fourier path has.
        prefill: hand the network a smooth first guess inside the hole instead of black, and add what it
            draws to that guess before the last sigmoid. Big-lama was trained on black; the small generator
            spends its few weights better on texture than on carrying average colours across the hole.
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


_LEVELS = 4
"""Halvings to the grid on which the first guess is interpolated."""
_STEEPNESS = 3.0
"""Exponent of the squared distance (Shepard 1968)."""
_UPRIGHT = 9.0
"""Squared stretch of vertical distance: backgrounds change more from sky to ground than along it."""


def diffuse(image: Tensor, mask: Tensor) -> Tensor:
    """Fill the hole smoothly from its surroundings.

    A pull-push pyramid (Gortler et al. 1996) whose coarsest level interpolates by inverse distance.

    Args:
        image: float [B,3,H,W]; H and W multiples of 16.
        mask: float [B,1,H,W], 1 inside the hole.

    Returns:
        The image with its hole filled; known pixels are unchanged. A picture that is all hole turns black.
    """
    known = [torch.cat([image * (1.0 - mask), 1.0 - mask], dim=1)]
    for _ in range(_LEVELS):
        known.append(F.avg_pool2d(known[-1], 2))
    height, width = known[-1].shape[2:]
    rows = torch.arange(height, device=image.device).float()[:, None].expand(height, width).reshape(-1)
    columns = torch.arange(width, device=image.device).float()[None].expand(height, width).reshape(-1)
    squared = (rows[:, None] - rows) ** 2 * _UPRIGHT + (columns[:, None] - columns) ** 2
    spread = torch.matmul((squared + 0.25) ** -_STEEPNESS, known[-1].flatten(2).transpose(1, 2))
    guess = spread[..., :3] / (spread[..., 3:] + 1e-20)
    guess = guess.transpose(1, 2).reshape(-1, 3, height, width)
    for level in range(_LEVELS, -1, -1):
        colour, weight = known[level][:, :3], known[level][:, 3:]
        # A coarse cell with little that is known leans on the level below it.
        trust = torch.clamp(weight * 4.0, max=1.0) if level else weight
        guess = guess + trust * (colour / (weight + 1e-6) - guess)
        if level:
            guess = F.interpolate(guess, scale_factor=2.0, mode="bilinear", align_corners=False)
    return guess


def complete(generator: LamaGenerator, image: Tensor, mask: Tensor) -> Tensor:
    """Let the generator draw the whole picture, after the preparation that its size was trained with.

    Args:
        generator: of any size.
        image: float [B,3,H,W] in 0..1; H and W multiples of 8 (32 with a first guess).
        mask: float [B,1,H,W], 1 inside the hole, 0 elsewhere.

    Returns:
        float [B,3,H,W] in 0..1; only its values inside the hole are meant to be used.
    """
    seen = diffuse(image, mask) if generator.prefill else image * (1.0 - mask)
    return cast("Tensor", generator(torch.cat([seen, mask], dim=1)))
