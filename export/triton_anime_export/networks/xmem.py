"""XMem: tracking of several objects through a shot with a feature memory (Cheng and Schwing, ECCV 2022).

Three graphs of one network: the frame to keys and features (``xmem_encode``), memory and features to masks
(``xmem_decode``), frame and masks to a memory value (``xmem_value``). What is remembered, and for how long,
is the client's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from triton_anime_export.network import (
    Batching,
    Network,
    Published,
    Size,
    Tensor,
    Tolerance,
    Weights,
)
from triton_anime_export.networks import _xmem_golden
from triton_anime_export.networks._xmem_core import FULL, LITE, XMem, XMemWidths
from triton_anime_export.networks._xmem_served import STRIDE, ServedDecode, ServedEncode, ServedValue

LONG_SIDE: dict[Size, int] = {"lite": 448, "full": 864}


def _core(size: Size) -> XMem:
    return XMem(LITE if size == "lite" else FULL)


def _room_for_others(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    # Weights trained on single objects have no channel for the masks of the others.
    first = state["value_encoder.conv1.weight"]
    if first.shape[1] == 5:
        return dict(state)
    return state | {"value_encoder.conv1.weight": nn.functional.pad(first, (0, 0, 0, 0, 0, 1))}


# ---------------------------------------------------------------- descriptions

_ROLE = "tracking"
_PAPER = (
    "Cheng and Schwing, XMem: Long-Term Video Object Segmentation with an Atkinson-Shiffrin Memory Model,"
    " ECCV 2022"
)
_OFFICIAL = (
    Weights(
        "https://github.com/hkchengrex/XMem/releases/download/v1.0/XMem.pth",
        None,
        "MIT",
        True,
        "static images, DAVIS and YouTubeVOS",
    ),
)
_PUBLISHED = tuple(
    Published(measure, value, "docs/RESULTS.md of hkchengrex/XMem")
    for measure, value in (("J&F, DAVIS-2017 val", "86.2"), ("G, YouTubeVOS-2018 val", "85.7"))
)
_INSIDE = "bilinear to a long side of 448 (lite) or 864 (full), sides multiples of 16; cells of 16 pixels"


def _features(widths: XMemWidths) -> tuple[Tensor, ...]:
    return (
        Tensor("F16", "float32", (widths.f16, "h", "w"), "features of the frame at stride 16"),
        Tensor("F8", "float32", (widths.f8, "h8", "w8"), "features at stride 8, twice h and w"),
        Tensor("F4", "float32", (widths.f4, "h4", "w4"), "features at stride 4, four times h and w"),
    )


def _key(widths: XMemWidths) -> Tensor:
    return Tensor("KEY", "float32", (widths.key, "h", "w"), "what each cell looks like")


def _selection(widths: XMemWidths) -> Tensor:
    return Tensor("SELECTION", "float32", (widths.key, "h", "w"), "which key channels count, 0..1")


def _hidden(widths: XMemWidths) -> Tensor:
    return Tensor("HIDDEN", "float32", ("objects", widths.hidden, "h", "w"), "recurrent state of each object")


def _next_hidden(widths: XMemWidths) -> Tensor:
    # ONNX does not let an output share an input's name.
    return Tensor("NEXT_HIDDEN", "float32", ("objects", widths.hidden, "h", "w"), "the state afterwards")


def _finer(inputs: Sequence[Tensor]) -> Callable[[], tuple[Any, ...]]:
    """Dims of ``torch.export`` where finer grids are multiples of the coarse one."""

    def shapes() -> tuple[Any, ...]:
        h, w = torch.export.Dim("h", min=2, max=256), torch.export.Dim("w", min=2, max=256)
        dims: dict[str, Any] = {"h": h, "w": w, "h8": 2 * h, "w8": 2 * w, "h4": 4 * h, "w4": 4 * w}
        dims |= {"h1": STRIDE * h, "w1": STRIDE * w}
        for tensor in inputs:
            for axis in tensor.axes:
                if isinstance(axis, str) and axis not in dims:
                    dims[axis] = torch.export.Dim(axis, min=1)
        return tuple({i: dims[a] for i, a in enumerate(t.axes) if isinstance(a, str)} for t in inputs)

    return shapes


def _like_served(inputs: Sequence[Tensor]) -> Callable[[int, Mapping[str, int]], dict[str, torch.Tensor]]:
    """Example inputs in the ranges that the other graphs give."""

    def make(batch: int, lengths: Mapping[str, int]) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(0)
        full = dict(lengths)
        for factor, suffix in ((2, "8"), (4, "4"), (STRIDE, "1")):
            full |= {f"h{suffix}": factor * full["h"], f"w{suffix}": factor * full["w"]}
        made: dict[str, torch.Tensor] = {}
        for tensor in inputs:
            shape = tuple(axis if isinstance(axis, int) else full[axis] for axis in tensor.axes)
            noise = torch.rand(shape, generator=generator)
            if tensor.name == "GROUP":
                made[tensor.name] = torch.arange(shape[0], dtype=torch.int32) % full["groups"]
            elif tensor.name == "MEMORY_VALID":
                made[tensor.name] = (noise > 0.3).to(torch.uint8)
            elif tensor.name == "FRAME":
                made[tensor.name] = (noise * 255).to(torch.uint8)
            elif tensor.name == "MEMORY_SHRINKAGE":
                made[tensor.name] = 1 + noise
            elif tensor.name in ("SELECTION", "PROB"):
                made[tensor.name] = noise / (full["objects"] if tensor.name == "PROB" else 1)
            else:
                made[tensor.name] = torch.randn(shape, generator=generator)
        return made

    return make


def _encode_tensors(widths: XMemWidths) -> dict[str, Any]:
    return {
        "inputs": (Tensor("FRAME", "uint8", ("height", "width", 3), "RGB"),),
        "outputs": (
            _key(widths),
            Tensor("SHRINKAGE", "float32", (1, "h", "w"), "how sharply each cell discriminates, from 1 up"),
            _selection(widths),
            *_features(widths),
        ),
    }


def _decode_tensors(widths: XMemWidths) -> dict[str, Any]:
    inputs = (
        _key(widths),
        _selection(widths),
        *_features(widths),
        Tensor("MEMORY_KEY", "float32", (widths.key, "columns"), "keys of the remembered cells"),
        Tensor("MEMORY_SHRINKAGE", "float32", (1, "columns"), "how sharply each discriminates, from 1 up"),
        Tensor(
            "MEMORY_VALUE", "float32", ("objects", widths.value, "columns"), "their values for each object"
        ),
        Tensor("MEMORY_VALID", "uint8", ("groups", "columns"), "1 where a group of objects has a value"),
        Tensor(
            "GROUP", "int32", ("objects",), "the group of each object; those first given together share one"
        ),
        _hidden(widths),
    )
    outputs = (
        Tensor("PROB", "float32", ("objects + 1", "h1", "w1"), "probabilities, background first"),
        _next_hidden(widths),
        Tensor("USAGE", "float32", ("columns",), "how much each column was read, summed over the cells"),
    )
    return _with_examples(inputs, outputs)


def _value_tensors(widths: XMemWidths) -> dict[str, Any]:
    inputs = (
        Tensor("FRAME", "uint8", ("height", "width", 3), "RGB, as sent to xmem_encode"),
        _features(widths)[0],
        Tensor("PROB", "float32", ("objects", "h1", "w1"), "probability of each object, 16 times h and w"),
        _hidden(widths),
    )
    outputs = (
        Tensor("VALUE", "float32", ("objects", widths.value, "h", "w"), "memory value of each cell"),
        _next_hidden(widths),
    )
    return _with_examples(inputs, outputs)


def _with_examples(inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> dict[str, Any]:
    return {
        "inputs": inputs,
        "outputs": outputs,
        "example_inputs": _like_served(inputs),
        "dynamic_shapes": _finer(inputs),
    }


XMEM_ENCODE = Network(
    name="xmem_encode",
    family="xmem",
    role=_ROLE,
    summary="A drawing to the keys and features that the tracker's memory works with.",
    paper=_PAPER,
    **_encode_tensors(LITE),
    batching=Batching(4),
    tolerance=Tolerance(atol=2e-3, rtol=1e-3),
    build=lambda size: ServedEncode(_core(size), LONG_SIDE[size]),
    example=({"height": 144, "width": 256}, {"height": 200, "width": 136}),
    official=_OFFICIAL,
    published=_PUBLISHED,
    adapt_official=_room_for_others,
    # Not resized: runtimes round the coordinates differently, which large features show. The lite size,
    # whose code is the same, is.
    full=_encode_tensors(FULL) | {"example": ({"height": 480, "width": 864}, {"height": 864, "width": 480})},
    golden=_xmem_golden.ENCODE,
    inside=_INSIDE,
)

XMEM_DECODE = Network(
    name="xmem_decode",
    family="xmem",
    role=_ROLE,
    summary="Reads the tracker's memory and gives every object's mask in the drawing.",
    paper=_PAPER,
    **_decode_tensors(LITE),
    batching=Batching(0),
    # A tie at the edge of the top 30 may fall either way.
    tolerance=Tolerance(atol=2e-3, rtol=1e-3, outliers=1e-3),
    build=lambda size: ServedDecode(_core(size)),
    example=(
        {"objects": 3, "groups": 2, "columns": 300, "h": 9, "w": 16},
        {"objects": 1, "groups": 1, "columns": 20, "h": 10, "w": 6},
    ),
    official=_OFFICIAL,
    published=_PUBLISHED,
    adapt_official=_room_for_others,
    full=_decode_tensors(FULL),
    golden=_xmem_golden.DECODE,
    inside="top 30 columns of every cell, softmax with the maximum subtracted",
)

XMEM_VALUE = Network(
    name="xmem_value",
    family="xmem",
    role=_ROLE,
    summary="What the tracker remembers of every object's mask in a drawing.",
    paper=_PAPER,
    **_value_tensors(LITE),
    batching=Batching(0),
    tolerance=Tolerance(atol=2e-3, rtol=1e-3),
    build=lambda size: ServedValue(_core(size)),
    example=(
        {"objects": 3, "height": 144, "width": 256, "h": 9, "w": 16},
        {"objects": 1, "height": 200, "width": 136, "h": 10, "w": 6},
    ),
    official=_OFFICIAL,
    published=_PUBLISHED,
    adapt_official=_room_for_others,
    full=_value_tensors(FULL),
    golden=_xmem_golden.VALUE,
    inside="bilinear to the size of PROB",
)
