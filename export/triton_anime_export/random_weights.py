"""Random weights that hide nothing: what is initialised with zeros or ones is drawn too.

A relative-position table of zeros, a normalisation that multiplies by one or statistics of zero and one make
a wrong graph agree with its module. And weights drawn carelessly let the signal of a deep network fade into a
constant, which every graph computes. So all parameters are moved, and BatchNorm is given the statistics that
it meets, moved too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from triton_anime_export.network import Network

MATRIX = 0.3
"""Deviation of what is added to a layer's matrix, over the root of its fan-in."""
TABLE, VECTOR = 0.1, 0.05
"""Deviation of what is added to tables (positions, queries) and to vectors (norms, biases)."""
DRIFT = 0.1
"""How far BatchNorm's statistics are moved, in deviations; variances by this exponent."""


def shake(network: Network, module: nn.Module, seed: int = 0) -> nn.Module:
    """Move every parameter and statistic of a served module, in place.

    Args:
        network: the description of the module's size; its first example feeds the BatchNorms.
        module: as built, on the CPU.
        seed: of what is added; what was drawn before stays.

    Returns:
        The module, in eval mode.
    """
    generator = torch.Generator().manual_seed(seed)
    layers = {
        id(weight): weight[0].numel() ** -0.5
        for layer in module.modules()
        if isinstance(weight := getattr(layer, "weight", None), nn.Parameter)
        # Four axes are a convolution, whoever wrote it (a deformable one, say): moved like a table it would
        # multiply what passes through it, and a recurrence around it would enlarge every rounding.
        and (isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)) or weight.ndim == 4)
    }
    with torch.no_grad():
        for parameter in module.parameters():
            usual = TABLE if parameter.ndim > 1 else VECTOR
            scale = MATRIX * layers[id(parameter)] if id(parameter) in layers else usual
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=scale)
        module.eval()
        if any(isinstance(layer, _BatchNorm) for layer in module.modules()):
            with _learning_statistics(module):
                module(*network.make_inputs(2, network.example[0]).values())
        _move_statistics(module, generator)
    return module


@contextmanager
def _learning_statistics(module: nn.Module) -> Iterator[None]:
    """While it lasts, BatchNorms take over the statistics of the last batch; nothing else trains."""
    norms = [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()


def _move_statistics(module: nn.Module, generator: torch.Generator) -> None:
    # By name: packages have frozen BatchNorms of their own.
    buffers = dict(module.named_buffers())
    for name, variance in buffers.items():
        mean = buffers.get(name.removesuffix("var") + "mean")
        if name.endswith("running_var") and mean is not None:
            mean.add_(variance.sqrt() * torch.randn(mean.shape, generator=generator), alpha=DRIFT)
            variance.mul_(torch.exp(DRIFT * torch.randn(variance.shape, generator=generator)))
