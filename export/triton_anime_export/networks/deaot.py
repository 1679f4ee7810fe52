"""DeAOT: tracking of several objects through a shot by propagation in two branches.

Yang and Yang, "Decoupling Features in Hierarchical Propagation for Video Object Segmentation", NeurIPS 2022.
Four graphs of one network: the frame to features (``deaot_encode``), a frame with given masks to what is
remembered of it (``deaot_reference``), memory and features to logits (``deaot_propagate``), the masks that
were decided to what is remembered of them (``deaot_identify``). What is remembered, and for how long, is the
client's affair. One run follows ten objects; more are followed by several.

The lite size has the layers of the published ones, narrow, and the encoder of the lite XMem;
:mod:`triton_anime_export.training.deaot` trains it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from triton_anime_export.frame_io import Normalise, working_size
from triton_anime_export.network import (
    Batching,
    Network,
    Published,
    Shapes,
    Size,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks import _deaot_golden as golden
from triton_anime_export.networks._deaot_core import (
    IDENTITIES,
    LITE,
    MOBILE_L,
    MOBILE_T,
    R50_L,
    DeAOT,
    DeAOTWidths,
    widths_of,
)
from triton_anime_export.networks._deaot_encoders import STRIDE
from triton_anime_export.networks._deaot_served import ServedIdentify, ServedPropagate, ServedReference

LONG_SIDE: dict[Size, int] = {"lite": 448, "full": 800}
"""Of the frame inside the graph, short of one pixel: sides are multiples of 16, plus one."""


class ServedEncode(nn.Module):
    """Frames of any size in, what depends on the frame alone out."""

    def __init__(self, core: DeAOT, long_side: int) -> None:
        super().__init__()
        self.core = core
        self.long_side = long_side
        self.normalise = Normalise()

    def forward(self, frame: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """``frame`` uint8 ``[B, H, W, 3]`` to cells, skip16, skip8, skip4: ``[B, C, ., .]``."""
        h, w = working_size(frame.shape[1], frame.shape[2], self.long_side, STRIDE)
        picture = frame.permute(0, 3, 1, 2).float() / 255.0
        # The authors' resizing: cubic, no antialiasing, and it may leave 0..1.
        picture = F.interpolate(picture, size=(h + 1, w + 1), mode="bicubic", align_corners=False)
        return tuple(self.core.see(self.normalise(picture)))


def building(served: Callable[[DeAOT, int], nn.Module]) -> Callable[[Size], nn.Module]:
    """How a part of the network is built with fresh weights; ``full`` is R50-DeAOT-L."""

    def build(size: Size) -> nn.Module:
        return served(DeAOT(LITE if size == "lite" else R50_L), LONG_SIDE[size])

    return build


def sizes(served: Callable[[DeAOT, int], nn.Module]) -> dict[str, Callable[[], nn.Module]]:
    """A part of each published size with fresh weights."""

    def of(widths: DeAOTWidths) -> nn.Module:
        return served(DeAOT(widths), LONG_SIDE["full"])

    published = {"R50-DeAOT-L": R50_L, "DeAOT-L": MOBILE_L, "DeAOT-T": MOBILE_T}
    return {name: partial(of, widths) for name, widths in published.items()}


def variant(served: Callable[[DeAOT, int], nn.Module], shapes: Shapes) -> nn.Module:
    """The part that official keys and shapes belong to.

    Raises:
        KeyError: they are not DeAOT's.
    """
    return served(DeAOT(widths_of(shapes)), LONG_SIDE["full"])


# ---------------------------------------------------------------- tensors

_FINER = {"h8": (2, -1), "h4": (4, -3), "h1": (STRIDE, 1 - STRIDE)}
"""Side of a finer map -> factor and term over the grid's; first and last cells share their centres."""


def _lengths(given: Mapping[str, int]) -> dict[str, int]:
    full = dict(given)
    for word, (factor, term) in _FINER.items():
        full |= {word: factor * given["h"] + term, word.replace("h", "w"): factor * given["w"] + term}
    return full


