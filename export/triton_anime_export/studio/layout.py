"""Where the characters of a shot stand and how they move: portraits, groups, crowds, crossings, entrances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .scene import Actor, similarity
from .source import Source

Rng = np.random.Generator

LAYOUTS: dict[str, float] = {
    "empty": 0.08, "single": 0.2, "portrait": 0.2, "pair": 0.13, "group": 0.12, "close_up": 0.1,
    "crossing": 0.07, "entrance": 0.06, "crowd": 0.06,
}  # fmt: skip
"""Kinds of shot and how often they are staged."""
HOLDS = (1, 2, 3)
"""Frames for which a drawing is held: animation on ones, twos or threes."""
_MORE = (0.4, 0.3, 0.2, 0.1)  # how often none to three more come in or go out of an entrance


@dataclass(frozen=True)
class Mark:
    """Where one character stands at first and how it moves, in frame pixels.

    Attributes:
        reach: height of the whole sheet.
        x: centre.
        top: upper edge of the sheet; None frames it as a portrait, the head in the frame.
        step: pixels to the right for each frame; None lets it drift, or walk at the pace of its stride.
        facing: -1 or 1 turns it to that side where it walks; 0 leaves it to chance.
    """

    reach: float
    x: float
    top: float | None
    step: float | None = None
    facing: int = 0

    @property
    def action(self) -> str | None:
        """What carries a character over the ground at that pace; None where it may do anything."""
        if not self.facing or self.step is None:
            return None
        return "run" if abs(self.step) > 0.035 * self.reach else "walk"


def draw_layout(rng: Rng) -> str:
    """One of :data:`LAYOUTS`."""
    names, shares = list(LAYOUTS), np.array(list(LAYOUTS.values()))
    return str(rng.choice(names, p=shares / shares.sum()))


def marks(rng: Rng, size: tuple[int, int], count: int, layout: str) -> list[Mark]:
    """Marks of all characters of one shot, from back to front.

    Args:
        rng: decides the places.
        size: (width, height) of the frame.
        count: frames of the shot.
        layout: one of :data:`LAYOUTS`.
    """
    width, height = size
    if layout == "empty":
        return []
    if layout == "crowd":
        tall = rng.uniform(0.16, 0.42) * height
        ground = rng.uniform(0.5, 0.8) * height
        places = []
        for _ in range(int(rng.integers(5, 11))):
            near = rng.random()
            reach = tall * (0.8 + 0.5 * near) * rng.uniform(0.9, 1.1)
            places.append(Mark(reach, rng.uniform(0.02, 0.98) * width, ground + near * 0.25 * height - reach))
        return sorted(places, key=lambda mark: (mark.top or 0.0) + mark.reach)
    if layout == "close_up":
        reach = rng.uniform(1.8, 4.2) * height
        marked = [Mark(reach, rng.uniform(0.25, 0.75) * width, rng.uniform(-0.25, 0.2) * height)]
        if rng.random() < 0.35:
            marked.insert(0, Mark(reach * rng.uniform(0.4, 0.9), rng.uniform(0.0, 1.0) * width, 0.1 * height))
        return marked
    if layout == "portrait":
        people = int(rng.choice((1, 2, 3), p=(0.5, 0.35, 0.15)))
        reach = rng.uniform(0.75, 1.4) * height
        return [
            Mark(
                reach * rng.uniform(0.92, 1.08),
                (place + 0.5 + rng.uniform(-0.2, 0.2)) * width / people,
                None,
                0.0 if rng.random() < 0.6 else None,
            )
            for place in rng.permutation(people)
        ]
    tall = float(np.clip(np.exp(rng.normal(np.log(0.8), 0.35)), 0.3, 1.9)) * height
    ground = max(rng.uniform(0.8, 1.05) * height, tall * 0.75)
    if layout == "crossing":
        # They meet in the middle of the shot, each at some pixels a frame.
        speed = rng.uniform(6.0, 22.0) * width / 448
        meet = rng.uniform(0.3, 0.7) * width
        half = min(speed * count / 2, 0.45 * width)
        return [
            Mark(
                tall * rng.uniform(0.85, 1.15),
                meet - side * half + rng.uniform(-0.06, 0.06) * width,
                None if rng.random() < 0.2 else ground - tall * rng.uniform(0.95, 1.05),
                side * 2 * half / max(count - 1, 1),
                side,
            )
            for side in (1, -1)
        ]
    if layout == "entrance":
        side = 1 if rng.random() < 0.5 else -1
        leaves = rng.random() < 0.4
        edge = -0.1 * width if side > 0 else 1.1 * width
        speed = rng.uniform(8.0, 26.0) * width / 448
        travel = min(speed * (count - 1), 0.7 * width) * side
        start = edge if not leaves else (width - edge) - travel
        walker = Mark(tall, start, ground - tall, travel / max(count - 1, 1), side)
        waiting = [Mark(tall * rng.uniform(0.9, 1.1), rng.uniform(0.2, 0.8) * width, ground - tall)]
        placed = [*waiting, walker] if rng.random() < 0.6 else [walker]
        placed += [_passer(rng, size, count, tall, ground) for _ in range(int(rng.choice(4, p=_MORE)))]
        return sorted(placed, key=lambda mark: (mark.top or 0.0) + mark.reach)
    people = {"single": 1, "pair": 2}.get(layout, int(rng.integers(3, 6)))
    if people > 2:
        tall *= 0.8
    places = []
    for _ in range(people):
        reach = tall * float(np.exp(rng.normal(0, 0.16)))
        places.append(
            Mark(reach, rng.uniform(0.0, 1.0) * width, ground - reach + rng.normal(0, 0.03) * height)
        )
    return sorted(places, key=lambda mark: (mark.top or 0.0) + mark.reach)


def _passer(rng: Rng, size: tuple[int, int], count: int, tall: float, ground: float) -> Mark:
    """Somebody else who comes in or goes out on either side, at a moment of its own."""
    width, height = size
    side = 1 if rng.random() < 0.5 else -1
    way = rng.uniform(0.15, 0.6) * width * side
    step = way / max(count - 1, 1)
    beyond = 0.12 * width
    if rng.random() < 0.5:
        start = (-beyond if side > 0 else width + beyond) + rng.uniform(-0.4, 0.0) * way
    else:
        start = (width + beyond if side > 0 else -beyond) - rng.uniform(0.5, 1.0) * way
    reach = tall * rng.uniform(0.8, 1.15)
    return Mark(reach, start, ground + rng.normal(0.0, 0.03) * height - reach, step, side)


def is_bust(source: Source) -> bool:
    """Whether a character's drawing is cut off at its lower edge, so that the edge must not be seen."""
    return bool((source.drawings[0][-2:, :, 3] > 128).mean() > 0.12)


