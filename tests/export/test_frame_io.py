"""The grid a network works on, and that it stays symbolic through the export."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn

from triton_anime_export.frame_io import resize, to_float, to_uint8, working_size
from triton_anime_export.to_onnx import to_proto


@pytest.mark.parametrize(
    ("frame", "long_side", "multiple", "grid"),
    [
        ((720, 1280), 320, 32, (192, 320)),
        ((720, 1280), 448, 32, (256, 448)),
        ((1280, 720), 448, 32, (448, 256)),
        ((479, 853), 448, 32, (256, 448)),
        ((1080, 1920), 384, 8, (216, 384)),
        ((10, 4000), 448, 32, (32, 448)),
        ((1, 1), 320, 32, (320, 320)),
    ],
)
def test_long_side_is_kept_and_sides_are_multiples(
    frame: tuple[int, int], long_side: int, multiple: int, grid: tuple[int, int]
) -> None:
    assert working_size(*frame, long_side, multiple) == grid


class RoundTrip(nn.Module):
    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        size = working_size(frame.shape[1], frame.shape[2], 64, 16)
        image = to_float(frame, size)
        return to_uint8(resize(image, frame.shape[1:3])).permute(0, 2, 3, 1)


def test_one_graph_serves_every_size() -> None:
    module = RoundTrip()
    dim = torch.export.Dim
    proto = to_proto(
        module,
        (torch.zeros(2, 40, 70, 3, dtype=torch.uint8),),
        ["FRAME"],
        ["OUT"],
        ({0: dim("batch"), 1: dim("height"), 2: dim("width")},),
    )
    opened = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for shape in ((1, 40, 70), (3, 70, 40), (2, 479, 853), (1, 7, 5)):
        frame = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
        wanted = module(torch.from_numpy(frame)).numpy()
        (given,) = opened.run(None, {"FRAME": frame})
        assert given.shape == wanted.shape
        assert np.abs(given.astype(int) - wanted).max() <= 1
