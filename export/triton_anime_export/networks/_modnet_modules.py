"""MODNet's three branches: what is there (low resolution), where it ends (high resolution), and both."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from triton_anime_export.frame_io import resize


@dataclass(frozen=True)
class Widths:
    """Channels of the branches.

    Attributes:
        squeeze: reduction inside the squeeze-and-excitation of the low-resolution branch.
        low16, low8: low-resolution branch at strides 16 and 8.
        high: high-resolution branch.
        fuse: last hidden layer of the fusion branch.
        low_kernel: of the convolutions of the low-resolution branch and of its entry to the fusion.
    """

    squeeze: int = 4
    low16: int = 96
    low8: int = 32
    high: int = 32
    fuse: int = 16
    low_kernel: int = 5


class HalfInstanceNorm(nn.Module):
    """BatchNorm on the first half of the channels, statistics of the picture itself on the other half."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.batched = channels // 2
        self.bnorm = nn.BatchNorm2d(self.batched)
        self.inorm = nn.InstanceNorm2d(channels - self.batched, affine=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B,C,h,w] -> [B,C,h,w]."""
        return torch.cat([self.bnorm(x[:, : self.batched]), self.inorm(x[:, self.batched :])], 1)


class Unit(nn.Module):
    """Convolution with bias, then optionally :class:`HalfInstanceNorm` and ReLU."""

    def __init__(self, into: int, out: int, kernel: int, stride: int = 1, *, plain: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(into, out, kernel, stride, kernel // 2)]
        if not plain:
            layers += [HalfInstanceNorm(out), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B,into,h,w] -> [B,out,h/stride,w/stride]."""
        y: torch.Tensor = self.layers(x)
        return y


class SqueezeExcite(nn.Module):
    """Scales each channel by what the whole picture shows."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // reduction, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(channels // reduction, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B,C,h,w] -> [B,C,h,w]."""
        scale: torch.Tensor = self.fc(x.mean((2, 3)))
        return x * scale[:, :, None, None]


def double(x: torch.Tensor) -> torch.Tensor:
    """Twice the height and width, bilinear."""
    return resize(x, (x.shape[2] * 2, x.shape[3] * 2))


class LowResolutionBranch(nn.Module):
    """Semantics: a coarse matte from the encoder's bottom."""

    def __init__(self, bottom: int, widths: Widths) -> None:
        super().__init__()
        self.se_block = SqueezeExcite(bottom, widths.squeeze)
        self.conv_lr16x = Unit(bottom, widths.low16, widths.low_kernel)
        self.conv_lr8x = Unit(widths.low16, widths.low8, widths.low_kernel)
        self.conv_lr = Unit(widths.low8, 1, 3, 2, plain=True)

    def forward(self, bottom: torch.Tensor) -> torch.Tensor:
        """Features [B,C,h/32,w/32] -> [B,low8,h/8,w/8]."""
        x: torch.Tensor = self.conv_lr16x(double(self.se_block(bottom)))
        x = self.conv_lr8x(double(x))
        return x

    def semantic(self, low8: torch.Tensor) -> torch.Tensor:
        """Coarse matte logits [B,1,h/16,w/16], for training."""
        logits: torch.Tensor = self.conv_lr(low8)
        return logits


class HighResolutionBranch(nn.Module):
    """Detail: the boundary from shallow features, told by the low resolution where to look."""

    def __init__(self, enc2: int, enc4: int, widths: Widths) -> None:
        super().__init__()
        hr = widths.high
        self.tohr_enc2x = Unit(enc2, hr, 1)
        self.conv_enc2x = Unit(hr + 3, hr, 3, 2)
        self.tohr_enc4x = Unit(enc4, hr, 1)
        self.conv_enc4x = Unit(2 * hr, 2 * hr, 3)
        self.conv_hr4x = nn.Sequential(
            Unit(2 * hr + widths.low8 + 3, 2 * hr, 3), Unit(2 * hr, 2 * hr, 3), Unit(2 * hr, hr, 3)
        )
        self.conv_hr2x = nn.Sequential(
            Unit(2 * hr, 2 * hr, 3), Unit(2 * hr, hr, 3), Unit(hr, hr, 3), Unit(hr, hr, 3)
        )
        self.conv_hr = nn.Sequential(Unit(hr + 3, hr, 3), Unit(hr, 1, 1, plain=True))

    def forward(
        self, image: torch.Tensor, enc2: torch.Tensor, enc4: torch.Tensor, low8: torch.Tensor
    ) -> torch.Tensor:
        """Image and features -> [B,high,h/2,w/2]."""
        at2: torch.Tensor = self.tohr_enc2x(enc2)
        at4 = self.conv_enc2x(torch.cat([resize(image, enc2.shape[2:]), at2], 1))
        at4 = self.conv_enc4x(torch.cat([at4, self.tohr_enc4x(enc4)], 1))
        at4 = self.conv_hr4x(torch.cat([at4, double(low8), resize(image, enc4.shape[2:])], 1))
        high2: torch.Tensor = self.conv_hr2x(torch.cat([double(at4), at2], 1))
        return high2

    def detail(self, image: torch.Tensor, high2: torch.Tensor) -> torch.Tensor:
        """Boundary matte logits [B,1,h,w], for training."""
        logits: torch.Tensor = self.conv_hr(torch.cat([double(high2), image], 1))
        return logits


class FusionBranch(nn.Module):
    """The matte: semantics and detail together."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        hr = widths.high
        self.conv_lr4x = Unit(widths.low8, hr, widths.low_kernel)
        self.conv_f2x = Unit(2 * hr, hr, 3)
        self.conv_f = nn.Sequential(Unit(hr + 3, widths.fuse, 3), Unit(widths.fuse, 1, 1, plain=True))

    def forward(self, image: torch.Tensor, low8: torch.Tensor, high2: torch.Tensor) -> torch.Tensor:
        """Matte logits [B,1,h,w]."""
        low2 = double(self.conv_lr4x(double(low8)))
        fused = self.conv_f2x(torch.cat([low2, high2], 1))
        logits: torch.Tensor = self.conv_f(torch.cat([double(fused), image], 1))
        return logits
