"""XMem: the memory read in its corners, objects that do not disturb one another, the three graphs."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from triton_anime.repository import network_repository
from triton_anime_export.network import Network
from triton_anime_export.networks._xmem_core import FULL, LITE, XMem, aggregate
from triton_anime_export.networks._xmem_memory import read_memory, similarity, top_k_weights
from triton_anime_export.networks.xmem import XMEM_DECODE, XMEM_ENCODE, XMEM_VALUE
from triton_anime_export.to_onnx import run, session


def _random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_sizes() -> None:
    assert sum(p.numel() for p in XMem(FULL).parameters()) > 62_000_000
    assert sum(p.numel() for p in XMem(LITE).parameters()) < 3_000_000


def test_similarity_is_the_scaled_distance() -> None:
    key, query, selection = _random(8, 20), _random(8, 5, seed=1), _random(8, 5, seed=2).sigmoid()
    shrinkage = 1 + _random(1, 20, seed=3).abs()
    direct = (
        -(selection.T[:, :, None] * (key[None] - query.T[:, :, None]) ** 2).sum(dim=1) * shrinkage / 8**0.5
    )
    torch.testing.assert_close(similarity(key, shrinkage, query, selection), direct, atol=1e-4, rtol=1e-4)


def test_top_k_of_far_away_queries_is_finite() -> None:
    scores = _random(4, 50) * 10 - 5000  # upstream divides 0 by 0 here
    weights, columns = top_k_weights(scores, torch.ones(1, 50), k=30)
    assert torch.isfinite(weights).all()
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(1, 4))
    assert (columns < 50).all()


@pytest.mark.parametrize("columns", [30, 31, 200])
def test_top_k_is_the_published_rule_where_that_is_finite(columns: int) -> None:
    """Exponentials of the k largest, without taking off the maximum, over their sum; zeros elsewhere."""
    scores = _random(12, columns) * 4 - 30
    best, places = torch.topk(scores, 30, dim=1)
    raised = best.exp()
    published = torch.zeros_like(scores).scatter(1, places, raised / raised.sum(dim=1, keepdim=True))
    weights, found = top_k_weights(scores, torch.ones(1, columns))
    mine = torch.zeros_like(scores).scatter(1, found[0], weights[0])
    torch.testing.assert_close(mine, published, atol=1e-6, rtol=1e-5)
    value = _random(2, 3, columns, seed=1)
    readout, usage = read_memory(scores, value, torch.ones(1, columns), torch.zeros(2, dtype=torch.long))
    torch.testing.assert_close(readout, value @ published.T, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(usage, published.sum(dim=0), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("columns", [3, 30, 80])
def test_similarities_too_small_for_the_published_rule_are_read_all_the_same(columns: int) -> None:
    scores = _random(6, columns) * 3 - 150
    raised = torch.topk(scores, min(30, columns), dim=1).values.exp()
    assert (raised / raised.sum(dim=1, keepdim=True)).isnan().all()  # what the published rule makes of it
    value = _random(2, 4, columns, seed=1)
    readout, usage = read_memory(scores, value, torch.ones(1, columns), torch.zeros(2, dtype=torch.long))
    nearer, _ = read_memory(scores + 150, value, torch.ones(1, columns), torch.zeros(2, dtype=torch.long))
    torch.testing.assert_close(readout, nearer, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(usage.sum(), torch.tensor(6.0))


def test_the_graph_reads_far_away_and_short_memories(tmp_path: Path) -> None:
    """As exported: the arithmetic that a runtime sees, with similarities below -100 and 7 columns."""

    class Read(torch.nn.Module):
        def forward(
            self, key: torch.Tensor, value: torch.Tensor, query: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            shrinkage = torch.ones_like(key[:1])
            scores = similarity(key, shrinkage, query, torch.ones_like(query))
            return read_memory(scores, value, torch.ones_like(key[:1]), torch.zeros(2, dtype=torch.long))

    key, value, query = _random(8, 40), _random(2, 3, 40, seed=1), _random(8, 5, seed=2)
    file = tmp_path / "read.onnx"
    columns = {"key": {1: "n"}, "value": {2: "n"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = ["key", "value", "query"]
        torch.onnx.export(
            Read(),
            (key, value, query),
            str(file),
            dynamo=False,
            opset_version=18,
            input_names=names,
            dynamic_axes=columns,
        )
    opened = session(file, threads=1)
    for shown, away in ((40, 0.0), (40, 40.0), (7, 0.0), (7, 40.0), (1, 40.0)):
        inputs = key[:, :shown], value[:, :, :shown], query + away
        if away:
            assert similarity(inputs[0], torch.ones(1, shown), inputs[2], torch.ones(8, 5)).max() < -100
        named = dict(zip(names, (tensor.contiguous().numpy() for tensor in inputs), strict=True))
        found = opened.run(None, named)
        for mine, theirs in zip(found, Read()(*inputs), strict=True):
            assert np.isfinite(mine).all()
            np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-4)


@pytest.mark.parametrize(("columns", "away"), [(40, 100.0), (7, 0.0), (1, 100.0)])
def test_the_served_graph_reads_them_too(columns: int, away: float) -> None:
    file = network_repository() / "xmem_decode" / "1" / "model.onnx"
    lengths = {"objects": 2, "groups": 1, "columns": columns, "h": 4, "w": 6}
    inputs = XMEM_DECODE.make_inputs(1, lengths)
    inputs["MEMORY_KEY"] = inputs["MEMORY_KEY"] + away
    inputs["MEMORY_VALID"] = torch.ones_like(inputs["MEMORY_VALID"])
    query, selection = inputs["KEY"].flatten(1), inputs["SELECTION"].flatten(1)
    scores = similarity(inputs["MEMORY_KEY"], inputs["MEMORY_SHRINKAGE"], query, selection)
    assert (scores.max() < -100) == bool(away)
    found = run(session(file, threads=1), inputs)
    assert all(np.isfinite(value).all() for value in found.values())
    _, usage = read_memory(scores, inputs["MEMORY_VALUE"], inputs["MEMORY_VALID"], inputs["GROUP"].long())
    np.testing.assert_allclose(found["USAGE"], usage.numpy(), atol=1e-2)
    assert found["USAGE"].sum() == pytest.approx(24, rel=1e-3)


@pytest.mark.parametrize("columns", [1, 7, 29, 31])
def test_short_memory_reads_like_a_plain_softmax(columns: int) -> None:
    scores, value = _random(6, columns), _random(2, 3, columns, seed=1)
    readout, usage = read_memory(scores, value, torch.ones(1, columns), torch.zeros(2, dtype=torch.long))
    if columns <= 30:
        torch.testing.assert_close(readout, value @ torch.softmax(scores, dim=1).T)
    torch.testing.assert_close(usage.sum(), torch.tensor(6.0))


def test_groups_read_only_their_columns() -> None:
    scores, value = _random(5, 40), _random(2, 3, 40, seed=1)
    valid = torch.ones(2, 40)
    valid[1, :25] = 0
    value[1, :, :25] = 1e6  # what a group may not see must not matter
    readout, usage = read_memory(scores, value, valid, torch.tensor([0, 1]))
    torch.testing.assert_close(readout[1], value[1, :, 25:] @ torch.softmax(scores[:, 25:], dim=1).T)
    alone, usage_alone = read_memory(scores, value[:1], valid[:1], torch.zeros(1, dtype=torch.long))
    torch.testing.assert_close(readout[:1], alone)
    torch.testing.assert_close(usage, usage_alone)


def test_aggregated_probabilities_compete() -> None:
    logits = aggregate(torch.tensor([0.9, 0.2]).view(2, 1, 1))
    assert logits.softmax(dim=0).flatten().argmax() == 1
    assert aggregate(torch.zeros(2, 1, 1)).softmax(dim=0)[0] > 0.999


@torch.no_grad()
def test_three_graphs_fit_together() -> None:
    frame = (_random(1, 90, 160, 3).sigmoid() * 255).to(torch.uint8)
    encode, decode, value = (n.build("lite").eval() for n in (XMEM_ENCODE, XMEM_DECODE, XMEM_VALUE))
    key, shrinkage, selection, f16, f8, f4 = (x[0] for x in encode(frame))
    h, w = key.shape[1:]
    assert (h, w) == (16, 28)
    assert f8.shape[1:] == (2 * h, 2 * w)
    assert f4.shape[1:] == (4 * h, 4 * w)
    masks = torch.zeros(2, 16 * h, 16 * w)
    masks[0, :64], masks[1, 64:] = 1, 1
    memory, hidden = value(frame[0], f16, masks, torch.zeros(2, LITE.hidden, h, w))
    probabilities, hidden, usage = decode(
        key,
        selection,
        f16,
        f8,
        f4,
        key.flatten(1),
        shrinkage.flatten(1),
        memory.flatten(2),
        torch.ones(1, h * w, dtype=torch.uint8),
        torch.zeros(2, dtype=torch.int32),
        hidden,
    )
    assert probabilities.shape == (3, 16 * h, 16 * w)
    torch.testing.assert_close(probabilities.sum(dim=0), torch.ones(16 * h, 16 * w))
    assert hidden.shape == (2, LITE.hidden, h, w)
    assert usage.sum().item() == pytest.approx(h * w, rel=1e-4)


@pytest.mark.parametrize("network", [XMEM_ENCODE, XMEM_DECODE, XMEM_VALUE], ids=lambda network: network.name)
def test_the_published_size_fits_its_tensors(network: Network) -> None:
    """Widths of every input and output are the published network's; nothing is computed."""
    full = network.at("full")
    with torch.device("meta"):
        served = network.build("full").eval()
        inputs = full.make_inputs(2, full.example[0])
    with torch.no_grad():
        said = served(*(value.to("meta") for value in inputs.values()))
    lead = int(network.batching.max_batch > 0)
    for tensor, value in zip(full.outputs, said, strict=True):
        assert value.ndim == len(tensor.axes) + lead
        for axis, side in zip(tensor.axes, value.shape[lead:], strict=True):
            assert not isinstance(axis, int) or axis == side, tensor.name