def _shapes(inputs: Sequence[Tensor]) -> tuple[Any, ...]:
    h, w = torch.export.Dim("h", min=2, max=256), torch.export.Dim("w", min=2, max=256)
    dims: dict[str, Any] = {"h": h, "w": w}
    for word, (factor, term) in _FINER.items():
        dims |= {word: factor * h + term, word.replace("h", "w"): factor * w + term}
    # Of the layers that are sent a network reads as many as it has.
    dims |= {"layers": torch.export.Dim("layers", min=3), "columns": torch.export.Dim("columns", min=1)}
    return tuple({i: dims[a] for i, a in enumerate(t.axes) if isinstance(a, str)} for t in inputs)


def _examples(inputs: Sequence[Tensor], batch: int, given: Mapping[str, int]) -> dict[str, torch.Tensor]:
    """Inputs in the ranges that the other graphs give: masks are boxes, some columns do not count."""
    generator = torch.Generator().manual_seed(0)
    lengths = _lengths(given)
    made: dict[str, torch.Tensor] = {}
    for tensor in inputs:
        shape = tuple(axis if isinstance(axis, int) else lengths[axis] for axis in tensor.axes)
        if tensor.name == "LONG_VALID":
            made[tensor.name] = (torch.rand(shape, generator=generator) > 0.3).to(torch.uint8)
        elif tensor.name == "LABELS":
            coarse = torch.randint(0, IDENTITIES, (1, 1, 4, 4), generator=generator).float()
            made[tensor.name] = F.interpolate(coarse, shape)[0, 0].to(torch.uint8)
        else:
            made[tensor.name] = torch.randn(shape, generator=generator)
    return made


def _tensors(widths: DeAOTWidths) -> dict[str, Tensor]:
    """All tensors of one size, by name."""
    embed, attention = widths.propagation.embed, widths.propagation.attention
    skip16, skip8, skip4 = widths.skips
    grid, layers = ("h", "w"), ("layers", "h", "w")
    listed = (
        Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),
        Tensor("CELLS", "float32", (embed, *grid), "the frame at stride 16"),
        Tensor("SKIP16", "float32", (skip16, *grid), "what the decoder adds at stride 16"),
        Tensor("SKIP8", "float32", (skip8, "h8", "w8"), "at stride 8, 2h - 1 by 2w - 1"),
        Tensor("SKIP4", "float32", (skip4, "h4", "w4"), "at stride 4, 4h - 3 by 4w - 3"),
        Tensor("LABELS", "uint8", ("h1", "w1"), "objects 1 to 10, 0 for none; 16h - 15 by 16w - 15"),
        Tensor("LONG_KEY", "float32", ("layers", "columns", attention), "keys of all remembered cells"),
        Tensor("LONG_VALUE", "float32", ("layers", "columns", 4 * embed), "their values"),
        Tensor("LONG_VALID", "uint8", ("columns",), "1 where a column counts, 0 where it pads"),
        Tensor("SHORT_KEY", "float32", (*layers, attention), "KEY of the frame before"),
        Tensor("SHORT_VALUE", "float32", (*layers, 4 * embed), "VALUE of the frame before"),
        Tensor("LOGITS", "float32", (IDENTITIES, "h4", "w4"), "of background and ten objects, known or not"),
        Tensor("KEY", "float32", (*layers, attention), "keys of each layer: 3, or 1 of DeAOT-T"),
        Tensor("VALUE", "float32", (*layers, 4 * embed), "values of each layer, visual and identity"),
        Tensor("PENDING", "float32", (*layers, 3 * embed), "what deaot_identify makes values of"),
    )
    return {tensor.name: tensor for tensor in listed}


# ---------------------------------------------------------------- descriptions

_OFFICIAL = tuple(
    Weights(f"https://drive.google.com/file/d/{drive}", None, "BSD-3-Clause", True, note)
    for drive, note in (
        ("1QoChMkTVxdYZ_eBlZhK2acq9KMQZccPJ", "R50-DeAOT-L, PRE_YTB_DAV, 80 MB"),
        ("18elNz_wi9JyVBcIUYKhRdL08MA-FqHD5", "DeAOT-L (MobileNetV2), PRE_YTB_DAV, 53 MB"),
        ("1ThWIZQS03cYWx1EKNN8MIMnJS5eRowzr", "DeAOT-T (MobileNetV2), PRE_YTB_DAV, 29 MB"),
    )
)
_PUBLISHED = tuple(
    Published(measure, value, "MODEL_ZOO.md of yoxu515/aot-benchmark", size)
    for size, values in (
        ("R50-DeAOT-L", ("86.0", "85.9", "22.4 frames/s")),
        ("DeAOT-L", ("84.8", "84.7", "24.7 frames/s")),
        ("DeAOT-T", ("82.0", "82.0", "53.4 frames/s")),
    )
    for measure, value in zip(
        ("G, YouTubeVOS-2018 val", "G, YouTubeVOS-2019 val", "speed, V100"), values, strict=True
    )
)


