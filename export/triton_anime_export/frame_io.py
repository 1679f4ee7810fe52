"""From the frame as it was sent to the network's own grid and back, inside the graph.

Everything here is written so that ``torch.export`` keeps batch, height and width symbolic: one ONNX file
serves every frame size, portrait included.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def working_size(height: int, width: int, long_side: int, multiple: int) -> tuple[int, int]:
    """The network's grid for a frame: long side near ``long_side``, both sides multiples of ``multiple``.

    Works on plain ints and on symbolic ones. 1280x720 with (320, 32) gives (192, 320) as height and width.
    """
    longest = _larger(height, width)

    def side(length: int) -> int:
        steps = (length * long_side + multiple * longest // 2) // (multiple * longest)
        return _larger(multiple, steps * multiple)

    return side(height), side(width)


def _larger(a: int, b: int) -> int:
    # max() would compare symbolic sizes and so pin the graph to the traced orientation.
    larger: int = torch.sym_max(a, b)  # type: ignore[no-untyped-call]
    return larger


def to_float(frame: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Frames uint8 [B,H,W,3] -> float [B,3,h,w] in 0..1 at ``size``."""
    # Transposing bytes and casting afterwards moves a quarter of the memory.
    return resize(frame.permute(0, 3, 1, 2).float() / 255.0, size)


def resize(image: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """Bilinear, half-pixel centres, no antialiasing: what ONNX ``Resize`` does everywhere."""
    return F.interpolate(image, size=tuple(size), mode="bilinear", align_corners=False)


def to_uint8(image: torch.Tensor) -> torch.Tensor:
    """0..1 -> 0..255, rounded."""
    return (image * 255.0).round().clamp(0.0, 255.0).to(torch.uint8)


class Normalise(nn.Module):
    """(x - mean) / std per channel on [B,3,h,w] in 0..1, with constants that stay out of the state dict."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, mean: tuple[float, ...] = IMAGENET_MEAN, std: tuple[float, ...] = IMAGENET_STD
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """[B,3,h,w] in 0..1 -> [B,3,h,w], zero mean, unit deviation."""
        return (image - self.mean) / self.std
