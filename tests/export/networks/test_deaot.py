"""DeAOT has the published keys, sizes and arithmetic; its graphs compute the same and fit together."""

from __future__ import annotations

import dataclasses
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from triton_anime_export.golden import fill
from triton_anime_export.network import Network
from triton_anime_export.networks._deaot_core import (
    LITE,
    MOBILE_L,
    MOBILE_T,
    R50_L,
    DeAOT,
    DeAOTWidths,
    one_hot,
    widths_of,
)
from triton_anime_export.networks._deaot_propagation import (
    Grid,
    LocalGatedAttention,
    Memory,
    PropagationWidths,
)
from triton_anime_export.networks._deaot_served import ServedIdentify, ServedPropagate, ServedReference
from triton_anime_export.networks._xmem_core import LITE as XMEM_LITE
from triton_anime_export.networks._xmem_core import XMem
from triton_anime_export.networks.deaot import DEAOT_ENCODE, DEAOT_IDENTIFY, DEAOT_PROPAGATE, DEAOT_REFERENCE
from triton_anime_export.random_weights import shake
from triton_anime_export.to_config import config_text
from triton_anime_export.to_onnx import export
from triton_anime_export.training.deaot import encoder_of_xmem

NARROW = DeAOTWidths(16, (8, 16, 16), (1, 1, 2), PropagationWidths(2, embed=32, attention=16, reach=2))
TINY = dataclasses.replace(LITE, propagation=dataclasses.replace(LITE.propagation, layers=1))
MOBILE_NARROW = DeAOTWidths(stem=0, propagation=NARROW.propagation)


def shapes_of(core: nn.Module) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in core.state_dict().items()}


def filled(widths: DeAOTWidths) -> DeAOT:
    """The weights that a rule gives."""
    core = DeAOT(widths).eval()
    core.load_state_dict(fill(shapes_of(core), 1.0))
    return core


@pytest.mark.parametrize(
    ("widths", "parameters", "keys", "fingerprint"),
    [
        (R50_L, 19_814_894, 354, 1299576131),
        (MOBILE_L, 13_167_342, 399, 367578583),
        (MOBILE_T, 7_238_188, 325, 3264649727),
    ],
)
def test_published_sizes(widths: DeAOTWidths, parameters: int, keys: int, fingerprint: int) -> None:
    with torch.device("meta"):
        core = DeAOT(widths)
    shapes = shapes_of(core)
    listed = "\n".join(f"{key} {list(shape)}" for key, shape in sorted(shapes.items()))
    assert sum(parameter.numel() for parameter in core.parameters()) == parameters
    assert len(shapes) == keys
    assert zlib.crc32(listed.encode()) == fingerprint  # of the official keys and shapes
    assert widths_of(shapes).propagation == widths.propagation


def test_lite_is_as_large_as_the_lite_xmem() -> None:
    with torch.device("meta"):
        ours, others = DeAOT(LITE), XMem(XMEM_LITE)
    sizes = [sum(parameter.numel() for parameter in core.parameters()) for core in (ours, others)]
    assert sizes == [2_641_678, 2_658_564]
    ours.encoder.load_state_dict(encoder_of_xmem(others.state_dict()), assign=True)


def test_normalisation_of_the_encoder_does_not_learn() -> None:
    core = DeAOT(NARROW).train()
    before = {key: value.clone() for key, value in core.encoder.state_dict().items()}
    alone = core.see(torch.ones(1, 3, 33, 33)).cells
    beside = core.see(torch.cat([torch.ones(1, 3, 33, 33), torch.zeros(1, 3, 33, 33)])).cells
    torch.testing.assert_close(beside[:1], alone)
    assert all((value == before[key]).all() for key, value in core.encoder.state_dict().items())


def test_variant_is_read_off_the_keys() -> None:
    assert widths_of(shapes_of(DeAOT(NARROW))) == NARROW
    assert DEAOT_PROPAGATE.variant is not None
    with torch.device("meta"):
        shapes = shapes_of(DeAOT(MOBILE_T))
        assert shapes_of(DEAOT_PROPAGATE.variant(shapes).get_submodule("core")) == shapes
    with pytest.raises(KeyError):
        DEAOT_PROPAGATE.variant({"weight": (1,)})


@pytest.mark.parametrize("name", ["resnet", "mobilenet"])
@torch.no_grad()
def test_arithmetic_is_the_published_one(name: str) -> None:
    """Two frames by networks whose full sizes are proven against the reference, on a grid of 3 by 4."""
    core = filled({"resnet": NARROW, "mobilenet": MOBILE_NARROW}[name])
    rng = np.random.default_rng(7)
    frames = torch.from_numpy(rng.standard_normal((2, 3, 33, 49)).astype(np.float32))
    labels = torch.zeros(33, 49, dtype=torch.uint8)
    labels[4:20, 6:30], labels[15:, 25:] = 1, 2
    first, second = ([value[0] for value in core.see(frame[None])] for frame in frames)
    key, value = ServedReference(core)(first[0], labels)
    columns = key.flatten(1, 2), value.flatten(1, 2), torch.ones(12, dtype=torch.uint8)
    logits, _, pending = ServedPropagate(core)(*second, *columns, key, value)
    later = ServedIdentify(core)(pending, labels)
    found = [float(x) for x in (value[1, 2, 3, 70], logits[1, 5, 7], logits[2, 3, 2], later[1, 1, 1, 100])]
    found += [float(x.abs().mean()) for x in (*first, key, value, logits, later)]
    assert found == pytest.approx(GOLDEN[name], abs=2e-5)


