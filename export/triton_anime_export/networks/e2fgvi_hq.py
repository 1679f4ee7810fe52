"""E2FGVI-HQ: what is behind the holes of a window of frames, found along the flow (Li et al., CVPR 2022)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from triton_anime_export.frame_io import IMAGENET_MEAN, IMAGENET_STD
from triton_anime_export.network import (
    Batching,
    Golden,
    GoldenCase,
    Network,
    Published,
    Size,
    StateDict,
    Tolerance,
    Weights,
)
from triton_anime_export.networks._e2fgvi_modules import E2fgviHq, E2fgviSize
from triton_anime_export.networks._focal_attention import rim_indices
from triton_anime_export.networks._golden_cases import under_core
from triton_anime_export.networks._video_window import (
    blanked,
    composited,
    example_window,
    window_inputs,
    window_outputs,
)

SIZES: dict[Size, E2fgviSize] = {
    "lite": E2fgviSize(width=8, blocks=2, mixed=4, flow=(8, 8, 8, 8)),
    "full": E2fgviSize(),
}
GRID: dict[Size, tuple[int, int]] = {"lite": (120, 108), "full": (240, 432)}
"""Height and width of the network's picture."""
NEIGHBOURS: dict[Size, int] = {"lite": 3, "full": 11}
"""Consecutive frames of a window. The graph goes from each to the next, so their number is part of it; the
authors take five before and five after the one in the middle."""


class ServedE2fgviHq(nn.Module):
    """A window of frames of any size in, its neighbours with their holes filled out."""

    def __init__(self, size: E2fgviSize, grid: tuple[int, int]) -> None:
        super().__init__()
        self.core = E2fgviHq(size)
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
            frames: uint8 [N,H,W,3], RGB, consecutive.
            masks: uint8 [N,H,W], above 0 inside the hole.
            references: uint8 [R,H,W,3], RGB.
            reference_masks: uint8 [R,H,W], above 0 inside the hole.

        Returns:
            uint8 [N,H,W,3]; outside the holes the very bytes of ``frames``.
        """
        seen = blanked(frames, masks, self.grid)
        inside = self.core.inside(seen, blanked(references, reference_masks, self.grid))
        return composited(self.core.draw(inside.features[: frames.shape[0]]), frames, masks)


def build(size: Size) -> ServedE2fgviHq:
    """The served module of a size with fresh weights."""
    return ServedE2fgviHq(SIZES[size], GRID[size])


class _Published(nn.Module):
    """The network on blanked frames, with what is inside it, as the reference was recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.core = E2fgviHq(SIZES["full"])

    def forward(self, neighbours: torch.Tensor, references: torch.Tensor) -> tuple[torch.Tensor, ...]:
        inside = self.core.inside(neighbours, references)
        drawn = self.core.draw(inside.features)
        return (
            drawn[:, :, ::2, ::2],
            drawn[:, :, 40:72, 80:128],
            inside.flow_forward,
            inside.flow_backward,
            inside.encoded[0, ::4, ::2, ::2],
            inside.propagated[0, ::4, ::2, ::2],
            inside.tokens[0, ::2, ::3],
        )


class _PublishedPropagation(nn.Module):
    """The propagation alone: in the whole network its quirk is almost drowned."""

    def __init__(self) -> None:
        super().__init__()
        self.core = E2fgviHq(SIZES["full"])

    def forward(
        self, features: torch.Tensor, flows_forward: torch.Tensor, flows_backward: torch.Tensor
    ) -> torch.Tensor:
        carried: torch.Tensor = self.core.feat_prop_module(features, flows_forward, flows_backward)
        return carried


def _cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    frames, count = archive["frames"][0], int(archive["num_local_frames"])
    outputs = {name: archive[name] for name in ("output_s2", "output_crop")}
    outputs |= {name: archive[name][0] for name in ("flow_forward", "flow_backward")}
    outputs |= {name: archive[name] for name in ("enc_feat_s", "prop_feat_s", "trans_tokens_s")}
    inputs = {"neighbours": frames[:count], "references": frames[count:]}
    return [GoldenCase(f"{count} and {len(frames) - count} frames", inputs, outputs)]


def _propagation_cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
    inputs = {name: archive[name][0] for name in ("features", "flows_forward", "flows_backward")}
    return [GoldenCase("propagation", inputs, {"output": np.asarray(archive["output"][0])})]


def _with_constants(state: StateDict) -> StateDict:
    """The rule's weights; what the authors do not train is what it is."""
    constants = {
        "update_spynet.mean": torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1),
        "update_spynet.std": torch.tensor(IMAGENET_STD).view(1, 3, 1, 1),
    }
    constants |= {key: rim_indices() for key in state if key.endswith("valid_ind_rolled")}
    return under_core({**state, **constants})


def _example(frames: int) -> Callable[[int, Mapping[str, int]], dict[str, torch.Tensor]]:
    return lambda batch, lengths: example_window(frames, lengths)


NETWORK = Network(
    name="e2fgvi_hq",
    role="video inpainting",
    summary="Fills the holes of a window of frames at once, carrying what neighbours show along the flow.",
    paper="Li et al., Towards An End-to-End Framework for Flow-Guided Video Inpainting, CVPR 2022",
    inputs=window_inputs(NEIGHBOURS["lite"]),
    outputs=window_outputs(NEIGHBOURS["lite"]),
    batching=Batching(0, dynamic=False),
    # Grey levels; rounding turns the last bit of a float into one of them.
    tolerance=Tolerance(atol=1.0, outliers=1e-4),
    build=build,
    example=(
        {"references": 2, "height": 72, "width": 128},
        {"references": 1, "height": 120, "width": 68},
    ),
    example_inputs=_example(NEIGHBOURS["lite"]),
    full={
        "inputs": window_inputs(NEIGHBOURS["full"]),
        "outputs": window_outputs(NEIGHBOURS["full"]),
        "example_inputs": _example(NEIGHBOURS["full"]),
    },
    official=(
        Weights(
            "https://drive.google.com/file/d/10wGdKSUOie0XmCr8SQ2A2FeDe-mfn5w3",
            None,
            "CC-BY-NC-4.0",
            False,
            "E2FGVI-HQ-CVPR22.pth, trained on YouTube-VOS",
        ),
    ),
    golden=Golden(
        lambda keys: _Published(),
        _cases,
        _with_constants,
        tolerance=1e-4,
        also=(
            Golden(
                lambda keys: _PublishedPropagation(),
                _propagation_cases,
                _with_constants,
                tolerance=1e-4,
                archive="golden_featprop.npz",
            ),
        ),
    ),
    published=tuple(
        Published(f"{measure}, DAVIS", value, "README of MCG-NKU/E2FGVI, E2FGVI-HQ")
        for measure, value in (("PSNR", "33.06"), ("SSIM", "0.9722"), ("VFID", "0.117"))
    ),
    inside=(
        "bilinear to 432x240 (full; 108x120 lite), values to -1..1, blank wherever the hole touches a pixel; "
        "composited at the sent resolution. A window with fewer neighbours repeats its last one"
    ),
)
