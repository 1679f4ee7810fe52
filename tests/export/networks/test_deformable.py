"""Deformable convolution and warping against loops over pixels."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from triton_anime_export.networks._deformable import DeformableAlignment, deformable_convolution, sample, warp
from triton_anime_export.to_onnx import run, session, to_proto


def read(plane: torch.Tensor, row: float, column: float) -> float:
    """One number between four pixels; pixels outside are zero."""
    total = 0.0
    for y in (math.floor(row), math.floor(row) + 1):
        for x in (math.floor(column), math.floor(column) + 1):
            if 0 <= y < plane.shape[0] and 0 <= x < plane.shape[1]:
                total += float(plane[y, x]) * (1 - abs(row - y)) * (1 - abs(column - x))
    return total


def slow(
    x: torch.Tensor, offsets: torch.Tensor, mask: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    """The definition, one output at a time."""
    _, channels, height, width = x.shape
    groups = mask.shape[1] // 9
    y = bias.view(1, -1, 1, 1).repeat(x.shape[0], 1, height, width)
    for b, c, row, column in torch.cartesian_prod(*(torch.arange(side) for side in x.shape)).tolist():
        group = c // (channels // groups)
        for tap in range(9):
            at = group * 9 + tap
            dy, dx = offsets[b, 2 * at, row, column], offsets[b, 2 * at + 1, row, column]
            value = read(x[b, c], row + tap // 3 - 1 + float(dy), column + tap % 3 - 1 + float(dx))
            y[b, :, row, column] += weight[:, c, tap // 3, tap % 3] * value * mask[b, at, row, column]
    return y


def drawn(*shape: int, scale: float = 1.0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape))) * scale


@pytest.mark.parametrize("size", [(5, 6), (1, 4), (3, 1)])
def test_it_is_the_definition(size: tuple[int, int]) -> None:
    x, weight, bias = drawn(2, 4, *size), drawn(3, 4, 3, 3), drawn(3)
    offsets, mask = drawn(2, 2 * 9 * 2, *size, scale=2.5), torch.sigmoid(drawn(2, 2 * 9, *size))
    found = deformable_convolution(x, offsets, mask, weight, bias)
    torch.testing.assert_close(found, slow(x, offsets, mask, weight, bias), atol=2e-5, rtol=0)


def test_without_offsets_it_is_a_convolution() -> None:
    x, weight, bias = drawn(1, 4, 7, 9), drawn(5, 4, 3, 3), drawn(5)
    found = deformable_convolution(x, torch.zeros(1, 72, 7, 9), torch.ones(1, 36, 7, 9), weight, bias)
    torch.testing.assert_close(found, F.conv2d(x, weight, bias, padding=1), atol=1e-5, rtol=0)


def test_first_down_then_to_the_right() -> None:
    x, weight, bias = drawn(1, 2, 7, 9), drawn(1, 2, 3, 3), torch.zeros(1)
    offsets = torch.tensor([2.0, -1.0]).repeat(9).view(1, 18, 1, 1).expand(1, 18, 7, 9)
    found = deformable_convolution(x, offsets, torch.ones(1, 9, 7, 9), weight, bias)
    moved = F.conv2d(x, weight, padding=1)
    torch.testing.assert_close(found[:, :, 1:4, 3:7], moved[:, :, 3:6, 2:6], atol=1e-5, rtol=0)


def test_a_flow_says_where_to_look() -> None:
    x = drawn(1, 2, 6, 8)
    flow = torch.tensor([3.0, -1.0]).view(1, 2, 1, 1).expand(1, 2, 6, 8)
    wanted = torch.zeros_like(x)
    wanted[:, :, 1:, :5] = x[:, :, :5, 3:]
    torch.testing.assert_close(warp(x, flow), wanted, atol=1e-5, rtol=0)
    torch.testing.assert_close(warp(x, flow * 1.1, "nearest"), wanted, atol=1e-6, rtol=0)
    between = sample(x, torch.tensor([[[1.25]]]), torch.tensor([[[2.5]]]))
    assert between[0, 1].item() == pytest.approx(read(x[0, 1], 2.5, 1.25), abs=1e-5)


def test_the_graph_of_an_alignment_computes_the_same() -> None:
    torch.manual_seed(0)
    alignment = DeformableAlignment(4, 3, 5, 2, reach=4.0).eval()
    with torch.no_grad():
        alignment.conv_offset[-1].weight.mul_(20)
    inputs = {"x": drawn(1, 4, 9, 7), "condition": drawn(1, 5, 9, 7), "flow": drawn(1, 2, 9, 7)}
    with torch.no_grad():
        wanted = alignment(*inputs.values())
        without = alignment(inputs["x"], inputs["condition"])
    proto = to_proto(alignment, tuple(inputs.values()), list(inputs), ["y"], None)
    assert "DeformConv" not in {node.op_type for node in proto.graph.node}
    found = run(session(proto.SerializeToString()), inputs)["y"]
    torch.testing.assert_close(torch.from_numpy(found), wanted, atol=1e-5, rtol=0)
    assert (wanted - without).abs().max() > 1e-2  # the flow counts
