"""STTN: the published keys, values recorded from the proven network, a window of frames in and out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from triton_anime_export.golden import fill
from triton_anime_export.networks._sttn_modules import Sttn, SttnSize
from triton_anime_export.networks.sttn import NETWORK, ServedSttn, adapt_official
from triton_anime_export.random_weights import shake
from triton_anime_export.to_onnx import export

TINY = SttnSize(width=4, blocks=2)

RECORDED = [
    0.38489,
    0.03813,
    0.11704,
    -0.03778,
    -0.11650,
    0.26004,
    0.32231,
    0.16442,
    0.33000,
    -0.04134,
    -0.13843,
    -0.13196,
    0.31112,
    0.31913,
]


def filled(size: SttnSize) -> Sttn:
    """A network of any size with the weights of the rule that golden vectors are recorded with."""
    core = Sttn(size)
    core.load_state_dict(fill({key: tuple(value.shape) for key, value in core.state_dict().items()}, 1.2))
    return core.eval()


def blotches(frames: int, height: int, width: int) -> torch.Tensor:
    rng = np.random.default_rng(0)
    coarse = rng.uniform(-1, 1, (frames, 3, height // 8, width // 8)).astype(np.float32)
    return torch.from_numpy(coarse.repeat(8, axis=2).repeat(8, axis=3))


def test_the_published_keys() -> None:
    with torch.device("meta"):
        core = NETWORK.build("full").get_submodule("core")
    state = core.state_dict()
    assert sum(parameter.numel() for parameter in core.parameters()) == 16_556_163
    assert len(state) == 112
    assert {key.split(".")[0] for key in state} == {"encoder", "transformer", "decoder"}
    assert state["transformer.7.attention.output_linear.0.weight"].shape == (256, 256, 3, 3)
    assert state["decoder.4.conv.weight"].shape == (64, 64, 3, 3)


def test_values_recorded_from_the_proven_network() -> None:
    with torch.no_grad():
        drawn = filled(TINY)(blotches(2, 48, 96))
    assert drawn.shape == (2, 3, 48, 96)
    found = drawn[:, :, 5::19, 7::37].flatten()[::4].tolist()
    assert found == pytest.approx(RECORDED, abs=2e-5)


def test_a_hole_is_filled_from_the_other_frames() -> None:
    # Whatever is hidden is not seen; whatever a reference shows is.
    served = ServedSttn(TINY, (48, 96)).eval()
    served.core.load_state_dict(filled(TINY).state_dict())
    frames, masks, references, known = NETWORK.make_inputs(1, NETWORK.example[0]).values()
    hidden = masks > 0
    repainted = torch.where(hidden.unsqueeze(-1), 255 - frames, frames)
    with torch.no_grad():
        plates = served(frames, masks, references, known)
        again = served(repainted, masks, references, known)
        elsewhere = served(frames, masks, 255 - references, known)
    assert plates.shape == frames.shape
    assert torch.equal(plates[~hidden], frames[~hidden])
    assert torch.equal(plates, again)
    assert (plates[hidden].int() - elsewhere[hidden].int()).abs().max() > 5


def test_the_graph_takes_windows_of_any_length_and_frames_of_any_size(tmp_path: Path) -> None:
    module: nn.Module = ServedSttn(TINY, (48, 96))
    torch.manual_seed(0)
    shake(NETWORK, module)
    found = export(NETWORK, module, tmp_path / "model.onnx")
    assert [row.case.count("references") for row in found] == [1, 1]
    assert all(row.within for row in found)


def test_the_checkpoint_keeps_the_generator_under_a_key_of_its_own() -> None:
    one = torch.ones(1)
    checkpoint = {"netG": {"encoder.0.bias": one}}
    assert adapt_official(checkpoint) == {"encoder.0.bias": one}  # type: ignore[arg-type]
    assert adapt_official({"encoder.0.bias": one}) == {"encoder.0.bias": one}
