"""The recipe of the lite CLIPSeg: what it takes over, what it leaves alone, what its scores say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from triton_anime_export.networks._clipseg_lite import LiteClipseg
from triton_anime_export.networks._clipseg_text_modules import LITE, ClipsegText
from triton_anime_export.training import clipseg, clipseg_score
from triton_anime_export.training.run import Run

ENCODER = "image.body.backbone."


@pytest.fixture(scope="module")
def body() -> dict[str, torch.Tensor]:
    """Weights of a panoptic network."""
    torch.manual_seed(4)
    return LiteClipseg().body.state_dict()


def test_the_encoder_stays_and_the_rest_learns(body: dict[str, torch.Tensor]) -> None:
    trainee = clipseg.Trainee(body)
    before = {key: value.clone() for key, value in trainee.state_dict().items()}
    optimiser = torch.optim.SGD([p for p in trainee.parameters() if p.requires_grad], lr=0.5)
    trainee.train()
    logits, kinds = trainee(torch.rand(2, 3, 64, 64), torch.randint(1, 40, (4, 12)))
    (logits.square().mean() + kinds.square().mean()).backward()
    optimiser.step()
    after = trainee.state_dict()
    moved = {key for key, value in after.items() if not torch.equal(value, before[key])}
    # running statistics are part of it
    assert not any(key.startswith(ENCODER) for key in moved)
    assert any(key.startswith("image.body.fuse") for key in moved)
    assert any(key.startswith("image.mix") for key in moved)
    assert any(key.startswith("text.") for key in moved)


def test_a_run_goes_on_from_both_halves_of_an_earlier_one(
    body: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(8)
    image, text = LiteClipseg(), ClipsegText(LITE)
    (tmp_path / "early").mkdir()
    torch.save(image.state_dict(), tmp_path / "early" / "weights.pt")
    torch.save(text.state_dict(), tmp_path / "early" / "text.pt")
    (tmp_path / "panoptic_deeplab").mkdir()
    torch.save(body, tmp_path / "panoptic_deeplab" / "weights.pt")
    monkeypatch.setattr(clipseg, "Bank", lambda folder, split: split)
    monkeypatch.setattr(clipseg, "fit", lambda name, trainee, *args, **options: trainee)
    out = tmp_path / "run"
    out.mkdir()
    trained: Any = clipseg.train(
        Run(tmp_path / "bank", out, steps=1, start=tmp_path / "early" / "text.pt")
    ).state_dict()
    assert torch.equal(trained["mix.0.0.weight"], image.state_dict()["mix.0.0.weight"])
    assert torch.equal(trained["body.fuse.2.0.weight"], image.state_dict()["body.fuse.2.0.weight"])
    encoder = "backbone.stem.0.0.weight"
    assert torch.equal(trained[f"body.{encoder}"], body[encoder])
    assert torch.equal(
        torch.load(out / "text.pt")[next(iter(text.state_dict()))], next(iter(text.parameters()))
    )


def test_what_no_drawing_shows_has_no_score() -> None:
    tally = clipseg_score._Tally()
    found, truth, everywhere = (np.zeros((4, 4), bool) for _ in range(3))
    found[:2], truth[1:3], everywhere[:] = True, True, True
    tally.count("iou_fire", found, truth, everywhere)
    tally.count("iou_smoke", found, np.zeros_like(truth), everywhere)
    assert tally.overlaps() == {"iou_fire": round(4 / 12, 3)}
    # seen where it is not, in another drawing
    tally.count("iou_fire", found, np.zeros_like(truth), everywhere)
    assert tally.overlaps() == {"iou_fire": round(4 / 20, 3)}
