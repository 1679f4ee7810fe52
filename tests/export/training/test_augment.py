"""Augmentation keeps labels labels, keeps maps on their frame, and is decided by the generator alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from triton_anime_export.training.augment import augment, sample_crop, sample_view


def picture() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    ids = np.zeros((64, 96), np.uint8)
    ids[10:40, 20:50], ids[30:60, 60:90] = 3, 7
    frame = np.repeat((ids * 30)[..., None], 3, axis=2)
    return frame, ids


def test_labels_are_never_blended_and_stay_on_the_frame() -> None:
    frame, ids = picture()
    for seed in range(20):
        view = sample_view(np.random.default_rng(seed), frame.shape, (48, 48))
        seen, labels = view(frame, False)[..., 0], view(ids, True)
        assert set(np.unique(labels)) <= {0, 3, 7}
        assert np.abs(seen.astype(int) - labels.astype(int) * 30).mean() < 12


def test_same_generator_same_view() -> None:
    frame, ids = picture()
    first = augment(np.random.default_rng(5), frame, {"ids": ids}, (32, 64))
    again = augment(np.random.default_rng(5), frame, {"ids": ids}, (32, 64))
    other = augment(np.random.default_rng(6), frame, {"ids": ids}, (32, 64))
    assert first[0].shape == (32, 64, 3)
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1]["ids"], again[1]["ids"])
    assert not np.array_equal(first[0], other[0])


def test_preferred_map_is_sought() -> None:
    frame, _ = picture()
    corner = np.zeros((64, 96), np.uint8)
    corner[:8, :8] = 1
    found = {
        prefer: sum(
            augment(np.random.default_rng(seed), frame, {"ids": corner}, (40, 60), prefer)[1]["ids"].any()
            for seed in range(60)
        )
        for prefer in (None, "ids")
    }
    assert found["ids"] > found[None]


def test_crops_lie_around_the_box_and_inside_the_frame() -> None:
    height, width = 120, 200
    ys, xs = np.mgrid[:height, :width]
    places = np.dstack([xs, ys, np.zeros_like(xs)]).astype(np.uint8)
    box = (80, 30, 40, 60)
    for seed in range(40):
        view = sample_crop(np.random.default_rng(seed), box, (height, width), (96, 64))
        seen = view(places, False)
        # A mirrored border would show a place twice: along each side places only rise or only fall.
        across = np.diff(seen[48, 2:-2, 0].astype(int))
        down = np.diff(seen[2:-2, 32, 1].astype(int))
        assert (across >= 0).all() or (across <= 0).all()
        assert (down >= 0).all()
        assert 60 < seen[48, 32, 0] < 140
        assert 20 < seen[48, 32, 1] < 100
