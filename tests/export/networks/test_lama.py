from __future__ import annotations

import numpy as np
import pytest
import torch

from triton_anime_export.networks._ffc import FourierBasis, FourierUnit
from triton_anime_export.networks._first_guess import diffuse
from triton_anime_export.networks._lama_modules import FULL, LamaGenerator, LamaSize, complete
from triton_anime_export.networks.lama import NETWORK, ServedLama, adapt_official, build


def test_the_full_size_is_big_lama() -> None:
    with torch.device("meta"):
        generator = LamaGenerator(FULL)
    state = generator.state_dict()
    assert sum(p.numel() for p in generator.parameters()) == 50_975_875
    assert len(state) == 989
    assert state["model.5.conv1.ffc.convg2g.fu.conv_layer.weight"].shape == (384, 384, 1, 1)
    assert state["model.24.weight"].shape == (512, 256, 3, 3)


@pytest.mark.parametrize("shape", [(8, 8), (9, 7), (1, 6), (14, 25)])
def test_the_matrix_products_are_the_transform(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    unit = FourierUnit(6).eval()
    x = torch.randn(2, 6, *shape)
    with torch.no_grad():
        spectrum = torch.view_as_real(torch.fft.rfft2(x, norm="ortho"))
        y = spectrum.permute(0, 1, 4, 2, 3).reshape(2, 12, shape[0], -1)
        y = torch.relu(unit.bn(unit.conv_layer(y)))
        y = y.reshape(2, 6, 2, shape[0], -1).permute(0, 1, 3, 4, 2).contiguous()
        wanted = torch.fft.irfft2(torch.view_as_complex(y), s=shape, norm="ortho")
        torch.testing.assert_close(unit(x, FourierBasis.of(*shape)), wanted, atol=1e-5, rtol=0)


def test_the_first_guess_keeps_what_is_known_and_follows_its_surroundings() -> None:
    ramp = torch.linspace(0.1, 0.9, 96)[:, None].expand(96, 128)
    image = torch.stack([ramp, 1 - ramp, torch.full_like(ramp, 0.5)])[None]
    mask = torch.zeros(1, 1, 96, 128)
    mask[..., 30:60, 40:80] = 1.0
    guess = diffuse(image * (1 - mask), mask)
    torch.testing.assert_close(guess * (1 - mask), image * (1 - mask), atol=1e-4, rtol=0)
    assert ((guess - image) * mask).abs().sum() / mask.sum() / 3 < 0.06
    assert torch.isfinite(diffuse(image, torch.ones_like(mask))).all()


def test_the_hole_is_not_seen_and_the_rest_comes_back_untouched() -> None:
    torch.manual_seed(1)
    served = ServedLama(LamaSize(width=4, blocks=1, prefill=True), 64).eval()
    inputs = NETWORK.make_inputs(2, {"height": 70, "width": 45})
    mask = torch.zeros(2, 70, 45, dtype=torch.uint8)
    mask[:, 20:50, 10:30] = 1
    other = inputs["FRAME"].clone()
    other[:, 20:50, 10:30] = 255 - other[:, 20:50, 10:30]
    with torch.no_grad():
        plate, again = served(inputs["FRAME"], mask), served(other, mask)
    kept = mask == 0
    assert torch.equal(plate[kept], inputs["FRAME"][kept])
    assert torch.equal(plate, again)


def test_official_keys_lose_their_prefix_and_other_parts_of_the_checkpoint() -> None:
    one = torch.ones(1)
    state = {"generator.model.1.weight": one, "evaluator.x": one}
    assert adapt_official(state) == {"model.1.weight": one}
    assert adapt_official({"model.1.weight": one}) == {"model.1.weight": one}


def test_black_is_what_the_full_size_sees_in_the_hole() -> None:
    seen = []

    class Recorder(LamaGenerator):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(x)
            return x[:, :3]

    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 4:8, 4:8] = 1.0
    complete(Recorder(LamaSize(width=4, blocks=1)), torch.ones(1, 3, 16, 16), mask)
    assert torch.equal(seen[0], torch.cat([(1 - mask).expand(1, 3, 16, 16), mask], dim=1))


def test_the_committed_file_computes_what_pytorch_does() -> None:
    from triton_anime.repository import network_repository
    from triton_anime_export.to_onnx import compare
    from triton_anime_export.weights import load

    path = network_repository() / "lama" / "1" / "model.onnx"
    if not path.is_file():
        pytest.skip("lama is not in model_repository/")
    module = load(NETWORK, "lite", path)
    assert isinstance(module, type(build("lite")))
    found = compare(NETWORK, module, path)
    assert len(found) == 4
    assert [c for c in found if not c.within] == []
    frame = np.full((1, 64, 96, 3), 128, np.uint8)
    with torch.no_grad():
        plate = module(torch.from_numpy(frame), torch.full((1, 64, 96), 255, dtype=torch.uint8))
    assert plate.shape == frame.shape
