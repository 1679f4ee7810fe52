"""STTN: what is behind the holes of a window of frames (Zeng et al., ECCV 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from numpy.typing import NDArray
from torch import nn

from triton_anime_export.network import (
    Batching,
    Golden,
    GoldenCase,
    Network,
    Size,
    StateDict,
    Tolerance,
    Weights,
)
from triton_anime_export.networks._golden_cases import under_core
from triton_anime_export.networks._sttn_modules import Sttn, SttnSize
from triton_anime_export.networks._video_window import (
    blanked,
    composited,
    example_window,
    window_inputs,
    window_outputs,
)

SIZES: dict[Size, SttnSize] = {"lite": SttnSize(width=16, blocks=2), "full": SttnSize()}
GRID: dict[Size, tuple[int, int]] = {"lite": (96, 144), "full": (240, 432)}
"""Height and width of the network's picture."""


class ServedSttn(nn.Module):
    """A window of frames of any size in, its neighbours with their holes filled out."""

    def __init__(self, size: SttnSize, grid: tuple[int, int]) -> None:
        super().__init__()
        self.core = Sttn(size)
        self.grid = grid

    def forward(
        self,
        frames: torch.Tensor,
        masks: torch.Tensor,
        references: torch.Tensor,
        reference_masks: torch.Tensor,
    ) -> torch.Tensor:
        """Fill the holes of ``frames``.

        Args:
            frames: uint8 [N,H,W,3], RGB.
            masks: uint8 [N,H,W], above 0 inside the hole.
            references: uint8 [R,H,W,3], RGB.
            reference_masks: uint8 [R,H,W], above 0 inside the hole.

        Returns:
            uint8 [N,H,W,3]; outside the holes the very bytes of ``frames``.
        """
        seen = torch.cat([blanked(frames, masks, self.grid), blanked(references, reference_masks, self.grid)])
        features = self.core.transformer(self.core.encoder(seen))
        return composited(self.core.draw(features[: frames.shape[0]]), frames, masks)


def build(size: Size) -> ServedSttn:
    """The served module of a size with fresh weights."""
    return ServedSttn(SIZES[size], GRID[size])


def adapt_official(state: StateDict) -> StateDict:
    """The generator's part of ``sttn.pth``, which lies under ``netG``."""
    return cast("StateDict", state.get("netG", state))


class _Published(nn.Module):
    """The network on blanked frames, with what is inside it, as the reference was recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.core = Sttn(SIZES["full"])

    def forward(self, frames: torch.Tensor, masks: torch.Tensor) -> tuple[torch.Tensor, ...]:
        encoded = self.core.encoder(frames * (1.0 - masks))
        taken = self.core.transformer(encoded)
        drawn = self.core.draw(taken)
        return (
            drawn[:, :, ::4, ::4],
            drawn[:, :, 100:148, 160:224],
            encoded[0, ::4, ::4, ::4],
            taken[0, ::4, ::4, ::4],
        )


def _cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    names = ("output_s4", "output_crop", "enc_feat_s", "trans_feat_s")
    return [
        GoldenCase(
            f"{len(archive['frames'])} frames",
            {name: archive[name] for name in ("frames", "masks")},
            {name: archive[name] for name in names},
        )
    ]


def _example(batch: int, lengths: Mapping[str, int]) -> dict[str, torch.Tensor]:
    return example_window(lengths["frames"], lengths)


NETWORK = Network(
    name="sttn",
    role="video inpainting",
    summary="Fills the holes of a window of frames at once, from what the other frames show there.",
    paper="Zeng et al., Learning Joint Spatial-Temporal Transformations for Video Inpainting, ECCV 2020",
    inputs=window_inputs("frames"),
    outputs=window_outputs("frames"),
    batching=Batching(0, dynamic=False),
    # Grey levels; rounding turns the last bit of a float into one of them.
    tolerance=Tolerance(atol=1.0, outliers=1e-4),
    build=build,
    example=(
        {"frames": 3, "references": 2, "height": 72, "width": 128},
        {"frames": 4, "references": 1, "height": 120, "width": 68},
    ),
    example_inputs=_example,
    official=(
        Weights(
            "https://drive.google.com/file/d/1ZAMV8547wmZylKRt5qR_tC5VlosXD4Wv",
            None,
            "MIT",
            True,
            "sttn.pth, trained on YouTube-VOS; the licence file's copyright line names somebody else than "
            "the authors: ask them before relying on it",
        ),
    ),
    adapt_official=adapt_official,
    golden=Golden(lambda keys: _Published(), _cases, under_core, tolerance=1e-4),
    inside=(
        "bilinear to 432x240 (full; 144x96 lite), values to -1..1, blank wherever the hole touches a pixel; "
        "composited at the sent resolution. The authors grow masks by four pixels of 432x240 beforehand"
    ),
)
