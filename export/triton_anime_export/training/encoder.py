"""What panoptic_deeplab learnt to see, for the networks that share its encoder."""

from __future__ import annotations

from pathlib import Path

import torch


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
    state = torch.load(path, map_location="cpu", weights_only=True)
    state = state.get("averaged", state)
    plain = {key.removeprefix("core."): value for key, value in state.items()}
    prefix = "backbone."
    return {key.removeprefix(prefix): value for key, value in plain.items() if key.startswith(prefix)}
