"""Writes a scene with its truth to disk, and contact sheets of the studio's sources.

The layout is described in docs/studio.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_anime_export.errors import DataError

from .broadcast import degrade
from .captions import caption, style_of
from .flow_truth import Flow, flow_between
from .keypoints import KEY_POINTS, SKELETON
from .scene import Frame, Scene, draw_frame
from .source import EFFECT_TYPES, Source
from .truth import CLASSES, Person, as_json, panoptic_map, people, semantic_map


def write_image(path: Path, image: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
    """Write RGB, RGBA or grey, 8 or 16 bits, as PNG; raises DataError where it cannot be written."""
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    picture = image if image.ndim == 2 else cv2.cvtColor(image, order[image.shape[2]])
    _, data = cv2.imencode(".png", picture)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise DataError(
            f"cannot write {path}: {error.strerror}; give a folder on a disk with space"
        ) from error


def write_flow(path: Path, flow: Flow) -> None:
    """Write flow as KITTI does: 16-bit PNG, (u · 64 + 32768, v · 64 + 32768, sure) in RGB order."""
    coded = np.clip(np.rint(flow.vectors * 64.0) + 32768.0, 0, 65535).astype(np.uint16)
    write_image(path, np.dstack([coded[0], coded[1], flow.sure.astype(np.uint16)]))


def read_flow(path: Path) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Read what :func:`write_flow` wrote: float32 [2,H,W] in pixels and :attr:`Flow.sure` uint8 [H,W].

    Raises:
        DataError: the file is missing or no flow.
    """
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED) if path.is_file() else None
    if image is None or image.dtype != np.uint16 or image.ndim != 3:
        raise DataError(f"{path} is no flow; render the shot again: triton-anime-export studio render")
    vectors = (image[..., 2:0:-1].astype(np.float32) - 32768.0) / 64.0
    return np.ascontiguousarray(vectors.transpose(2, 0, 1)), image[..., 0].astype(np.uint8)


def write_scene(scene: Scene, output: Path, seed: int, broadcast: bool = False) -> None:
    """Draw a scene and write it with its truth in the layout of docs/studio.md, frame after frame.

    Args:
        scene: what is drawn.
        output: new folder.
        seed: written down; decides what the broadcast does.
        broadcast: also write what a random broadcast makes of the frames.

    Raises:
        DataError: the folder holds another shot, or cannot be written.
    """
    if (output / "shot.json").exists():
        raise DataError(f"{output} holds a shot already; choose another --output or remove it")
    count = len(scene.camera)
    known: list[dict[str, object]] = []
    sent: list[NDArray[np.uint8]] = []
    marked: list[tuple[int, list[Person]]] = []
    held = -1
    before: Frame | None = None
    for t in range(count):
        frame = draw_frame(scene, t, instances=True)
        name = f"{t:06}.png"
        maps: dict[str, NDArray[np.uint8] | NDArray[np.uint16]] = {
            "frames": frame.picture,
            "plate": frame.plate,
            "alpha": frame.alpha,
            "ids": frame.ids,
            "objects": frame.objects,
            "effect": frame.effect,
            "effect_type": frame.effect_type,
            "semantic": semantic_map(frame),
            "panoptic": panoptic_map(frame),
        }
        for folder, image in maps.items():
            write_image(output / folder / name, image)
        for folder, alphas in (
            ("characters", frame.characters),
            ("things", frame.things),
            ("effects", frame.effects),
        ):
            for number, alpha in enumerate(alphas, start=1):
                if alpha.any():
                    write_image(output / folder / f"{number:02}" / name, alpha)
        if before is None or not np.array_equal(frame.picture, before.picture):
            held += 1
        if before is not None:
            for folder, tops, start, end in (
                ("flow_forward", (before.top, frame.top), t - 1, t),
                ("flow_backward", (frame.top, before.top), t, t - 1),
            ):
                flow = flow_between(scene, tops, start, end)
                write_flow(output / folder / f"{start:06}.png", flow)
                hidden = ((flow.sure > 0) & (flow.seen == 0)).astype(np.uint8) * 255
                way = folder.removeprefix("flow_")
                write_image(output / f"occlusion_{way}" / f"{start:06}.png", hidden)
        acting = people(scene, frame, t)
        marked.append((t, acting))
        known.append(
            {
                "frame": t,
                "drawing": held,
                "caption": caption(scene, frame, acting),
                "characters": [
                    {key: value for key, value in as_json(person).items() if key != "key_points"}
                    for person in acting
                ],
            }
        )
        if broadcast:
            sent.append(frame.picture)
        before = frame
    received = _write_broadcast(np.stack(sent), output, seed) if broadcast else {}
    _write_json(output / "shot.json", _head(scene, seed) | received | {"per_frame": known})
    _write_json(output / "key_points.json", coco_key_points(scene, marked))


def _write_broadcast(frames: NDArray[np.uint8], output: Path, seed: int) -> dict[str, object]:
    result = degrade(frames, np.random.default_rng([seed, 2]))
    for t, (picture, overlay) in enumerate(zip(result.frames, result.overlay, strict=True)):
        write_image(output / "broadcast" / f"{t:06}.png", picture)
        write_image(output / "broadcast_overlay" / f"{t:06}.png", overlay)
    return {
        "broadcast": {
            "steps": list(result.steps),
            "held": result.held.tolist(),
            "held_below": result.held_below.tolist(),
        }
    }


def _head(scene: Scene, seed: int) -> dict[str, object]:
    place = scene.backdrop.source
    return {
        "seed": seed,
        "width": scene.size[0],
        "height": scene.size[1],
        "frames": len(scene.camera),
        "layout": scene.layout,
        "camera": scene.camera_move,
        "scene_type": place.scene_type,
        "mood": place.mood,
        "style": style_of(scene),
        "backdrop": place.name,
        "characters": [
            {"id": number, "name": a.source.name, "words": a.source.words, "style": a.source.style}
            for number, a in enumerate(scene.of_kind("character"), start=1)
        ],
        "effects": [
            {"id": number, "name": a.source.name, "type": a.source.effect_type, "additive": a.source.additive}
            for number, a in enumerate(scene.of_kind("effect"), start=1)
        ],
        "objects": [
            {"id": number, "name": a.source.name} for number, a in enumerate(scene.of_kind("object"), start=1)
        ],
        "classes": list(CLASSES),
        "effect_types": list(EFFECT_TYPES),
    }


def coco_key_points(scene: Scene, marked: Sequence[tuple[int, list[Person]]]) -> dict[str, object]:
    """Key points of all frames as a COCO document; characters of unknown skeleton have a box alone."""
    annotations = [
        {
            "id": t * 100 + person.id,
            "image_id": t,
            "category_id": 1,
            "track_id": person.id,
            "iscrowd": 0,
            "area": person.visible,
            "bbox": list(person.box),
            "num_keypoints": sum(v > 0 for _, _, v in person.key_points),
            "keypoints": [value for point in person.key_points for value in point] or [0] * 51,
        }
        for t, acting in marked
        for person in acting
        if person.box is not None
    ]
    return {
        "images": [
            {"id": t, "file_name": f"frames/{t:06}.png", "width": scene.size[0], "height": scene.size[1]}
            for t, _ in marked
        ],
        "annotations": annotations,
        "categories": [
            {
                "id": 1,
                "name": "character",
                "keypoints": list(KEY_POINTS),
                "skeleton": [list(b) for b in SKELETON],
            }
        ],
    }


def _write_json(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


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
