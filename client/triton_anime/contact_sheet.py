"""Contact sheets: some frames of finished episodes, before and after, on one picture for the eye.

Everything is read from an output folder, so a sheet shows what was written and needs neither the video nor a
server. The frame in the first column is its layers put back together, which is the source's frame to within
the recomposition error of ``quality_report.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime import layers
from triton_anime.errors import InputError, OutputError

U8 = NDArray[np.uint8]

COLUMNS = ("frame", "characters", "who is who", "effects", "background")
_LABEL = 18


@dataclass(frozen=True)
class Shown:
    """One frame of an episode: its entry in ``frame_annotations.json`` and the folder it is relative to."""

    folder: Path
    entry: dict[str, Any]


def chosen(folder: Path, rows: int) -> list[Shown]:
    """Up to ``rows`` frames of an episode's folder, evenly spread over its distinct drawings.

    Raises:
        InputError: it is no complete output folder.
    """
    try:
        entries = json.loads((folder / "metadata" / "frame_annotations.json").read_text(encoding="utf-8"))
        drawings = json.loads((folder / "metadata" / "temporal_mapping.json").read_text(encoding="utf-8"))
        first = {drawing["frames"][0] for drawing in drawings["drawings"]}
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"{folder} is no finished episode ({type(error).__name__}); name a folder that "
            "`triton-anime process` completed, such as output/episode"
        ) from None
    shown = [entry for entry in entries if entry["frame_id"] in first] or entries
    if not shown:
        raise InputError(f"{folder} has no frames; process the video again with --overwrite")
    places = np.unique(np.linspace(0, len(shown) - 1, min(rows, len(shown))).round().astype(int))
    return [Shown(folder, shown[place]) for place in places]


def row(shown: Shown, width: int, columns: Sequence[str] = COLUMNS) -> U8:
    """One frame's tiles side by side under a line of text, RGB uint8 [h, len(columns) * width, 3].

    Args:
        shown: the frame.
        width: of a tile, in pixels.
        columns: which of ``COLUMNS``, in this order.

    Raises:
        InputError: one of its layers is missing or damaged.
    """
    paths = {name: shown.folder / layer["path"] for name, layer in shown.entry["layers"].items()}
    character, effects = _read(paths["character"], 4), _read(paths["effects"], 4)
    background = _read(paths["background"], 3)
    numbers = shown.folder / "layers" / "character_ids" / f"{shown.entry['frame_id']}_id.png"
    frame = layers.compose(background, character, effects)
    draw: dict[str, Callable[[], U8]] = {
        "frame": lambda: frame,
        "characters": lambda: layers.over(_checker(frame.shape, 205, 235), character),
        "who is who": lambda: _coloured(frame, numbers),
        "effects": lambda: layers.over(_checker(frame.shape, 28, 44), effects),
        "background": lambda: background,
    }
    tiles = [draw[name]() for name in columns]
    height = max(1, round(width * frame.shape[0] / frame.shape[1]))
    small = [cv2.resize(tile, (width, height), interpolation=cv2.INTER_AREA) for tile in tiles]
    return cast(U8, np.vstack([_text(_caption(shown), width * len(tiles)), np.hstack(small)]))


def sheet(folders: list[Path], rows: int, width: int, columns: Sequence[str] = COLUMNS) -> U8:
    """The contact sheet of some episodes, RGB uint8 [H, len(columns) * width, 3].

    Args:
        folders: finished episodes.
        rows: frames of each, at most.
        width: of a tile, in pixels.
        columns: which of ``COLUMNS``, in this order.

    Raises:
        InputError: a folder is no finished episode.
    """
    head = np.hstack([_text(name, width) for name in columns])
    shown = [s for folder in folders for s in chosen(folder, rows)]
    return cast(U8, np.vstack([head, *(row(s, width, columns) for s in shown)]))


def write(picture: U8, path: Path, quality: int = 95) -> None:
    """Write a sheet as JPEG (of this quality) or PNG, by its name.

    Raises:
        InputError: the name ends in neither .jpg, .jpeg nor .png.
        OutputError: it cannot be written.
    """
    if path.suffix.lower() not in {".jpg", ".jpeg", ".png"}:
        raise InputError(f"{path.name}: a contact sheet is a .jpg or .png; give its name such an ending")
    done, data = cv2.imencode(
        path.suffix.lower(), np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise InputError(f"{path.name}: the sheet is too large for this format; ask for fewer --rows")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); choose another --output") from None


def _read(path: Path, channels: int) -> U8:
    try:
        image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error):
        image = None
    if image is None or image.ndim != 3 or image.shape[2] != channels:
        raise InputError(f"{path} is missing or damaged; process the video again with --overwrite")
    return cast(U8, np.ascontiguousarray(image[..., [2, 1, 0, 3][:channels]]))


def _coloured(frame: U8, path: Path) -> U8:
    """The frame in grey with every character in its colour of the palette in ``character_ids``."""
    grey = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    colour = _read(path, 3)
    if colour.shape != grey.shape:
        raise InputError(
            f"{path} is of another size than its layers; process the video again with --overwrite"
        )
    somebody = colour.any(axis=2, keepdims=True)
    return cast(U8, np.where(somebody, cv2.addWeighted(grey, 0.45, colour, 0.55, 0), grey))


def _checker(shape: tuple[int, ...], dark: int, light: int) -> U8:
    height, width = shape[:2]
    ys, xs = np.mgrid[:height, :width]
    side = max(8, width // 40)
    squares = np.where((ys // side + xs // side) % 2 == 0, dark, light).astype(np.uint8)
    return cast(U8, np.repeat(squares[..., None], 3, axis=2))


def _caption(shown: Shown) -> str:
    found = shown.entry["layers"]
    quality, kinds = found["character"]["mask_quality"], found["effects"]["detected_types"]
    words = [shown.folder.name, shown.entry["frame_id"]]
    words.append("nobody" if quality is None else f"mask quality {quality:.2f}")
    words.append(", ".join(kinds) if kinds else "no effects")
    return "   ".join(words)


def _text(text: str, width: int) -> U8:
    """A dark line with the text; what its font lacks becomes a question mark."""
    line = np.full((_LABEL, width, 3), 24, np.uint8)
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(line, plain, (6, _LABEL - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (225, 225, 225), 1, cv2.LINE_AA)
    return line
