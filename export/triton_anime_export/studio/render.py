"""Writes a drawn shot with its truth to disk, and contact sheets of the studio's sources.

Layout of a shot (drawing numbers have six digits, maps are those of :class:`~.scene.Shot`)::

    OUTPUT/
      shot.json                 seed, size, number of drawings, characters, effect types, layout
      frames/000000.png         RGB, what the camera sees
      plate/000000.png          RGB, background without characters and effects
      alpha/000000.png          grey, visible alpha of all characters together
      ids/000000.png            grey values 0 none, 1..n index into shot.json's characters
      objects/000000.png        grey, alpha of objects (part of the plate)
      effect/000000.png         grey, alpha of effects or strength of added light
      effect_type/000000.png    grey values, index into shot.json's effect_types
      flow/000000.npy           float16 [2,H/2,W/2], (dx,dy) in pixels from drawing n to n+1
      flow_valid/000000.png     0 or 255 at half size: the same thing is visible in drawing n+1
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.errors import DataError

from .scene import Shot
from .source import EFFECT_TYPES, Source

MAPS = ("frames", "plate", "alpha", "ids", "objects", "effect", "effect_type")


def write_image(path: Path, image: NDArray[np.uint8]) -> None:
    """Write RGB, RGBA or grey uint8 as PNG; raises DataError where it cannot be written."""
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    picture = image if image.ndim == 2 else cv2.cvtColor(image, order[image.shape[2]])
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(".png", picture)
    if not done:
        raise DataError(f"cannot encode {path.name}; give a folder on a disk with space")
    path.write_bytes(data.tobytes())


def write_shot(shot: Shot, output: Path, seed: int) -> None:
    """Write a shot in the layout described above."""
    count, height, width = shot.ids.shape
    for name in MAPS:
        values = getattr(shot, name)
        for index in range(count):
            write_image(output / name / f"{index:06}.png", values[index])
    (output / "flow").mkdir(parents=True, exist_ok=True)
    for index in range(count - 1):
        np.save(output / "flow" / f"{index:06}.npy", shot.flow[index])
        write_image(
            output / "flow_valid" / f"{index:06}.png", (shot.flow_valid[index] * 255).astype(np.uint8)
        )
    described = {
        "seed": seed,
        "width": width,
        "height": height,
        "drawings": count,
        "characters": list(shot.names),
        "effect_types": list(EFFECT_TYPES),
        "maps": [*MAPS, "flow", "flow_valid"],
    }
    (output / "shot.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def read_shot(folder: Path) -> Shot:
    """Read what :func:`write_shot` wrote; raises DataError where the folder holds no shot."""
    note = folder / "shot.json"
    if not note.is_file():
        raise DataError(
            f"{folder} holds no shot; render one: triton-anime-export studio render --output {folder}"
        )
    head = json.loads(note.read_text(encoding="utf-8"))

    def stack(name: str, count: int) -> NDArray[np.uint8]:
        images = []
        for index in range(count):
            image = cv2.imread(str(folder / name / f"{index:06}.png"), cv2.IMREAD_UNCHANGED)
            if image is None:
                raise DataError(f"{folder / name} misses drawing {index}; render the shot again")
            images.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image)
        return np.stack(images).astype(np.uint8)

    count = int(head["drawings"])
    maps = {name: stack(name, count) for name in MAPS}
    flow = np.stack([np.load(folder / "flow" / f"{index:06}.npy") for index in range(count - 1)])
    valid = (stack("flow_valid", count - 1) // 255).astype(np.uint8)
    return Shot(**maps, flow=flow, flow_valid=valid, names=tuple(head["characters"]))


def contact_sheet(sources: Sequence[Source], columns: int, cell: int, ground: int = 168) -> NDArray[np.uint8]:
    """First drawings of sources side by side, RGB uint8; light is added to the ground, paint lies over it."""
    rows = -(-len(sources) // columns)
    sheet = np.full((rows * cell, columns * cell, 3), ground, np.uint8)
    for index, source in enumerate(sources):
        drawing = source.drawings[0]
        factor = cell / max(drawing.shape[:2])
        size = (max(1, round(drawing.shape[1] * factor)), max(1, round(drawing.shape[0] * factor)))
        premultiplied = drawing.astype(np.float32)
        premultiplied[..., :3] *= premultiplied[..., 3:] / 255.0
        small = cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA)
        top, left = index // columns * cell, index % columns * cell + (cell - size[0]) // 2
        place = sheet[top : top + size[1], left : left + size[0]]
        keep = 1.0 if source.additive else 1.0 - small[..., 3:] / 255.0
        place[:] = np.clip(place * keep + small[..., :3], 0, 255).astype(np.uint8)
    return sheet
