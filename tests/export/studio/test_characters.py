"""Whatever a design can have is drawn, and is drawn differently from everything else."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("skia")

from triton_anime_export.studio.characters import draw_figure
from triton_anime_export.studio.design import (
    BEHIND,
    BOTTOMS,
    ELABORATE_HAIR,
    HAIR,
    ON_HEAD,
    OVER,
    TOPS,
    Design,
    draw_design,
    draw_person,
)
from triton_anime_export.studio.face import EXPRESSIONS
from triton_anime_export.studio.finish import PATTERNS, Finish
from triton_anime_export.studio.pose import ACTIONS, VOWELS, Pose, act
from triton_anime_export.studio.wording import style_name

U8 = NDArray[np.uint8]


def plain() -> Design:
    """A grown person from the front, inked, in flat colours, with nothing on."""
    person = draw_person(np.random.default_rng(8), 160)
    style = replace(person.style, ink_width=1.0, ink_colour_share=0.0, depth=1.0, rim=0.0, soft=0.0)
    return replace(
        person,
        style=style,
        heads=6.0,
        build=1.0,
        hair_style="short",
        hair_length=2.0,
        hat="none",
        prop="none",
        ears="none",
        pattern="none",
        top="tee",
        bottom="trousers",
        scarf=False,
        cape=False,
        ribbon=False,
        glasses=False,
        facing=0.0,
        fade=0.0,
        finish=Finish(),
    )


def drawn(design: Design, pose: Pose | None = None, look: str = "neutral") -> U8:
    """The figure on a small sheet."""
    return draw_figure(design, pose or Pose(), look, 18.0, (70.0, 150.0), (140, 160))


def _are_all_different(pictures: dict[Any, U8], pixels: int = 4) -> None:
    for (name, one), (other, two) in combinations(pictures.items(), 2):
        assert np.count_nonzero((one != two).any(axis=2)) >= pixels, (name, other)


CHOICES: dict[str, tuple[Any, ...]] = {
    "hair_style": (*HAIR, *ELABORATE_HAIR),
    "top": TOPS,
    "bottom": BOTTOMS,
    "hat": ("none", "cap", "witch", "straw", "beret", "helmet"),
    "prop": ("none", "sword", "staff", "ball", "bag", "book", "umbrella"),
    "ears": ("none", "cat", "horns", "elf"),
    "view": ("front", "profile", "back"),
    "scarf": (False, True),
    "cape": (False, True),
    "glasses": (False, True),
    "heads": (2.4, 4.5, 6.0, 8.0),
    "build": (0.8, 1.2, 1.7),
    "curvy": (0.0, 1.0),
    "facing": (-0.8, 0.0, 0.8),
    "ahoge": (0, 3),
    "flyaways": (0, 24),
    "eye_size": (0.75, 1.25),
    "extras": ((), *((name,) for name in (*BEHIND, *OVER, *ON_HEAD))),
}


@pytest.mark.parametrize("field", CHOICES)
def test_every_choice_is_seen(field: str) -> None:
    design = plain()
    _are_all_different({value: drawn(replace(design, **{field: value})) for value in CHOICES[field]})


def test_every_hand_is_seen_and_named() -> None:
    design = plain()
    style, finish = design.style, Finish()
    hands = {
        "inked flat": (replace(style, depth=0.0), finish),
        "inked two-tone cel": (style, finish),
        "inked three-tone cel": (style, replace(finish, tones=3)),
        "coloured-line two-tone cel": (replace(style, ink_colour_share=1.0), finish),
        "line-less two-tone cel": (replace(style, ink_width=0.0), finish),
        "inked painted": (style, replace(finish, airbrush=0.9)),
    }
    figures = {name: replace(design, style=pen, finish=last) for name, (pen, last) in hands.items()}
    _are_all_different({name: drawn(figure) for name, figure in figures.items()}, 30)
    assert [style_name(figure) for figure in figures.values()] == list(hands)


def test_every_finish_is_seen() -> None:
    design = plain()
    cloth = (design.top_colour,)
    finishes = {
        "plain": Finish(),
        "weight": Finish(weight=1.2),
        "rim light": Finish(rim_width=0.06),
        "grain": Finish(grain=0.035),
        "outer line": Finish(outer=2.0),
        "folds": Finish(folds=10.0),
        "strands": Finish(strands=30.0),
        **{name: Finish(print_name=name, prints=cloth, print_size=0.3) for name in PATTERNS},
    }
    _are_all_different({name: drawn(replace(design, finish=finish)) for name, finish in finishes.items()})
    highlights = {rim: drawn(replace(design, style=replace(design.style, rim=rim))) for rim in (0.0, 0.6)}
    _are_all_different(highlights, 30)


def test_every_action_is_another_pose() -> None:
    design = plain()
    _are_all_different({action: drawn(design, act(action, 0.2, 1.0, 1.0)) for action in ACTIONS}, 10)


def test_every_expression_and_vowel_is_another_face() -> None:
    design = replace(plain(), heads=2.4)
    looks = {look: draw_figure(design, Pose(), look, 60.0, (80.0, 150.0), (160, 160)) for look in EXPRESSIONS}
    _are_all_different(looks)
    mouths = {
        vowel: draw_figure(design, Pose(mouth=0.8, vowel=vowel), "neutral", 60.0, (80.0, 150.0), (160, 160))
        for vowel in VOWELS[1:]
    }
    _are_all_different(mouths)


def test_designs_range_from_chibi_to_tall_from_thin_to_stout_from_people_to_animals() -> None:
    designs = [draw_design(np.random.default_rng(seed), 200) for seed in range(400)]
    heads, builds = ([getattr(design, name) for design in designs] for name in ("heads", "build"))
    assert min(heads) < 2.8
    assert max(heads) > 7.5
    assert min(builds) < 0.9
    assert max(builds) > 1.5
    assert {design.species for design in designs} == {"human", "mascot"}
    assert {design.view for design in designs} == {"front", "profile", "back"}
    assert {design.hair_style for design in designs} == {*HAIR, *ELABORATE_HAIR}
    assert {len(design.extras) for design in designs} >= {0, 1, 2, 3, 4}
    assert {design.style.ink_width == 0 for design in designs} == {True, False}