def play(rng: Rng, source: Source, mark: Mark, size: tuple[int, int], count: int) -> Actor:
    """A character that acts on its mark: on ones, twos or threes, walking where it walks."""
    height = size[1]
    unit = size[0] / 448
    h, w = source.drawings[0].shape[:2]
    scale = mark.reach / max(h, 0.6 * w)
    tall, bust = h * scale, is_bust(source)
    x, top = mark.x, mark.top
    if top is None:
        # A portrait shows the head; a bust reaches below the lower edge.
        top = rng.uniform(0.01, 0.18) * height
        if bust:
            top = max(top, height - tall)
    if bust and rng.random() < 0.9:
        top = max(top, height - tall + rng.uniform(0.0, 0.12) * tall)
    y = top + tall / 2
    hold = int(rng.choice(HOLDS, p=(0.4, 0.38, 0.22)))
    slides = bool(rng.random() < 0.4)  # the cel is moved in each frame although its drawing is held
    angle = rng.normal(0, 0.03) if bust or rng.random() < 0.94 else rng.uniform(-np.pi, np.pi)
    mirror = bool(rng.random() < 0.5)
    stride = sum(source.travel) if source.travel else 0.0
    if mark.facing and stride:
        mirror = (stride < 0) == (mark.facing > 0)
    still = bool(rng.random() < (0.6 if bust else 0.35))
    drift = (
        np.zeros(2)
        if still
        else rng.normal(0, 5.0, 2) * unit * (0.4, 0.25)
        if bust
        else rng.normal(0, 6.0, 2) * unit
    )
    turn = 0.0 if still else rng.normal(0, 0.008)
    grow = 1.0 if still else float(np.exp(rng.normal(0, 0.008)))
    walks = stride != 0.0 and mark.step is None and rng.random() < 0.85
    now, since = int(rng.integers(len(source.drawings))), int(rng.integers(hold))
    motion, drawing = [], []
    shown = similarity(x, y, scale, angle, mirror, (w, h))
    for _ in range(count):
        if slides or since == 0:
            shown = similarity(x, y, scale, angle, mirror, (w, h))
        motion.append(shown)
        drawing.append(now)
        since = (since + 1) % hold
        if since == 0:
            now = (now + 1) % len(source.drawings)
            if walks:
                x += source.travel[now] * scale * (-1.0 if mirror else 1.0)
        if mark.step is not None:
            x += mark.step
        elif not walks:
            x += drift[0]
            y += drift[1]
            drift = drift + (0.0 if still else rng.normal(0, 1.0, 2) * unit)
        angle, scale = angle + turn, scale * grow
    return Actor(source, motion, drawing)
