"""RAFT has the published keys, sizes and arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from triton_anime_export.golden import fill
from triton_anime_export.networks import find, raft_small
from triton_anime_export.networks._raft_full_modules import NARROW, Raft, upsample_convex
from triton_anime_export.networks.raft import NETWORK, build


def test_the_published_size() -> None:
    with torch.device("meta"):
        core = Raft()
    state = core.state_dict()
    assert sum(parameter.numel() for parameter in core.parameters()) == 5_257_536
    assert len(state) == 179
    assert state["update_block.encoder.convc1.weight"].shape == (256, 324, 1, 1)
    assert state["update_block.gru.convq2.weight"].shape == (128, 384, 5, 1)
    assert not [key for key in state if key.startswith("fnet") and "norm" in key]


def test_the_contract_is_that_of_raft_small() -> None:
    """One ensemble serves whichever of them is there."""
    assert find("raft") is NETWORK
    assert (NETWORK.role, NETWORK.inputs, NETWORK.outputs) == (
        raft_small.NETWORK.role,
        raft_small.NETWORK.inputs,
        raft_small.NETWORK.outputs,
    )
    assert NETWORK.batching.max_batch >= raft_small.NETWORK.batching.max_batch


def test_of_a_norm_with_two_names_the_second_wins() -> None:
    core = Raft(NARROW)
    names = [f"cnet.layer2.0.{name}.weight" for name in ("norm3", "downsample.1")]
    state = core.state_dict() | {names[0]: torch.full((12,), 2.0), names[1]: torch.full((12,), 3.0)}
    core.load_state_dict(state)
    assert [core.state_dict()[name][0].item() for name in names] == [3.0, 3.0]


def test_arithmetic_is_the_published_one() -> None:
    """Values of the narrow size of the network that was proven against the reference."""
    flow = small_flow(Raft(NARROW, 3))
    assert flow[0, :, 77, 50].numpy() == pytest.approx(GOLDEN_POINT, abs=1e-4)
    assert flow.mean((0, 2, 3)).numpy() == pytest.approx(GOLDEN_MEAN, abs=1e-4)
    assert flow.std((0, 2, 3)).numpy() == pytest.approx(GOLDEN_DEVIATION, abs=1e-4)


def small_flow(core: Raft) -> torch.Tensor:
    """What a network says with weights made by the rule, of two pairs of noise."""
    core.load_state_dict(fill({key: tuple(value.shape) for key, value in core.state_dict().items()}, GAIN))
    images = np.random.default_rng(11).uniform(0, 255, (2, 2, 3, 128, 136)).astype(np.float32)
    with torch.no_grad():
        flow: torch.Tensor = core.eval()(*torch.from_numpy(images))
    return flow


def test_a_flow_to_begin_with_is_refined() -> None:
    core = Raft(NARROW).eval()
    images = torch.rand(2, 1, 3, 128, 128, generator=torch.Generator().manual_seed(0)) * 255
    begin = torch.full((1, 2, 16, 16), 3.0)
    with torch.no_grad():
        pair = core.prepare(*images)
        once, twice = core.refine(pair, 2)
        moved = core.refine(pair, 1, begin)[0]
        # From where the first refinement ended, with the state it left, the second is the same.
        again = core.refine(pair._replace(hidden=once.hidden), 1, once.flow)[0]
    torch.testing.assert_close(again.flow, twice.flow)
    assert (moved.flow - begin).abs().max() < 3.0
    assert (moved.flow - once.flow).abs().min() > 0.0


def test_upsampling_mixes_the_cells_around() -> None:
    generator = torch.Generator().manual_seed(1)
    flow = torch.randn(2, 2, 3, 5, generator=generator)
    mask = 3 * torch.randn(2, 576, 3, 5, generator=generator)
    shares = mask.view(2, 1, 9, 8, 8, 3, 5).softmax(2)
    around = F.unfold(8 * flow, (3, 3), padding=1).view(2, 2, 9, 1, 1, 3, 5)
    wanted = (shares * around).sum(2).permute(0, 1, 4, 2, 5, 3).reshape(2, 2, 24, 40)
    torch.testing.assert_close(upsample_convex(flow, mask), wanted, atol=1e-5, rtol=0)


def test_the_number_of_refinements_can_be_chosen() -> None:
    with torch.device("meta"):
        assert build("full").core.iterations == 32
        assert build("full", 20).core.iterations == 20


GAIN = 1.0
GOLDEN_POINT = [-3.635498, 9.485985]
GOLDEN_MEAN = [-1.80566, 6.545226]
GOLDEN_DEVIATION = [1.50217, 2.535892]
