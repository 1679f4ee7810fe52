"""Fast Fourier convolution with the transform written as matrix products.

Chi, Jiang & Mu, "Fast Fourier Convolution", NeurIPS 2020, in the form that LaMa uses (Suvorov et al.,
"Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022): a local path of ordinary
convolutions and a global path whose spectral transform sees the whole picture at once. Keys are those of
the official checkpoints.

ONNX has a DFT operator, but few runtimes run it fast and TensorRT not at all; a transform of the 1/8 grid
is so small that dense cosine and sine matrices are the quicker way everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

Paths = tuple[Tensor, Tensor | None]
"""Local and global features; the global path is absent before the last downsampling."""


@dataclass(frozen=True)
class FourierBasis:
    """Matrices of the orthonormal two-dimensional real transform of an H x W grid, F = W // 2 + 1.

    Attributes:
        columns: float32 [2H,H], cosines over sines of the transform along the height.
        rows: float32 [W,2F], cosines beside negated sines of the one-sided transform along the width.
        rows_back: float32 [2F,W], its inverse; the mirrored frequencies count twice.
    """

    columns: Tensor
    rows: Tensor
    rows_back: Tensor

    @staticmethod
    def of(height: int, width: int, device: torch.device | None = None) -> FourierBasis:
        """Build the matrices; traces into the graph, so height and width may be symbolic."""
        column_angles = _angles(height, height, height, device)
        scale_h = 1.0 / torch.sqrt(torch.scalar_tensor(height, dtype=torch.float32, device=device))
        scale_w = 1.0 / torch.sqrt(torch.scalar_tensor(width, dtype=torch.float32, device=device))
        columns = torch.cat([column_angles.cos(), column_angles.sin()], dim=0) * scale_h
        bins = width // 2 + 1
        angles = _angles(width, bins, width, device)
        rows = torch.cat([angles.cos(), -angles.sin()], dim=1) * scale_w
        # Every frequency but the first and (for an even width) the last stands for its mirror image too.
        index = torch.arange(bins, device=device)
        once = (index == 0) | (2 * index == width)
        weight = torch.where(once, 1.0, 2.0)[None, :]
        back = torch.cat([angles.cos() * weight, -angles.sin() * weight], dim=1) * scale_w
        return FourierBasis(columns, rows, back.transpose(0, 1))


def _angles(count: int, bins: int, period: int, device: torch.device | None) -> Tensor:
    n = torch.arange(count, device=device)
    k = torch.arange(bins, device=device)
    # The product is reduced in integers: float32 angles of many turns would lose their last digits.
    turns = n[:, None] * k[None, :]
    return (turns - turns // period * period).float() / period * (2.0 * math.pi)


class FourierUnit(nn.Module):
    """Convolution 1x1 over the spectrum; real and imaginary parts are interleaved channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_layer = nn.Conv2d(channels * 2, channels * 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(channels * 2)

    def forward(self, x: Tensor, basis: FourierBasis) -> Tensor:
        """Map [B,C,H,W] to the same shape; the transforms run in float32 whatever autocast says."""
        batch, channels, height, width = x.shape
        bins = width // 2 + 1
        with torch.autocast(x.device.type, enabled=False):
            y = torch.matmul(torch.matmul(basis.columns, x.float()), basis.rows)
            cosines, sines = y[:, :, :height], y[:, :, height:]
            # (C - iS)(c - is): the rows hold c | -s, so the four products only need adding up.
            real = cosines[..., :bins] + sines[..., bins:]
            imaginary = cosines[..., bins:] - sines[..., :bins]
            y = torch.stack([real, imaginary], dim=2).reshape(batch, channels * 2, height, bins)
        y = torch.relu(self.bn(self.conv_layer(y)))
        with torch.autocast(x.device.type, enabled=False):
            y = y.float().reshape(batch, channels, 2, height, bins)
            y = torch.matmul(basis.columns, torch.cat([y[:, :, 0], y[:, :, 1]], dim=-1))
            cosines, sines = y[:, :, :height], y[:, :, height:]
            real = cosines[..., :bins] - sines[..., bins:]
            imaginary = cosines[..., bins:] + sines[..., :bins]
            return torch.matmul(torch.cat([real, imaginary], dim=-1), basis.rows_back)


class SpectralTransform(nn.Module):
    """The global path: squeeze, Fourier unit with a shortcut, widen."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.conv1 = nn.Sequential(nn.Conv2d(channels, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU())
        self.fu = FourierUnit(half)
        self.conv2 = nn.Conv2d(half, channels, 1, bias=False)

    def forward(self, x: Tensor, basis: FourierBasis) -> Tensor:
        """Map [B,C,H,W] to the same shape."""
        y = self.conv1(x)
        return cast("Tensor", self.conv2(y + self.fu(y, basis)))


class FFC(nn.Module):
    """Convolution between a local and a global path; paths of no channels have no weights."""

    def __init__(
        self,
        inputs: tuple[int, int],
        outputs: tuple[int, int],
        kernel: int,
        stride: int = 1,
        padding: int = 0,
    ) -> None:
        super().__init__()

        def convolution(source: int, target: int) -> nn.Conv2d:
            return nn.Conv2d(source, target, kernel, stride, padding, bias=False, padding_mode="reflect")

        self.convl2l = convolution(inputs[0], outputs[0])
        if outputs[1]:
            self.convl2g = convolution(inputs[0], outputs[1])
        if inputs[1]:
            self.convg2l = convolution(inputs[1], outputs[0])
            self.convg2g = SpectralTransform(inputs[1])

    def forward(self, paths: Paths, basis: FourierBasis) -> Paths:
        """Map local [B,Cl,H,W] and global [B,Cg,H,W] features to the next pair."""
        local, wide = paths
        out = self.convl2l(local)
        if not hasattr(self, "convl2g"):
            return out, None
        out_wide = self.convl2g(local)
        if wide is not None:
            out = out + self.convg2l(wide)
            out_wide = out_wide + self.convg2g(wide, basis)
        return out, out_wide


class FFCBnAct(nn.Module):
    """FFC, batch normalisation of each path, ReLU."""

    def __init__(
        self,
        inputs: tuple[int, int],
        outputs: tuple[int, int],
        kernel: int,
        stride: int = 1,
        padding: int = 0,
    ) -> None:
        super().__init__()
        self.ffc = FFC(inputs, outputs, kernel, stride, padding)
        self.bn_l = nn.BatchNorm2d(outputs[0])
        if outputs[1]:
            self.bn_g = nn.BatchNorm2d(outputs[1])

    def forward(self, paths: Paths, basis: FourierBasis) -> Paths:
        """Map a pair of paths to the next pair."""
        local, wide = self.ffc(paths, basis)
        return torch.relu(self.bn_l(local)), None if wide is None else torch.relu(self.bn_g(wide))


class FFCResidual(nn.Module):
    """Two FFC layers and a shortcut on each path, nothing after the sum."""

    def __init__(self, channels: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = FFCBnAct(channels, channels, 3, padding=1)
        self.conv2 = FFCBnAct(channels, channels, 3, padding=1)

    def forward(self, paths: Paths, basis: FourierBasis) -> Paths:
        """Map a pair of paths to a pair of the same shapes."""
        local, wide = self.conv2(self.conv1(paths, basis), basis)
        return local + paths[0], None if wide is None or paths[1] is None else wide + paths[1]
