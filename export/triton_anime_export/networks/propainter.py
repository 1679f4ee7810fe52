"""ProPainter: what is behind the holes of a video (Zhou et al., ICCV 2023).

Three graphs: flows inside the holes (``propainter_complete``), colours that other frames know
(``propainter_propagate``), and what none knows (``propainter_generate``). Recurrences are unrolled: each has
a window of fixed length. Which frames are in a window, and what becomes of frames drawn twice, is the
client's affair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from triton_anime_export.frame_io import resize
from triton_anime_export.network import (
    Batching,
    Golden,
    GoldenCase,
    Network,
    Published,
    Size,
    StateDict,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks import _propainter_flow as flow
from triton_anime_export.networks import _propainter_generator as generator
from triton_anime_export.networks._golden_cases import under_core
from triton_anime_export.networks._propainter_images import ImagePropagation
from triton_anime_export.networks._propainter_served import ServedComplete, ServedGenerate, ServedPropagate
from triton_anime_export.networks._propainter_transformer import outside
from triton_anime_export.networks._video_window import example_window, window_inputs, window_outputs

GRID: dict[Size, tuple[int, int]] = {"lite": (64, 96), "full": (360, 640)}
"""Height and width of the networks' picture, multiples of 8."""

COMPLETED: dict[Size, int] = {"lite": 4, "full": 11}
PROPAGATED: dict[Size, int] = {"lite": 3, "full": 31}
DRAWN: dict[Size, int] = {"lite": 2, "full": 11}
"""Frames of a window of each graph; 11 are five before and five after its middle, as the authors draw."""


def build_complete(size: Size) -> ServedComplete:
    """The served flow completion of a size with fresh weights."""
    return ServedComplete(flow.LITE if size == "lite" else flow.FULL, GRID[size])


def build_propagate(size: Size) -> ServedPropagate:
    """The served image propagation; sizes differ in the length of the window alone."""
    return ServedPropagate()


def build_generate(size: Size) -> ServedGenerate:
    """The served generator of a size with fresh weights."""
    return ServedGenerate(generator.LITE if size == "lite" else generator.FULL, GRID[size])


# ---------------------------------------------------------------- golden vectors: the published size


