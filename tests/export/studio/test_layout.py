"""Characters stand where a layout puts them, and sources vary without losing their truth."""

from __future__ import annotations

import numpy as np
import pytest

from triton_anime_export.studio.director import spread
from triton_anime_export.studio.layout import LAYOUTS, is_bust, marks, play
from triton_anime_export.studio.scene import Actor
from triton_anime_export.studio.source import Source
from triton_anime_export.studio.variety import cluttered, pixelated, recoloured

SIZE = (448, 256)


def _figure(bust: bool = False, drawings: int = 4) -> Source:
    rgba = np.zeros((100, 60, 4), np.uint8)
    rgba[5 : 100 if bust else 95, 10:50] = (200, 60, 30, 255)
    return Source("character", "figure", (rgba,) * drawings, travel=(3.0,) * drawings, mood="dusk")


@pytest.mark.parametrize(
    ("layout", "fewest", "most"),
    [
        ("empty", 0, 0),
        ("single", 1, 1),
        ("pair", 2, 2),
        ("group", 3, 5),
        ("crowd", 5, 10),
        ("crossing", 2, 2),
    ],
)
def test_a_layout_has_its_number_of_characters(layout: str, fewest: int, most: int) -> None:
    counts = [len(marks(np.random.default_rng(seed), SIZE, 4, layout)) for seed in range(30)]
    assert (min(counts), max(counts)) == (fewest, most)


def test_all_layouts_are_staged() -> None:
    for layout in LAYOUTS:
        for mark in marks(np.random.default_rng(1), SIZE, 4, layout):
            assert mark.reach > 10


def test_crossing_characters_change_sides() -> None:
    rng = np.random.default_rng(2)
    first, second = marks(rng, SIZE, 12, "crossing")
    assert (first.x - second.x) * (first.x + 11 * (first.step or 0) - second.x - 11 * (second.step or 0)) < 0
    assert first.action in ("walk", "run")


def test_several_characters_come_in_and_go_out_of_one_shot() -> None:
    width, count = SIZE[0], 24
    comings, goings, most = 0, 0, 0
    for seed in range(40):
        ends = [
            (mark.x, mark.x + (count - 1) * (mark.step or 0.0))
            for mark in marks(np.random.default_rng(seed), SIZE, count, "entrance")
        ]
        inside = [[0 <= x <= width for x in end] for end in ends]
        entered, left = inside.count([False, True]), inside.count([True, False])
        comings, goings, most = comings + entered, goings + left, max(most, entered + left)
    assert comings >= 15
    assert goings >= 10
    assert most >= 3


def test_a_bust_does_not_show_its_lower_edge() -> None:
    assert is_bust(_figure(bust=True))
    assert not is_bust(_figure())
    below = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        (mark,) = marks(rng, SIZE, 1, "single")
        actor = play(rng, _figure(bust=True), mark, SIZE, 1)
        below += (actor.motion[0] @ np.array([30.0, 100.0, 1.0]))[1] >= SIZE[1] - 8
    assert below >= 32


def test_drawings_are_held_for_one_two_or_three_frames() -> None:
    held = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        (mark,) = marks(rng, SIZE, 12, "single")
        drawing = play(rng, _figure(drawings=12), mark, SIZE, 12).drawing
        changes = np.flatnonzero(np.diff(drawing))
        held.add(int(np.diff(changes).min()))
        assert set(np.diff(drawing)) <= {0, 1, -11}
    assert held == {1, 2, 3}


def test_variety_keeps_the_outline_and_forgets_what_it_changed() -> None:
    source = _figure()
    changed = [recoloured(np.random.default_rng(seed), source) for seed in range(8)]
    other = [item for item in changed if item is not source]
    assert other
    assert all(item.mood == "" for item in other)
    assert all(np.array_equal(item.drawings[0][..., 3], source.drawings[0][..., 3]) for item in other)
    blocks = pixelated(np.random.default_rng(0), source, 1.0)
    assert blocks.drawings[0].shape == source.drawings[0].shape
    assert set(np.unique(blocks.drawings[0][..., 3])) == {0, 255}


def test_clutter_comes_from_other_pictures() -> None:
    ground, other = (
        Source("backdrop", name, (np.full((80, 120, 4), value, np.uint8),))
        for name, value in (("a", 40), ("b", 220))
    )
    changed = cluttered(np.random.default_rng(0), ground, [other]).drawings[0]
    assert changed.shape == (80, 120, 4)
    assert 0.005 < (np.abs(changed[..., :3].astype(int) - 40).max(axis=2) > 10).mean() < 1.0


def test_a_pan_passes_near_things_faster_than_far_ones() -> None:
    """Parallax: on the screen things behind the stage lag behind it, those before it run ahead."""
    rgba = np.full((40, 40, 4), 255, np.uint8)
    stool, person = (Source(kind, kind, (rgba,)) for kind in ("object", "character"))
    camera = [np.array([[1.0, 0, 5.0 * t], [0, 1, 0], [0, 0, 1]]) for t in range(4)]
    actors = [Actor(source, [np.eye(3)] * 4, [0] * 4) for source in (stool, person, stool)]
    spread(np.random.default_rng(0), actors, camera, 0.4, SIZE)
    behind, stage, before = (float((camera[3] @ actor.motion[3])[0, 2]) for actor in actors)
    assert 0.4 * 15 < behind < stage - 0.5
    assert stage == 15.0
    assert stage + 0.5 < before < 1.6 * 15