def _network(
    name: str,
    served: Callable[[DeAOT, int], nn.Module],
    inputs: Sequence[str],
    outputs: Sequence[str],
    **more: Any,
) -> Network:
    def tensors(size: Size) -> dict[str, Any]:
        known = _tensors(LITE if size == "lite" else R50_L)
        fields: dict[str, Any] = {
            "inputs": tuple(known[name] for name in inputs),
            "outputs": tuple(known[name] for name in outputs),
        }
        if name != "deaot_encode":
            fields["example_inputs"] = partial(_examples, fields["inputs"])
        return fields

    usual: dict[str, Any] = {
        "batching": Batching(0),
        "tolerance": Tolerance(atol=2e-3, rtol=1e-3),
        "example": (
            {"layers": 3, "columns": 60, "h": 5, "w": 8},
            {"layers": 3, "columns": 1, "h": 9, "w": 4},
        ),
    }
    if name != "deaot_encode":
        usual["dynamic_shapes"] = partial(_shapes, tensors("lite")["inputs"])
    return Network(
        name=name,
        family="deaot",
        role="tracking",
        paper="Yang and Yang, Decoupling Features in Hierarchical Propagation for Video Object Segmentation,"
        " NeurIPS 2022",
        build=building(served),
        sizes=sizes(served),
        variant=partial(variant, served),
        official=_OFFICIAL,
        published=_PUBLISHED,
        full=tensors("full"),
        **(usual | tensors("lite") | more),
    )


def _alone(served: Callable[[DeAOT], nn.Module]) -> Callable[[DeAOT, int], nn.Module]:
    return lambda core, long_side: served(core)


DEAOT_ENCODE = _network(
    "deaot_encode",
    ServedEncode,
    ("FRAME",),
    ("CELLS", "SKIP16", "SKIP8", "SKIP4"),
    summary="A drawing to the features that propagation and decoding work with.",
    batching=Batching(4),
    # Resizing with coordinates in float32 differs by 1e-4 at hard edges, and the network enlarges that.
    tolerance=Tolerance(atol=6e-3, rtol=1e-3),
    example=({"height": 144, "width": 256}, {"height": 200, "width": 136}),
    inside="cubic to a long side of 449 (lite) or 801 (full), sides multiples of 16 plus 1",
    golden=golden.ENCODE,
)

DEAOT_REFERENCE = _network(
    "deaot_reference",
    _alone(ServedReference),
    ("CELLS", "LABELS"),
    ("KEY", "VALUE"),
    summary="What is remembered of a drawing whose masks are given.",
    inside="the drawing reads itself, with its own identities",
    golden=golden.REFERENCE,
)

DEAOT_PROPAGATE = _network(
    "deaot_propagate",
    _alone(ServedPropagate),
    (
        *("CELLS", "SKIP16", "SKIP8", "SKIP4", "LONG_KEY", "LONG_VALUE", "LONG_VALID"),
        *("SHORT_KEY", "SHORT_VALUE"),
    ),
    ("LOGITS", "KEY", "PENDING"),
    summary="Reads what is remembered and says whose each pixel of the drawing is.",
    inside="attention to all remembered cells, and to those within 7 cells in the drawing before",
    golden=golden.PROPAGATE,
)

DEAOT_IDENTIFY = _network(
    "deaot_identify",
    _alone(ServedIdentify),
    ("PENDING", "LABELS"),
    ("VALUE",),
    summary="What is remembered of a drawing once its masks are decided.",
    inside="masks as identities, fused with each layer's own",
    golden=golden.IDENTIFY,
)
