"""Deformable convolution: GridSample and Conv, as the graphs have it, against ONNX's DeformConv.

    python perf/deform_conv.py [--repeats 5] [--threads 1] [--only NAME]

One layer of each published network that has one, at its published size, random weights, on ONNX Runtime's CPU
provider. Both graphs run in turn, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import onnxruntime as ort
import torch
from torch import Tensor, nn

from triton_anime_export.deform_operator import DIALECT, use_operator
from triton_anime_export.networks import e2fgvi_hq, propainter
from triton_anime_export.networks._deformable import TAPS, DeformableAlignment
from triton_anime_export.to_onnx import Dialect, run, session, to_proto


@dataclass(frozen=True)
class Layer:
    """Where one is.

    Attributes:
        build: the network of the published size.
        grid: height and width of its picture.
        cell: pixels of that for one of the layer.
    """

    build: Callable[[], nn.Module]
    grid: tuple[int, int]
    cell: int


LAYERS: Mapping[str, Layer] = {
    "propainter_complete": Layer(lambda: propainter.build_complete("full"), propainter.GRID["full"], 8),
    "propainter_generate": Layer(lambda: propainter.build_generate("full"), propainter.GRID["full"], 4),
    "e2fgvi_hq": Layer(lambda: e2fgvi_hq.build("full"), e2fgvi_hq.GRID["full"], 4),
}


class Convolution(DeformableAlignment):
    """The convolution alone: what its offsets are read from is the same in both graphs."""

    def forward(self, x: Tensor, offsets: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        """Map ``[1, C_in, H, W]`` to ``[1, C, H, W]``."""
        return self.convolve(x, offsets, mask)


def like(build: Callable[[], nn.Module]) -> Convolution:
    """The first deformable convolution of a network, with fresh weights."""
    with torch.device("meta"):
        found = next(part for part in build().modules() if isinstance(part, DeformableAlignment))
    channels, channels_in = found.weight.shape[:2]
    last = list(found.conv_offset.children())[-1]
    assert isinstance(last, nn.Conv2d)
    return Convolution(channels_in, channels, channels, last.out_channels // (3 * TAPS), found.reach)


def measure(name: str, repeats: int, threads: int) -> str:
    """One line about one layer."""
    layer = LAYERS[name]
    torch.manual_seed(0)
    convolution = like(layer.build).eval()
    height, width = (side // layer.cell for side in layer.grid)
    last = list(convolution.conv_offset.children())[-1]
    assert isinstance(last, nn.Conv2d)
    taps = last.out_channels // 3
    channels, channels_in = convolution.weight.shape[:2]
    inputs = {
        "x": torch.randn(1, channels_in, height, width),
        "offsets": convolution.reach * torch.tanh(torch.randn(1, 2 * taps, height, width)),
        "mask": torch.sigmoid(torch.randn(1, taps, height, width)),
    }
    sessions = {}
    for kind, dialect in (("decomposed", Dialect()), ("operator", DIALECT)):
        if kind == "operator":
            use_operator(convolution)
        proto = to_proto(convolution, tuple(inputs.values()), list(inputs), ["y"], None, dialect)
        sessions[kind] = session(proto.SerializeToString(), threads)
    taken: dict[str, list[float]] = {kind: [] for kind in sessions}
    said = {kind: run(opened, inputs)["y"] for kind, opened in sessions.items()}
    for _ in range(repeats):
        for kind, opened in sessions.items():
            began = time.perf_counter()
            run(opened, inputs)
            taken[kind].append(time.perf_counter() - began)
    strayed = abs(said["decomposed"] - said["operator"]).max() / abs(said["decomposed"]).max()
    shape = f"{channels_in}->{channels} channels, {taps // TAPS} groups, {width}x{height}"
    times = ", ".join(
        f"{kind} {min(all_):.3f} s ({statistics.median(all_):.3f})" for kind, all_ in taken.items()
    )
    ratios = [a / b for a, b in zip(taken["decomposed"], taken["operator"], strict=True)]
    return (
        f"{name} ({shape}): {times}, decomposed/operator {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}), largest difference {strayed:.1e} of the largest value"
    )


def main() -> None:
    """Measure and print; times are the least, the median in brackets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=tuple(LAYERS), action="append")
    options = parser.parse_args()
    print(
        f"onnxruntime {ort.__version__}, CPU, {options.threads} threads, {options.repeats} runs each in turn"
    )
    for name in options.only or LAYERS:
        print(measure(name, options.repeats, options.threads), flush=True)


if __name__ == "__main__":
    main()
