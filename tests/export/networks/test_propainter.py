"""ProPainter: published keys, values recorded from the proven network, its parts against slow references."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from triton_anime_export.golden import fill
from triton_anime_export.network import Network
from triton_anime_export.networks import _propainter_flow as flow
from triton_anime_export.networks import _propainter_generator as generator
from triton_anime_export.networks._patches import cells, cut, lay
from triton_anime_export.networks._propainter_features import quarter_flow, quarter_mask
from triton_anime_export.networks._propainter_images import ImagePropagation, agrees
from triton_anime_export.networks._propainter_transformer import WindowAttention, outside
from triton_anime_export.networks.propainter import (
    PROPAINTER_COMPLETE,
    PROPAINTER_GENERATE,
    PROPAINTER_PROPAGATE,
)
from triton_anime_export.random_weights import shake
from triton_anime_export.to_onnx import export

PARTS = (PROPAINTER_COMPLETE, PROPAINTER_PROPAGATE, PROPAINTER_GENERATE)

COMPLETED = [
    0.01845,
    0.21517,
    -0.16132,
    0.22779,
    -0.54859,
    0.85819,
    -0.22893,
    0.27861,
    -0.06567,
    0.07343,
    0.04075,
    0.03388,
]
DRAWN = [
    0.31233,
    0.14509,
    -0.04668,
    0.29071,
    0.31616,
    -0.15388,
    -0.07804,
    -0.28470,
    -0.19060,
    0.23785,
    0.07490,
    -0.02171,
    0.38637,
    0.17377,
    -0.01890,
    -0.13999,
    -0.26159,
    -0.23026,
    0.12070,
    0.14602,
    -0.00708,
    0.26530,
    0.27786,
    -0.10562,
    -0.17593,
    -0.26926,
    -0.22950,
]


def filled(module: nn.Module, gain: float) -> nn.Module:
    """The weights of the rule that golden vectors are recorded with; the index of neighbours stays."""
    state = module.state_dict()
    shapes = {key: tuple(value.shape) for key, value in state.items() if value.is_floating_point()}
    module.load_state_dict(state | fill(shapes, gain))
    return module.eval()


def window(frames: int, height: int, width: int) -> tuple[torch.Tensor, ...]:
    """Flows of a pan with a disturbance, both ways, and a hole in the middle of every frame."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(-0.5, 0.5, (2, 1, frames - 1, 2, height // 8, width // 8)).astype(np.float32)
    disturbed = torch.from_numpy(coarse.repeat(8, axis=-1).repeat(8, axis=-2))
    pan = torch.tensor([1.75, 0.5]).view(1, 1, 2, 1, 1)
    masks = torch.zeros(1, frames, 1, height, width)
    masks[..., height // 4 : height // 2, width // 4 : width * 5 // 8] = 1.0
    return disturbed[0] + pan, disturbed[1] - pan, masks


# ---------------------------------------------------------------- the published size


@pytest.mark.parametrize(
    ("network", "parameters", "keys", "some"),
    [
        (PROPAINTER_COMPLETE, 5_079_555, 74, {"decoder2.2.conv.weight": (64, 128, 3, 3)}),
        (PROPAINTER_PROPAGATE, 0, 0, {}),
        (
            PROPAINTER_GENERATE,
            39_429_667,
            216,
            {
                "encoder.layers.10.weight": (512, 320, 3, 3),
                "transformers.transformer.7.attention.valid_ind_rolled": (148,),
                "feat_prop_module.deform_align.forward_1.conv_offset.6.weight": (432, 128, 3, 3),
            },
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Network) else "",
)
def test_the_published_keys(
    network: Network, parameters: int, keys: int, some: dict[str, tuple[int, ...]]
) -> None:
    with torch.device("meta"):
        core = network.build("full").get_submodule("core")
    state = core.state_dict()
    assert sum(parameter.numel() for parameter in core.parameters()) == parameters
    assert len(state) == keys
    assert {key: tuple(state[key].shape) for key in some} == some


def test_what_the_proven_flow_completion_computes() -> None:
    network = filled(flow.FlowCompletion(flow.LITE), 1.2)
    with torch.no_grad():
        said = flow.complete(network, *window(4, 32, 40))  # type: ignore[arg-type]
    values = torch.stack(said[:2])[:, 0, :, :, 12, 16].flatten()
    np.testing.assert_allclose(values.numpy(), COMPLETED, atol=2e-5)


def test_what_the_proven_generator_computes() -> None:
    network = filled(generator.Generator(generator.LITE), 1.0)
    forward, backward, masks = window(5, 48, 64)
    frames = torch.sin(torch.arange(1 * 5 * 3 * 48 * 64).float() * 0.37).reshape(1, 5, 3, 48, 64)
    with torch.no_grad():
        said = network(frames, forward[:, :2], backward[:, :2], masks, masks * (frames[:, :, :1] > 0))
    assert said.shape == (1, 3, 3, 48, 64)
    np.testing.assert_allclose(said[0, :, :, 14, 20:60:14].flatten().numpy(), DRAWN, atol=2e-5)


# ---------------------------------------------------------------- parts against slow references


def test_flow_and_masks_at_a_quarter_are_what_resizing_gives() -> None:
    given = torch.randn(1, 3, 2, 24, 40)
    resized = F.interpolate(given[0], scale_factor=0.25, mode="bilinear", align_corners=False) / 4
    torch.testing.assert_close(quarter_flow(given)[0], resized)
    mask = (torch.rand(1, 3, 1, 24, 40) > 0.5).float()
    assert torch.equal(quarter_mask(mask)[0], F.interpolate(mask[0], scale_factor=0.25, mode="nearest"))


@pytest.mark.parametrize("size", [(24, 32), (7, 9), (23, 10), (8, 25)])
def test_patches_are_those_of_unfold_and_fold(size: tuple[int, int]) -> None:
    picture = torch.randn(2, 3, *size)
    patches = cut(picture)
    wanted = F.unfold(picture, 7, stride=3, padding=3)
    assert patches.shape == (2, cells(size[0]), cells(size[1]), 3 * 49)
    assert torch.equal(patches.flatten(1, 2).transpose(1, 2), wanted)
    drawn = torch.randn_like(patches)
    folded = F.fold(drawn.flatten(1, 2).transpose(1, 2), size, 7, stride=3, padding=3)
    torch.testing.assert_close(lay(drawn, size), folded, atol=1e-5, rtol=0)


def test_keys_around_a_window_are_those_that_are_not_its_own() -> None:
    """Four windows, three rows and five columns off, without the tokens of the middle one."""
    assert outside().shape == (148,)
    attention = WindowAttention(2, 1)
    rows, columns = torch.meshgrid(torch.arange(15.0), torch.arange(27.0), indexing="ij")
    seen = attention._around(torch.stack([rows, columns], dim=-1)[None, None])[0, 4, 0, 0]
    found = sorted((int(row), int(column)) for row, column in seen)
    shifted = [
        (row + down, column + right)
        for down in (-3, 3)
        for right in (-5, 5)
        for row in range(5, 10)
        for column in range(9, 18)
    ]
    own = {(row, column) for row in range(5, 10) for column in range(9, 18)}
    assert found == sorted(place for place in shifted if place not in own)


def _slow_attention(attention: WindowAttention, tokens: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """Window by window, for frames 0, 2, ... as keys; ``tokens`` already fill whole windows."""
    _, frames, height, width, channels = tokens.shape
    size = channels // attention.heads
    averaged = attention.pool_layer(tokens[0].permute(0, 3, 1, 2)).flatten(2).transpose(1, 2)
    answer = torch.zeros_like(tokens)
    for top in range(0, height, 5):
        for left in range(0, width, 9):
            block = (slice(top, top + 5), slice(left, left + 9))
            for frame in range(frames):
                if hidden[0, :, block[0], block[1]].sum() > 0:
                    keys = []
                    for other in range(0, frames, 2):
                        keys.append(tokens[0, other][block].reshape(-1, channels))
                        for down in (3, -3):
                            for right in (5, -5):
                                moved = torch.roll(tokens[0, other], (-down, -right), (0, 1))[block]
                                inside = torch.zeros(5, 9, dtype=torch.bool)
                                inside[
                                    max(0, -down) : 5 - max(0, down), max(0, -right) : 9 - max(0, right)
                                ] = 1
                                keys.append(moved[~inside])
                        keys.append(averaged[other])
                    looked = torch.cat(keys)
                else:
                    looked = tokens[0, frame][block].reshape(-1, channels)
                asked = attention.query(tokens[0, frame][block].reshape(-1, channels))
                key, value = attention.key(looked), attention.value(looked)
                heads = [
                    ((asked[:, at] @ key[:, at].T) / math.sqrt(size)).softmax(-1) @ value[:, at]
                    for at in (slice(i * size, (i + 1) * size) for i in range(attention.heads))
                ]
                answer[0, frame][block] = attention.proj(torch.cat(heads, dim=1)).reshape(5, 9, channels)
    return answer


def test_only_windows_that_a_hole_touches_look_elsewhere() -> None:
    torch.manual_seed(0)
    attention = WindowAttention(8, 2).eval()
    tokens = torch.randn(1, 3, 10, 18, 8) * 2
    hidden = torch.zeros(1, 2, 10, 18)
    hidden[0, 1, 6, 2] = 1.0
    hidden[0, 0, 0, 17] = 1.0
    with torch.no_grad():
        found = attention(tokens, hidden, 0)
        wanted = _slow_attention(attention, tokens, hidden)
        elsewhere = attention(tokens, torch.zeros_like(hidden), 0)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    assert (found - elsewhere).abs().max() > 1e-2  # or the choice of windows would not be seen


def test_colours_are_found_in_the_frame_that_shows_them() -> None:
    """A pan of two pixels a frame: what one frame hides stands beside it in the others."""
    torch.manual_seed(0)
    scene = torch.rand(3, 16, 40) * 2 - 1
    frames = torch.stack([scene[:, :, 2 * i : 2 * i + 24] for i in range(3)])[None]
    masks = torch.zeros(1, 3, 1, 16, 24)
    masks[:, 1, :, 4:12, 8:16] = 1.0
    masks[:, :, :, 0, 12] = 1.0
    to_next = torch.tensor([-2.0, 0.0]).view(1, 1, 2, 1, 1).expand(1, 2, 2, 16, 24)
    carried, unknown, put_in = ImagePropagation()(frames, to_next, -to_next, masks)
    torch.testing.assert_close(carried[0, 1, :, 4:12, 8:16], frames[0, 1, :, 4:12, 8:16])
    assert unknown[0, 1, 0, 4:12, 8:16].sum() == 0
    assert torch.equal(put_in * (1 - masks), frames * (1 - masks))
    # Flows that do not lead back are not followed.
    _, lost, _ = ImagePropagation()(frames, to_next, to_next, masks)
    assert torch.equal(lost, masks)
    assert agrees(to_next[:, 0], -to_next[:, 0])[0, 0, 4, 8] == 1


# ---------------------------------------------------------------- as served


@pytest.mark.parametrize("network", PARTS, ids=lambda network: network.name)
def test_the_graph_computes_the_same(network: Network, tmp_path: Path) -> None:
    torch.manual_seed(0)
    served = shake(network, network.build("lite"))
    found = export(network, served, tmp_path / "model.onnx")
    assert len({row.case for row in found}) == 2
    assert all(row.within for row in found)
    with torch.no_grad():
        said = served(*network.make_inputs(1, network.example[0]).values())
    for value, tensor in zip(said if isinstance(said, tuple) else (said,), network.outputs, strict=True):
        assert value.dtype == tensor.torch_dtype
        assert value.float().std() > 0.1  # a constant agrees with anything


def test_outside_the_hole_nothing_changes() -> None:
    kept: dict[str, Callable[[dict[str, torch.Tensor]], tuple[torch.Tensor, torch.Tensor]]] = {
        "propainter_complete": lambda given: (given["FLOW_FORWARD"], given["MASKS"][:-1]),
        "propainter_propagate": lambda given: (given["FRAMES"], given["MASKS"]),
        "propainter_generate": lambda given: (given["FRAMES"], given["MASKS"]),
    }
    for network in PARTS:
        torch.manual_seed(0)
        served = shake(network, network.build("lite"))
        inputs = network.make_inputs(1, network.example[1])
        with torch.no_grad():
            said = served(*inputs.values())
        first = said[0] if isinstance(said, tuple) else said
        given, masks = kept[network.name](inputs)
        assert torch.equal(first[masks == 0], given[masks == 0])
        assert not torch.equal(first, given)


def test_what_is_unknown_is_not_seen() -> None:
    torch.manual_seed(0)
    served = shake(PROPAINTER_GENERATE, PROPAINTER_GENERATE.build("lite"))
    inputs = PROPAINTER_GENERATE.make_inputs(1, PROPAINTER_GENERATE.example[0])
    other = dict(inputs)
    for frames, unknown in (("FRAMES", "UNKNOWN"), ("REFERENCES", "REFERENCE_UNKNOWN")):
        inside = (inputs[unknown] > 0).unsqueeze(-1)
        assert inside.any()
        other[frames] = torch.where(inside, 255 - inputs[frames], inputs[frames])
    with torch.no_grad():
        plates, again = served(*inputs.values()), served(*other.values())
    hole = inputs["MASKS"] > 0
    assert torch.equal(plates[hole], again[hole])


def test_the_checkpoints_are_not_for_commercial_use() -> None:
    assert not any(weights.commercial for part in PARTS for weights in part.official)
    assert PROPAINTER_PROPAGATE.adapt_official({"encoder.layers.0.weight": torch.ones(1)}) == {}
