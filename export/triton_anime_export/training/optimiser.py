"""AdamW, and Muon for the matrices of hidden layers: which learns more from as many pictures.

Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), scaled as in Liu et al.,
"Muon is Scalable for LLM Training" (2025), so that one learning rate serves both. ``torch.optim.Muon`` takes
matrices only; a convolution's kernel is one with a row per output channel. It works in bfloat16, which a
processor that lacks it imitates: :class:`WholeMuon` takes the same steps in float32.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

_LEAST_ROWS, _LEAST_COLUMNS = 16, 64
"""Smaller kernels (the one that reads the picture, those that write a few maps) are left to AdamW."""

BETAS = (0.9, 0.98)


def bf16_pays(where: torch.device) -> bool:
    """Whether bfloat16 is quicker there: a processor without units for it imitates it, ten times slower."""
    if where.type != "cpu":
        return True
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


class AdamW(torch.optim.AdamW):
    """``torch.optim.AdamW`` that decays matrices only.

    Args:
        model: its trainable parameters.
        lr: learning rate.
        weight_decay: of matrices; biases and norms have none.
    """

    def __init__(self, model: nn.Module, lr: float, weight_decay: float) -> None:
        super().__init__(_groups(_trainable(model), weight_decay), lr=lr, betas=BETAS, foreach=True)


class WholeMuon(torch.optim.Optimizer):
    """``torch.optim.Muon`` (Nesterov momentum, ``match_rms_adamw``) in float32.

    Args:
        matrices: parameters of two dimensions.
        lr: learning rate.
        weight_decay: decoupled, as in AdamW.
        momentum: of the running mean of the gradients.
    """

    def __init__(
        self, matrices: list[nn.Parameter], lr: float, weight_decay: float, momentum: float = 0.95
    ) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step along the gradients; a matrix without one stays."""
        for group in self.param_groups:
            lr, decay, momentum = group["lr"], group["weight_decay"], group["momentum"]
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                mean = self.state[matrix].setdefault("momentum_buffer", torch.zeros_like(matrix.grad))
                mean.lerp_(matrix.grad, 1 - momentum)
                update = orthogonalised(matrix.grad.lerp(mean, momentum))
                matrix.mul_(1 - lr * decay)
                matrix.add_(update, alpha=-lr * 0.2 * math.sqrt(max(matrix.shape)))


def orthogonalised(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """A matrix [m,n] with the same singular vectors and singular values near one.

    The quintic Newton-Schulz iteration with Jordan's coefficients.
    """
    a, b, c = 3.4445, -4.775, 2.0315
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / x.norm().clamp_min(1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if matrix.shape[0] > matrix.shape[1] else x


class Muon:
    """Muon for kernels, AdamW for what is left, with the interface of one optimiser.

    Args:
        model: its trainable parameters, already in the memory format they are trained in.
        lr: learning rate of both.
        weight_decay: of matrices.

    Attributes:
        param_groups: of both, so that a schedule may set their ``lr``.
    """

    def __init__(self, model: nn.Module, lr: float, weight_decay: float) -> None:
        every = _trainable(model)
        self._kernels = [p for p in every if _is_hidden(p)]
        hidden = {id(p) for p in self._kernels}
        # They share their memory with the kernels: a step on them is a step of the model.
        self._matrices = [nn.Parameter(_matrix(kernel.detach())) for kernel in self._kernels]
        for kernel, matrix in zip(self._kernels, self._matrices, strict=True):
            if kernel.data_ptr() != matrix.data_ptr():
                raise ValueError("kernels must lie channels-last in memory")
        self._muon: torch.optim.Optimizer
        if bf16_pays(every[0].device):
            self._muon = torch.optim.Muon(
                self._matrices, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"
            )
        else:
            self._muon = WholeMuon(self._matrices, lr, weight_decay)
        rest = _groups([p for p in every if id(p) not in hidden], weight_decay)
        self._adamw = torch.optim.AdamW(rest, lr=lr, betas=BETAS, foreach=True)
        self.param_groups: list[dict[str, Any]] = [*self._muon.param_groups, *self._adamw.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        self._adamw.zero_grad(set_to_none)
        for kernel in self._kernels:
            kernel.grad = None

    def step(self) -> None:
        """One step along the gradients; a kernel without one stays."""
        for kernel, matrix in zip(self._kernels, self._matrices, strict=True):
            matrix.grad = None if kernel.grad is None else _matrix(kernel.grad)
        self._muon.step()
        self._adamw.step()

    def state_dict(self) -> dict[str, Any]:
        """State of both."""
        return {"muon": self._muon.state_dict(), "adamw": self._adamw.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """What :meth:`state_dict` gave."""
        self._muon.load_state_dict(state["muon"])
        self._adamw.load_state_dict(state["adamw"])
        self.param_groups[:] = [*self._muon.param_groups, *self._adamw.param_groups]


def _trainable(model: nn.Module) -> list[nn.Parameter]:
    return [p for p in model.parameters() if p.requires_grad]


def _is_hidden(p: nn.Parameter) -> bool:
    return p.ndim == 4 and p.shape[0] >= _LEAST_ROWS and p[0].numel() >= _LEAST_COLUMNS


def _matrix(kernel: torch.Tensor) -> torch.Tensor:
    """Kernel [out,in,h,w] as a matrix [out, h*w*in]; a view of one that lies channels-last."""
    return kernel.permute(0, 2, 3, 1).reshape(kernel.shape[0], -1)


def _groups(parameters: list[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    return [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
