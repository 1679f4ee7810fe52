"""ProPainter's second part: colours that other frames know are carried into the hole. It has no weights.

Zhou et al., "ProPainter: Improving Propagation and Transformer for Video Inpainting" (ICCV 2023).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from triton_anime_export.networks._deformable import warp

# The forward-backward check of the paper: how far a pixel may miss its start after going there and back,
# squared, as a share of the squared lengths of its way, and in square pixels.
SHARE, SLACK = 0.01, 0.5
# A pixel counts as hidden when more than this of it is.
HIDDEN = 0.1


def agrees(flow: Tensor, returning: Tensor) -> Tensor:
    """Whether following a flow and then the one back leads to where one started.

    Args:
        flow: float ``[B, 2, H, W]`` in pixels.
        returning: float, like ``flow``, from the other frame.

    Returns:
        float ``[B, 1, H, W]``, 1 or 0.
    """
    back = warp(returning, flow)
    missed = _squared(flow + back)
    return (missed < SHARE * (_squared(flow) + _squared(back)) + SLACK).to(flow.dtype)


def _squared(flow: Tensor) -> Tensor:
    return (flow * flow).sum(dim=1, keepdim=True)


class ImagePropagation(nn.Module):
    """First from the last frame to the first, then the other way with what that found."""

    def forward(
        self, frames: Tensor, forward: Tensor, backward: Tensor, masks: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Fill the hole as far as other frames know what is there.

        Args:
            frames: float ``[B, T, 3, H, W]``; what is inside the hole is not looked at.
            forward: float ``[B, T - 1, 2, H, W]`` in pixels, from each frame to the next, completed.
            backward: float, like ``forward``, from each frame's successor to it.
            masks: float ``[B, T, 1, H, W]``, 1 inside the hole, else 0.

        Returns:
            The propagated frames, the masks of what is still unknown, and the frames with what was found put
            into the hole; shapes as given.
        """
        seen, hidden = list((frames * (1 - masks)).unbind(1)), list(masks.unbind(1))
        ahead, back = list(forward.unbind(1)), list(backward.unbind(1))
        seen, hidden = _carry(seen[::-1], hidden[::-1], ahead[::-1], back[::-1])
        seen, hidden = _carry(seen[::-1], hidden[::-1], back, ahead)
        carried, unknown = torch.stack(seen, dim=1), torch.stack(hidden, dim=1)
        return carried, unknown, frames * (1 - masks) + carried * masks


def _carry(
    frames: list[Tensor], masks: list[Tensor], flows: list[Tensor], returning: list[Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """One direction; ``flows[i]`` leads from frame ``i + 1`` to frame ``i`` of the lists."""
    seen, hidden = frames[:1], masks[:1]
    for frame, mask, flow, other in zip(frames[1:], masks[1:], flows, returning, strict=True):
        known = agrees(flow, other) * (1 - _hidden(warp(hidden[-1], flow)))
        filled = _hidden(mask * known)
        seen.append(filled * warp(seen[-1], flow, "nearest") + (1 - filled) * frame)
        hidden.append(_hidden(mask * (1 - known)))
    return seen, hidden


def _hidden(mask: Tensor) -> Tensor:
    return (mask > HIDDEN).to(mask.dtype)
