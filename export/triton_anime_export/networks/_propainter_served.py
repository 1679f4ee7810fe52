"""ProPainter's three parts as they are served: frames of any size in and out, the network's grid inside."""

from __future__ import annotations

import torch
from torch import nn

from triton_anime_export.frame_io import resize, to_float, to_uint8
from triton_anime_export.networks._propainter_flow import FlowCompletion, FlowSize, complete
from triton_anime_export.networks._propainter_generator import Generator, GeneratorSize
from triton_anime_export.networks._propainter_images import ImagePropagation
from triton_anime_export.networks._video_window import TOUCHED, composited

Grid = tuple[int, int]
"""Height and width of the network's picture, multiples of 8."""


class ServedComplete(nn.Module):
    """Flows of a window and the holes of its frames in, flows that know nothing of what was in them out."""

    def __init__(self, size: FlowSize, grid: Grid) -> None:
        super().__init__()
        self.core = FlowCompletion(size)
        self.grid = grid

    def forward(
        self, forward: torch.Tensor, backward: torch.Tensor, masks: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Complete.

        Args:
            forward: float ``[T - 1, H, W, 2]``, (dx, dy) in pixels from each frame to the next.
            backward: float, like ``forward``, from each frame's successor to it.
            masks: uint8 ``[T, H, W]``, above 0 inside the hole.

        Returns:
            Both flows, float as given; outside the hole the very numbers.
        """
        hidden = touched(masks, self.grid)
        _, _, ahead, back = complete(
            self.core, flow_to_grid(forward, self.grid), flow_to_grid(backward, self.grid), hidden
        )
        return _kept(ahead, forward, masks[:-1]), _kept(back, backward, masks[1:])


class ServedPropagate(nn.Module):
    """Frames, holes and completed flows in; what other frames know of the holes out."""

    def __init__(self) -> None:
        super().__init__()
        self.core = ImagePropagation()

    def forward(
        self, frames: torch.Tensor, masks: torch.Tensor, forward: torch.Tensor, backward: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Propagate, at the resolution of the frames.

        Args:
            frames: uint8 ``[T, H, W, 3]``, RGB.
            masks: uint8 ``[T, H, W]``, above 0 inside the hole.
            forward: float ``[T - 1, H, W, 2]``, (dx, dy) in pixels from each frame to the next, completed.
            backward: float, like ``forward``, from each frame's successor to it.

        Returns:
            The frames with what was found, uint8 ``[T, H, W, 3]``, grey where nothing was, outside the hole
            the very bytes of ``frames``; and uint8 ``[T, H, W]``, 255 where the hole is still to be filled.
        """
        pictures = frames.permute(0, 3, 1, 2).float() / 127.5 - 1.0
        hidden = (masks > 0).unsqueeze(1).float()
        carried, unknown, _ = self.core(
            pictures[None], _channels_first(forward)[None], _channels_first(backward)[None], hidden[None]
        )
        found = to_uint8((carried[0] + 1.0) / 2.0).permute(0, 2, 3, 1)
        return torch.where((masks > 0).unsqueeze(-1), found, frames), to_uint8(unknown[0, :, 0])


class ServedGenerate(nn.Module):
    """A window of frames, filled as far as others knew, in; its neighbours with the rest drawn out."""

    def __init__(self, size: GeneratorSize, grid: Grid) -> None:
        super().__init__()
        self.core = Generator(size)
        self.grid = grid

    def forward(
        self,
        frames: torch.Tensor,
        masks: torch.Tensor,
        unknown: torch.Tensor,
        forward: torch.Tensor,
        backward: torch.Tensor,
        references: torch.Tensor,
        reference_masks: torch.Tensor,
        reference_unknown: torch.Tensor,
    ) -> torch.Tensor:
        """Draw.

        Args:
            frames: uint8 ``[L, H, W, 3]``, RGB, consecutive, after the propagation.
            masks: uint8 ``[L, H, W]``, above 0 inside the hole.
            unknown: uint8 ``[L, H, W]``, above 0 where it is still to be filled.
            forward: float ``[L - 1, H, W, 2]``, (dx, dy) in pixels from each frame to the next, completed.
            backward: float, like ``forward``, from each frame's successor to it.
            references: uint8 ``[R, H, W, 3]``, like ``frames``, from further away.
            reference_masks: uint8 ``[R, H, W]``, like ``masks``.
            reference_unknown: uint8 ``[R, H, W]``, like ``unknown``.

        Returns:
            uint8 ``[L, H, W, 3]``; outside the holes the very bytes of ``frames``.
        """
        left = torch.cat([touched(unknown, self.grid), touched(reference_unknown, self.grid)], dim=1)
        pictures = torch.cat([to_float(frames, self.grid), to_float(references, self.grid)])[None]
        drawn = self.core(
            # What is unknown is grey.
            (pictures * 2.0 - 1.0) * (1.0 - left),
            flow_to_grid(forward, self.grid),
            flow_to_grid(backward, self.grid),
            torch.cat([touched(masks, self.grid), touched(reference_masks, self.grid)], dim=1),
            left,
        )
        return composited(drawn[0], frames, masks)


def touched(masks: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Masks uint8 ``[T, H, W]`` to float ``[1, T, 1, h, w]``: 1 wherever the hole touches a pixel, else 0."""
    return (resize((masks > 0).unsqueeze(1).float(), grid) > TOUCHED).float()[None]


def flow_to_grid(flow: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Flow float ``[T, H, W, 2]`` to ``[1, T, 2, h, w]``, in pixels of the grid."""
    return _resized(_channels_first(flow), grid)[None]


def _kept(completed: torch.Tensor, given: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    size = (given.shape[1], given.shape[2])
    inside = _resized(completed[0], size).permute(0, 2, 3, 1)
    return torch.where((masks > 0).unsqueeze(-1), inside, given)


def _resized(flow: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """``[T, 2, H, W]`` to another size, and to its pixels."""
    wider, higher = size[1] / flow.shape[3], size[0] / flow.shape[2]
    resized = resize(flow, size)
    return torch.stack([resized[:, 0] * wider, resized[:, 1] * higher], dim=1)


def _channels_first(flow: torch.Tensor) -> torch.Tensor:
    return flow.permute(0, 3, 1, 2)
