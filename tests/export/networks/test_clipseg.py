from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from triton_anime_export.network import Precision
from triton_anime_export.networks import clipseg, clipseg_text
from triton_anime_export.networks._clipseg_lite import CONDITION, LiteClipseg
from triton_anime_export.networks._clipseg_modules import Clipseg, ClipsegSize
from triton_anime_export.networks._clipseg_text_modules import LITE as LITE_TEXT
from triton_anime_export.networks._clipseg_text_modules import ClipsegText, TextSize
from triton_anime_export.to_onnx import run, session, to_proto


@pytest.fixture(scope="module")
def published() -> Any:
    """The reference implementation at a tiny size, every parameter drawn."""
    transformers = pytest.importorskip("transformers", reason="needs the extra triton-anime[export]")
    vision = {
        "hidden_size": 48,
        "num_hidden_layers": 5,
        "num_attention_heads": 4,
        "intermediate_size": 96,
        "image_size": 48,
        "patch_size": 16,
    }
    text = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "vocab_size": 99,
        "max_position_embeddings": 20,
        "bos_token_id": 97,
        "eos_token_id": 98,
    }
    config = transformers.CLIPSegConfig(
        vision_config=vision,
        text_config=text,
        projection_dim=24,
        extract_layers=[0, 2, 3],
        reduce_dim=16,
        decoder_intermediate_size=40,
        use_complex_transposed_convolution=True,
    )
    torch.manual_seed(0)
    model = transformers.CLIPSegForImageSegmentation(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def test_both_halves_are_the_published_ones(published: Any) -> None:
    size = ClipsegSize(
        image=64,
        laid_out=48,
        width=48,
        heads=4,
        hidden=96,
        depth=5,
        taps=(0, 2, 3),
        condition=24,
        reduced=16,
        decoder_hidden=40,
    )
    image, text = Clipseg(size).eval(), ClipsegText(TextSize(99, 20, 32, 4, 64, 2, 24)).eval()
    for half in (image, text):
        assert half.load_state_dict(published.state_dict(), strict=False).missing_keys == []
    tokens = torch.randint(1, 97, (2, 10))
    tokens[:, 7:] = 98
    pixels = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        condition = published.get_conditional_embeddings(batch_size=2, input_ids=tokens)
        torch.testing.assert_close(text(tokens), condition, atol=1e-5, rtol=1e-5)
        wanted = published(pixel_values=image.normalise(pixels), conditional_embeddings=condition).logits
        found = image(pixels, condition[:, None])[:, 0]
        torch.testing.assert_close(found, wanted, atol=1e-4 * float(wanted.abs().max()), rtol=0)
        # Every sentence of one call is answered as if it were alone.
        both = image(pixels, torch.stack([condition, condition.flip(0)], dim=1))
        torch.testing.assert_close(both[:, 0], found, atol=1e-4 * float(wanted.abs().max()), rtol=0)


def test_the_full_size_has_the_published_keys(published: Any) -> None:
    with torch.device("meta"):
        full = clipseg.build("full").core.state_dict() | clipseg_text.build("full").core.state_dict()
    tiny = published.state_dict()
    deeper = {key for key in full if key not in tiny}
    assert all(".encoder.layers." in key for key in deeper)
    assert full["clip.vision_model.embeddings.position_embedding.weight"].shape == (197, 768)
    assert full["clip.text_model.embeddings.token_embedding.weight"].shape == (49408, 512)
    assert full["decoder.transposed_convolution.4.weight"].shape == (32, 1, 4, 4)


def test_both_halves_agree_at_each_size() -> None:
    for size, width in (("lite", CONDITION), ("full", 512)):
        image, text = clipseg.NETWORK.at(size), clipseg_text.NETWORK.at(size)
        assert image.inputs[1].axes == ("prompts", width)
        assert text.outputs[0].axes == (width,)
        with torch.device("meta"):
            projection = text.build(size).get_submodule("core.clip.text_projection")
        assert projection.get_parameter("weight").shape[0] == width
    assert clipseg.NETWORK.at("full").precision is Precision.FP16_WEIGHTS
    tokens = text.make_inputs(2, text.example[0])["TOKENS"]
    assert tokens.shape == (2, 77)
    assert LITE_TEXT.vocabulary < tokens.max() < 49408


def test_sentences_of_any_length_go_through_the_exported_tower() -> None:
    torch.manual_seed(0)
    tower = ClipsegText(TextSize(99, 20, 32, 4, 64, 2, 24)).eval()
    dims = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens", min=2, max=20)}
    traced = torch.randint(1, 99, (2, 20))
    opened = session(to_proto(tower, (traced,), ["TOKENS"], ["CONDITION"], (dims,)).SerializeToString())
    for length in (20, 7):
        tokens = torch.randint(1, 99, (3, length))
        with torch.no_grad():
            wanted = tower(tokens).numpy()
        np.testing.assert_allclose(run(opened, {"TOKENS": tokens})["CONDITION"], wanted, atol=1e-5)


def test_padding_does_not_change_a_sentence() -> None:
    torch.manual_seed(0)
    text = ClipsegText(LITE_TEXT).eval()
    short = torch.tensor([[5, 9, 77]])
    padded = torch.cat([short, torch.zeros(1, 20, dtype=torch.long)], dim=1)
    with torch.no_grad():
        torch.testing.assert_close(text(short), text(padded), atol=1e-5, rtol=0)
        assert torch.isfinite(text(padded * 0)).all()


def test_the_small_size_answers_every_sentence_as_if_it_were_alone() -> None:
    torch.manual_seed(0)
    image = LiteClipseg().eval()
    pixels, condition = torch.rand(2, 3, 64, 96), torch.randn(2, 3, CONDITION)
    with torch.no_grad():
        logits = image(pixels, condition)
        alone = image(pixels[1:], condition[1:, 2:])
    assert logits.shape == (2, 3, 64, 96)
    torch.testing.assert_close(logits[1:, 2:], alone, atol=1e-4, rtol=0)


@pytest.mark.parametrize("network", [clipseg.NETWORK, clipseg_text.NETWORK], ids=lambda network: network.name)
def test_the_committed_files_compute_what_pytorch_does(network: Any) -> None:
    from triton_anime.repository import network_repository
    from triton_anime_export.to_onnx import compare
    from triton_anime_export.weights import load

    path = network_repository() / network.name / "1" / "model.onnx"
    if not path.is_file():
        pytest.skip(f"{network.name} is not in model_repository/")
    found = compare(network, load(network, "lite", path), path)
    assert len(found) == 4
    assert [c for c in found if not c.within] == []
