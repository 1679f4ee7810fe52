"""What panoptic_deeplab learnt to see, for the networks that share its encoder."""

from __future__ import annotations

from pathlib import Path

import torch

BODY = ("backbone", "aspp", "lateral", "fuse")
"""Modules of ``PanopticBody``."""


def teacher_of(out: Path) -> Path | None:
    """The newest state of the panoptic_deeplab run beside the run in ``out``, None where there is none."""
    for name in ("weights.pt", "checkpoint.pt"):
        path = out.parent / "panoptic_deeplab" / name
        if path.is_file():
            return path
    return None


def encoder_of(path: Path) -> dict[str, torch.Tensor]:
    """Weights of the encoder, keys as in ``ResidualEncoder``.

    Args:
        path: ``weights.pt`` or ``checkpoint.pt`` (its averaged weights) of a panoptic_deeplab run.
    """
    prefix = "backbone."
    return {k.removeprefix(prefix): v for k, v in body_of(path).items() if k.startswith(prefix)}


def body_of(path: Path) -> dict[str, torch.Tensor]:
    """Weights of encoder and decoder, keys as in ``PanopticBody``.

    Args:
        path: as for :func:`encoder_of`.
    """
    state = torch.load(path, map_location="cpu", weights_only=True)
    plain = {key.removeprefix("core."): value for key, value in state.get("averaged", state).items()}
    return {key: value for key, value in plain.items() if key.split(".")[0] in BODY}
