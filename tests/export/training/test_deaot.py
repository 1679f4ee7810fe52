"""The recipe of DeAOT learns from clips, reads memories as they are served, and quickens what is slow."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from triton_anime_export.networks._deaot_core import DeAOT, DeAOTWidths
from triton_anime_export.networks._deaot_propagation import PropagationWidths
from triton_anime_export.networks._deaot_served import ServedIdentify, ServedPropagate, ServedReference
from triton_anime_export.studio.bank import Bank, Clip
from triton_anime_export.training import _deaot_score, deaot, tracking_clips, tracking_score
from triton_anime_export.training.depthwise import QuickDepthwise
from triton_anime_export.training.loop import fit
from triton_anime_export.training.tracking_clips import Clips, draw_clips
from triton_anime_export.training.tracking_losses import soft_jaccard

NARROW = DeAOTWidths(16, (8, 16, 16), (1, 1, 1), PropagationWidths(2, embed=32, attention=16, reach=2))


class Squares(Bank):
    """Two squares, each in its colour, that walk to the right by 8 pixels a drawing."""

    def __init__(self) -> None:
        pass

    def __len__(self) -> int:
        return 1

    def clip(self, index: int) -> Clip:
        ids = np.zeros((4, 160, 256), np.uint8)
        for t in range(4):
            ids[t, 20:100, 20 + 8 * t : 100 + 8 * t] = 1
            ids[t, 60:140, 140 + 8 * t : 220 + 8 * t] = 2
        colours = np.array([[60, 90, 60], [220, 40, 40], [40, 60, 230]], np.uint8)
        empty = np.zeros_like(ids)
        flow = np.zeros((3, 2, 80, 128), np.float16)
        flow[:, 0] = 8
        return Clip(
            frames=colours[ids],
            plate=colours[empty],
            ids=ids,
            alpha=(ids > 0).astype(np.uint8) * np.uint8(255),
            objects=empty,
            effect=empty,
            effect_type=empty,
            flow=flow,
            flow_valid=np.ones((3, 80, 128), np.uint8),
            names=(),
        )


def of_first(clips: Clips, count: int) -> Clips:
    """Fewer clips of the batch."""
    fields = {
        field.name: getattr(clips, field.name)[:count]
        for field in dataclasses.fields(clips)
        if field.name != "matches"
    }
    return Clips(**fields, matches=clips.matches[clips.matches[:, 0] < count])


def test_losses_fall_and_the_run_ends_with_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    batch = of_first(draw_clips(Squares(), np.random.default_rng(1), corners=True), 1)
    seen: list[dict[str, float]] = []

    def loss(model: nn.Module, clips: Clips) -> dict[str, torch.Tensor]:
        losses: dict[str, torch.Tensor] = model(clips)
        seen.append({key: value.item() for key, value in losses.items()})
        return losses

    model = deaot.TrainableDeAOT(NARROW)
    fit("deaot", model, lambda rng: batch, loss, out=tmp_path, steps=12, lr=2e-2, bf16=False, muon=True)
    totals = [sum(each.values()) for each in seen]
    assert sum(totals[-4:]) < 0.93 * sum(totals[:4])
    assert seen[-1].keys() == {"entropy", "jaccard", "motion"}
    saved = torch.load(tmp_path / "weights.pt", weights_only=True)
    core = {key.removeprefix("core."): value for key, value in saved.items() if key.startswith("core.")}
    DeAOT(NARROW).load_state_dict(core)  # the quicker convolutions leave no trace in the keys


@torch.no_grad()
def test_what_is_trained_is_what_is_served() -> None:
    """One drawing that is given, one that is read and decided: the batched parts against the graphs."""
    torch.manual_seed(0)
    model = deaot.TrainableDeAOT(NARROW).eval()
    cells = torch.randn(2, 2, 32, 3, 4)
    labels = torch.randint(0, 3, (2, 33, 49), dtype=torch.uint8)
    masks = torch.stack([model.core.identify(deaot.one_hot(each)) for each in labels])
    given = torch.vmap(model._refer)(cells[:, 0], masks)
    memory = given.key, given.value
    read = torch.vmap(model._read)(cells[:, 1], *memory, *memory)
    decided = torch.vmap(model._decide)(read.value, read.identity, masks)
    for i in range(2):
        key, value = ServedReference(model.core)(cells[i, 0], labels[i])
        torch.testing.assert_close(given.key[i], key.flatten(1, 2))
        torch.testing.assert_close(given.value[i], value.flatten(1, 2))
        skips = torch.zeros(32, 3, 4), torch.zeros(32, 5, 7), torch.zeros(16, 9, 13)
        columns = key.flatten(1, 2), value.flatten(1, 2), torch.ones(12)
        logits, key, pending = ServedPropagate(model.core)(cells[i, 1], *skips, *columns, key, value)
        torch.testing.assert_close(read.key[i], key.flatten(1, 2))
        plane = read.branches[i].transpose(0, 1).reshape(1, 64, 3, 4)
        ours = model.core.decoder(plane, *(skip[None] for skip in skips))[0]
        torch.testing.assert_close(ours, logits, atol=1e-5, rtol=1e-4)
        later = ServedIdentify(model.core)(pending, labels[i])
        torch.testing.assert_close(decided[i], later.flatten(1, 2), atol=1e-5, rtol=1e-4)


def test_matching_cells_are_where_things_went() -> None:
    clips = draw_clips(Squares(), np.random.default_rng(3), corners=True)
    height, width = tracking_clips.CROP
    across = width // 16 + 1
    assert int(clips.matches[:, 2:].max()) < (height // 16 + 1) * across
    numbers, wrong = 0, 0
    for clip, at, cell, before in clips.matches.tolist():
        labels = clips.labels[clip]
        places = [
            (min(16 * (place // across), height - 1), min(16 * (place % across), width - 1))
            for place in (cell, before)
        ]
        numbers += 1
        wrong += int(labels[at][places[0]] != labels[at - 1][places[1]])
    assert numbers > 200
    assert wrong < 0.1 * numbers  # a cell before is the nearest one, up to half a cell away


def test_depthwise_gradients_are_those_of_pytorch() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(6, 6, 5, padding=2, groups=6, bias=False)
    plane = torch.randn(1, 6, 7, 9, requires_grad=True)
    weights = torch.randn(1, 6, 7, 9)
    results = [
        torch.autograd.grad((layer(plane) * weights).sum(), (plane, conv.weight))
        for layer in (conv, QuickDepthwise(conv))
    ]
    for theirs, ours in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_soft_jaccard_of_hard_masks_is_one_less_the_overlap() -> None:
    truth, answer = torch.zeros(2, 1, 2, 40, 40)
    truth[0, 0, :, :20], answer[0, 0, :, 10:20] = 1, 1
    present = torch.tensor([[1.0, 0.0]])
    assert soft_jaccard(answer, truth, present).item() == pytest.approx(0.5, abs=1e-3)


def test_scores_tell_a_tracker_that_follows_from_one_that_does_not() -> None:
    bank = Squares()
    truth = bank.clip(0).ids
    assert tracking_score.score(lambda frames, first: truth, bank, rivals=False) == {"j": 1.0, "f": 1.0}
    found = tracking_score.score(lambda frames, first: np.stack([first] * 4), bank)
    assert found["j"] == found["copied_j"] == pytest.approx(56 / 104, abs=1e-3)
    assert found["dis_j"] > found["j"]


def test_carrying_gives_labels_of_every_drawing() -> None:
    torch.manual_seed(0)
    clip = Squares().clip(0)
    frames = np.asarray(clip.frames)[:, :64, :96]
    labels = _deaot_score.propagate(DeAOT(NARROW).eval(), frames, np.asarray(clip.ids[0])[:64, :96])
    assert labels.shape == (4, 64, 96)
    assert (labels[0] == clip.ids[0][:64, :96]).all()
    assert set(np.unique(labels[1:])) <= {0, 1}
