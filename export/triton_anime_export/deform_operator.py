"""Deformable convolutions as ONNX's own DeformConv, where the runtime that is to serve a graph has it.

Without this a graph has a GridSample and a Conv for each (:mod:`triton_anime_export.networks._deformable`),
which are in opset 18 and run everywhere.
"""

from __future__ import annotations

from typing import Any

import torch
from onnxscript import opset19
from torch import nn

from triton_anime_export.errors import ExportError
from triton_anime_export.networks._deformable import KERNEL, DeformableAlignment
from triton_anime_export.to_onnx import Dialect


def _translated(x: Any, offsets: Any, mask: Any, weight: Any, bias: Any, groups: int) -> Any:
    return opset19.DeformConv(
        x, weight, offsets, bias, mask, kernel_shape=[KERNEL] * 2, pads=[KERNEL // 2] * 4, offset_group=groups
    )


DIALECT = Dialect(19, {torch.ops.triton_anime.deform_conv.default: _translated})
"""What a graph with DeformConv is written in."""


def use_operator(module: nn.Module) -> int:
    """Make every deformable convolution of a module, in place, one operator of the graph.

    Args:
        module: as built; it is then exported in :data:`DIALECT`.

    Returns:
        How many parts of the module have one.

    Raises:
        ExportError: there is none.
    """
    found = [part for part in module.modules() if isinstance(part, DeformableAlignment)]
    if not found:
        raise ExportError("the network has no deformable convolution; leave out --deform")
    for part in found:
        part.operator = True
    return len(found)
