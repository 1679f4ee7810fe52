"""Both generations of SAM are the package's own behind the official processing, in PyTorch and in ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from triton_anime_export.errors import WeightsError
from triton_anime_export.network import Network
from triton_anime_export.networks import find_all, sam, sam2
from triton_anime_export.to_onnx import export
from triton_anime_export.weights import load

transformers = pytest.importorskip("transformers", reason="needs the extra triton-anime[export]")

SIDE = 128


@dataclass(frozen=True)
class Generation:
    """One generation, its lite size with every parameter drawn."""

    module: ModuleType
    encode: Network
    decode: Network
    encoder: nn.Module
    decoder: nn.Module
    tied: str

    @property
    def core(self) -> nn.Module:
        return self.encoder.get_submodule("core")


@pytest.fixture(scope="module", params=["sam", "sam2"])
def generation(request: pytest.FixtureRequest) -> Generation:
    module = {"sam": sam, "sam2": sam2}[request.param]
    encode, decode = find_all(request.param)
    torch.manual_seed(5)
    encoder, decoder = encode.build("lite"), decode.build("lite")
    with torch.no_grad():
        for name, parameter in encoder.named_parameters():
            noise = torch.randn_like(parameter)
            if parameter.ndim < 2:
                parameter.add_(noise * 0.1)
            elif "hypernetworks" in name or "upscale" in name:
                # Or masks would be one grey: nothing after them brings their values back to order.
                parameter.copy_(noise * 2.0 / parameter[0].numel() ** 0.5)
            else:
                parameter.copy_(noise / parameter[0].numel() ** 0.5)
    decoder.load_state_dict(encoder.state_dict())
    tied = "prompt_encoder.shared_embedding.positional_embedding" if module is sam else ""
    return Generation(module, encode, decode, encoder.eval(), decoder.eval(), tied)


def test_the_package_answers_the_same(generation: Generation) -> None:
    frame = generation.encode.make_inputs(2, {})["FRAME"]
    boxes = generation.decode.make_inputs(2, {"boxes": 3})["BOXES"]
    processor = transformers.SamImageProcessor(do_resize=False, do_pad=False)
    pixels = processor(images=[picture.numpy() for picture in frame], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        wanted = generation.core(pixel_values=pixels, input_boxes=boxes, multimask_output=False)
        masks, scores = generation.decoder(generation.encoder(frame), boxes)
    probability = wanted.pred_masks[:, :, 0].sigmoid() * 255
    assert masks.shape == (2, 3, SIDE // 4, SIDE // 4)
    assert (masks - probability).abs().max() <= 0.51
    torch.testing.assert_close(scores, wanted.iou_scores[..., 0], atol=1e-5, rtol=0)
    assert probability.std() > 10
    assert (probability[0, 0] - probability[0, 1]).abs().max() > 3, "boxes do not matter"


@pytest.mark.parametrize("part", ["encode", "decode"])
def test_the_graphs_compute_the_same(generation: Generation, part: str, tmp_path: Path) -> None:
    network: Network = getattr(generation, part)
    module: nn.Module = getattr(generation, f"{part}r")
    found = export(network, module, tmp_path / "model.onnx")
    cases = [row.case for row in found if row.output == network.outputs[0].name]
    counts = ("boxes 3", "boxes 1") if part == "decode" else ("",)
    assert cases == [f"batch {batch}, {count}" for count in counts for batch in (1, 2)]
    floats = [row for row in found if row.output != "MASKS"]
    assert max(row.relative for row in floats) < 1e-4
    assert all(row.within for row in found)


@pytest.mark.parametrize(("name", "channels"), [("sam", 256), ("sam2", 1024)], ids=["sam", "sam2"])
def test_the_published_tensors(name: str, channels: int) -> None:
    encode, decode = (network.at("full") for network in find_all(name))
    assert encode.inputs[0].axes == (1024, 1024, 3)
    assert encode.batching.max_batch >= 1, "the graph has a batch axis"
    assert encode.outputs[0].axes == decode.inputs[0].axes == (channels, 64, 64)
    assert [tensor.axes for tensor in decode.outputs] == [("boxes", 256, 256), ("boxes",)]
    assert decode.make_inputs(1, {"boxes": 2})["EMBEDDING"].shape == (1, channels, 64, 64)


def test_the_published_size_of_sam() -> None:
    with torch.device("meta"):
        core = sam.build_encode("full").core
    twice = core.prompt_encoder.shared_embedding.positional_embedding.numel()
    assert sum(parameter.numel() for parameter in core.parameters()) - twice == 93_735_472


def test_the_published_size_of_sam2() -> None:
    """The file is that of the video model, 38.9 million parameters, of which single pictures need a part."""
    with torch.device("meta"):
        ours = sam2.build_encode("full").core.state_dict()
        video = transformers.Sam2VideoModel(transformers.Sam2VideoConfig())
    assert sum(parameter.numel() for parameter in video.parameters()) == 38_962_498
    published = video.state_dict()
    assert not [key for key, value in ours.items() if published[key].shape != value.shape]


def test_published_keys_feed_both_parts(
    generation: Generation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = generation.module.config
    monkeypatch.setattr(generation.module, "config", lambda size: config("lite"))
    state = generation.core.state_dict()
    stored = {key: value.contiguous() for key, value in state.items() if key != generation.tied}
    if generation.module is sam2:
        # The file is that of the video model.
        stored["memory_attention.layers.0.linear1.weight"] = torch.zeros(2, 2)
    path = tmp_path / "model.safetensors"
    save_file(stored, path)
    for network in (generation.encode, generation.decode):
        loaded = load(network, "full", path).get_submodule("core").state_dict()
        assert set(loaded) == set(state)
        assert all(torch.equal(loaded[key], value) for key, value in state.items())
    del stored["mask_decoder.iou_token.weight"]
    save_file(stored, path)
    with pytest.raises(WeightsError, match=r"1 keys missing \(mask_decoder\.iou_token\.weight\)"):
        load(generation.decode, "full", path)
