"""Openly licensed sprites, backgrounds and effect sheets as sources, split by repository.

The folder has ``SOURCES.tsv`` (file, repo, path, licence, width, height, kind, character, note) beside
``sprites/``, ``backgrounds/`` and ``effects/``.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.errors import DataError
from triton_anime_export.studio.art_words import look, place
from triton_anime_export.studio.source import Source

HELD_OUT = {
    "sprite": {"renpy/renpy", "suika2engine/suika2", "ktabata/suika2", "squishy-scsi/squishy"},
    "background": {"renpy/renpy", "suika2engine/suika2", "ktabata/suika2"},
    "effect": {"sparklinlabs/superpowers-asset-packs"},
}
"""Repositories of each kind that are never trained on: the validation split."""

_EFFECT_WORDS = (
    ("lightning|electric|thunder|tesla|spark", "lightning"),
    ("fire|flame|inferno|inmolation|blaze", "fire"),
    ("explosion|blast|nova|impact|obliterate|disintegrate", "explosion"),
    ("smoke|cloud|dust|tornado", "smoke"),
    ("beam|laser|rays", "light_beam"),
    ("water|ice|frost|cryo|winter|cold|splash", "water"),
    ("slash|strike|claw|blade|slice", "motion_blur"),
    ("stardust|petal|twinkle|stars|heal|cleanse|buff", "sparkles"),
    ("ring|ripple|shock|vortex|swirl", "shockwave"),
    ("plasma|energy|orb|glow|halo|shield|sphere|field|pulse|surge", "energy_glow"),
)


@dataclass(frozen=True)
class Entry:
    """One line of SOURCES.tsv."""

    path: Path
    repo: str
    licence: str
    kind: str
    character: str
    note: str


class Art:
    """The art of one split.

    Args:
        folder: holds SOURCES.tsv.
        split: ``train`` or ``val``; they never share a repository within a kind.

    Raises:
        DataError: SOURCES.tsv is missing.
    """

    def __init__(self, folder: Path, split: str) -> None:
        index = folder / "SOURCES.tsv"
        if not index.is_file():
            raise DataError(f"{index} is missing; name the folder of training art with --art")
        self.characters: dict[str, list[Entry]] = {}
        self.backgrounds: list[Entry] = []
        self.effects: list[Entry] = []
        with index.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
                path = folder / row["file"]
                kind = {"sprite_anim": "sprite"}.get(row["kind"], row["kind"])
                if not path.is_file() or kind not in HELD_OUT:
                    continue
                if (row["repo"] in HELD_OUT[kind]) != (split == "val"):
                    continue
                entry = Entry(
                    path, row["repo"], row["licence"], kind, row["character"] or path.stem, row["note"] or ""
                )
                if kind == "sprite":
                    # Animation frames are another, smaller drawing of the same character: kept apart.
                    style = "anim" if row["kind"] == "sprite_anim" else "full"
                    self.characters.setdefault(f"{entry.repo}:{entry.character}:{style}", []).append(entry)
                elif kind == "background":
                    self.backgrounds.append(entry)
                else:
                    self.effects.append(entry)

    def character(self, rng: np.random.Generator, drawings: int = 2) -> Source:
        """One character with up to ``drawings`` expressions or animation frames of equal size."""
        name = sorted(self.characters)[rng.integers(len(self.characters))]
        entries = self.characters[name]
        start = int(rng.integers(len(entries)))
        paths = [entries[(start + i) % len(entries)].path for i in range(drawings)]
        size = read_rgba(paths[0]).shape
        same = [path for path in paths if read_rgba(path).shape == size]
        return Source(
            "character",
            f"art:{name}",
            tuple(read_rgba(path) for path in same),
            expressions=tuple(look(path) for path in same),
        )

    def background(self, rng: np.random.Generator) -> Source:
        """One opaque background."""
        entry = self.backgrounds[rng.integers(len(self.backgrounds))]
        image = read_rgba(entry.path)
        if (image[..., 3] < 250).any():
            image = image.copy()
            image[..., :3] = (image[..., :3] * (image[..., 3:] / 255.0)).astype(np.uint8)
        image = np.dstack([image[..., :3], np.full(image.shape[:2], 255, np.uint8)])
        scene_type, mood = place(entry.path)
        return Source("backdrop", f"art:{entry.path.stem}", (image,), scene_type=scene_type, mood=mood)

    def effect(self, rng: np.random.Generator, drawings: int = 4) -> Source:
        """Successive cells of one effect sheet; greyscale ones are tinted, glows are additive."""
        entry = self.effects[rng.integers(len(self.effects))]
        cells = [cell for cell in _cells(entry) if cell[..., 3].max() > 60]
        if not cells:
            cells = [read_rgba(entry.path)]
        start = int(rng.integers(max(1, len(cells) - 1)))
        chosen = [cells[min(start + i, len(cells) - 1)] for i in range(drawings)]
        kind = "magic"
        for words, effect_type in _EFFECT_WORDS:
            # Files are named REPOSITORY__name; only the name tells what is drawn.
            if re.search(words, entry.path.stem.split("__")[-1]):
                kind = effect_type
                break
        if "tint" in entry.note:
            tint = rng.uniform(0.15, 1.0, 3)
            tint = tint / tint.max()
            chosen = [np.dstack([(c[..., :3] * tint).astype(np.uint8), c[..., 3]]) for c in chosen]
        additive = kind not in {"smoke", "explosion", "water"} and rng.random() < 0.6
        return Source("effect", f"art:{entry.path.stem}", tuple(chosen), additive, kind)


@lru_cache(maxsize=256)
def read_rgba(path: Path) -> NDArray[np.uint8]:
    """Read a picture as uint8 RGBA [h,w,4], cropped to where it is visible.

    Raises:
        DataError: the file cannot be decoded.
    """
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise DataError(f"{path} is not a picture; remove it from SOURCES.tsv")
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image.shape[2] == 3:
        image = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    rgba: NDArray[np.uint8] = np.ascontiguousarray(image[..., [2, 1, 0, 3]])
    limit = 1400
    if max(rgba.shape[:2]) > limit:
        scale = limit / max(rgba.shape[:2])
        rgba = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return rgba


@lru_cache(maxsize=256)
def _cells(entry: Entry) -> tuple[NDArray[np.uint8], ...]:
    sheet = read_rgba(entry.path)
    match = re.search(r"cell=(\d+)x(\d+) cols=(\d+) frames=(\d+)", entry.note)
    if match:
        width, height, columns, count = map(int, match.groups())
        boxes = [((i % columns) * width, (i // columns) * height, width, height) for i in range(count)]
    elif "horizontal strip" in entry.note:
        height = sheet.shape[0]
        count = max(1, round(sheet.shape[1] / height))
        width = sheet.shape[1] // count
        boxes = [(i * width, 0, width, height) for i in range(count)]
    else:
        return (sheet,)
    cells = []
    for x, y, width, height in boxes:
        cell = sheet[y : y + height, x : x + width]
        if cell.shape[:2] == (height, width):
            cells.append(np.ascontiguousarray(cell))
    return tuple(cells)
