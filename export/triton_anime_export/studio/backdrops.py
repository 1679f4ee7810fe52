"""Painted backgrounds without characters: landscapes, towns, interiors, tales and abstract grounds.

Each is painted in a time of day and finished by one of several hands, from flat cel paint to brush strokes.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import skia
from numpy.random import Generator

from . import (
    castles,
    depths,
    fantasy,
    grounds,
    interiors,
    nature,
    parks,
    rooms_home,
    rooms_public,
    streets,
    town,
    wilds,
)
from .finishing import Picture, edged, finished, graded
from .paint import pixels
from .place import MOODS, Place, draw_mood
from .source import Source
from .texture import painted

_THIN = 0.06  # alpha below which a sheet's colour cannot be told

Painter = Callable[[Place], None]


@dataclass(frozen=True)
class Kind:
    """One kind of place: its name is the scene type it shows."""

    name: str
    painter: Painter
    share: float
    scene_type: str
    indoors: bool = False
    mood: str = ""  # fixed mood; empty draws one


def sketched(painter: Callable[[skia.Canvas, Generator, int, int], None]) -> Painter:
    """A flat vector painter as painter of a place."""

    def paint(place: Place) -> None:
        painter(place.canvas, place.rng, place.width, place.height)

    return paint


KINDS: tuple[Kind, ...] = (
    Kind("classroom", rooms_public.classroom, 0.07, "classroom", True),
    Kind("corridor", rooms_public.corridor, 0.045, "corridor", True),
    Kind("library", rooms_public.library, 0.03, "library", True),
    Kind("home", rooms_home.home, 0.07, "interior", True),
    Kind("japanese_room", rooms_home.japanese_room, 0.035, "interior", True),
    Kind("gym", rooms_public.gym, 0.02, "gym", True),
    Kind("shop", rooms_public.counter_shop, 0.03, "shop", True),
    Kind("train", rooms_public.train, 0.025, "train", True),
    Kind("laboratory", rooms_public.laboratory, 0.03, "laboratory", True),
    Kind("office", rooms_public.office, 0.02, "office", True),
    Kind("street", streets.street, 0.09, "street"),
    Kind("alley", streets.alley, 0.03, "street"),
    Kind("park", parks.park, 0.06, "park"),
    Kind("rooftop", parks.rooftop, 0.035, "rooftop"),
    Kind("platform", streets.platform, 0.02, "station"),
    Kind("city", parks.night_city, 0.025, "city"),
    Kind("night_city", parks.night_city, 0.02, "night_city", mood="night"),
    Kind("meadow", wilds.meadow, 0.06, "field"),
    Kind("forest", wilds.forest, 0.06, "forest"),
    Kind("shore", wilds.shore, 0.05, "beach"),
    Kind("highland", wilds.highland, 0.045, "mountains"),
    Kind("cave", depths.cave, 0.02, "cave", mood="dim"),
    Kind("underwater", depths.underwater, 0.015, "underwater", mood="day"),
    Kind("clouds", depths.clouds_above, 0.03, "sky"),
    Kind("stone_hall", castles.stone_hall, 0.03, "castle", True),
    Kind("castle", castles.castle, 0.025, "castle"),
    Kind("arena", fantasy.arena, 0.05, "arena"),
    Kind("ruins", fantasy.ruins, 0.025, "ruins"),
    Kind("space", fantasy.space, 0.015, "space", mood="night"),
    Kind("abstract", grounds.abstract, 0.09, "abstract", mood="day"),
    Kind("flat_meadow", sketched(nature.meadow), 0.006, "field", mood="day"),
    Kind("flat_battlefield", sketched(nature.battlefield), 0.012, "wasteland", mood="day"),
    Kind("flat_street", sketched(town.street), 0.008, "street", mood="day"),
    Kind("flat_skyline", sketched(town.skyline), 0.008, "city", mood="day"),
    Kind("flat_room", sketched(interiors.room), 0.006, "interior", True, mood="day"),
)
"""What is painted, with relative shares and scene types."""


def draw_backdrop(rng: Generator, width: int = 900, height: int = 512, kind: str = "") -> Source:
    """One opaque painted background with its scene type, mood and style.

    Args:
        rng: decides everything.
        width: in pixels.
        height: in pixels.
        kind: the name of one of :data:`KINDS`; empty draws one by its share.
    """
    shares = np.array([entry.share for entry in KINDS])
    chosen = KINDS[int(rng.choice(len(KINDS), p=shares / shares.sum()))]
    if kind:
        chosen = next(entry for entry in KINDS if entry.name == kind)
    mood = chosen.mood or draw_mood(rng, chosen.indoors)
    pen = 0.0 if rng.random() < 0.6 else float(rng.uniform(0.8, 2.2))
    place = Place(rng, width, height, mood, pen, float(rng.choice((0.15, 0.6, 1.0), p=(0.3, 0.3, 0.4))))
    chosen.painter(place)
    flat = chosen.name.startswith("flat_")
    whole = np.full((height, width), 255, np.uint8)
    sheets = [(np.ascontiguousarray(pixels(place.surface)[..., :3]), whole)] if flat else place.finish()
    # A hand finishes pictures, not cut-out pieces: a sheet is what it adds to the picture below it.
    edges = [edged(deepcopy(rng), alpha) for _, alpha in sheets]
    below = [_by_hand(deepcopy(rng), picture)[0] for picture, _ in sheets[:-1]]
    rgba, hand = _by_hand(rng, sheets[-1][0])
    layers = below[:1]
    if below:
        for before, now, edge in zip(below, [*below[1:], rgba], edges[1:], strict=True):
            layers.append(added(before[..., :3], now[..., :3], edge))
        layers = footed(layers)
    return Source(
        "backdrop",
        f"studio:{chosen.name}-{int(rng.integers(0, 2**31))}",
        (rgba,),
        style=f"{hand} background",
        scene_type=chosen.scene_type,
        mood=place.mood if place.mood in (*MOODS, "dim") and chosen.scene_type != "abstract" else "",
        layers=tuple(layers),
    )


def added(before: Picture, now: Picture, alpha: Picture) -> Picture:
    """The sheet RGBA [H,W,4] of this alpha [H,W] that turns one picture [H,W,3] into the other."""
    share = alpha[..., None].astype(np.float32) / 255.0
    colour = (now - (1.0 - share) * before) / np.maximum(share, _THIN)
    # Where there is next to nothing of it the sheet goes on in the picture's colours, for whoever blurs it.
    colour = np.where(share >= _THIN, np.clip(colour, 0, 255), now)
    return np.dstack([np.rint(colour).astype(np.uint8), alpha])


def footed(layers: list[Picture]) -> list[Picture]:
    """Sheets RGBA [H,W,4] from far to near, their feet drawn on behind the sheets that stand before them.

    Nothing of it is seen until the sheets move apart: then the foot of a range must not end above a field.
    """
    height = layers[0].shape[0]
    rows = np.arange(height)[:, None]
    hidden = layers[-1][..., 3] == 255
    result = [layers[-1]]
    for layer in layers[-2::-1]:
        solid = layer[..., 3] >= 128
        above = np.maximum.accumulate(np.where(solid, rows, -1), axis=0)
        drawn_on = hidden & ~solid & (above >= 0) & (rows - above <= height // 8)
        footing = np.take_along_axis(layer, np.maximum(above, 0)[..., None], axis=0)
        result.append(np.where(drawn_on[..., None], footing, layer))
        hidden |= layer[..., 3] == 255
    return result[::-1]


def _by_hand(rng: Generator, picture: Picture) -> tuple[Picture, str]:
    """A picture RGB [H,W,3] finished, graded and at times painted over: RGBA, and whose hand it was."""
    image, hand = finished(rng, picture)
    image = graded(rng, image)
    rgba = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    if rng.random() < 0.3:
        rgba = painted(rng, rgba, float(rng.uniform(0.1, 0.7)))
    return rgba, hand
