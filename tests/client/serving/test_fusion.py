from __future__ import annotations

import numpy as np
import pytest

from triton_anime.serving.fusion import fuse

EVERY = np.arange(256, dtype=np.uint8)
TABLE = fuse([EVERY[:, None].repeat(256, axis=1), EVERY[None, :].repeat(256, axis=0)]).astype(int)


def test_one_source_is_its_own_answer() -> None:
    assert np.array_equal(fuse([EVERY]), EVERY)


def test_neither_order_nor_source_counts_more() -> None:
    assert np.array_equal(TABLE, TABLE.T)


def test_the_answer_grows_with_each_source() -> None:
    assert (np.diff(TABLE, axis=0) >= 0).all()
    assert (np.diff(TABLE, axis=1) >= 0).all()


def test_ends_stay() -> None:
    assert TABLE.dtype.kind == "i"
    assert TABLE[0, 0] == 0
    assert (TABLE[255] == 255).all()
    assert TABLE.min() == 0
    assert TABLE.max() == 255


def test_agreement_raises_and_common_doubt_lowers() -> None:
    own = np.diagonal(TABLE)
    assert (own[130:250] > EVERY[130:250]).all()
    assert (own[5:126] < EVERY[5:126]).all()
    assert own[128] in (128, 129)


def test_no_opinion_changes_nothing() -> None:
    assert np.abs(TABLE[128, 128:] - EVERY[128:].astype(int)).max() <= 1


def test_a_lone_weak_answer_falls_and_a_strong_one_stays() -> None:
    alone = TABLE[0]
    assert (alone[1:255] <= EVERY[1:255]).all()
    assert alone[153] < 128  # 0.6
    assert alone[242] > 220  # 0.95


@pytest.mark.parametrize(("one", "other", "wanted"), [(178, 178, 0.84), (153, 0, 0.39), (242, 0, 0.89)])
def test_figures_of_the_documentation(one: int, other: int, wanted: float) -> None:
    assert TABLE[one, other] / 255 == pytest.approx(wanted, abs=0.006)


def test_maps_are_fused_pixel_by_pixel() -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.integers(0, 256, (3, 5, 7), dtype=np.uint8) for _ in range(2))
    found = fuse([one, other])
    assert found.shape == (3, 5, 7)
    assert found.dtype == np.uint8
    assert found[2, 4, 6] == TABLE[one[2, 4, 6], other[2, 4, 6]]
