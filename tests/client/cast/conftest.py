"""People made of coloured shapes, as crops that a descriptor gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from triton_anime.cast.crops import Crop

U8 = NDArray[np.uint8]
Colour = tuple[int, int, int]

SKIN, INK = (250, 214, 186), (25, 18, 28)


def figure(hair: Colour, coat: Colour, legs: Colour, height: int = 180, whole: bool = True) -> U8:
    """Hair, face, a coat and legs with ink lines, straight RGBA [h,w,4]; from the waist up if not whole."""
    width = height * 5 // 9
    rgba = np.zeros((height, width, 4), np.uint8)
    x, unit = width // 2, height / 10

    def at(row: float) -> int:
        return round(row * unit)

    ink = max(1, round(height / 90))
    for colour, thick in (((*legs, 255), -1), ((*INK, 255), ink)):
        cv2.rectangle(rgba, (x - at(1), at(5.5)), (x + at(1), at(9.8)), colour, thick)
    for colour, thick in (((*coat, 255), -1), ((*INK, 255), ink)):
        cv2.rectangle(rgba, (x - at(1.6), at(2.4)), (x + at(1.6), at(6)), colour, thick)
    cv2.circle(rgba, (x, at(1.4)), at(1.25), (*hair, 255), -1)
    cv2.circle(rgba, (x, at(1.4)), at(1.25), (*INK, 255), ink)
    cv2.ellipse(rgba, (x, at(1.8)), (at(0.8), at(0.7)), 0, 0, 360, (*SKIN, 255), -1)
    cv2.rectangle(rgba, (x + at(1.6), at(3)), (x + at(2.4), at(3.8)), (*SKIN, 255), -1)  # one raised hand
    return rgba if whole else np.ascontiguousarray(rgba[: at(5)])


def cropped(
    rgba: U8, frame: int = 0, score: float = 0.8, light: tuple[float, float, float] = (250, 250, 250)
) -> Crop:
    """A figure as a crop of a frame whose white has these levels."""
    h, w = rgba.shape[:2]
    return Crop(frame, (4, 4, w, h), rgba, (False, False, False, False), score, light)


PEOPLE: dict[str, dict[str, Any]] = {
    "kenji": {"hair": (60, 40, 30), "coat": (190, 40, 45), "legs": (40, 45, 70)},
    "mei": {"hair": (240, 200, 90), "coat": (70, 160, 90), "legs": (235, 235, 240)},
    "sora": {"hair": (120, 190, 235), "coat": (35, 35, 45), "legs": (225, 150, 60)},
    # The uniform of mei under other hair.
    "ran": {"hair": (110, 70, 190), "coat": (70, 160, 90), "legs": (235, 235, 240)},
}


@pytest.fixture(scope="session")
def person() -> Callable[..., U8]:
    """``person("mei", height=90)`` draws one of four people, RGBA."""
    return lambda name, **how: figure(**PEOPLE[name], **how)


@pytest.fixture
def crop() -> Callable[..., Crop]:
    """``crop(rgba, frame=0, score=0.8, light=(250, 250, 250))``."""
    return cropped
