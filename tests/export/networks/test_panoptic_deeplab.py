"""Panoptic-DeepLab: what is served, and that its targets and its grouping are each other's inverse."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from triton_anime_export.networks.panoptic_deeplab import OFFSET_UNIT, build
from triton_anime_export.training.panoptic_deeplab import class_map, targets
from triton_anime_export.training.scores import PanopticTally, group


def test_served_tensors() -> None:
    served = build("lite").eval()
    with torch.no_grad():
        semantic, center, offset = served(torch.randint(0, 256, (2, 90, 160, 3), dtype=torch.uint8))
    assert semantic.shape == (2, 4, 144, 256)
    assert semantic.dtype == torch.uint8
    assert (semantic.int().sum(1) - 255).abs().max() <= 2
    assert center.shape == (2, 72, 128)
    assert offset.shape == (2, 2, 72, 128)
    assert offset.dtype == torch.float32


def test_a_mirrored_frame_gets_the_mirrored_answer() -> None:
    served = build("lite").eval()
    frame = torch.randint(0, 256, (1, 128, 256, 3), dtype=torch.uint8)
    with torch.no_grad():
        straight, mirrored = served(frame), served(frame.flip(2))
    for there, back in zip(straight[:2], mirrored[:2], strict=True):
        assert (there.int() - back.flip(-1).int()).abs().max() <= 1
    sideways = torch.tensor([-1.0, 1.0])[:, None, None]
    torch.testing.assert_close(straight[2], mirrored[2].flip(-1) * sideways, rtol=1e-3, atol=1e-3)


def two_characters() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    ids = np.zeros((128, 192), np.uint8)
    ids[20:110, 20:70], ids[30:120, 100:170] = 1, 2
    effect = np.zeros_like(ids)
    effect[0:20, 0:30], effect[40:60, 30:60] = 255, 100
    objects = np.zeros_like(ids)
    objects[100:128, 60:110] = 255
    return ids, class_map(ids, effect, objects)


def test_light_over_a_character_leaves_it_a_character() -> None:
    _, label = two_characters()
    assert label[50, 45] == 1
    assert label[5, 5] == 2
    assert label[126, 80] == 3
    assert label[127, 0] == 0


def test_perfect_answers_score_perfectly() -> None:
    ids, label = two_characters()
    shares, heat, offset, inside = targets(label, ids)
    assert inside.max() > 0
    semantic = (shares * 255).astype(np.uint8)
    peaks = np.zeros(heat.shape[1:], np.uint8)
    for identity in (1, 2):
        ys, xs = np.nonzero(ids[2::4, 2::4] == identity)
        peaks[round(ys.mean()), round(xs.mean())] = 255
    cells = offset * OFFSET_UNIT
    instances = group(semantic, peaks, cells)
    assert set(np.unique(instances)) == {0, 1, 2}
    tally = PanopticTally()
    tally.add(semantic, peaks, cells, label, ids)
    result = tally.result()
    assert result["character_iou"] > 0.93
    assert result["instance_iou"] > 0.93
    assert result["character_pq"] > 0.93
    empty = PanopticTally()
    empty.add(np.zeros_like(semantic), np.zeros_like(peaks), cells, label, ids)
    assert empty.result()["instance_iou"] == 0.0
