"""How the reference's recordings of DeAOT are replayed: through the served parts where that is possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from triton_anime_export.network import Golden, GoldenCase, Shapes
from triton_anime_export.networks._deaot_core import DeAOT, Seen, one_hot, widths_of
from triton_anime_export.networks._deaot_propagation import Grid, Memory
from triton_anime_export.networks._deaot_served import ServedIdentify, ServedPropagate, ServedReference
from triton_anime_export.networks._golden_cases import under_core

TOLERANCE = 1e-4

Tensors = tuple[torch.Tensor, ...]


class _Recorded(nn.Module):
    """The network behind one ``forward`` for each recording."""

    def __init__(self, shapes: Shapes) -> None:
        super().__init__()
        self.core = DeAOT(widths_of(shapes))

    def seen(self, image: torch.Tensor) -> Seen:
        """One frame without the batch axis."""
        return Seen(*(value[0] for value in self.core.see(image)))


def _labels(masks: torch.Tensor) -> torch.Tensor:
    return masks[0].float().argmax(dim=0).to(torch.uint8)


def _sequence(value: torch.Tensor) -> torch.Tensor:
    """``[h, w, C]`` or ``[N, C]`` as the reference keeps it: cells, batch, channels."""
    return value.reshape(-1, 1, value.shape[-1])


class _Encode(_Recorded):
    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.core.see(image).cells


class _EncodeAll(_Recorded):
    def forward(self, image: torch.Tensor) -> Tensors:
        f4, f8, f16, _ = self.core.encoder(image)
        return self.core.see(image).cells, f16[:, ::2], f8[:, ::2], f4[:, ::4]


class _Reference(_Recorded):
    def forward(self, image: torch.Tensor, masks: torch.Tensor) -> Tensors:
        seen = self.seen(image)
        identities = self.core.identify(one_hot(_labels(masks)))
        passed = self.core.propagate(seen.cells, masks=identities)
        planes = identities.transpose(0, 1).reshape(1, *seen.cells.shape)
        logits = self.core.decode(passed.branches[-1], *seen[1:])
        return planes, _sequence(passed.branches[0]), logits[None]


class _ReferenceAll(_Reference):
    def forward(self, image: torch.Tensor, masks: torch.Tensor) -> Tensors:
        seen = self.seen(image)
        passed = self.core.propagate(seen.cells, masks=self.core.identify(one_hot(_labels(masks))))
        keys, values = ServedReference(self.core)(seen.cells, _labels(masks))
        visual, identity = torch.chunk(values, 2, dim=-1)
        remembered = keys[0], visual[0], identity[0], keys[-1], identity[-1]
        last = _sequence(passed.branches[-1])
        return (*super().forward(image, masks), last, *(_sequence(value) for value in remembered))


class _Propagate(_Recorded):
    def forward(self, image: torch.Tensor, masks: torch.Tensor, following: torch.Tensor) -> Tensors:
        key, value = ServedReference(self.core)(self.seen(image).cells, _labels(masks))
        seen = self.seen(following)
        columns, every = (key.flatten(1, 2), value.flatten(1, 2)), torch.ones(key[0, :, :, 0].numel())
        logits, _, _ = ServedPropagate(self.core)(*seen, *columns, every.to(torch.uint8), key, value)
        memory = [Memory(k, v) for k, v in zip(*columns, strict=True)]
        last = self.core.propagate(seen.cells, long=memory, short=memory).branches[-1]
        return _sequence(last), logits[None]


class _PropagateAll(_Propagate):
    def forward(  # type: ignore[override]
        self,
        image: torch.Tensor,
        masks: torch.Tensor,
        following: torch.Tensor,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        gate: torch.Tensor,
        long_key: torch.Tensor,
        long_value: torch.Tensor,
        branches: torch.Tensor,
    ) -> Tensors:
        block = self.core.blocks[0]
        grid = Grid((image.shape[2] + 15) // 16, (image.shape[3] + 15) // 16)
        near = Memory(key[:, 0], value[:, 0])
        x, y = torch.chunk(branches[:, 0], 2, dim=1)
        probed = (
            block.long_term_attn(query[:, 0], Memory(long_key[:, 0], long_value[:, 0]), gate[:, 0], grid),
            block.short_term_attn(query[:, 0], near, gate[:, 0], grid),
            block.self_attn.read(x, y, grid),
        )
        # The reference keeps weights by place in the window, ours are by cell of the memory.
        number, inside = block.short_term_attn.places(grid)
        weights = block.short_term_attn.weights(query[:, 0], near, grid)
        window = torch.arange((2 * block.widths.reach + 1) ** 2)
        chosen = (number[..., None] == window) & inside[..., None]
        by_place = (weights[..., None] * chosen).sum(dim=1).transpose(0, 1)
        return (
            *super().forward(image, masks, following),
            *(_sequence(value) for value in probed),
            by_place[None, None],
        )


class _Identify(_Recorded):
    def forward(self, image: torch.Tensor, masks: torch.Tensor) -> Tensors:
        labels = _labels(masks)
        passed = self.core.propagate(self.seen(image).cells, masks=self.core.identify(one_hot(labels)))
        visual = torch.stack(passed.values)
        nothing = torch.zeros_like(visual[0, :, : visual.shape[2] // 2])
        identity = torch.stack([nothing if value is None else value for value in passed.identities])
        pending = torch.cat([visual, identity], dim=2)
        rows = (image.shape[2] + 15) // 16
        value = ServedIdentify(self.core)(pending.reshape(len(pending), rows, -1, pending.shape[2]), labels)
        _, first = torch.chunk(value[0], 2, dim=-1)
        _, last = torch.chunk(value[-1], 2, dim=-1)
        return _sequence(first), _sequence(last)


def _cases(
    name: str, inputs: Sequence[str], outputs: Sequence[str]
) -> Callable[[Mapping[str, NDArray[Any]]], Sequence[GoldenCase]]:
    def cases(archive: Mapping[str, NDArray[Any]]) -> Sequence[GoldenCase]:
        given = {stored: archive[f"in_{stored}"] for stored in inputs}
        return [GoldenCase(name, given, {stored: archive[f"out_{stored}"] for stored in outputs})]

    return cases


def _golden(
    everything: type[_Recorded],
    some: type[_Recorded] | None,
    inputs: str,
    both: str,
    outputs: str,
    probes: str = "",
) -> Golden:
    """The recording of R50-DeAOT-L (all outputs), and that of DeAOT-T (``both`` alone)."""
    of_tiny: tuple[Golden, ...] = ()
    if some is not None:
        of_tiny = (
            Golden(
                some,
                _cases("DeAOT-T", inputs.split(), both.split()),
                under_core,
                TOLERANCE,
                archive="golden_deaott.npz",
                keys="state_dict_deaott.json",
                inputs="golden.npz",
            ),
        )
    wanted = _cases("R50-DeAOT-L", [*inputs.split(), *probes.split()], [*both.split(), *outputs.split()])
    return Golden(everything, wanted, under_core, TOLERANCE, also=of_tiny)


ENCODE = _golden(
    _EncodeAll,
    _Encode,
    "img",
    "proj16",
    "enc16_every2nd_channel enc8_every2nd_channel enc4_every4th_channel",
)
REFERENCE = _golden(
    _ReferenceAll,
    _Reference,
    "img onehot",
    "id_emb lstt0 ref_logits",
    "lstt2 ref_layer0_K ref_layer0_V ref_layer0_IDV ref_layer2_K ref_layer2_IDV",
)
PROPAGATE = _golden(
    _PropagateAll,
    _Propagate,
    "img onehot img2",
    "prop_lstt_last prop_logits",
    "probe_long probe_short probe_self probe_short_attn",
    "probe_q probe_k probe_v probe_u probe_kl probe_vl probe_x",
)
IDENTIFY = _golden(_Identify, None, "img onehot", "ref_layer0_IDV ref_layer2_IDV", "")
