"""What the video-inpainting networks ask and answer: a window of frames with holes, its neighbours filled.

A window has consecutive frames, which are drawn, and references from further away, which are only looked at.
Both networks are run by their authors with five frames before and after the middle of a window, the next
middle five frames on, and every tenth frame beyond as a reference; frames drawn twice are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn import functional as F

from triton_anime_export.frame_io import resize, to_float, to_uint8
from triton_anime_export.network import Tensor

TOUCHED = 1e-4
"""Share of a pixel from which the hole touches it:
where pixels of both sizes coincide, rounding leaves less."""


def window_inputs(frames: int | str) -> tuple[Tensor, ...]:
    """The inputs of a served network that draws ``frames`` neighbours (a word where any number will do)."""
    picture = ("height", "width")
    return (
        Tensor("FRAMES", "uint8", (frames, *picture, 3), "RGB, consecutive; these are drawn"),
        Tensor("MASKS", "uint8", (frames, *picture), "of FRAMES, above 0 inside the hole"),
        Tensor(
            "REFERENCES",
            "uint8",
            ("references", *picture, 3),
            "RGB, frames of the same shot from further away; one at least",
        ),
        Tensor(
            "REFERENCE_MASKS", "uint8", ("references", *picture), "of REFERENCES, above 0 inside the hole"
        ),
    )


def window_outputs(frames: int | str) -> tuple[Tensor, ...]:
    """The output: every neighbour with its hole filled."""
    return (
        Tensor(
            "PLATES",
            "uint8",
            (frames, "height", "width", 3),
            "RGB with the holes filled; outside a hole the bytes of FRAMES",
        ),
    )


def blanked(frames: torch.Tensor, masks: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
    """What the network sees.

    Args:
        frames: uint8 [T,H,W,3], RGB.
        masks: uint8 [T,H,W], above 0 inside the hole.
        grid: height and width of the network's picture.

    Returns:
        float [T,3,h,w] in -1..1, 0 wherever the hole touches a pixel.
    """
    inside = resize((masks > 0).unsqueeze(1).float(), grid)
    return (to_float(frames, grid) * 2.0 - 1.0) * (inside <= TOUCHED).float()


def composited(drawn: torch.Tensor, frames: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Put what was drawn into the holes.

    Args:
        drawn: float [T,3,h,w] in -1..1.
        frames: uint8 [T,H,W,3], RGB.
        masks: uint8 [T,H,W], above 0 inside the hole.

    Returns:
        uint8 [T,H,W,3]; outside the holes the very bytes of ``frames``.
    """
    pictures = resize((drawn + 1.0) / 2.0, (frames.shape[1], frames.shape[2]))
    return torch.where((masks > 0).unsqueeze(-1), to_uint8(pictures).permute(0, 2, 3, 1), frames)


def example_window(frames: int, lengths: Mapping[str, int]) -> dict[str, torch.Tensor]:
    """A window of soft blotches that change from frame to frame, with holes in a third of every picture."""
    count = frames + lengths["references"]
    size = (lengths["height"], lengths["width"])
    generator = torch.Generator().manual_seed(count)
    colours = resize(torch.rand(count, 3, 9, 12, generator=generator), size).permute(0, 2, 3, 1)
    hidden = F.interpolate(torch.rand(count, 1, 6, 7, generator=generator), size)[:, 0] > 0.67
    pictures, masks = (colours * 255).to(torch.uint8).contiguous(), hidden.to(torch.uint8) * 255
    return {
        "FRAMES": pictures[:frames].contiguous(),
        "MASKS": masks[:frames].contiguous(),
        "REFERENCES": pictures[frames:].contiguous(),
        "REFERENCE_MASKS": masks[frames:].contiguous(),
    }
