"""What the reference computed with XMem's parts, and how ours are asked the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from triton_anime_export.network import Golden, GoldenCase
from triton_anime_export.networks._golden_cases import under_core
from triton_anime_export.networks._xmem_core import FULL, XMem, aggregate
from triton_anime_export.networks._xmem_memory import read_memory, similarity, top_k_weights
from triton_anime_export.networks._xmem_served import ServedDecode

TOLERANCE = 1e-4


class _Recorded(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.core = XMem(FULL)


class _Encode(_Recorded):
    """A frame, and the memory that three others make."""

    def forward(self, frame: Tensor, remembered: Tensor) -> tuple[Tensor, ...]:
        f16, f8, f4 = self.core.key_encoder(frame)
        key, shrinkage, _ = self.core.key_proj(self.core.key_encoder(remembered)[0])
        columns = (value.transpose(0, 1).flatten(1)[None] for value in (key, shrinkage))
        return (*self.core.key_proj(f16), f16, f8, f4, *columns)


class _Value(_Recorded):
    """Two objects of a frame, and the first as if it were alone."""

    def forward(self, frame: Tensor, masks: Tensor, hidden: Tensor) -> tuple[Tensor, ...]:
        f16, _, _ = self.core.key_encoder(frame)
        value, after = self.core.value_encoder(frame, f16, masks[0], hidden[0])
        single, _ = self.core.value_encoder(frame, f16, masks[0, :1], hidden[0, :1])
        return value[None], after[None], single[None]


class _Decode(_Recorded):
    """A read of the memory by the served graph, and each step of it on its own."""

    def forward(
        self,
        frame: Tensor,
        memory_key: Tensor,
        memory_shrinkage: Tensor,
        memory_value: Tensor,
        hidden: Tensor,
    ) -> tuple[Tensor, ...]:
        f16, f8, f4 = self.core.key_encoder(frame)
        key, _, selection = self.core.key_proj(f16)
        _, _, h, w = key.shape
        objects, width, columns = memory_value.shape
        valid = torch.ones(1, columns, dtype=torch.uint8)
        group = torch.zeros(objects, dtype=torch.int32)
        probabilities, after, usage = ServedDecode(self.core)(
            key[0],
            selection[0],
            f16[0],
            f8[0],
            f4[0],
            memory_key[0],
            memory_shrinkage[0],
            memory_value,
            valid,
            group,
            hidden[0],
        )
        query = key[0].flatten(1)
        scores = similarity(memory_key[0], memory_shrinkage[0], query, selection[0].flatten(1))
        plain = similarity(memory_key[0], memory_shrinkage[0], query, None)
        weights, chosen = top_k_weights(scores, valid)
        affinity = torch.zeros_like(scores).scatter_add(1, chosen[0], weights[0])
        readout, _ = read_memory(scores, memory_value, valid, group.long())
        of_all, _ = read_memory(scores, memory_value, valid, group.long(), k=columns)
        readout, of_all = (value.reshape(objects, width, h, w) for value in (readout, of_all))
        logits, _ = self.core.decoder(f16, f8, f4, hidden[0], readout)
        joint = aggregate(torch.sigmoid(logits))
        alone, _ = self.core.decoder(f16, f8, f4, hidden[0, :1], readout[:1])
        single = torch.softmax(aggregate(torch.sigmoid(alone)), dim=0)
        steps = (
            *(value.transpose(0, 1) for value in (scores, plain, affinity)),
            readout,
            of_all,
            logits,
            joint,
            single,
        )
        return tuple(value[None] for value in (probabilities, after, usage, *steps))


def _golden(recorded: type[_Recorded], inputs: Mapping[str, str], outputs: Sequence[str]) -> Golden:
    def cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
        given = {name: archive[stored] for name, stored in inputs.items()}
        return [GoldenCase("2 objects", given, {name: archive[f"out_{name}"] for name in outputs})]

    return Golden(lambda keys: recorded(), cases, under_core, TOLERANCE)


ENCODE = _golden(
    _Encode,
    {"frame": "in_frame", "remembered": "in_mem_frames"},
    ("key", "shrinkage", "selection", "f16", "f8", "f4", "mem_key", "mem_shrinkage"),
)
DECODE = _golden(
    _Decode,
    {
        "frame": "in_frame",
        "memory_key": "out_mem_key",
        "memory_shrinkage": "out_mem_shrinkage",
        "memory_value": "in_mem_value",
        "hidden": "in_hidden_in",
    },
    (
        "prob_with_bg",
        "hidden_out",
        "usage",
        "similarity",
        "similarity_no_selection",
        "affinity_top30",
        "readout",
        "readout_softmax_all",
        "decoder_logits",
        "logits_with_bg",
        "prob_single_with_bg",
    ),
)
VALUE = _golden(
    _Value,
    {"frame": "in_frame", "masks": "in_masks", "hidden": "in_hidden_in"},
    ("value", "hidden_after_value", "value_single"),
)
