"""The output tree: every name in one place."""

from __future__ import annotations

from pathlib import Path

FRAME_ANNOTATIONS = "metadata/frame_annotations.json"
CHARACTER_EMBEDDINGS = "metadata/character_embeddings.npy"
TEMPORAL_MAPPING = "metadata/temporal_mapping.json"
SCENE_DISTRIBUTION = "statistics/scene_distribution.json"
QUALITY_REPORT = "statistics/quality_report.json"
RUN_LOG = "statistics/run_log.jsonl"
MANIFEST = "manifest.json"
PROGRESS = ".progress"

LAYERS: dict[str, tuple[str, str]] = {
    "character": ("layers/character", "char.png"),
    "effects": ("layers/effects", "effect.png"),
    "background": ("layers/background", "bg.jpg"),
    "character_ids": ("layers/character_ids", "id.png"),
}
"""Layer: its folder and the end of its file names."""

DOCUMENTS = (
    FRAME_ANNOTATIONS,
    CHARACTER_EMBEDDINGS,
    TEMPORAL_MAPPING,
    SCENE_DISTRIBUTION,
    QUALITY_REPORT,
)
"""What stands beside the layers when an episode is complete, besides the manifest and the run log."""


def scene_id(shot: int) -> str:
    """``scene0000``."""
    return f"scene{shot:04d}"


def frame_id(shot: int, index: int) -> str:
    """``scene0000_frame000000``; frames are numbered through the whole episode."""
    return f"{scene_id(shot)}_frame{index:06d}"


def character_id(shot: int, number: int) -> str:
    """``scene0000_character001``: a character of a shot, by its number there."""
    return f"{scene_id(shot)}_character{number:03d}"


def layer_path(layer: str, shot: int, index: int) -> str:
    """Path of one layer file relative to the episode's folder, with forward slashes."""
    folder, ending = LAYERS[layer]
    return f"{folder}/{frame_id(shot, index)}_{ending}"


def make_folders(root: Path) -> None:
    """Create the tree below ``root``."""
    for folder in (*(folder for folder, _ in LAYERS.values()), "metadata", "statistics", PROGRESS):
        (root / folder).mkdir(parents=True, exist_ok=True)
