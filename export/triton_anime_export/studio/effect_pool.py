"""Effects by themselves, on disk beside a bank: recipes lay them over any scene while they train.

``effects.npy`` is uint8 [N,S,S,4] (straight RGBA), ``effects.json`` tells type, additive light and whether an
effect is meant to fill the frame, one entry for each of N.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.errors import DataError
from triton_anime_export.studio.art import Art
from triton_anime_export.studio.effects import draw_effect
from triton_anime_export.studio.source import EFFECT_TYPES, Source

SIDE = 224
DRAWINGS = 2


@dataclass(frozen=True)
class EffectPool:
    """Effects to choose from.

    Attributes:
        layers: uint8 [N,S,S,4] straight RGBA.
        kinds: uint8 [N], index into ``EFFECT_TYPES``.
        additive: bool [N], light that is added to the picture.
        full_frame: bool [N], meant to cover the whole picture.
    """

    layers: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    additive: NDArray[np.bool_]
    full_frame: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.kinds)


def draw_pool(seed: int, art: Art | None, count: int, art_share: float = 0.45) -> EffectPool:
    """Draw ``count`` effects with ``DRAWINGS`` drawings each, of the studio and, by a share, of real art."""
    # In place: a list to be stacked would hold gigabytes twice.
    layers = np.zeros((count * DRAWINGS, SIDE, SIDE, 4), np.uint8)
    facts: list[tuple[int, bool, bool]] = []
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        if art is not None and rng.random() < art_share:
            source = art.effect(rng, DRAWINGS)
        else:
            source = draw_effect(rng, EFFECT_TYPES[1 + index % (len(EFFECT_TYPES) - 1)], SIDE, DRAWINGS)
        for drawing in source.drawings[:DRAWINGS]:
            layers[len(facts)] = _square(drawing)
            facts.append(_facts(source))
    kinds, additive, full = (np.array(column) for column in zip(*facts, strict=True))
    return EffectPool(layers[: len(facts)], kinds.astype(np.uint8), additive.astype(bool), full.astype(bool))


def save(pool: EffectPool, folder: Path) -> None:
    """Write a pool into a bank's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "effects.npy", pool.layers)
    rows = zip(pool.kinds.tolist(), pool.additive.tolist(), pool.full_frame.tolist(), strict=True)
    facts = [{"type": EFFECT_TYPES[kind], "additive": a, "full_frame": f} for kind, a, f in rows]
    (folder / "effects.json").write_text(json.dumps(facts))


def load(folder: Path) -> EffectPool | None:
    """The pool of a bank's folder, None where it has none.

    Raises:
        DataError: it is damaged.
    """
    if not (folder / "effects.npy").is_file():
        return None
    try:
        layers = np.load(folder / "effects.npy", mmap_mode="r")
        facts = json.loads((folder / "effects.json").read_text())
        return EffectPool(
            layers,
            np.array([EFFECT_TYPES.index(fact["type"]) for fact in facts], np.uint8),
            np.array([fact["additive"] for fact in facts], bool),
            np.array([fact["full_frame"] for fact in facts], bool),
        )
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{folder}/effects.npy is damaged ({error}); delete it and draw the bank again"
        ) from None


def _square(drawing: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The drawing in the middle of a transparent square, as large as it goes."""
    h, w = drawing.shape[:2]
    scale = SIDE / max(h, w)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    # Premultiplied, or the colour of what is transparent bleeds into the edge; blocks stay blocks.
    solid = drawing.astype(np.float32)
    solid[..., :3] *= solid[..., 3:] / 255
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST if max(h, w) < SIDE // 2 else cv2.INTER_LINEAR
    small = cv2.resize(solid, size, interpolation=how)
    small[..., :3] *= 255 / np.maximum(small[..., 3:], 1)
    out = np.zeros((SIDE, SIDE, 4), np.uint8)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    out[top : top + size[1], left : left + size[0]] = np.clip(small + 0.5, 0, 255)
    return out


def _facts(source: Source) -> tuple[int, bool, bool]:
    return EFFECT_TYPES.index(source.effect_type), source.additive, source.style.endswith("full frame")
