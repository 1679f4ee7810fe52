from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime import motion
from triton_anime.fill import blend_in, smooth_fill
from triton_anime.plates import Plate, View, plates
from triton_anime.recover import INVENTED, SEEN

U8 = NDArray[np.uint8]


class Inventor:
    """Fills holes plainly and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, frame: U8, mask: U8) -> U8:
        self.asked += 1
        return np.asarray(cv2.inpaint(frame, mask, 3, cv2.INPAINT_TELEA), np.uint8)


def views(scene: Any) -> Iterator[View[int]]:
    for t, frame in enumerate(scene.frames):
        yield View(t, frame, np.maximum(scene.alphas[t], scene.glows[t]), frame)


def made(scene: Any, invent: Inventor, back: int = 8, ahead: int = 8) -> list[Plate]:
    found = list(plates(views(scene), invent, back, ahead))
    assert [index for index, _ in found] == list(range(len(scene.frames)))
    return [plate for _, plate in found]


def error(plate: Plate, truth: U8, state: int) -> float:
    where = plate.hole & (plate.state == state)
    return float(np.abs(plate.image.astype(int) - truth)[where].mean()) if where.any() else 0.0


@pytest.mark.parametrize(
    ("pan", "noise", "most"),
    [((0.0, 0.0), 0.0, 0.0), ((3.0, 0.0), 0.0, 0.0), ((2.4, -0.7), 0.0, 1.5), ((2.4, 0.0), 2.0, 3.0)],
)
def test_what_others_show_is_recovered(
    scene: Any, pan: tuple[float, float], noise: float, most: float
) -> None:
    truth, invent = scene(pan=pan, noise=noise), Inventor()
    for plate, true, frame in zip(made(truth, invent), truth.plates, truth.frames, strict=True):
        assert np.array_equal(plate.image[~plate.hole], frame[~plate.hole])
        assert error(plate, true, SEEN) <= most
        assert plate.invented_share == 0
        assert plate.recovered_share == pytest.approx(plate.hole.mean())
    assert invent.asked == 0


def test_the_never_seen_is_invented_once_and_stays_the_same(scene: Any) -> None:
    truth, invent = scene(count=30, step=0), Inventor()
    found = made(truth, invent)
    assert invent.asked == 1
    for plate in found:
        assert np.array_equal(plate.image, found[0].image)
        assert plate.quality == 1 - plate.invented_share < 1
        assert (plate.state[~plate.hole] == SEEN).all()


def test_the_answer_of_a_video_network_takes_the_place_of_inventions(scene: Any) -> None:
    truth, invent = scene(count=10, step=3), Inventor()
    given = [replace(view, answer=truth.plates[view.item]) for view in views(truth)]
    found = [plate for _, plate in plates(given, invent, 8, 8)]
    without = made(truth, Inventor())
    assert invent.asked == 0
    for plate, other, true, frame in zip(found, without, truth.plates, truth.frames, strict=True):
        # what drawings show is recovered as before, and the rest is the answer
        both = plate.copied & other.copied
        assert both.sum() > 0.95 * max(plate.copied.sum(), other.copied.sum())
        assert np.array_equal(plate.image[both], other.image[both])
        assert np.array_equal(plate.image[~plate.hole], frame[~plate.hole])
        # but for the rim, where it is fitted to what surrounds it
        assert error(plate, true, INVENTED) < 0.6 * error(other, true, INVENTED)
    assert found[0].invented_share > 0.01


def test_inventions_travel_with_the_camera(scene: Any) -> None:
    truth, invent = scene(count=24, step=-2, pan=(2.0, 0.0)), Inventor()
    found = made(truth, invent)
    assert invent.asked <= 3
    # the picture of the shot moves two pixels to the left from drawing to drawing
    for before, after in pairwise(found[8:]):
        both = (before.state[:, 2:] == INVENTED) & (after.state[:, :-2] == INVENTED)
        if both.any():
            step = np.abs(before.image[:, 2:].astype(int) - after.image[:, :-2])[both]
            assert step.mean() < 1


def test_a_carried_plate_outlives_the_windows(scene: Any) -> None:
    """What was seen long ago is not invented again."""
    truth = scene(count=30, step=12)
    for moment in range(8, 30):
        # from then on the character fills the place where it stands at the eighth drawing
        truth.frames[moment], truth.alphas[moment] = truth.frames[8], truth.alphas[8]
    found = made(truth, Inventor(), back=4, ahead=4)
    assert found[-1].invented_share < 0.01
    assert error(found[-1], truth.plates[-1], SEEN) < 0.5


def test_a_fade_does_not_leave_a_ghost(scene: Any) -> None:
    truth = scene(count=10)
    for t in range(10):
        for pictures in (truth.frames, truth.plates):
            pictures[t] = np.rint(pictures[t] * (1 - 0.03 * t)).astype(np.uint8)
    worst = max(
        error(plate, true, SEEN) for plate, true in zip(made(truth, Inventor()), truth.plates, strict=True)
    )
    assert worst < 6


def test_a_part_of_the_background_that_moves_on_its_own_is_followed(scene: Any) -> None:
    """Parallax: the character walks in front of a near layer that pans faster than the far one."""
    truth = scene(count=12, step=10)
    near = scene(count=12, step=10, pan=(4.0, 0.0)).plates
    for t in range(12):
        truth.plates[t] = truth.plates[t].copy()
        truth.plates[t][110:] = near[t][::-1][110:]
        alpha = truth.alphas[t][..., None] / 255
        truth.frames[t] = np.rint(truth.plates[t] * (1 - alpha) + (240, 60, 60) * alpha).astype(np.uint8)
    for plate, true in zip(made(truth, Inventor()), truth.plates, strict=True):
        low = plate.hole & (plate.state == SEEN)
        low[:118] = False
        assert np.abs(plate.image.astype(int) - true)[low].mean() < 3


def test_drawings_without_common_ground_are_not_mixed(scene: Any) -> None:
    one, other = scene(count=3), scene(count=3)
    for t in range(3):
        flipped = other.plates[t][::-1, ::-1].copy()
        alpha = other.alphas[t][..., None] / 255
        other.frames[t] = np.rint(flipped * (1 - alpha) + (240, 60, 60) * alpha).astype(np.uint8)
        one.frames.append(other.frames[t])
        one.alphas.append(other.alphas[t])
        one.plates.append(flipped)
        one.glows.append(other.glows[t])
    for plate, true in zip(made(one, Inventor()), one.plates, strict=True):
        assert error(plate, true, SEEN) < 3


@pytest.mark.parametrize(
    ("dx", "dy", "zoom"), [(0, 0, 1), (3, 0, 1), (3.4, -1.2, 1), (40, 6, 1), (5, 2, 1.03)]
)
def test_camera_is_found_to_a_fraction_of_a_pixel(scene: Any, dx: float, dy: float, zoom: float) -> None:
    truth = scene(count=1, height=360, width=640)
    big, alpha = truth.plates[0], truth.alphas[0]
    move = np.array([[zoom, 0, dx], [0, zoom, dy]], np.float64)
    other = cv2.warpAffine(big, move, (640, 360), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)

    def still(picture: U8) -> motion.Still:
        small = cv2.resize(picture, (512, 288), interpolation=cv2.INTER_AREA)
        hole = cv2.resize(alpha, (512, 288), interpolation=cv2.INTER_AREA)
        return motion.Still.of(small, hole, 360, 640)

    found = motion.register(still(big), still(np.asarray(other, np.uint8)))
    corners = np.array([[0, 0, 1], [640, 0, 1], [0, 360, 1], [640, 360, 1]])
    assert found.found
    assert np.abs(corners @ found.matrix.T - corners @ move.T).max() < 0.2
    if zoom == 1 and dx == int(dx):
        assert np.array_equal(found.matrix, move)


def test_smooth_fill_keeps_what_is_known_and_invents_no_colours(scene: Any) -> None:
    picture = scene(count=1).plates[0]
    known = np.ones(picture.shape[:2], bool)
    known[40:140, 100:260] = False
    filled = smooth_fill(picture, known)
    assert np.array_equal(filled[known], picture[known])
    assert filled[~known].min() >= picture[known].min()
    assert filled[~known].max() <= picture[known].max()


def test_an_answer_of_another_brightness_meets_the_rim() -> None:
    ys, xs = np.mgrid[:120, :160]
    picture = np.stack([60 + ys, 90 + xs // 2, 200 - ys], axis=2).astype(np.uint8)
    missing = np.zeros((120, 160), bool)
    missing[30:90, 50:110] = True
    answer = cv2.resize(picture, (80, 60), interpolation=cv2.INTER_AREA).astype(int) + 25
    filled = blend_in(picture, missing, np.clip(answer, 0, 255).astype(np.uint8))
    assert np.array_equal(filled[~missing], picture[~missing])
    assert np.abs(filled.astype(int) - picture)[missing].mean() < 4


def test_a_fit_that_folds_the_picture_is_no_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    folded = np.array([[1.0, 2.0, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    monkeypatch.setattr(motion, "_refine", lambda *_: folded)
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 256, (90, 160, 3)).astype(np.uint8)
    still = motion.Still.of(frame, np.zeros((90, 160), np.uint8), 90, 160)
    found = motion.register(still, still, [folded[:2], np.full((2, 3), np.nan)])
    assert motion.is_plausible(found.matrix)
    assert np.isfinite(motion.inverse(found.matrix)).all()
    assert not motion.is_plausible(folded[:2])
    assert not motion.is_plausible(np.full((2, 3), np.nan))
    assert motion.is_plausible(motion.IDENTITY)


def test_what_is_in_doubt_is_shown_to_no_other_drawing(scene: Any) -> None:
    """A hat that one drawing alone takes for background is not the background of the others."""
    truth, invent = scene(count=4, step=0), Inventor()
    somebody = truth.alphas[0] > 0
    doubtful = list(views(truth))
    doubtful[0] = replace(doubtful[0], foreground=np.zeros_like(truth.alphas[0]))
    doubtful = [replace(view, doubt=somebody) for view in doubtful]
    found = [plate for _, plate in plates(doubtful, invent, 8, 8)]
    assert np.array_equal(found[0].image, truth.frames[0])
    for plate in found[1:]:
        assert not plate.copied[somebody].any()
        assert (plate.state[somebody] == INVENTED).all()
    assert invent.asked == 1
