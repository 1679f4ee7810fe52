"""Whether it shows in the plates of a finished episode where the plate that is carried along is made anew.

    python perf/plate_seams.py output/demo [MORE...]

By itself the product fills every drawing from a window of its own, so there are no windows to be seen but for
the plate that it carries along, which is renewed after `look_back` drawings. Measured is how much the plate
changes from drawing to drawing of a shot where a character or an effect hides it in both (their edges left
out), the camera's translation taken out, in levels: where it is renewed, elsewhere, and the ratio. What the
alignment leaves is in both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime.settings import Settings
from triton_anime.writers.names import LAYERS, TEMPORAL_MAPPING

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

EDGE = 4
"""Pixels of the halved picture by which what is hidden is made smaller."""
LEAST = 64
"""Pixels hidden in both drawings below which a step is not counted."""


def layer(folder: Path, name: str, frame: str, flags: int) -> U8:
    """A layer's file, half as large.

    Raises:
        SystemExit: it cannot be read.
    """
    within, ending = LAYERS[name]
    path = folder / within / f"{frame}_{ending}"
    found = cv2.imread(str(path), flags)
    if found is None:
        raise SystemExit(f"{path} cannot be read; name the folder of a finished episode")
    size = max(1, found.shape[1] // 2), max(1, found.shape[0] // 2)
    return np.asarray(cv2.resize(found, size, interpolation=cv2.INTER_AREA), np.uint8)


def shots(folder: Path) -> Iterator[list[str]]:
    """First frames of the drawings of each shot, by the beginning of their files' names.

    Raises:
        SystemExit: the folder holds no finished episode.
    """
    path = folder / TEMPORAL_MAPPING
    if not path.is_file():
        raise SystemExit(f"{path} is missing; name the folder of a finished episode")
    mapping: Any = json.loads(path.read_text("utf-8"))
    frames = [drawing["frames"][0] for drawing in mapping["drawings"]]
    for _, of_shot in groupby(frames, key=lambda frame: frame.partition("_")[0]):
        yield list(of_shot)


def hidden(folder: Path, frame: str) -> NDArray[np.bool_]:
    """Where character or effects cover the plate, without their edges."""
    alphas = [layer(folder, name, frame, cv2.IMREAD_UNCHANGED)[..., 3] for name in ("character", "effects")]
    covered = (np.maximum(*alphas) > 0).astype(np.uint8)
    return np.asarray(cv2.erode(covered, np.ones((2 * EDGE + 1, 2 * EDGE + 1), np.uint8)) > 0)


def change(before: U8, after: U8, both: NDArray[np.bool_]) -> float:
    """Mean levels by which plates [h,w,3] differ at ``both``, a translation between them taken out."""
    grey = [cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY).astype(np.float32) for plate in (before, after)]
    window = cv2.createHanningWindow((before.shape[1], before.shape[0]), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(grey[0], grey[1], window)
    back = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    size = before.shape[1], before.shape[0]
    moved = cv2.warpAffine(
        after, back, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return float(np.abs(moved.astype(np.float32) - before)[both].mean())


def steps(folder: Path, every: int) -> dict[bool, list[float]]:
    """Changes from drawing to drawing: True those to the first that a new carried plate is used for."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for frames in shots(folder):
        last: tuple[U8, NDArray[np.bool_]] | None = None
        for number, frame in enumerate(frames):
            here = layer(folder, "background", frame, cv2.IMREAD_COLOR), hidden(folder, frame)
            if last is not None and (both := last[1] & here[1]).sum() >= LEAST:
                found[number % every == 1].append(change(last[0], here[0], both))
            last = here
    return found


def main() -> None:
    """Print one line for each episode."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("episodes", nargs="+", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    for folder in options.episodes:
        found = steps(folder, Settings().look_back)
        line: dict[str, object] = {"episode": folder.name, "steps": len(found[True]) + len(found[False])}
        if found[True] and found[False]:
            renewed, within = float(np.mean(found[True])), float(np.mean(found[False]))
            line |= {
                "renewed": round(renewed, 3),
                "within": round(within, 3),
                "ratio": round(renewed / within, 3) if within else None,
                "largest_renewed": round(max(found[True]), 2),
                "largest_within": round(max(found[False]), 2),
            }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
