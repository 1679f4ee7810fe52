"""E2FGVI-HQ: the published keys, recorded values, its parts against what they stand for, the graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from triton_anime_export.golden import fill
from triton_anime_export.networks._e2fgvi_modules import E2fgviHq, E2fgviSize
from triton_anime_export.networks._e2fgvi_propagation import Propagation
from triton_anime_export.networks._focal_attention import rim_indices
from triton_anime_export.networks._soft_split import FusionFeedForward, SoftComposition, SoftSplit
from triton_anime_export.networks.e2fgvi_hq import NETWORK, ServedE2fgviHq
from triton_anime_export.random_weights import shake
from triton_anime_export.to_onnx import export

TINY = E2fgviSize(width=8, blocks=1, mixed=2, flow=(4, 4, 4, 4))

RECORDED = [
    -0.86500,
    -0.58152,
    -0.59278,
    -0.96894,
    -0.40122,
    -0.11249,
    -0.51964,
    -0.88488,
    -0.44490,
    -0.66682,
    -0.67875,
    0.19523,
    0.13815,
    -0.43862,
    -0.33862,
    0.44642,
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Thousands of tiny operators: threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def drawn_weights(module: nn.Module, gain: float) -> nn.Module:
    """Weights by the rule that golden vectors are recorded with; what is constant stays."""
    shapes = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    constant = ("valid_ind_rolled", "spynet.mean", "spynet.std")
    state = fill({key: shape for key, shape in shapes.items() if not key.endswith(constant)}, gain)
    module.load_state_dict(state, strict=False)
    return module.eval()


def blotches(frames: int, height: int, width: int) -> torch.Tensor:
    rng = np.random.default_rng(0)
    coarse = rng.uniform(-1, 1, (frames, 3, height // 12, width // 12)).astype(np.float32)
    return torch.from_numpy(coarse.repeat(12, axis=2).repeat(12, axis=3))


def test_the_published_keys() -> None:
    with torch.device("meta"):
        core = NETWORK.build("full").get_submodule("core")
    state = core.state_dict()
    assert sum(parameter.numel() for parameter in core.parameters()) == 41_117_887
    assert len(state) == 244
    assert state["transformer.7.attn.valid_ind_rolled"].shape == (120,)
    assert state["transformer.0.mlp.conv1.0.weight"].shape == (1960, 512)
    assert state["feat_prop_module.deform_align.forward_.conv_offset.6.weight"].shape == (432, 128, 3, 3)
    assert state["update_spynet.basic_module.5.basic_module.4.conv.weight"].shape == (2, 16, 7, 7)
    assert state["encoder.layers.14.weight"].shape == (256, 80, 3, 3)


def test_values_recorded_from_the_proven_network() -> None:
    core = drawn_weights(E2fgviHq(TINY), 1.2)
    pictures = blotches(4, 120, 216)
    with torch.no_grad():
        drawn = core(pictures[:3], pictures[3:])
    assert drawn.shape == (4, 3, 120, 216)
    assert drawn[:, :, 7::43, 5::83].flatten()[::7].tolist() == pytest.approx(RECORDED, abs=2e-5)


def test_the_backward_pass_takes_its_flows_from_the_first_on() -> None:
    # With all but one flow at zero, only the step that reads that one changes.
    module = Propagation(16)
    drawn_weights(module, 1.0)
    features = torch.randn(4, 16, 6, 8, generator=torch.Generator().manual_seed(0))
    still = torch.zeros(3, 2, 6, 8)
    moved = still.clone()
    moved[2] = 2.0
    with torch.no_grad():
        later = [[frame] for frame in features.split(1)[::-1]]
        at_rest, in_motion = (module._carry("backward_", later, flows) for flows in (still, moved))
    same = [torch.equal(a, b) for a, b in zip(at_rest, in_motion, strict=True)]
    assert same == [True, True, True, False]


def test_patches_are_not_taken_apart_but_as_if_they_were() -> None:
    torch.manual_seed(0)
    splitting, composing, feeding = SoftSplit(3, 8), SoftComposition(3, 8), FusionFeedForward(8, 2)
    x = torch.randn(2, 3, 15, 27)
    fold = nn.Fold((15, 27), 7, stride=3, padding=3)
    with torch.no_grad():
        patches = F.unfold(x, 7, stride=3, padding=3).transpose(1, 2)
        tokens = splitting(x)
        assert tokens.shape == (2, 5, 9, 8)
        torch.testing.assert_close(tokens.flatten(1, 2), splitting.embedding(patches), atol=1e-5, rtol=0)

        added = fold(composing.embedding(tokens.flatten(1, 2)).transpose(1, 2))
        torch.testing.assert_close(composing(tokens, (15, 27)), composing.bias_conv(added), atol=1e-5, rtol=0)

        mixed = feeding.conv1(tokens.flatten(1, 2)).transpose(1, 2)
        averaged = fold(mixed) / fold(torch.ones(2, 49, 45))
        again = F.unfold(averaged, 7, stride=3, padding=3).transpose(1, 2)
        wanted = feeding.conv2(again).reshape(2, 5, 9, 8)
        torch.testing.assert_close(feeding(tokens, (15, 27)), wanted, atol=1e-5, rtol=0)


def test_the_rim_is_what_a_rolled_window_adds() -> None:
    # A picture of one window in the middle of others: which of the rolled tokens come from elsewhere.
    window = torch.zeros(15, 27)
    window[5:10, 9:18] = 1
    rolled = [
        window.roll((down, right), dims=(0, 1))[5:10, 9:18]
        for down, right in ((-2, -4), (-2, 4), (2, -4), (2, 4))
    ]
    assert torch.equal(rim_indices(), (torch.stack(rolled).flatten() == 0).nonzero().flatten())
    assert len(rim_indices()) == 120


def test_holes_are_not_seen_and_the_rest_comes_back_untouched() -> None:
    served = ServedE2fgviHq(TINY, (60, 108)).eval()
    drawn_weights(served.core, 1.2)
    frames, masks, references, known = NETWORK.make_inputs(1, NETWORK.example[0]).values()
    hidden = masks > 0
    repainted = torch.where(hidden.unsqueeze(-1), 255 - frames, frames)
    with torch.no_grad():
        plates = served(frames, masks, references, known)
        again = served(repainted, masks, references, known)
        elsewhere = served(frames, masks, 255 - references, known)
    assert torch.equal(plates[~hidden], frames[~hidden])
    assert torch.equal(plates, again)
    assert (plates[hidden].int() - elsewhere[hidden].int()).abs().max() > 2


def test_the_graph_takes_any_number_of_references_and_frames_of_any_size(tmp_path: Path) -> None:
    # Two windows of tokens, one above the other: coarse attention looks at both and beyond the picture.
    torch.manual_seed(0)
    module = shake(NETWORK, ServedE2fgviHq(TINY, (120, 108)))
    found = export(NETWORK, module, tmp_path / "model.onnx")
    assert len(found) == 2
    assert all(row.within for row in found)
