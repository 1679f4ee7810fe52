"""GMA has the published keys, sizes and arithmetic; what it shares with RAFT is tested there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from triton_anime_export.golden import fill
from triton_anime_export.networks._gma_modules import Aggregate, Attention, Gma, relative_index
from triton_anime_export.networks._raft_full_modules import NARROW, Raft


def test_the_published_size() -> None:
    with torch.device("meta"):
        core, raft = Gma(), Raft()
    state = core.state_dict()
    assert sum(parameter.numel() for parameter in core.parameters()) == 5_879_873
    assert len(state) == 185
    assert set(state) - set(raft.state_dict()) == {
        "update_block.aggregator.gamma",
        "update_block.aggregator.to_v.weight",
        "att.to_qk.weight",
        "att.pos_emb.rel_ind",
        "att.pos_emb.rel_height.weight",
        "att.pos_emb.rel_width.weight",
    }
    assert state["update_block.gru.convz1.weight"].shape == (128, 512, 1, 5)
    assert state["att.pos_emb.rel_height.weight"].shape == (319, 128)


def test_the_official_index_is_the_distance_of_columns() -> None:
    index = relative_index()
    assert (index.shape, index.dtype) == ((160, 160), torch.int64)
    assert index[0].tolist() == list(range(159, 319))
    assert index[:, 0].tolist() == list(range(159, -1, -1))


def test_each_cell_gathers_from_those_that_look_like_it() -> None:
    """Against the sum written out cell by cell."""
    generator = torch.Generator().manual_seed(2)
    attention, aggregate = Attention(4), Aggregate(6)
    with torch.no_grad():
        aggregate.gamma.fill_(0.5)
        context, motion = (torch.randn(1, c, 2, 3, generator=generator) * 2 for c in (4, 6))
        shares = attention(context)
        found = aggregate(shares, motion)
        query, key = attention.to_qk(context)[0].reshape(2, 4, 6)
        value = aggregate.to_v(motion)[0].reshape(6, 6)
        for cell in range(6):
            weights = torch.tensor([float(query[:, cell] @ key[:, other]) for other in range(6)]) * 4**-0.5
            weights = weights.exp() / weights.exp().sum()
            torch.testing.assert_close(shares[0, cell], weights)
            wanted = motion[0].reshape(6, 6)[:, cell] + 0.5 * (value * weights).sum(1)
            torch.testing.assert_close(found[0].reshape(6, 6)[:, cell], wanted)
    assert shares.std() > 0.01  # or any mixture would do


def test_arithmetic_is_the_published_one() -> None:
    """Values of the narrow size of the network that was proven against the reference."""
    core = Gma(NARROW, 3).eval()
    core.load_state_dict(
        fill({key: tuple(value.shape) for key, value in core.state_dict().items()}, GAIN)
        | {"att.pos_emb.rel_ind": relative_index()}
    )
    images = np.random.default_rng(11).uniform(0, 255, (2, 2, 3, 128, 136)).astype(np.float32)
    with torch.no_grad():
        flow = core(*torch.from_numpy(images))
        core.update_block.aggregator.gamma.zero_()
        without = core(*torch.from_numpy(images))
    assert (flow - without).abs().max() > 0.1  # the aggregation takes part
    assert flow[0, :, 77, 50].numpy() == pytest.approx(GOLDEN_POINT, abs=1e-4)
    assert flow.mean((0, 2, 3)).numpy() == pytest.approx(GOLDEN_MEAN, abs=1e-4)
    assert flow.std((0, 2, 3)).numpy() == pytest.approx(GOLDEN_DEVIATION, abs=1e-4)


GAIN = 1.0
GOLDEN_POINT = [-0.357548, -3.732057]
GOLDEN_MEAN = [0.982621, -3.482832]
GOLDEN_DEVIATION = [1.050534, 2.165995]
