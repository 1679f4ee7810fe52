"""What is remembered of a drawing: one JSON line, from which every metadata file is made at the end.

While an episode is processed, the lines of a shot go to ``.progress/scene0000.jsonl.part``; when all layers
of the shot are on disk the file takes its final name. A shot is finished exactly when that name exists, so a
run killed at any moment loses at most the shots it was working on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

import cv2

from triton_anime.drawing_layers import DrawingLayers
from triton_anime.roles import EFFECTS, SEGMENTATION
from triton_anime.timecode import rational
from triton_anime.writers.json_stream import compact, rounded
from triton_anime.writers.names import PROGRESS, scene_id

Record = dict[str, Any]


def record_of(layers: DrawingLayers, psnr: float, mae: float) -> Record:
    """The record of a drawing; ``psnr`` and ``mae`` are those of the layers as written."""
    drawing = layers.drawing
    alpha = cv2.extractChannel(layers.character, 3)
    box = [int(value) for value in cv2.boundingRect(alpha)]
    has_characters = SEGMENTATION not in layers.absent_roles or bool(layers.characters)
    record: Record = {
        "shot": drawing.shot,
        "start": drawing.is_shot_start,
        "continues": drawing.continues,
        "frames": [[index, rational(time)] for index, time in drawing.frames],
        "bbox": box if box[2] else None,
        "mask_quality": rounded(layers.mask_quality),
        "has_transparent": cv2.countNonZero(cv2.inRange(alpha, 1, 254)) > 0,
        "characters": [
            {"id": view.id, "bbox": list(view.bbox), "score": rounded(view.score), "area": view.area}
            for view in layers.characters
        ]
        if has_characters
        else None,
        "effects": None
        if EFFECTS in layers.absent_roles
        else [
            {
                "prompt": view.prompt,
                "type": view.type,
                "intensity": rounded(view.intensity),
                "coverage": rounded(view.coverage, 6),
            }
            for view in layers.effects_found
        ],
        "effect_intensity": rounded(layers.effect_intensity),
        "inpainted": layers.inpainted,
        "background_quality": rounded(layers.background_quality),
        "recovered_share": rounded(layers.recovered_share, 6),
        "invented_share": rounded(layers.invented_share, 6),
        "motion_magnitude": rounded(layers.motion_magnitude, 6),
        "residual_psnr": rounded(psnr, 3),
        "residual_mae": rounded(mae),
        "absent_roles": sorted(layers.absent_roles),
    }
    if layers.looks:
        record["looks"] = {
            str(number): [look.as_json() for look in looks] for number, looks in layers.looks.items()
        }
    return record


def time_of(text: str) -> Fraction:
    """The seconds of a record's frame."""
    return Fraction(text)


class Records:
    """The records of an episode on disk, shot by shot.

    Args:
        root: the episode's folder.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / PROGRESS
        self._file: TextIO | None = None
        self._shot: int | None = None

    def finished(self) -> set[int]:
        """Numbers of the shots that are complete."""
        return {int(path.stem.removeprefix("scene")) for path in self._folder.glob("scene*.jsonl")}

    def add(self, record: Record) -> None:
        """Append the record of the next drawing; shots come in order."""
        shot = int(record["shot"])
        if self._file is None:
            self._shot = shot
            self._file = self._open_path(shot).open("w", encoding="utf-8", newline="\n")
        self._file.write(compact(record) + "\n")

    def finish_shot(self) -> None:
        """All drawings of the current shot were added and their layers are on disk."""
        assert self._file is not None
        assert self._shot is not None
        self._file.close()
        self._file = None
        self._open_path(self._shot).replace(self._done_path(self._shot))

    def close(self) -> None:
        """Give up the shot that is under way."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError:
                pass  # a full disk is reported by the write that met it
            self._file = None

    def shots(self) -> list[int]:
        """Finished shots in order."""
        return sorted(self.finished())

    def of_shot(self, shot: int) -> Iterator[Record]:
        """The records of one finished shot, in order."""
        with self._done_path(shot).open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)

    def __iter__(self) -> Iterator[Record]:
        for shot in self.shots():
            yield from self.of_shot(shot)

    def remove(self) -> None:
        """Delete the records: the documents made from them are written."""
        for path in self._folder.glob("scene*.jsonl*"):
            path.unlink()

    def _done_path(self, shot: int) -> Path:
        return self._folder / f"{scene_id(shot)}.jsonl"

    def _open_path(self, shot: int) -> Path:
        return self._folder / f"{scene_id(shot)}.jsonl.part"
