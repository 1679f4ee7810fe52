"""What Grounding DINO makes of its token ids, in operators that ONNX has.

A prompt names several things, each closed by a full stop, a question mark or the end. Words of one phrase see
one another only, and their positions count from its beginning.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest import mock

import torch
from torch import nn
from transformers.models.grounding_dino import modeling_grounding_dino

SPECIAL = (101, 102, 1012, 1029)
"""Ids of [CLS], [SEP], the full stop and the question mark in the vocabulary of bert-base-uncased."""

NEVER = -1e4
"""Logit of a padded token: its probability is zero in float32 and in float16."""


def phrases(ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Which tokens see one another, and where in its phrase each stands.

    The same as the package's function of the same purpose, with comparisons of all pairs in place of running
    maxima and set membership.

    Args:
        ids: int64 ``[B, N]``.

    Returns:
        bool ``[B, N, N]`` and int64 ``[B, N]``.
    """
    ends = torch.zeros_like(ids, dtype=torch.bool)
    for value in SPECIAL:
        ends = ends | (ids == value)
    count = ids.shape[1]
    index = torch.arange(count, device=ids.device)
    earlier = index[None, :] < index[:, None]
    pairs = ends[:, None, :]
    before = torch.where(pairs & earlier, index, -1).amax(2)
    closing = torch.where(pairs & ~earlier, index, count).amin(2)
    phrase = (closing != 0) & (closing != count - 1) & (closing != count)
    together = (closing[:, :, None] == closing[:, None, :]) & phrase[:, None, :]
    position = torch.where(phrase, index - before - 1, 0)
    return together | (index[:, None] == index[None, :]), position


class Similarity(nn.Module):
    """How well each query fits each token: the package's class head without its padding to 256 tokens."""

    def forward(
        self,
        vision_hidden_state: torch.Tensor,
        text_hidden_state: torch.Tensor,
        text_token_mask: torch.Tensor,
    ) -> torch.Tensor:
        """Queries ``[B, Q, D]``, tokens ``[B, N, D]``, bool ``[B, N]`` -> logits ``[B, Q, N]``."""
        logits = vision_hidden_state @ text_hidden_state.transpose(-1, -2)
        return logits.masked_fill(~text_token_mask[:, None, :], NEVER)


@contextlib.contextmanager
def plain_operators() -> Iterator[None]:
    """While it lasts the package's own forward consists of what ONNX has.

    Its check that maps and tokens are as many becomes an assertion on data in a graph; sizes are fixed here.
    """
    with (
        mock.patch.object(
            modeling_grounding_dino,
            "generate_masks_with_special_tokens_and_transfer_map",
            lambda input_ids, special_tokens: phrases(input_ids),
        ),
        mock.patch.object(modeling_grounding_dino, "torch_compilable_check"),
    ):
        yield
