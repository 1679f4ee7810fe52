"""metadata/frame_annotations.json: one entry per source frame, with the keys of the design."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from triton_anime.writers.files import replacing
from triton_anime.writers.json_stream import write_array
from triton_anime.writers.names import frame_id, layer_path, scene_id
from triton_anime.writers.records import Record, Records, time_of

EMBEDDING_LENGTH = 512

# Roles that fill these are not served by this version: the keys are there, their values are null.
_NOT_ANNOTATED = (
    "scene_type",
    "scene_confidence",
    "mood",
    "visual_style",
    "character_caption",
    "action",
    "pose",
    "expression",
    "clip_embedding",
    "dinov2_embedding",
)


def write_frame_annotations(path: Path, episode: str, records: Records) -> int:
    """Write the whole array, reading the records shot by shot; returns the number of frames."""
    return write_array(
        path, (entry for shot in records.shots() for entry in entries(episode, records.of_shot(shot)))
    )


def entries(episode: str, records: Iterable[Record]) -> Iterator[dict[str, Any]]:
    """The annotations of every frame of one shot, in order; previous and next frame stay within it."""
    waiting: dict[str, Any] | None = None
    for record in records:
        for position, (index, time) in enumerate(record["frames"]):
            entry = _entry(episode, record, index, time, held=position > 0)
            if waiting is not None:
                entry["temporal"]["prev_frame"] = waiting["frame_id"]
                waiting["temporal"]["next_frame"] = entry["frame_id"]
                yield waiting
            waiting = entry
    if waiting is not None:
        yield waiting


def _entry(episode: str, record: Record, index: int, time: str, held: bool) -> dict[str, Any]:
    shot = record["shot"]
    types = (
        None if record["effects"] is None else list(dict.fromkeys(view["type"] for view in record["effects"]))
    )
    return {
        "episode": episode,
        "frame_id": frame_id(shot, index),
        "timestamp": f"{float(time_of(time)):.2f}s",
        "layers": {
            "character": {
                "path": layer_path("character", shot, index),
                "bbox": record["bbox"],
                "mask_quality": record["mask_quality"],
                "has_transparent": record["has_transparent"],
            },
            "effects": {
                "path": layer_path("effects", shot, index),
                "detected_types": types,
                "intensity": record["effect_intensity"],
            },
            "background": {
                "path": layer_path("background", shot, index),
                "inpainted": record["inpainted"],
                "quality": record["background_quality"],
            },
        },
        "annotations": dict.fromkeys(_NOT_ANNOTATED),
        "temporal": {
            "scene_id": scene_id(shot),
            "is_scene_start": bool(record["start"] and not held),
            "prev_frame": None,
            "next_frame": None,
            # A frame that holds the drawing before it does not move.
            "motion_magnitude": 0.0 if held else record["motion_magnitude"],
        },
    }


def write_embeddings(path: Path) -> None:
    """An empty float32 [0, 512] array: no embedding role is served."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, np.zeros((0, EMBEDDING_LENGTH), np.float32))
