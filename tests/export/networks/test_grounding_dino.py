"""Grounding DINO is the package's own network behind the official processing, in PyTorch and in ONNX."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from triton_anime_export.errors import WeightsError
from triton_anime_export.networks import grounding_dino
from triton_anime_export.networks._grounding_dino_text import phrases
from triton_anime_export.networks.grounding_dino import FRAME, NETWORK, QUERIES, config
from triton_anime_export.to_onnx import export
from triton_anime_export.weights import load

transformers = pytest.importorskip("transformers", reason="needs the extra triton-anime[export]")

BACKBONE = "model.backbone.conv_encoder.model."
PUBLISHED = 172_249_090
"""Parameters of grounding-dino-tiny, as its page says."""


@pytest.fixture(scope="module")
def served() -> nn.Module:
    """The narrow variant; every parameter with noise, since zeros and ones would hide mistakes."""
    torch.manual_seed(2)
    module = NETWORK.build("lite")
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return module.eval()


@pytest.mark.parametrize("count", [12, 19])
def test_the_package_answers_the_same(served: nn.Module, count: int) -> None:
    package = transformers.GroundingDinoForObjectDetection(config("lite")).eval()
    package.load_state_dict(served.get_submodule("core").state_dict())
    inputs = NETWORK.make_inputs(2, {"tokens": count})
    frame, tokens = inputs["FRAME"], inputs["TOKENS"]
    assert (tokens == 0).any(), "no row is padded"
    processor = transformers.GroundingDinoImageProcessor(do_resize=False)
    processed = processor(images=[picture.numpy() for picture in frame], return_tensors="pt")
    with torch.no_grad():
        wanted = package(
            **processed,
            input_ids=tokens.long(),
            token_type_ids=torch.zeros_like(tokens).long(),
            attention_mask=(tokens != 0).long(),
        )
        scores, boxes = served(frame, tokens)
    probability = wanted.logits.sigmoid()
    assert probability[..., count:].max() == 0
    torch.testing.assert_close(scores, probability[..., :count], atol=1e-4, rtol=0)
    torch.testing.assert_close(boxes, wanted.pred_boxes, atol=1e-4, rtol=0)
    # Or the comparison would say little: scores and boxes are all over the place.
    assert scores[0].std() > 0.1
    assert boxes[0].std(dim=0).min() > 0.02


@pytest.mark.parametrize(
    "row",
    [
        [101, 7, 8, 1012, 9, 1012, 102],
        [101, 7, 8, 1012, 9, 1012, 102, 0, 0, 0],
        [101, 7, 8, 9, 102],
        [101, 7, 8, 9, 102, 0],
        [101, 1012, 1012, 5, 1029, 6, 102, 0],
        [101, 102],
        [7, 8, 9],
        [0, 0],
        [1012, 4, 102, 6, 1012],
    ],
)
def test_phrases_are_those_of_the_package(row: list[int]) -> None:
    from transformers.models.grounding_dino import modeling_grounding_dino as package

    ids = torch.tensor([row, row[::-1]])
    special = torch.tensor([101, 102, 1012, 1029])
    seen, positions = package.generate_masks_with_special_tokens_and_transfer_map(ids, special)
    ours, counted = phrases(ids)
    assert torch.equal(ours, seen)
    assert torch.equal(counted, positions)


def test_the_graph_computes_the_same(served: nn.Module, tmp_path: Path) -> None:
    found = export(NETWORK, served, tmp_path / "model.onnx")
    assert {row.case for row in found} == {
        f"batch {batch}, tokens {count}" for batch in (1, 2) for count in (12, 19)
    }
    assert max(row.absolute for row in found) < 1e-4


def test_the_published_size() -> None:
    with torch.device("meta"):
        core = NETWORK.build("full").get_submodule("core")
    unused = {"swin.layernorm.weight", "swin.layernorm.bias"}
    counted = {
        name: parameter.numel()
        for name, parameter in core.named_parameters()
        if name.removeprefix(BACKBONE) not in unused
    }
    assert sum(counted.values()) == PUBLISHED
    full = NETWORK.at("full")
    assert full.inputs[0].axes == (*FRAME["full"], 3)
    assert [tensor.axes[0] for tensor in full.outputs] == [QUERIES["full"]] * 2
    inputs = full.make_inputs(2, {"tokens": 9})
    assert inputs["FRAME"].shape == (2, *FRAME["full"], 3)


def published(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state dict as in the published file: Swin's former names, tied weights once, no unused ones."""
    found = {}
    for key, value in state.items():
        if "swin.layernorm" in key or key.startswith("model.decoder.bbox_embed."):
            continue
        if key.startswith("bbox_embed.") and not key.startswith("bbox_embed.0."):
            continue
        if key.startswith(BACKBONE):
            for now, then in (
                (f"{BACKBONE}swin.", BACKBONE),
                ("attention.q_proj", "attention.self.query"),
                ("attention.k_proj", "attention.self.key"),
                ("attention.v_proj", "attention.self.value"),
                ("attention.o_proj", "attention.output.dense"),
                ("attention.relative_position_bias.relative", "attention.self.relative"),
                ("mlp.fc1", "intermediate.dense"),
                ("mlp.fc2", "output.dense"),
            ):
                key = key.replace(now, then)
        found[key] = value.contiguous()
    return found


def test_published_keys_find_their_place(
    served: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounding_dino, "config", lambda size: config("lite"))
    state = served.get_submodule("core").state_dict()
    old = published(state)
    assert f"{BACKBONE}encoder.layers.0.blocks.1.attention.self.query.weight" in old
    save_file(old, tmp_path / "model.safetensors")
    loaded = load(NETWORK, "full", tmp_path / "model.safetensors").get_submodule("core").state_dict()
    different = [
        key
        for key, value in loaded.items()
        if "swin.layernorm" not in key and not torch.equal(value, state[key])
    ]
    assert not different

    del old["model.level_embed"]
    old["model.query_position_embeddings.weight"] = torch.zeros(3, 32)
    old["model.another.weight"] = torch.zeros(3)
    save_file(old, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError) as caught:
        load(NETWORK, "full", tmp_path / "model.safetensors")
    assert "1 keys missing (model.level_embed)" in str(caught.value)
    assert "1 keys unknown (model.another.weight)" in str(caught.value)
    assert "1 keys of another shape (model.query_position_embeddings.weight)" in str(caught.value)
