"""What segmentation and tracker together say about where characters are."""

import numpy as np
import pytest

from triton_anime.cel import Cel
from triton_anime.characters import Segmentation, coarse_mask
from triton_anime.drawings import Drawing
from triton_anime.panoptic import CHARACTER
from triton_anime.video import Frame

H, W = 20, 30


def chances(value: float) -> np.ndarray:
    """[4,h,w] on a grid half as fine, the character's chance the same everywhere."""
    probability = np.zeros((4, H // 2, W // 2), np.uint8)
    probability[CHARACTER] = round(255 * value)
    return probability


def tracked() -> np.ndarray:
    identity = np.zeros((H, W), np.uint8)
    identity[:, :15] = 2
    return identity


@pytest.mark.parametrize("chance", [0.75, 0.85, 0.95])
def test_two_who_agree_are_surer_than_either(chance: float) -> None:
    coarse = coarse_mask(chances(chance), tracked())
    assert coarse is not None
    odds = np.e * chance / (1 - chance)
    assert coarse[10, 5] == pytest.approx(255 * odds / (1 + odds), abs=2)
    assert coarse[10, 25] == round(255 * chance)


def test_the_tracker_alone_is_believed_unless_an_effect_is_there() -> None:
    kept = np.ones((H, W), np.float32)
    kept[5] = 0.1
    coarse = coarse_mask(chances(0.1), tracked(), kept)
    assert coarse is not None
    assert coarse[10, 5] == 200
    assert coarse[5, 5] < 70


def test_a_sure_segmentation_stays_sure() -> None:
    coarse = coarse_mask(chances(1), tracked())
    assert coarse is not None
    assert (coarse == 255).all()


def test_either_alone_is_enough() -> None:
    assert coarse_mask(None, None) is None
    alone = coarse_mask(None, tracked())
    assert alone is not None
    assert np.array_equal(alone > 0, tracked() > 0)
    unasked = coarse_mask(chances(0.4), None)
    assert unasked is not None
    assert (unasked == round(255 * 0.4)).all()


def test_a_drawing_that_stands_for_itself_does_not_ask_the_tracker() -> None:
    picture = np.zeros((H, W, 3), np.uint8)
    drawing = Drawing(0, Frame(0, 0, picture), ((0, 0),), True, True)
    cel = Cel(drawing, picture, identity=tracked())
    nobody = np.zeros((H, W), np.uint8)
    cel.segmentation = Segmentation(nobody, np.zeros(0), np.zeros((0, 4), np.int32), chances(0.4))
    together, alone = cel.coarse(), cel.coarse(alone=True)
    assert together is not None
    assert alone is not None
    assert together[10, 5] == 200
    assert (alone == round(255 * 0.4)).all()
