"""What the generations of SAM say to the outside: a square frame, an embedding, boxes, masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from triton_anime_export.network import Batching, Tensor

CELL, MASK = 16, 4
"""Pixels of the frame in one cell of the embedding and in one pixel of a mask."""

_ROLE = "masks by box"


def contract(side: int, channels: int, encoder: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields of the encoder's and of the decoder's description that all generations have in common.

    Args:
        side: of the frame, in pixels.
        channels: of the embedding.
        encoder: the network that makes it.
    """
    frame = Tensor("FRAME", "uint8", (side, side, 3), "RGB, fitted into the square's top left and padded")
    embedding = Tensor("EMBEDDING", "float32", (channels, side // CELL, side // CELL), f"from {encoder}")
    boxes = Tensor("BOXES", "float32", ("boxes", 4), "x0, y0, x1, y1 in pixels of FRAME")
    masks = Tensor(
        "MASKS", "uint8", ("boxes", side // MASK, side // MASK), "probability times 255 over FRAME, one a box"
    )
    scores = Tensor("SCORES", "float32", ("boxes",), "intersection over union that is expected of the mask")
    return (
        {
            "role": _ROLE,
            "summary": "A drawing to the embedding that masks are read out of; once for each drawing.",
            "inputs": (frame,),
            "outputs": (embedding,),
            "batching": Batching(2),
            "example": ({},),
            "dynamic_shapes": _batch_alone,
        },
        {
            "role": _ROLE,
            "summary": "The mask of what each box encloses, read out of the drawing's embedding.",
            "inputs": (embedding, boxes),
            "outputs": (masks, scores),
            "batching": Batching(4),
            "example": ({"boxes": 3}, {"boxes": 1}),
            "example_inputs": _boxes_inside(side, channels),
        },
    )


def _batch_alone() -> tuple[Any, ...]:
    """Of an encoder the batch alone may vary."""
    return ({0: torch.export.Dim("batch")},)


def one_picture_a_box(embedding: torch.Tensor, boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Every box as a picture of its own.

    The package repeats a picture for each of its boxes; repeat_interleave by a count that varies is exported
    wrongly, and one by 1 not at all.

    Args:
        embedding: ``[B, C, h, w]``.
        boxes: ``[B, P, 4]``.

    Returns:
        ``[B * P, C, h, w]``, and corners ``[B * P, 1, 2, 2]``.
    """
    batch, count = boxes.shape[:2]
    pictures = embedding[:, None].expand(-1, count, -1, -1, -1).flatten(0, 1)
    return pictures, boxes.reshape(batch * count, 1, 2, 2)


def _boxes_inside(side: int, channels: int) -> Callable[[int, Mapping[str, int]], dict[str, torch.Tensor]]:
    """Example inputs of a decoder: an embedding of ordinary size, boxes with their corners in order."""

    def make(batch: int, lengths: Mapping[str, int]) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(lengths["boxes"])
        cells = side // CELL
        corners = torch.rand(batch, lengths["boxes"], 2, 2, generator=generator).sort(dim=2).values
        return {
            "EMBEDDING": torch.randn(batch, channels, cells, cells, generator=generator) * 0.5,
            "BOXES": corners.flatten(2) * side,
        }

    return make
