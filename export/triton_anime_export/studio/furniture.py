"""What stands in rooms, built of blocks."""

from __future__ import annotations

import numpy as np

from .paint import Colour, mix
from .perspective import Blocks, Space, shaded
from .place import Place
from .scenery import crown


def desk(place: Place, blocks: Blocks, x: float, z: float, wood: Colour) -> None:
    """School desk with its chair behind it."""
    metal = place.colour(0.6, 0.05, 0.6)
    for dx in (0.02, 0.36):
        blocks.block((x + dx, 0, z + 0.62), (x + dx + 0.03, 0.42, z + 0.65), metal)
        blocks.block((x + dx + 0.1, 0, z), (x + dx + 0.13, 0.68, z + 0.03), metal)
    blocks.block((x + 0.02, 0.42, z + 0.55), (x + 0.4, 0.46, z + 0.9), wood)
    blocks.block((x, 0.58, z), (x + 0.6, 0.7, z + 0.42), mix(wood, (0.3, 0.3, 0.35), 0.35))
    blocks.block((x - 0.02, 0.7, z - 0.02), (x + 0.62, 0.73, z + 0.44), wood)
    chair(place, blocks, x + 0.1, z - 0.42, wood)


def chair(place: Place, blocks: Blocks, x: float, z: float, wood: Colour) -> None:
    """Chair with its back to the viewer."""
    metal = place.colour(0.6, 0.05, 0.55)
    for dx in (0, 0.37):
        blocks.block((x + dx, 0, z + 0.35), (x + dx + 0.03, 0.43, z + 0.38), metal)
        blocks.block((x + dx, 0, z), (x + dx + 0.03, 0.82, z + 0.03), metal)
    blocks.block((x, 0.42, z), (x + 0.4, 0.45, z + 0.4), wood)
    blocks.block((x, 0.6, z - 0.02), (x + 0.4, 0.82, z), wood)


def table(place: Place, blocks: Blocks, low: Space, size: Space, colour: Colour) -> None:
    """Table with four legs and things on it; size (x, height, z)."""
    (x, _, z), (wide, high, deep) = low, size
    leg = mix(colour, (0.1, 0.05, 0.05), 0.3)
    for dx, dz in ((0.04, deep - 0.1), (wide - 0.1, deep - 0.1), (0.04, 0.04), (wide - 0.1, 0.04)):
        blocks.block((x + dx, 0, z + dz), (x + dx + 0.06, high, z + dz + 0.06), leg)
    blocks.block((x, high, z), (x + wide, high + 0.05, z + deep), colour)
    for _ in range(int(place.rng.integers(0, 5))):
        small, tall = place.rng.uniform(0.06, 0.3), place.rng.uniform(0.03, 0.3)
        a, b = (
            x + place.rng.uniform(0, max(wide - 0.3, 0.01)),
            z + place.rng.uniform(0, max(deep - 0.25, 0.01)),
        )
        tone = place.colour(place.rng.random(), place.rng.uniform(0, 0.8), place.rng.uniform(0.3, 1))
        blocks.block((a, high + 0.05, b), (a + small, high + 0.05 + tall, b + small * 0.7), tone)


def sofa(blocks: Blocks, x: float, z: float, wide: float, colour: Colour) -> None:
    """Sofa seen from the front."""
    blocks.block((x, 0.15, z + 0.55), (x + wide, 0.85, z + 0.8), shaded(colour, 0.8))
    blocks.block((x + 0.15, 0.1, z), (x + wide - 0.15, 0.42, z + 0.6), colour)
    for k in (0.0, wide - 0.18):
        blocks.block((x + k, 0.08, z), (x + k + 0.18, 0.62, z + 0.75), shaded(colour, 0.9))


def plant(place: Place, blocks: Blocks, x: float, z: float, size: float) -> None:
    """Potted plant."""
    rng = place.rng
    blocks.block((x - 0.15, 0, z), (x + 0.15, 0.3, z + 0.3), place.colour(rng.uniform(0, 0.12), 0.5, 0.7))
    leaf = place.colour(rng.uniform(0.24, 0.4), rng.uniform(0.4, 0.7), rng.uniform(0.4, 0.7))
    px, py, scale = blocks.view.project((x, 0.25 + size * 0.5, z + 0.15))
    side = size * scale
    image = crown(rng, int(np.clip(side, 24, 240)), leaf, hard=place.texture < 0.35, blobs=8)
    place.stamp(image, px - side / 2, py - side / 2, side, side)
