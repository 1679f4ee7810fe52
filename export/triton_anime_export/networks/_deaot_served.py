"""Three of DeAOT's four graphs: what is remembered of given masks, the reading, and of decided masks."""

from __future__ import annotations

import torch
from torch import nn

from triton_anime_export.networks._deaot_core import DeAOT, one_hot
from triton_anime_export.networks._deaot_propagation import Memory


class ServedReference(nn.Module):
    """A frame whose masks are given."""

    def __init__(self, core: DeAOT) -> None:
        super().__init__()
        self.core = core

    def forward(self, cells: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Cells ``[E, h, w]`` and labels uint8 ``[16h - 15, 16w - 15]`` to key and value of each layer.

        Returns:
            ``[L, h, w, A]`` and ``[L, h, w, 4E]``.
        """
        _, h, w = cells.shape
        passed = self.core.propagate(cells, masks=self.core.identify(one_hot(labels)))
        values = [torch.cat(pair, dim=1) for pair in zip(passed.values, passed.id_values, strict=True)]
        return _over_grid(passed.keys, h, w), _over_grid(values, h, w)


class ServedPropagate(nn.Module):
    """A frame that is read out of the memory."""

    def __init__(self, core: DeAOT) -> None:
        super().__init__()
        self.core = core

    def forward(
        self,
        cells: torch.Tensor,
        skip16: torch.Tensor,
        skip8: torch.Tensor,
        skip4: torch.Tensor,
        long_key: torch.Tensor,
        long_value: torch.Tensor,
        long_valid: torch.Tensor,
        short_key: torch.Tensor,
        short_value: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Read; the shapes are those of the network's description.

        Returns:
            Logits ``[11, 4h - 3, 4w - 3]``, keys ``[L, h, w, A]``, and ``[L, h, w, 3E]``: values and the
            normalised identity branch, zeros in the first layer.
        """
        _, h, w = cells.shape
        layers = range(len(self.core.blocks))
        long = [Memory(long_key[i], long_value[i], long_valid) for i in layers]
        short = [Memory(short_key[i].flatten(0, 1), short_value[i].flatten(0, 1)) for i in layers]
        passed = self.core.propagate(cells, long=long, short=short)
        logits = self.core.decode(passed.branches[-1], skip16, skip8, skip4)
        none = torch.zeros_like(passed.branches[0][:, : cells.shape[0]])
        pending = [
            torch.cat([value, none if identity is None else identity], dim=1)
            for value, identity in zip(passed.values, passed.identities, strict=True)
        ]
        return logits, _over_grid(passed.keys, h, w), _over_grid(pending, h, w)


class ServedIdentify(nn.Module):
    """The masks of a frame that was read, once they are decided."""

    def __init__(self, core: DeAOT) -> None:
        super().__init__()
        self.core = core

    def forward(self, pending: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """``[L, h, w, 3E]`` and labels uint8 ``[16h - 15, 16w - 15]`` to values ``[L, h, w, 4E]``."""
        _, h, w, _ = pending.shape
        widths = self.core.widths.propagation
        masks = self.core.identify(one_hot(labels))
        values = []
        for index, block in enumerate(self.core.blocks):
            own = pending[index].flatten(0, 1)
            value, identity = torch.split(own, [widths.value, widths.embed], dim=1)
            values.append(torch.cat([value, block.id_value(None if block.first else identity, masks)], dim=1))
        return _over_grid(values, h, w)


def _over_grid(layers: list[torch.Tensor], h: int, w: int) -> torch.Tensor:
    """``[N, C]`` of each layer to ``[L, h, w, C]``."""
    return torch.stack(layers).reshape(len(layers), h, w, layers[0].shape[1])
