"""A bank of drawn shots on disk: drawn once, read by every training recipe.

A split may be drawn in parts (``train``, ``train-2`` ...). Layout of a part:
one ``.npy`` per map (see :class:`.scene.Shot`), all of first dimension N, plus
``bank.json`` (seed, size, counts) and ``drawn.npy`` (which clips are complete, so drawing resumes).
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.errors import DataError
from triton_anime_export.studio.art import Art
from triton_anime_export.studio.director import Cast, stage
from triton_anime_export.studio.effect_pool import load
from triton_anime_export.studio.scene import Shot
from triton_anime_export.studio.source import EFFECT_TYPES, Source

__all__ = ["EFFECT_TYPES", "Bank", "Clip", "draw_bank", "draw_cast"]

WIDTH, HEIGHT, DRAWINGS = 448, 256, 4

_MAPS: dict[str, tuple[tuple[int, ...], str]] = {
    "frames": ((DRAWINGS, HEIGHT, WIDTH, 3), "uint8"),
    "plate": ((DRAWINGS, HEIGHT, WIDTH, 3), "uint8"),
    "ids": ((DRAWINGS, HEIGHT, WIDTH), "uint8"),
    "alpha": ((DRAWINGS, HEIGHT, WIDTH), "uint8"),
    "object": ((DRAWINGS, HEIGHT, WIDTH), "uint8"),
    "effect": ((DRAWINGS, HEIGHT, WIDTH), "uint8"),
    "effect_type": ((DRAWINGS, HEIGHT, WIDTH), "uint8"),
    "flow": ((DRAWINGS - 1, 2, HEIGHT // 2, WIDTH // 2), "float16"),
    "flow_valid": ((DRAWINGS - 1, HEIGHT // 2, WIDTH // 2), "uint8"),
}


Clip = Shot
"""What the bank reads back is the shot that was drawn, without the names of its characters."""


class Bank:
    """Read access to a drawn split.

    Args:
        folder: what :func:`draw_bank` was given.
        split: ``train`` or ``val``.

    Attributes:
        effects: effects by themselves to lay over scenes; None where none were drawn.

    Raises:
        DataError: nothing was drawn there.
    """

    def __init__(self, folder: Path | str, split: str = "train") -> None:
        self._parts: list[dict[str, NDArray[np.generic]]] = []
        self._at: list[tuple[int, int]] = []
        for root in sorted(Path(folder).glob(f"{split}*")):
            if not (root / "drawn.npy").is_file():
                continue
            drawn = np.flatnonzero(np.load(root / "drawn.npy"))
            self._at += [(len(self._parts), int(i)) for i in drawn]
            self._parts.append({name: np.load(root / f"{name}.npy", mmap_mode="r") for name in _MAPS})
        self.effects = load(Path(folder))
        if not self._at:
            raise DataError(
                f"no {split} bank in {folder}; draw one: triton-anime-export studio bank --output {folder}"
            )

    def __len__(self) -> int:
        return len(self._at)

    def clip(self, index: int) -> Clip:
        """The clip at ``index`` (0 <= index < len)."""
        part, at = self._at[index]
        maps = {name: array[at] for name, array in self._parts[part].items()}
        return Shot(objects=maps.pop("object"), names=(), **maps)


def draw_cast(
    seed: int,
    art: Art | None,
    *,
    characters: int,
    backdrops: int,
    effects: int,
    objects: int,
    drawings: int = 4,
    height: int = 480,
) -> Cast:
    """Draw the studio's pools of sources for one split.

    Args:
        seed: of everything that is drawn.
        art: openly licensed art that scenes may take sources from.
        characters: how many people and animals.
        backdrops: how many places.
        effects: how many effects, the types in turn.
        objects: how many things.
        drawings: poses of each character, one after another in one performance.
        height: pixels of a character's sheet.
    """
    from triton_anime_export.studio import backdrops as backdrop_module
    from triton_anime_export.studio import characters as character_module
    from triton_anime_export.studio import effects as effect_module
    from triton_anime_export.studio import props as prop_module

    def pool(name: str, count: int, draw: Callable[[np.random.Generator, int], Source]) -> list[Source]:
        return [draw(np.random.default_rng([seed, *name.encode(), i]), i) for i in range(count)]

    kinds = EFFECT_TYPES[1:]
    return Cast(
        pool("characters", characters, lambda rng, i: character_module.draw_character(rng, height, drawings)),
        pool("backdrops", backdrops, lambda rng, i: backdrop_module.draw_backdrop(rng)),
        pool(
            "effects", effects, lambda rng, i: effect_module.draw_effect(rng, kinds[i % len(kinds)], 320, 4)
        ),
        pool("objects", objects, lambda rng, i: prop_module.draw_object(rng)),
        art,
        0.55 if art is not None else 0.0,
    )


_CAST: Cast | None = None
_ROOT: Path | None = None
_SEED = 0


def _draw_one(index: int) -> int:
    assert _CAST is not None
    assert _ROOT is not None
    shot = stage(np.random.default_rng([_SEED, index]), _CAST, (WIDTH, HEIGHT), DRAWINGS)
    for name in _MAPS:
        np.load(_ROOT / f"{name}.npy", mmap_mode="r+")[index] = getattr(shot, name)
    return index


def draw_bank(folder: Path, split: str, clips: int, cast: Cast, seed: int, workers: int = 2) -> None:
    """Draw ``clips`` shots; what is already drawn with the same seed stays.

    Raises:
        DataError: the folder holds a bank of another seed or size.
    """
    global _CAST, _ROOT, _SEED  # workers are forked and inherit the cast instead of pickling it
    root = folder / split
    root.mkdir(parents=True, exist_ok=True)
    head = {"seed": seed, "clips": clips, "width": WIDTH, "height": HEIGHT, "drawings": DRAWINGS}
    note = root / "bank.json"
    if note.is_file() and json.loads(note.read_text()) != head:
        raise DataError(f"{root} holds a bank drawn with other settings; choose another --output")
    note.write_text(json.dumps(head))
    for name, (shape, dtype) in _MAPS.items():
        if not (root / f"{name}.npy").is_file():
            head_only = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
                root / f"{name}.npy", "w+", np.dtype(dtype), (clips, *shape)
            )
            head_only.flush()
    done_path = root / "drawn.npy"
    if not done_path.is_file():
        np.save(done_path, np.zeros(clips, bool))
    done = np.load(done_path)
    todo = [int(i) for i in np.flatnonzero(~done)]
    _CAST, _ROOT, _SEED = cast, root, seed
    cv2.setNumThreads(1)
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for count, index in enumerate(pool.imap_unordered(_draw_one, todo, chunksize=8), start=1):
            done[index] = True
            if count % 200 == 0 or count == len(todo):
                np.save(done_path, done)
