"""Mask2Former is the package's own network and inference, in PyTorch and in ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from triton_anime.class_roles import COCO_CLASSES
from triton_anime.panoptic import CLASSES as ROLE_NAMES
from triton_anime.panoptic import kept_segments
from triton_anime.serving import segmentation
from triton_anime_export.errors import WeightsError
from triton_anime_export.network import Network
from triton_anime_export.networks import find_all
from triton_anime_export.networks.mask2former import (
    CLASSES,
    FRAMES,
    ROLES,
    TALL,
    WIDE,
    Served,
    build,
    config_of,
    variant,
)
from triton_anime_export.random_weights import shake
from triton_anime_export.to_onnx import export
from triton_anime_export.weights import load

transformers = pytest.importorskip("transformers", reason="needs the extra triton-anime[export]")

SWINS: dict[str, tuple[int, tuple[int, ...], int, int, float]] = {
    "tiny": (96, (2, 2, 6, 2), 7, 100, 47.4),
    "large": (192, (2, 2, 18, 2), 12, 200, 215.5),
}
"""Width, depths, window, queries and millions of parameters of the published sizes."""


@pytest.fixture(scope="module")
def served() -> Served:
    torch.manual_seed(0)
    module = shake(WIDE, build("lite"))
    assert isinstance(module, Served)
    return module


def test_client_and_network_mean_the_same_frames_and_classes() -> None:
    assert {name: frames["full"] for name, frames in FRAMES.items()} == dict(segmentation.FRAMES)
    assert (len(COCO_CLASSES), len(ROLE_NAMES)) == (CLASSES, ROLES)
    assert {network.name for network in find_all("mask2former")} == set(FRAMES)
    for network in find_all("mask2former"):
        height, width = FRAMES[network.name]["full"]
        assert network.at("full").inputs[0].axes == (height, width, 3)
        assert height % 32 == width % 32 == 0


def test_inference_is_the_packages_own(served: Served) -> None:
    """Its processing, its forward and its rule of which segments stay, on the grid of the masks."""
    inputs = WIDE.make_inputs(2, {})
    processor = transformers.Mask2FormerImageProcessorPil(do_resize=False, size_divisor=32)
    pixels = processor(images=[picture.numpy() for picture in inputs["FRAME"]], return_tensors="pt")
    with torch.no_grad():
        said = served.core(**pixels)
        probability, _, scores, labels, _ = served(*inputs.values())
    chances = said.class_queries_logits.softmax(-1)
    best, classes = chances.max(-1)
    assert torch.allclose(scores, best, atol=1e-5)
    assert torch.equal(labels, classes.int())
    assert labels.unique().numel() > 1
    votes = torch.einsum("bqc,bqhw->bchw", chances[..., :-1], said.masks_queries_logits.sigmoid())
    roles = torch.einsum("bchw,cr->brhw", votes, inputs["ROLES"][0])
    shares = roles / roles.sum(1, keepdim=True).clamp_min(1.0)
    assert (probability[:, 1:].float() / 255 - shares[:, 1:]).abs().max() < 0.01
    assert (probability.int().sum(1) - 255).abs().max() <= 3
    masks = said.masks_queries_logits.sigmoid().numpy()
    for each in range(2):
        threshold = float(best[each].median())
        frame, table, _ = (value[each : each + 1] for value in inputs.values())
        with torch.no_grad():
            _, found, _, _, counted = served(frame, table, torch.full((1, 1), threshold))
        # every class a character: then all that stays is an instance
        everything = np.ones(CLASSES, np.int64)
        kept = kept_segments(found[0].numpy(), labels[each].numpy(), counted[0].numpy(), everything, OVERLAP)
        wanted = official_segments(masks[each], best[each].numpy(), classes[each].numpy(), threshold)
        assert ((kept > 0) == wanted).mean() > 0.995
        assert wanted.any()


OVERLAP = 0.3
"""Lower than the official 0.8: no query with random weights wins most of what it claims."""


def official_segments(
    masks: NDArray[np.float32], scores: NDArray[np.float32], labels: NDArray[np.int64], threshold: float
) -> NDArray[np.bool_]:
    """Cells in some segment by the rule of the official repository, query by query."""
    queries = [q for q in range(len(masks)) if labels[q] != CLASSES and scores[q] > threshold]
    out = np.zeros(masks.shape[1:], bool)
    winner = np.argmax([scores[q] * masks[q] for q in queries], axis=0)
    for number, query in enumerate(queries):
        won, claimed = winner == number, masks[query] >= 0.5
        part = won & claimed
        if won.sum() > 0 and claimed.sum() > 0 and part.sum() > 0 and won.sum() / claimed.sum() >= OVERLAP:
            out |= part
    return out


@pytest.mark.parametrize("network", [WIDE, TALL], ids=lambda network: network.name)
def test_the_graph_computes_the_same(served: Served, network: Network, tmp_path: Path) -> None:
    """Two shapes of frame, two batch sizes; a second frame of another shape would be another graph."""
    found = export(network, served, tmp_path / "model.onnx")
    assert len(found) == 2 * len(network.outputs)
    assert all(comparison.within for comparison in found)


@pytest.mark.parametrize("swin", SWINS)
def test_published_sizes_are_read_off_the_keys(swin: str) -> None:
    embed, depths, window, queries, millions = SWINS[swin]
    prefix = "model.pixel_level_module.encoder."
    shapes: dict[str, tuple[int, ...]] = {
        f"{prefix}embeddings.patch_embeddings.projection.weight": (embed, 3, 4, 4),
        "model.transformer_module.queries_features.weight": (queries, 256),
    }
    for stage, depth in enumerate(depths):
        for block in range(depth):
            key = f"{prefix}encoder.layers.{stage}.blocks.{block}.attention.self.relative_position_bias_table"
            shapes[key] = ((2 * window - 1) ** 2, embed // 32 * 2**stage)
    backbone: Any = config_of(shapes).backbone_config
    assert (backbone.embed_dim, tuple(backbone.depths), backbone.window_size) == (embed, depths, window)
    with torch.device("meta"):
        module = variant(shapes)
    assert sum(p.numel() for p in module.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)


def test_a_published_file_is_read(tmp_path: Path) -> None:
    """Published keys differ from those of the installed package, and carry tables that are no weights."""
    torch.manual_seed(1)
    core = build("full").core
    core.save_pretrained(tmp_path)
    module = load(WIDE, "full", tmp_path / "model.safetensors")
    state = module.get_submodule("core").state_dict()
    assert all(torch.equal(value, state[key]) for key, value in core.state_dict().items())


def test_another_networks_file_is_refused(tmp_path: Path) -> None:
    torch.save({"side1.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=r"is not a checkpoint of mask2former_wide"):
        load(WIDE, "full", tmp_path / "other.pth")