@torch.no_grad()
def test_the_neighbourhood_is_a_window_around_each_cell() -> None:
    widths = PropagationWidths(layers=1, embed=8, attention=4, reach=1)
    attention = LocalGatedAttention(widths)
    generator = torch.Generator().manual_seed(0)
    query, key = torch.randn(12, 4, generator=generator), torch.randn(12, 4, generator=generator)
    weights = attention.weights(query, Memory(key, torch.zeros(12, 32)), Grid(3, 4))
    term = attention.relative_emb_k.weight[:, :, 0, 0] @ query[5] + attention.relative_emb_k.bias
    # Cell 5 is row 1, column 1: its window has nine cells, the first of them above to the left.
    near = [0, 1, 2, 4, 5, 6, 8, 9, 10]
    wanted = torch.softmax(key[near] @ query[5] / 2 + term, dim=0)
    torch.testing.assert_close(weights[5, near], wanted)
    assert (weights[5, [3, 7, 11]] == 0).all()
    assert (weights[0] > 0).sum() == 4  # a corner


@torch.no_grad()
def test_padding_of_the_long_memory_does_not_count() -> None:
    core = filled(LITE)
    inputs = list(DEAOT_PROPAGATE.make_inputs(1, {"layers": 3, "columns": 9, "h": 3, "w": 4}).values())
    inputs[6] = torch.ones(9, dtype=torch.uint8)
    logits, _, _ = ServedPropagate(core)(*inputs)
    padded = list(inputs)
    padded[4] = torch.cat([inputs[4], torch.full_like(inputs[4][:, :2], 50)], dim=1)
    padded[5] = torch.cat([inputs[5], torch.full_like(inputs[5][:, :2], 50)], dim=1)
    padded[6] = torch.cat([inputs[6], torch.zeros(2, dtype=torch.uint8)])
    torch.testing.assert_close(ServedPropagate(core)(*padded)[0], logits)
    padded[6] = torch.ones(11, dtype=torch.uint8)
    assert (ServedPropagate(core)(*padded)[0] - logits).abs().max() > 1e-3


def test_configurations_name_the_file_that_they_come_from() -> None:
    assert "networks/deaot.py" in config_text(DEAOT_PROPAGATE.at("full"))


def test_one_hot_masks() -> None:
    planes = one_hot(torch.tensor([[0, 3], [10, 3]], dtype=torch.uint8))
    assert planes.shape == (1, 11, 2, 2)
    assert planes.argmax(dim=1)[0].tolist() == [[0, 3], [10, 3]]
    assert planes.sum().item() == 4


@torch.no_grad()
def test_a_frame_of_any_size_becomes_the_grid() -> None:
    cells, skip16, skip8, skip4 = DEAOT_ENCODE.build("lite").eval()(
        torch.zeros(1, 90, 160, 3, dtype=torch.uint8)
    )
    h, w = cells.shape[2:]
    assert (h, w) == (17, 29)
    assert skip16.shape[2:] == (h, w)
    assert skip8.shape[2:] == (2 * h - 1, 2 * w - 1)
    assert skip4.shape[2:] == (4 * h - 3, 4 * w - 3)


def _deviation(network: Network, served: nn.Module, folder: Path) -> float:
    rows = export(network, shake(network, served), folder / "model.onnx")
    assert len({row.case for row in rows}) == 2
    return max(row.relative for row in rows)


def test_graphs_compute_the_same(tmp_path: Path) -> None:
    assert _deviation(DEAOT_PROPAGATE, ServedPropagate(DeAOT(LITE)), tmp_path) < 1e-5
    assert _deviation(DEAOT_IDENTIFY, ServedIdentify(DeAOT(LITE)), tmp_path) < 1e-5
    assert _deviation(DEAOT_REFERENCE, ServedReference(DeAOT(TINY)), tmp_path) < 1e-5


def test_a_network_of_one_layer_reads_the_first_of_three(tmp_path: Path) -> None:
    """What lets one description hold sizes of one layer and of three."""
    assert _deviation(DEAOT_PROPAGATE, ServedPropagate(DeAOT(TINY)), tmp_path) < 1e-5


# A value of a given mask, two logits, a value of a decided mask; then means: the frame's four, key and value
# of the given mask, logits, values of the decided mask.
GOLDEN = {
    "resnet": [
        *(2.376108, -0.426015, -0.003975, -0.089327),
        *(0.330549, 0.504803, 0.57993, 0.662751, 0.844148, 0.410368, 0.639474, 0.406098),
    ],
    "mobilenet": [
        *(2.654499, -0.395048, -0.763255, 0.0367),
        *(0.030316, 0.064116, 0.090963, 0.237917, 0.865691, 0.409289, 0.581736, 0.409327),
    ],
}
