"""What a planned scene says of each of its frames: classes, key points, who acts how, held drawings."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from .scene import Actor, Frame, Scene

CLASSES = ("background", "character", "effect", "object")
"""Index is the value in semantic maps and the thousands of panoptic ones."""
EFFECT_SEEN, EFFECT_HIDES = 64, 200
"""Effect alpha from which background counts as effect, and from which it hides a character."""
DIVISOR = 1000


@dataclass(frozen=True)
class Person:
    """One character in one frame.

    Attributes:
        id: 1..n, the same through the whole shot; the value in the map of ids.
        drawing: which of its drawings is shown; equal numbers in successive frames are a held drawing.
        action, expression: what it does and how it looks; empty where unknown.
        visible: visible area in pixels, the sum of its alpha.
        box: x, y, width, height of its visible pixels; None where it is not seen.
        key_points: 17 rows x, y, v of COCO in frame pixels; empty where unknown.
    """

    id: int
    drawing: int
    action: str
    expression: str
    visible: float
    box: tuple[int, int, int, int] | None
    key_points: list[tuple[float, float, int]]


def semantic_map(frame: Frame) -> NDArray[np.uint8]:
    """Index into :data:`CLASSES` [H,W]: light over a character leaves it a character."""
    label = np.where(frame.objects >= 128, 3, 0).astype(np.uint8)
    label[frame.effect >= EFFECT_SEEN] = 2
    label[(frame.ids > 0) & (frame.effect < EFFECT_HIDES)] = 1
    return label


def panoptic_map(frame: Frame) -> NDArray[np.uint16]:
    """Class · 1000 + instance [H,W]; characters have their ids, effects and objects count from 1.

    The frame must have been drawn with its instances.
    """
    label = semantic_map(frame)
    instance = np.zeros(label.shape, np.uint16)
    instance[label == 1] = frame.ids[label == 1]
    instance[label == 2] = frame.effect_ids[label == 2]
    if len(frame.things):
        nearest = frame.things.argmax(axis=0) + 1
        instance[label == 3] = nearest[label == 3]
    return (label.astype(np.uint16) * DIVISOR + instance).astype(np.uint16)


def people(scene: Scene, frame: Frame, t: int) -> list[Person]:
    """All characters of the shot as they are in frame ``t``, which was drawn with its instances."""
    return [
        _person(scene, actor, number, frame, t)
        for number, actor in enumerate(scene.of_kind("character"), start=1)
    ]


def _person(scene: Scene, actor: Actor, number: int, frame: Frame, t: int) -> Person:
    source = actor.source
    drawing = actor.drawing[t] % len(source.drawings)
    alpha = frame.characters[number - 1]
    rows, columns = np.flatnonzero((alpha >= 128).any(axis=1)), np.flatnonzero((alpha >= 128).any(axis=0))
    box = None
    if len(rows):
        box = (
            int(columns[0]),
            int(rows[0]),
            int(columns[-1] - columns[0] + 1),
            int(rows[-1] - rows[0] + 1),
        )
    return Person(
        number,
        drawing,
        source.actions[drawing] if source.actions else "",
        source.expressions[drawing] if source.expressions else "",
        float(alpha.sum(dtype=np.int64)) / 255.0,
        box,
        _in_frame(scene, actor, number, frame, t) if source.key_points else [],
    )


def _in_frame(
    scene: Scene, actor: Actor, number: int, frame: Frame, t: int
) -> list[tuple[float, float, int]]:
    """Key points in frame pixels: 2 seen, 1 hidden by the figure or by what stands before it, 0 not there."""
    width, height = scene.size
    points = actor.source.key_points[actor.drawing[t] % len(actor.source.drawings)]
    matrix = scene.camera[t] @ actor.motion[t]
    mirrored = np.linalg.det(matrix[:2, :2]) < 0
    # What was its left hand is its right hand once the drawing is mirrored.
    order = [0, *(i + 1 if i % 2 else i - 1 for i in range(1, 17))] if mirrored else list(range(17))
    found = []
    for x, y, flag in points[order].tolist():
        moved = matrix @ np.array([x, y, 1.0])
        column, row = round(moved[0]), round(moved[1])
        if flag == 0 or not (0 <= column < width and 0 <= row < height):
            found.append((0.0, 0.0, 0))
            continue
        around = frame.ids[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        seen = flag == 2 and bool((around == number).any())
        found.append((round(float(moved[0]), 2), round(float(moved[1]), 2), 2 if seen else 1))
    return found


def as_json(person: Person) -> dict[str, object]:
    """The fields of a person for a JSON document."""
    return asdict(person)
