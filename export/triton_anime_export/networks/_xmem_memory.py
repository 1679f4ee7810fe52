"""XMem's memory read: similarity, top-k softmax, readout, usage.

The arithmetic of the published network with two differences that do not change its result where that is
finite: the maximum is subtracted before the exponential (upstream's 0/0 for far-away queries becomes a
number), and fewer than k valid columns are allowed.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

TOP_K = 30
_ABSENT = -1e30  # finite: a query that may read nothing gets weights, not NaN


def similarity(key: Tensor, shrinkage: Tensor, query: Tensor, selection: Tensor | None) -> Tensor:
    """How well each query cell matches each memory column.

    Args:
        key: ``[CK, N]`` memory keys.
        shrinkage: ``[1, N]``, at least 1: how sharply a column discriminates.
        query: ``[CK, Q]`` keys of the frame's cells.
        selection: ``[CK, Q]`` channel weights in 0..1, or None for all ones (then without the query's own
            norm, which does not matter for columns of equal shrinkage; the published form).

    Returns:
        ``[Q, N]`` negative squared distances, scaled by the shrinkage and the key's width.
    """
    if selection is None:
        distance = (key**2).sum(dim=0, keepdim=True) - 2 * torch.matmul(query.transpose(0, 1), key)
    else:
        # The last term is the same for all columns but is multiplied by their shrinkage, so it has to stay.
        own = (selection * query**2).sum(dim=0).unsqueeze(1)
        cross = torch.matmul((query * selection).transpose(0, 1), key)
        distance = torch.matmul(selection.transpose(0, 1), key**2) - 2 * cross + own
    return -distance * shrinkage / math.sqrt(key.shape[0])


def top_k_weights(scores: Tensor, valid: Tensor, k: int = TOP_K) -> tuple[Tensor, Tensor]:
    """The k best columns of every query and their softmax weights, per group of objects.

    Args:
        scores: ``[Q, N]``.
        valid: ``[G, N]``, above 0 where the group's objects have a value in that column.
        k: columns to keep.

    Returns:
        Weights ``[G, Q, k]`` that sum to 1, and their columns ``[G, Q, k]`` int64; where fewer than k columns
        are valid the rest weigh 0 and point at column 0.
    """
    masked = torch.where(valid.unsqueeze(1) > 0, scores.unsqueeze(0), _ABSENT)
    padded = F.pad(masked, (0, k), value=_ABSENT)
    best, columns = torch.topk(padded, k, dim=-1)
    weights = torch.softmax(best, dim=-1)
    columns = torch.where(columns < scores.shape[1], columns, 0)
    return torch.where(best > _ABSENT / 2, weights, 0.0), columns


def read_memory(
    scores: Tensor, value: Tensor, valid: Tensor, group: Tensor, k: int = TOP_K
) -> tuple[Tensor, Tensor]:
    """Read every object's memory for every query cell.

    Args:
        scores: ``[Q, N]`` of :func:`similarity`.
        value: ``[O, CV, N]`` memory values; columns that are not valid for the object's group may hold
            anything finite.
        valid: ``[G, N]``.
        group: ``[O]`` int, the group of each object.
        k: columns that take part.

    Returns:
        Readout ``[O, CV, Q]`` and usage ``[N]``, the weights of the first group summed over the queries.
    """
    weights, columns = top_k_weights(scores, valid, k)
    objects, width, n = value.shape
    queries = scores.shape[0]
    of_object = columns.index_select(0, group)
    shift = torch.arange(objects, device=value.device).view(-1, 1, 1) * n
    rows = value.transpose(1, 2).reshape(objects * n, width)
    taken = rows.index_select(0, (of_object + shift).reshape(-1)).reshape(objects, queries, k, width)
    mixed = torch.matmul(weights.index_select(0, group).unsqueeze(2), taken).squeeze(2)
    usage = torch.zeros_like(scores[0]).scatter_add(0, columns[0].reshape(-1), weights[0].reshape(-1))
    return mixed.transpose(1, 2), usage