class _PublishedComplete(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.core = flow.FlowCompletion()

    def forward(
        self, forward: torch.Tensor, backward: torch.Tensor, masks: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        return flow.complete(self.core, forward, backward, masks)


class _PublishedGenerate(nn.Module):
    """Inside of the generator too: a corner of what its three steps make of the first frame."""

    def __init__(self) -> None:
        super().__init__()
        self.core = generator.Generator()

    def forward(
        self,
        frames: torch.Tensor,
        forward: torch.Tensor,
        backward: torch.Tensor,
        masks: torch.Tensor,
        unknown: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        local = forward.shape[1] + 1
        encoded = self.core.encode(frames, masks, unknown)
        carried = self.core.propagate(encoded, forward, backward, masks, unknown)
        tokens = self.core.attend(carried, masks[:, :local])
        return (
            self.core.draw(carried, tokens, local),
            encoded[0, 0, :, ::4, ::4],
            carried[0, 0, :, ::4, ::4],
            tokens[0, 0, ::2, ::2],
        )


def _with_index(state: StateDict) -> StateDict:
    """The index of neighbours is no weight: the rule does not draw it."""
    return under_core({k: outside() if k.endswith("valid_ind_rolled") else v for k, v in state.items()})


def _golden(
    published: type[nn.Module],
    archive: str,
    keys: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    tolerance: float = 1e-4,
) -> Golden:
    def cases(stored: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
        given = {name: stored[name] for name in inputs}
        frames = len(stored[inputs[0]][0])
        return [GoldenCase(f"{frames} in", given, {name: stored[name] for name in outputs})]

    return Golden(lambda shapes: published(), cases, _with_index, tolerance, archive, keys)


# ---------------------------------------------------------------- descriptions

_ROLE = "video inpainting"
_PAPER = "Zhou et al., ProPainter: Improving Propagation and Transformer for Video Inpainting, ICCV 2023"
_RELEASE = "https://github.com/sczhou/ProPainter/releases/download/v0.1.0"
_LICENCE = "S-Lab License 1.0 (non-commercial)"
_PUBLISHED = (
    Published("PSNR over earlier work", "+1.46 dB", "abstract of the paper"),
    Published("GPU memory, 50 frames of 720x480, fp32", "11 GB", "README of sczhou/ProPainter"),
)
_GENERATOR = (Weights(f"{_RELEASE}/ProPainter.pth", None, _LICENCE, False, "ProPainter.pth, 158 MB"),)
_WORDS = ("height", "width")


def _masks(frames: int) -> Tensor:
    return Tensor("MASKS", "uint8", (frames, *_WORDS), "above 0 inside the hole")


def _flows(frames: int, of: str, prefix: str = "FLOW") -> tuple[Tensor, ...]:
    shape = (frames - 1, *_WORDS, 2)
    return (
        Tensor(
            f"{prefix}_FORWARD", "float32", shape, f"(dx, dy) in pixels from each frame to the next, {of}"
        ),
        Tensor(f"{prefix}_BACKWARD", "float32", shape, f"(dx, dy) from each frame's successor to it, {of}"),
    )


def _complete_tensors(frames: int) -> dict[str, Any]:
    return {
        "inputs": (*_flows(frames, "of the frames as they are"), _masks(frames)),
        "outputs": _flows(frames, "outside the hole as given", "COMPLETED"),
    }


def _propagate_tensors(frames: int) -> dict[str, Any]:
    pictures = (frames, *_WORDS, 3)
    return {
        "inputs": (
            Tensor("FRAMES", "uint8", pictures, "RGB, consecutive"),
            _masks(frames),
            *_flows(frames, "completed"),
        ),
        "outputs": (
            Tensor("FOUND", "uint8", pictures, "FRAMES with what others know in the holes, grey the rest"),
            Tensor("UNKNOWN", "uint8", (frames, *_WORDS), "255 where a hole is still to be filled"),
        ),
    }


def _generate_tensors(frames: int) -> dict[str, Any]:
    pictures, masks, references, reference_masks = window_inputs(frames)
    unknown = "of propainter_propagate, above 0 where the hole is still to be filled"
    pictures = replace(pictures, meaning="FOUND of propainter_propagate; these are drawn")
    references = replace(references, meaning="like FRAMES, of the same shot from further away; one at least")
    return {
        "inputs": (
            pictures,
            masks,
            Tensor("UNKNOWN", "uint8", (frames, *_WORDS), unknown),
            *_flows(frames, "completed"),
            references,
            reference_masks,
            Tensor("REFERENCE_UNKNOWN", "uint8", ("references", *_WORDS), "of REFERENCES, like UNKNOWN"),
        ),
        "outputs": window_outputs(frames),
    }


def _example(inputs: Sequence[Tensor]) -> Any:
    """Inputs whose frames pan to the left, seen and unseen: flows agree in places and not in others."""

    def make(batch: int, lengths: Mapping[str, int]) -> dict[str, torch.Tensor]:
        frames = next(t for t in inputs if t.name == "MASKS").dims[0]
        full = {"references": 1, **lengths}
        window = example_window(frames, full)
        size = (full["height"], full["width"])
        noise = torch.Generator().manual_seed(size[0])

        def drift(towards: float) -> torch.Tensor:
            pan = torch.tensor([towards * 2.6, towards * 0.8]).view(1, 2, 1, 1)
            wobble = torch.randn(frames - 1, 2, 4, 5, generator=noise) * 0.4
            return (resize(wobble, size) + pan).permute(0, 2, 3, 1).contiguous()

        half = torch.arange(size[1]) % 16 < 8
        made = window | {
            "UNKNOWN": window["MASKS"] * half,
            "REFERENCE_UNKNOWN": window["REFERENCE_MASKS"] * half,
            "FLOW_FORWARD": drift(1.0),
            "FLOW_BACKWARD": drift(-1.0),
        }
        return {tensor.name: made[tensor.name] for tensor in inputs}

    return make


def _sizes(tensors: Any, window: Mapping[Size, int]) -> dict[str, Any]:
    """Tensors and examples of the lite size, and those of the full one."""
    lite, full = tensors(window["lite"]), tensors(window["full"])
    examples = {size: _example(said["inputs"]) for size, said in (("lite", lite), ("full", full))}
    return {
        **lite,
        "example_inputs": examples["lite"],
        "full": {**full, "example_inputs": examples["full"]},
    }


def _window(frames: Mapping[Size, int]) -> str:
    return f"a window has exactly {frames['full']} frames (full; {frames['lite']} lite)"


_INSIDE = (
    "bilinear to 640x360 (full; 96x64 lite), hidden wherever the hole touches a pixel, put together at the "
    "sent resolution"
)

PROPAINTER_COMPLETE = Network(
    name="propainter_complete",
    family="propainter",
    role=_ROLE,
    summary="Optical flow inside holes, from the flow around them and that of other frames.",
    paper=_PAPER,
    **_sizes(_complete_tensors, COMPLETED),
    batching=Batching(0, dynamic=False),
    # Pixels of the sent resolution; a recurrence over all frames carries a rounding on.
    tolerance=Tolerance(atol=0.01, rtol=1e-3),
    build=build_complete,
    example=({"height": 72, "width": 128}, {"height": 120, "width": 68}),
    official=(
        Weights(
            f"{_RELEASE}/recurrent_flow_completion.pth",
            None,
            _LICENCE,
            False,
            "recurrent_flow_completion.pth, 20 MB",
        ),
    ),
    published=_PUBLISHED,
    golden=_golden(
        _PublishedComplete,
        "golden_flow_completion.npz",
        "state_dict.recurrent_flow_completion.json",
        ("flow_forward", "flow_backward", "masks"),
        ("pred_forward", "pred_backward", "combined_forward", "combined_backward"),
    ),
    inside=f"{_INSIDE}; {_window(COMPLETED)}",
)

PROPAINTER_PROPAGATE = Network(
    name="propainter_propagate",
    family="propainter",
    role=_ROLE,
    summary="Carries colours along completed flows into holes, where other frames show them. It has no "
    "weights: it comes with those of propainter_generate.",
    paper=_PAPER,
    **_sizes(_propagate_tensors, PROPAGATED),
    batching=Batching(0, dynamic=False),
    # Grey levels. Which pixel is nearest, and whether flows agree, may fall either way at a tie.
    tolerance=Tolerance(atol=1.0, outliers=2e-3),
    build=build_propagate,
    example=({"height": 72, "width": 128}, {"height": 120, "width": 68}),
    official=_GENERATOR,
    adapt_official=lambda state: {},
    published=_PUBLISHED,
    golden=_golden(
        ImagePropagation,
        "golden_image_propagation.npz",
        "",
        ("frames", "flow_forward", "flow_backward", "masks"),
        ("prop_frames", "updated_masks", "updated_frames"),
    ),
    inside=f"the resolution of the frames; {_window(PROPAGATED)}",
)

PROPAINTER_GENERATE = Network(
    name="propainter_generate",
    family="propainter",
    role=_ROLE,
    summary="Draws what no frame of a video shows into the holes of a window of frames.",
    paper=_PAPER,
    **_sizes(_generate_tensors, DRAWN),
    batching=Batching(0, dynamic=False),
    # Grey levels; a flow that is judged otherwise moves features around it.
    tolerance=Tolerance(atol=1.0, outliers=1e-3),
    build=build_generate,
    example=(
        {"references": 2, "height": 72, "width": 128},
        {"references": 1, "height": 120, "width": 68},
    ),
    official=_GENERATOR,
    published=_PUBLISHED,
    golden=_golden(
        _PublishedGenerate,
        "golden_generator.npz",
        "state_dict.ProPainter.json",
        ("frames", "flow_forward", "flow_backward", "masks_in", "masks_updated"),
        ("output", "enc_feat_frame0", "prop_feat_frame0", "trans_tokens_frame0"),
    ),
    inside=f"{_INSIDE}; {_window(DRAWN)}, of references any number",
)
