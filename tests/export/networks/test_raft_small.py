"""RAFT-small: look-ups, upsampling and the way from frames of any size to flow in their pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from triton_anime_export.networks._raft_modules import RaftSmall, upsample_flow
from triton_anime_export.networks._raft_refinement import cell_grid, correlation_pyramid, look_up
from triton_anime_export.networks.raft_small import LITE_WIDTHS, PaddedRaftSmall, build
from triton_anime_export.to_onnx import run, session, to_proto


def test_full_size_has_the_published_parameters() -> None:
    core = RaftSmall()
    assert sum(p.numel() for p in core.parameters()) == 990_162
    assert {key.split(".")[0] for key in core.state_dict()} == {"fnet", "cnet", "update_block"}


def test_look_up_reads_x_in_the_outer_tap() -> None:
    # One query cell over a map whose value is 10 y + x: reading at (x + dx, y + dy) shows which tap is which.
    ys, xs = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    volume = (10 * ys + xs).view(1, 1, 16, 16)
    taps = look_up([volume], torch.tensor([6.0, 5.0]).view(1, 2, 1, 1), radius=1).flatten()
    expected = [10 * (5 + dy) + (6 + dx) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    assert taps.tolist() == pytest.approx(expected, abs=1e-4)


def test_correlation_of_a_map_with_itself_peaks_at_home() -> None:
    features = torch.randn(1, 32, 16, 18, generator=torch.Generator().manual_seed(0))
    pyramid = correlation_pyramid(features, features, 3)
    assert [tuple(level.shape) for level in pyramid] == [(288, 1, 16, 18), (288, 1, 8, 9), (288, 1, 4, 4)]
    taps = look_up(pyramid[:1], cell_grid(features), radius=2)
    assert (taps.argmax(dim=1) == 12).float().mean() > 0.95


def test_upsampled_flow_is_in_pixels() -> None:
    flow = upsample_flow(torch.ones(1, 2, 4, 5))
    assert flow.shape == (1, 2, 32, 40)
    torch.testing.assert_close(flow, torch.full_like(flow, 8.0))


def test_upsampling_is_bilinear_with_aligned_corners() -> None:
    flow = 20 * torch.randn(2, 2, 16, 21, generator=torch.Generator().manual_seed(0))
    wanted = 8 * F.interpolate(flow, scale_factor=8.0, mode="bilinear", align_corners=True)
    torch.testing.assert_close(upsample_flow(flow), wanted, atol=1e-4, rtol=0)
    assert torch.equal(upsample_flow(flow)[..., ::127, 0], 8 * flow[..., ::15, 0])


def test_the_graph_upsamples_steep_flows_as_exactly() -> None:
    class Upsampling(torch.nn.Module):
        def forward(self, flow: torch.Tensor) -> torch.Tensor:
            return upsample_flow(flow)

    free = ({0: torch.export.Dim("b"), 2: torch.export.Dim("h"), 3: torch.export.Dim("w")},)
    flow = 20 * torch.randn(2, 2, 16, 21, generator=torch.Generator().manual_seed(0))
    opened = session(to_proto(Upsampling(), (flow,), ["FLOW"], ["UP"], free).SerializeToString())
    for given in (flow, flow[:1, :, :11, :20].contiguous()):
        torch.testing.assert_close(
            torch.from_numpy(run(opened, {"FLOW": given})["UP"]), upsample_flow(given), atol=1e-4, rtol=0
        )


@pytest.mark.parametrize("size", [(96, 200), (180, 101)])
def test_flow_is_scaled_to_the_sent_resolution(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = build("lite").eval()

    def one_cell(image0: torch.Tensor, image1: torch.Tensor) -> list[torch.Tensor]:
        return [torch.ones(1, 2, image0.shape[2] // 8, image0.shape[3] // 8)]

    monkeypatch.setattr(served.core, "forward", one_cell)
    frame = torch.from_numpy(np.zeros((1, *size, 3), np.uint8))
    flow = served(frame, frame)
    assert flow.shape == (1, *size, 2)
    height, width = size
    inner = [max(128, (side * 384 + 8 * max(size) // 2) // (8 * max(size)) * 8) for side in size]
    assert flow[..., 0].mean().item() == pytest.approx(8 * width / inner[1], rel=1e-4)
    assert flow[..., 1].mean().item() == pytest.approx(8 * height / inner[0], rel=1e-4)


def test_the_published_size_repeats_the_border_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the authors pad for Sintel: half of what is missing in front, the rest behind."""
    served = PaddedRaftSmall(RaftSmall(LITE_WIDTHS, 1), 768)
    seen: list[torch.Tensor] = []

    def one_cell(image0: torch.Tensor, image1: torch.Tensor) -> list[torch.Tensor]:
        seen.extend((image0, image1))
        return [torch.ones(1, 2, image0.shape[2] // 8, image0.shape[3] // 8)]

    monkeypatch.setattr(served.core, "forward", one_cell)
    frames = torch.randint(0, 256, (2, 1, 131, 140, 3), dtype=torch.uint8)
    flow = served(*frames)
    for frame, image in zip(frames, seen, strict=True):
        picture = frame.permute(0, 3, 1, 2).float()
        torch.testing.assert_close(image, F.pad(picture, (2, 2, 2, 3), mode="replicate"))
    torch.testing.assert_close(flow, torch.full((1, 131, 140, 2), 8.0))


def test_the_published_size_is_the_padded_one() -> None:
    with torch.device("meta"):
        served = build("full")
    assert isinstance(served, PaddedRaftSmall)
    assert served.long_side == 768
